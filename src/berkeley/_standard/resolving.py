"""Names and addresses, with the enumerations' members for families and types."""

import berkeley.socket as namespace

from .. import _native
from . import standard
from .enums import FAMILIES, KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._native import Host, NamedRow, Port


@standard
def getaddrinfo(
    host: "Host", port: "Port", family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
) -> "list[NamedRow]":
    """getaddrinfo(3): a list of (family, type, proto, canonname, address), one for each way to reach the host.

    The first three are arguments of `socket`, `address` is one for connect(): (host, port) for AF_INET, (host, port,
    flowinfo, scope_id) for AF_INET6. `canonname` is `""` unless AI_CANONNAME asks for it. The best comes first (RFC
    6724).

    `host` is a name (str through IDNA, RFC 3490, or bytes), a numeric address, or None: loopback, or with AI_PASSIVE
    every interface. `port` is a service's name, a number, or None: 0. The rest narrows the answer (`AF_*`, `SOCK_*`,
    `IPPROTO_*`, `AI_*`); 0 does not. Name servers are waited for as resolv.conf(5) says: no timeout of ours counts.
    gaierror (code, text) where there is no answer, OSError where the system failed (EAI_SYSTEM), ValueError for a NUL
    in a name, UnicodeError for a str that IDNA refuses. Audited (PEP 578) as `socket.getaddrinfo`.
    """
    return _native.getaddrinfo_as(FAMILIES, KINDS, host, port, family, type, proto, flags)


@standard
def getfqdn(name: str = "") -> str:
    """The name's fully qualified form: the first of its host's names that has a dot, else the host's name.

    The names are those of gethostbyaddr(); without an argument, or for `"0.0.0.0"` and `"::"`, the host is this machine
    (gethostname(2)). A name that cannot be resolved is returned as it is: nothing is raised for it.
    """
    name = name.strip()
    if not name or name in ("0.0.0.0", "::"):
        name = namespace.gethostname()
    try:
        hostname, aliases, _ = namespace.gethostbyaddr(name)
    except OSError:
        return name
    return next((known for known in (hostname, *aliases) if "." in known), hostname)
