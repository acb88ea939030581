"""Names and addresses, with the enumerations' members for families and types."""

import berkeley.socket as namespace

from . import _native
from ._enums import FAMILIES, KINDS
from ._standard import standard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._native import Host, NamedRow, Port


@standard
def getaddrinfo(
    host: "Host", port: "Port", family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
) -> "list[NamedRow]":
    """getaddrinfo(3): a list of (family, type, proto, canonname, address), one for each way to reach the host.

    `host` is a name, a numeric address or None, `port` a service's name, a number or None; the rest narrows the
    answer (AF_*, SOCK_*, IPPROTO_*, AI_*). gaierror where there is no answer.
    """
    return _native.getaddrinfo_as(FAMILIES, KINDS, host, port, family, type, proto, flags)


@standard
def getfqdn(name: str = "") -> str:
    """The name's fully qualified form: the first of its host's names that has a dot, else the host's name.

    The local host for an empty name. A name that cannot be resolved is returned as it is.
    """
    name = name.strip()
    if not name or name in ("0.0.0.0", "::"):
        name = namespace.gethostname()
    try:
        hostname, aliases, _ = namespace.gethostbyaddr(name)
    except OSError:
        return name
    return next((known for known in (hostname, *aliases) if "." in known), hostname)
