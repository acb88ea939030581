"""What ThreadSanitizer reports: which of it is in the core, and where in its sources."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

OURS = "_native."
FRAME = re.compile(r"^ +#\d+ (?P<function>.+?) (?P<place>\S+) \((?P<module>\S+?)\+0x\w+\)", re.MULTILINE)
# What Cython writes above the C of each line.
ORIGIN = re.compile(r'^ *(?:/\* |\* )"berkeley/(?:native/)?(?P<file>[\w.]+)":(?P<line>\d+)$')


@dataclass(frozen=True)
class Race:
    """A report: what it is, and of each access the innermost frame, and the innermost of ours (or "")."""

    kind: str
    accesses: "tuple[tuple[str, str], ...]"
    ours: bool

    def __str__(self) -> str:
        parts = [f"{inner}, called at {own}" if own and own != inner else inner for inner, own in self.accesses]
        return f"{self.kind}: {' | '.join(parts)}"


def tell(logs: "Iterable[Path]", source: Path) -> bool:
    """Print the races of the logs by their kinds, those of the core with a report of each: are there any?"""
    found: Counter[Race] = Counter()
    reports: dict[Race, str] = {}
    lines = source.read_text().splitlines()
    for log in logs:
        for report in re.split(r"^=+$", log.read_text(errors="replace"), flags=re.MULTILINE):
            if "WARNING: ThreadSanitizer" in report or "ERROR: ThreadSanitizer" in report:
                race = read(report, lines)
                found[race] += 1
                reports.setdefault(race, report)
    ours = [race for race in found if race.ours]
    for race in ours:
        print(reports[race])
    for title, chosen in ("the interpreter's own", set(found) - set(ours)), ("of the core", ours):
        print(f"ThreadSanitizer: {len(chosen)} kinds of reports, {title}")
        for race in sorted(chosen, key=str):
            print(f"{found[race]:6} {race}")
    return bool(ours)


def read(report: str, lines: "list[str]") -> Race:
    [kind] = re.findall(r": ThreadSanitizer: (.+?) \(pid", report)[:1] or ["?"]
    accesses = []
    # The first two paragraphs are the accesses; the others tell where the memory and the threads come from.
    for stack in report.split("\n\n")[:2]:
        frames = list(FRAME.finditer(stack))
        if frames:
            own = [frame for frame in frames if frame["module"].rpartition("/")[2].startswith(OURS)]
            accesses.append((named(frames[0], lines), named(own[0], lines) if own else ""))
    return Race(kind, tuple(sorted(accesses)), any(own for _, own in accesses))


def named(frame: "re.Match[str]", lines: "list[str]") -> str:
    """The frame's function and place; for one of the core, that in its own sources."""
    function, place = frame["function"], frame["place"].rpartition("/")[2]
    if place.startswith(f"{OURS}c:"):
        number = int(place.split(":")[1])
        for line in reversed(lines[:number]):
            if found := ORIGIN.match(line):
                return f"{found['file']}:{found['line']} {function.removeprefix('__pyx_')}"
    return f"{place} {function}"
