"""What stands at `sys.modules["_socket"]`: the native type, the calls, and every constant as a plain number."""

from ._native import (
    CAPI,
    CMSG_LEN,
    CMSG_SPACE,
    COMPILED,
    close,
    dup,
    gaierror,
    getaddrinfo,
    getdefaulttimeout,
    gethostbyaddr,
    gethostbyname,
    gethostbyname_ex,
    gethostname,
    getnameinfo,
    getprotobyname,
    getservbyname,
    getservbyport,
    herror,
    htonl,
    htons,
    if_indextoname,
    if_nameindex,
    if_nametoindex,
    inet_aton,
    inet_ntoa,
    inet_ntop,
    inet_pton,
    ntohl,
    ntohs,
    setdefaulttimeout,
    sethostname,
    socket,
    socketpair,
)
from .names._table import STANDARD

SocketType = socket
error = OSError
timeout = TimeoutError
has_ipv6 = True

globals().update(STANDARD)
# The compiler's own values, where they differ from Linux's generic ones.
globals().update((name, value) for name, value in COMPILED.items() if name in STANDARD)
del COMPILED, STANDARD
