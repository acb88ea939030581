"""What no socket module has, and berkeley.constants has: by name."""

from collections.abc import Iterator

from berkeley import constants, socket

from .lacking import by_kind
from .rows import Row


def rows() -> Iterator[Row]:
    # No functions among them.
    yield from (row for row in by_kind({*constants.__all__} - {*dir(socket)}) if row.value)
