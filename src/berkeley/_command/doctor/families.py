"""Address families: all that have a name, first those whose addresses berkeley converts."""

from collections.abc import Iterable, Iterator
from errno import EAFNOSUPPORT

from berkeley import constants
from berkeley.names._table import FAMILIES

from .protocols import PROTOCOLS, opened, privilege
from .rows import DENIED, YES, Row, outcome, refused, unexpected

_KINDS = ("SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW", "SOCK_RDM", "SOCK_SEQPACKET")


def rows() -> Iterator[Row]:
    converted = {number: f"AF_{module.upper()}" for number, module in FAMILIES.items()}
    named = {getattr(constants, name): name for name in sorted(constants.__all__) if name.startswith("AF_")}
    others = {number: name for number, name in named.items() if number not in converted and name != "AF_UNSPEC"}
    for names, group in (converted, ""), (others, "others"):
        for number, name in names.items():
            try:
                row = family(name, number)
            except Exception as error:
                row = unexpected(name, error)
            yield row._replace(group=group)


def family(name: str, number: int) -> Row:
    """The types of socket that it has, with no protocol named or with one that it is known to have."""
    attempts = [] if name in _NO_DEFAULT else [(kind, 0) for kind in _KINDS]
    attempts += [(each.kind, getattr(constants, each.name)) for each in PROTOCOLS if each.family == name]
    works, errors = tried(number, attempts)
    denied = {kind: error for kind, error in errors.items() if outcome(error)[0] == DENIED}
    refusals = {kind: refused(name, error, privilege(name, kind)) for kind, error in (denied or errors).items()}
    if works:
        return Row(name, YES, works, ", ".join(f"{kind} {refusals[kind].detail}" for kind in denied))
    return next(iter(refusals.values()))


# Their protocols are numbered from 1, and AF_CAN complains in the kernel's log of being asked for another.
_NO_DEFAULT = ("AF_CAN", "AF_KEY", "AF_RXRPC")


def tried(number: int, attempts: Iterable[tuple[str, int]]) -> tuple[list[str], dict[str, OSError]]:
    """The types of a family that can be opened, and the errors of the others."""
    works: list[str] = []
    errors: dict[str, OSError] = {}
    for kind, protocol in attempts:
        if kind in works:
            continue
        try:
            opened(number, getattr(constants, kind), protocol)
        except OSError as error:
            errors[kind] = error
            if error.errno == EAFNOSUPPORT:
                break  # as for all of them; and for each the kernel would look for a module anew
        else:
            works.append(kind)
            errors.pop(kind, None)
    return works, errors
