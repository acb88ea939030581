"""The report for people: a table for each section, with colours where they are seen."""

import os
from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from . import GROUPED, Section, problems
from .rows import DENIED, FAILED, NO, YES, Row

_STYLES = {YES: "green", DENIED: "yellow", NO: "dim", FAILED: "bold red"}

Cells = tuple[str | Text, ...]
# Names, by their status and the reason for it.
Outcomes = dict[tuple[str, str], list[str]]


def text(report: list[Section]) -> str:
    """The report, as wide as the terminal; in colours, if standard output is one."""
    # https://no-color.org: whatever the value is, if there is one.
    console = Console(highlight=False, color_system=None if os.environ.get("NO_COLOR") else "auto")
    with console.capture() as captured:
        for section in report:
            if section.rows:
                console.print(Text(section.title, "bold"))
                console.print(table(cells(section)))
                console.print()
        console.print(verdict(report))
    # Every cell is filled with spaces to the width of its column.
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def verdict(report: list[Section]) -> Text:
    if broken := problems(report):
        return Text(f"Broken, and needed: {', '.join(row.name for row in broken)}.", "bold red")
    return Text("All that berkeley needs works.", "bold green")


def table(lines: Iterable[Cells]) -> Table:
    made = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column(min_width=21, no_wrap=True)
    made.add_column(min_width=13)
    made.add_column(overflow="fold")
    for line in lines:
        made.add_row(*line)
    return made


def cells(section: Section) -> Iterator[Cells]:
    """The lines of a section, three cells each."""
    alike: Outcomes = {}
    for group, members in groupby(section.rows, key=lambda row: row.group):
        if not group:
            yield from map(single, members)
            continue
        shared = by_outcome(list(members))
        outcome, *others = shared
        if section.key in GROUPED and outcome[0] != YES and not others:
            # Missing as a whole: the group's name says it all.
            alike.setdefault(outcome, []).append(group)
        else:
            yield from grouped(group, shared)
    yield from grouped("others", alike)


def single(row: Row) -> Cells:
    """A row by itself: its status, or what was read, and what that means."""
    found = some(row.value) if isinstance(row.value, list) else "" if row.value is None else str(row.value)
    if row.status is None:
        return row.name, found or "none", Text(row.detail, "dim")
    return row.name, Text(row.status, _STYLES[row.status]), "; ".join(filter(None, (found, row.detail)))


def by_outcome(rows: list[Row]) -> Outcomes:
    """The names that came to the same, in the order of _STYLES."""
    shared: Outcomes = {}
    for row in sorted(rows, key=lambda row: [*_STYLES].index(row.status or "")):
        shared.setdefault((row.status or "", "" if row.status == YES else row.detail), []).append(row.name)
    return shared


def grouped(group: str, shared: Outcomes) -> Iterator[Cells]:
    """A line for each outcome, with the names; of many in order only the number."""
    total = sum(map(len, shared.values()))
    for (status, reason), names in shared.items():
        listed = f"{len(names)} of {total}" if status == YES and len(names) > 12 else ", ".join(names)
        yield group, Text(status, _STYLES[status]), f"{reason}: {listed}" if reason else listed
        group = ""


def some(items: list[object]) -> str:
    """The first of a list, and how many more there are."""
    listed, rest = items[:6], len(items) - 6
    return ", ".join(map(str, listed)) + (f" and {rest} more" if rest > 0 else "")
