"""What this interpreter's own socket module lacks, and berkeley's has: by name."""

from collections.abc import Callable, Iterable, Iterator

from berkeley import socket

from .children import answer
from .levels import LEVELS
from .options import names
from .protocols import PROTOCOLS
from .rows import Row


def rows() -> Iterator[Row]:
    # Isolated: nothing in its environment may put berkeley in the place of the module that is asked for.
    standard = answer("-I", "-S", "-c", "import json, socket; print(json.dumps(dir(socket)))")
    yield from by_kind(name for name in {*dir(socket)} - {*standard} if not name.startswith("_"))


def by_kind(missing: Iterable[str]) -> Iterator[Row]:
    """A row for each kind of names, in `value`."""
    kinds: dict[str, list[str]] = {}
    for name in sorted(missing):
        kinds.setdefault(next(kind for kind, holds in _KINDS.items() if holds(name)), []).append(name)
    for kind in _KINDS:
        yield Row(kind, value=kinds.get(kind, []))


_PROTOCOLS = {protocol.name for protocol in PROTOCOLS}
_OPTIONS = {name for level in LEVELS for name in names(level)}

# A name is of the first kind that holds it.
_KINDS: dict[str, Callable[[str], object]] = {
    "families": lambda name: name.startswith("AF_"),
    "protocols": _PROTOCOLS.__contains__,
    "options": _OPTIONS.__contains__,
    "functions": lambda name: callable(getattr(socket, name, None)),
    "other constants": lambda name: True,
}
