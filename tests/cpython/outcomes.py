"""Outcomes of a suite on two sides, and what their difference means."""

import glob
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from packaging.specifiers import SpecifierSet
from packaging.version import Version

BAD = {"failed", "error", "passed unexpectedly", "died"}


@dataclass
class Outcomes:
    """What one side of a suite came to."""

    tests: dict = field(default_factory=dict)  # name -> {"outcome", "reason", "seconds"}
    modules: dict = field(default_factory=dict)  # name of a socket module -> its file
    deselected: set = field(default_factory=set)
    strays: list = field(default_factory=list)  # exceptions that nothing could catch, or no thread did
    problems: list = field(default_factory=list)  # what stood in the way of the run itself
    seconds: float = 0.0
    ended: bool = False  # whether the last test was followed by an orderly end

    @classmethod
    def read(cls, path):
        """The outcomes in a file that child.py wrote. A test without an end has the outcome "died"."""
        outcomes = cls()
        with open(path, encoding="utf-8") as file:
            for line in map(json.loads, file):
                outcomes._take(line.pop("kind"), line)
        return outcomes

    def _take(self, kind, line):
        if kind == "modules":
            self.modules = line
        elif kind == "deselected":
            self.deselected.add(line["test"])
        elif kind == "stray":
            self.strays.append(line["reason"])
        elif kind == "start":
            self.tests[line["test"]] = {"outcome": "died", "reason": "the process ended during this test", "seconds": 0}
        elif kind == "end":
            self.ended = True
        elif kind == "test":
            self.tests[line.pop("test")] = line

    def count(self, *kinds):
        counts = Counter(test["outcome"] for test in self.tests.values())
        return sum(counts[kind] for kind in kinds)


@dataclass(frozen=True)
class Difference:
    """A test whose outcome is not the same on both sides."""

    test: str
    standard: str
    berkeley: str
    reason: str

    def __str__(self):
        return f"{self.test}: {self.standard} -> {self.berkeley}"

    @property
    def worse(self):
        """Whether berkeley fails where the standard module does not, or skips or lacks what it runs."""
        if self.berkeley in BAD | {"not run"}:
            return self.standard not in BAD
        return self.berkeley == "skipped" and self.standard != "skipped"


def differences(standard, berkeley):
    """Every difference between two sides, by name of test."""
    absent = {"outcome": "not run", "reason": "not among the tests of this side"}
    for name in sorted(standard.tests.keys() | berkeley.tests.keys()):
        left, right = standard.tests.get(name, absent), berkeley.tests.get(name, absent)
        if left["outcome"] != right["outcome"]:
            told = right if right["reason"] else left
            yield Difference(name, left["outcome"], right["outcome"], told["reason"])


def worse(standard, berkeley):
    return [difference for difference in differences(standard, berkeley) if difference.worse]


def take_back(standard, berkeley, standard_again, berkeley_again):
    """Put the outcomes of a second run in place where berkeley was worse and is not now; give what is so forgotten.

    A difference stays if the second run did not come to its end, or had nothing to do with it.
    """
    if standard_again.problems or berkeley_again.problems:
        return
    still = {difference.test for difference in worse(standard_again, berkeley_again)}
    for difference in worse(standard, berkeley):
        name, covers = difference.test, pattern(difference.test)
        if name not in still and all(
            any(fnmatchcase(test, covers) for test in side.tests) for side in (standard_again, berkeley_again)
        ):
            for side, again in ((standard, standard_again), (berkeley, berkeley_again)):
                side.tests.pop(name, None)
                side.tests.update({name: again.tests[name]} if name in again.tests else {})
            yield difference


def pattern(name):
    """What matches the test of this name; or all tests of the class or module whose fixture has this name."""
    fixture = re.fullmatch(r"\w+ \((.+)\)", name)
    return f"{glob.escape(fixture[1])}.*" if fixture else glob.escape(name)


def entries(table, suite, python):
    """The rows of a table of suites.toml that hold for a suite on a version of Python."""
    return [row for row in table if row["suite"] == suite and holds(row, python)]


def holds(row, python):
    """Does a row of suites.toml hold for a version of Python? A release candidate counts as its release."""
    return Version(python).base_version in SpecifierSet(row.get("python", ""))


def verdict(standard, berkeley, deselect, expect, whole=True):
    """The reasons why a pair of sides fails, none if all is well.

    `deselect` and `expect` are entries of suites.toml. Where not the whole suite ran, or none of it, they need not
    apply.
    """
    found = worse(standard, berkeley)
    if berkeley.problems:
        # Said once for all the tests that it kept from running.
        found = [difference for difference in found if difference.berkeley != "not run"]
    reasons = [] if standard.tests else ["no test at all ran on the standard module"]
    reasons += [f"the standard module: {problem}" for problem in standard.problems]
    reasons += [f"berkeley: {problem}" for problem in berkeley.problems]
    reasons += [
        f"{difference}\n{last_lines(difference.reason)}"
        for difference in found
        if not any(fnmatchcase(difference.test, row["tests"]) for row in expect)
    ]
    if len(berkeley.strays) > len(standard.strays):
        reasons.append("\n".join(["more stray exceptions than the standard module:", *berkeley.strays]))
    # A suite may skip itself as one: some of them without the interpreter lock.
    if whole and standard.count("skipped") < len(standard.tests):
        left_out = standard.deselected & berkeley.deselected
        reasons += unused("deselected, and there is no such test", deselect, left_out)
        reasons += unused("expected to be worse, and is not", expect, [difference.test for difference in found])
    return reasons


def unused(complaint, entries, names):
    """A complaint about every entry whose pattern matches none of the names."""
    return [
        f"{complaint}: {row['tests']}" for row in entries if not any(fnmatchcase(name, row["tests"]) for name in names)
    ]


def unforeseen(skips, reasons, most):
    """What is wrong with skips (reason: how many), of which there may be `most`, for reasons that match `reasons`."""
    strange = [reason for reason in skips if not any(fnmatchcase(reason, known) for known in reasons)]
    complaints = [f"skipped, and no test should be for this reason: {reason}" for reason in strange]
    if sum(skips.values()) > most:
        complaints.append(f"{sum(skips.values())} tests skipped, of at most {most}")
    return complaints


def last_lines(reason):
    """The end of a traceback, where the exception is."""
    return "\n".join(f"    {line}" for line in reason.strip().splitlines()[-4:])
