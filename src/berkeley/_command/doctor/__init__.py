"""`berkeley doctor`: what this machine and this Python can do. Each file probes one theme, and gives rows."""

import sys
from collections.abc import Iterator
from importlib import import_module
from typing import NamedTuple

from .rows import YES, Row, unexpected

# The sections whose groups have names of their own: one name may be in several of them.
GROUPED = ("protocols", "options")


class Section(NamedTuple):
    """One table of the report."""

    key: str  # its name in JSON, and the module that finds the rows
    title: str
    rows: list[Row]


def examine() -> list[Section]:
    """Every section, in order. Takes about a second, sends nothing beyond loopback, and raises nothing."""
    return [Section(key, title, list(_found(key))) for key, title in _TITLES.items()]


def problems(report: list[Section]) -> list[Row]:
    """What berkeley does not work without, and does not work here."""
    return [row for section in report for row in section.rows if row.essential and row.status != YES]


def as_json(report: list[Section]) -> dict[str, object]:
    """The report by names: sections, groups where a section has some, and rows, all with the same keys."""
    broken = [row.name for row in problems(report)]
    return {"works": not broken, "problems": broken, **{section.key: _by_name(section) for section in report}}


_TITLES = {
    "versions": "Versions",
    "basics": "Basics",
    "families": "Address families",
    "protocols": "Protocols",
    "options": "Options",
    "offloads": "Offloads",
    "limits": "Limits",
    "resolver": "Names",
    "lacking": "What berkeley.socket has, and this Python's own module lacks",
    "beyond": "What berkeley.constants has besides",
}


def _found(key: str) -> Iterator[Row]:
    # Nothing else can be probed where the extension could not be loaded; `versions` has tried.
    if key != "versions" and "berkeley._native" not in sys.modules:
        return
    try:
        yield from import_module(f"{__name__}.{key}").rows()
    except Exception as error:
        yield unexpected(key, error)


def _by_name(section: Section) -> dict[str, dict[str, object]]:
    named: dict[str, dict[str, object]] = {}
    for row in section.rows:
        fields = {"status": row.status, "value": row.value, "detail": row.detail, "errno": row.errno}
        place = named.setdefault(row.group, {}) if section.key in GROUPED else named
        place[row.name] = fields
    return named
