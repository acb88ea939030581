"""What ThreadSanitizer reports: which of it is in the core, and where in its sources."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

OURS = re.compile(r"(?:.*/)?_native\.c:(\d+)")
FUNCTION = re.compile(r"__pyx_[a-z]+_\d+berkeley_\d+_native_\d*")
FRAME = re.compile(r"^ +#\d+ (?P<function>.+?) (?P<place>\S+) \((?P<module>\S+?)\+0x\w+\)", re.MULTILINE)
# What Cython writes above the C of each line.
ORIGIN = re.compile(r' */\* "(?:src/)?berkeley/(?:native/)?(?P<file>[\w.]+)":(?P<line>\d+)')


# Functions of the interpreter whose races are its own, whoever calls them; and why they are none.
KNOWN = {
    "list_get_item_ref": "looks at an object's count before it knows that the list still has it, and then asks again",
    "immortalize_interned": "writes the count of a name to which others may just count a reference: it is used no more",
}
# Whose a report is, as the table says it. (So is whatever ends the process.)
CORE = "in the core"
# close(2) in one thread while another makes a call on the number: the program's doing.
DESCRIPTOR = "of a descriptor that one thread closes while another uses it"
INTERPRETER = "in the interpreter alone"


@dataclass(frozen=True)
class Race:
    """A report: whose it is, what, and of each access the innermost frame, and the innermost of ours (or "")."""

    whose: str
    kind: str
    accesses: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        parts = [f"{inner}, called at {own}" if own and own != inner else inner for inner, own in self.accesses]
        return f"{self.kind}: {' | '.join(parts)}"


def tell(logs: Iterable[Path], source: Path) -> bool:
    """Print the reports in the logs by their kinds, of those in the core one each: are there any?"""
    found: Counter[Race] = Counter()
    reports: dict[Race, str] = {}
    lines = source.read_text().splitlines()
    for log in logs:
        for report in re.split(r"^=+$", log.read_text(errors="replace"), flags=re.MULTILINE):
            if "WARNING: ThreadSanitizer" in report or "ERROR: ThreadSanitizer" in report:
                race = read(report, lines)
                found[race] += 1
                reports.setdefault(race, report)
    for race, report in reports.items():
        if race.whose == CORE:
            print(report)
    for whose in (INTERPRETER, DESCRIPTOR, CORE):
        kinds = sorted((race for race in found if race.whose == whose), key=str)
        print(f"ThreadSanitizer: {len(kinds)} kinds of reports {whose}")
        for race in kinds:
            print(f"{found[race]:6} {race}")
    return any(race.whose == CORE for race in found)


def read(report: str, lines: list[str]) -> Race:
    [kind] = re.findall(r": ThreadSanitizer: (.+?) \(pid", report)[:1] or ["?"]
    accesses, known = [], False
    # The first two paragraphs are the accesses; the others tell where the memory and the threads come from.
    for stack in report.split("\n\n")[:2]:
        frames = list(FRAME.finditer(stack))
        known |= any(frame["function"] in KNOWN for frame in frames)
        if frames:
            own = [frame for frame in frames if OURS.match(frame["place"])]
            accesses.append((named(frames[0], lines), named(own[0], lines) if own else ""))
    whose = CORE if "ERROR: " in report or (any(own for _, own in accesses) and not known) else INTERPRETER
    if "Location is file descriptor" in report or any(inner.endswith(" close") for inner, _ in accesses):
        whose = DESCRIPTOR
    return Race(whose, kind, tuple(sorted(accesses)))


def named(frame: re.Match[str], lines: list[str]) -> str:
    """The frame's function and place; for one of the core, that in its own sources."""
    function, place = frame["function"], frame["place"].rpartition("/")[2]
    ours = OURS.match(place)
    if ours and FUNCTION.match(function):
        function = FUNCTION.sub("", function)
        for line in reversed(lines[: int(ours[1])]):
            if found := ORIGIN.match(line):
                return f"{found['file']}:{found['line']} {function}"
    return f"{place} {function}"
