"""Paired measurement: the same statements on two socket modules, and in C, in one process, turn by turn.

Machines get faster and slower while one measures. Taking turns lets every moment strike all sides alike. What is left
is noise: how far a second instance of the standard side, measured like the others, comes out from the first, or how
far the rounds scatter, whichever is more.
"""

import gc
import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat
from statistics import median
from textwrap import indent
from time import perf_counter_ns

import peers
from goals import GOALS

TEMPLATE = """
def sampler(socket, standard, os, peers, clock, repeat, floor):
{setup}
    try:
        batches = yield
        while True:
            spent = 0
            for _ in repeat(None, batches):
{before}
{timed}
{after}
            batches = yield spent
    finally:
{finish}
"""


PYTHON = """\
start = clock()
for _ in repeat(None, {count}):
{code}
spent += clock() - start"""
C = "spent += floor(locals())"


@dataclass(frozen=True)
class Operation:
    """Statements to time, and what they need around them.

    In all of them `socket` is the module to measure; `standard` is the interpreter's, for what is not measured. The
    floor is an expression of C in the place of the code: floor.py has its names.
    """

    group: str
    name: str
    code: str
    setup: str = "pass"
    before: str = "pass"  # before each batch, not timed
    after: str = "pass"
    finish: str = "pass"  # after the last batch
    count: int = 100  # how often a batch runs the code: as often as the buffers of the kernel allow
    needs: Callable[[], bool] | None = None  # whether this process may do it at all
    floor: str | None = None
    unit: str = "ns"
    ours: str | None = None  # in the place of the code where the subject has a way that the standard module has not
    pieces: int = 1  # what one run of the code moves: the time is that of each

    def sides(self, standard, subject, floor):
        """The samplers: the standard module's, the same again, the subject's; and C's, where the row has a floor.

        Each runs a number of batches and gives the nanoseconds that one run of the code took.
        """
        for module, code in ((standard, self.code), (standard, self.code), (subject, self.ours or self.code)):
            yield self.sampler(module, standard, PYTHON.format(count=self.count, code=indent(code, " " * 4)))
        if floor and self.floor:
            yield self.sampler(standard, standard, C, floor.timer(self.floor, self.count))

    def sampler(self, module, standard, timed, floor=None):
        levels = {"setup": 4, "before": 16, "after": 16, "finish": 8}
        parts = {name: indent(getattr(self, name), " " * level) for name, level in levels.items()}
        names = {}
        exec(TEMPLATE.format(**parts, timed=indent(timed, " " * 16)), names)
        generator = names["sampler"](module, standard, os, peers, perf_counter_ns, repeat, floor)
        next(generator)
        return lambda batches: generator.send(batches) / (batches * self.count * self.pieces)


@dataclass(frozen=True)
class Row:
    """What came out for an operation: what it took on each side, and ratios of the standard module's figure."""

    group: str
    name: str
    unit: str
    standard: float
    berkeley: float
    floor: float | None  # the same from C
    ratio: float  # above 1: berkeley is faster
    noise: float  # how far the ratio may be off
    of_c: float | None  # berkeley's share of C's speed
    goal: float | None  # the ratio to reach
    goal_of_c: float | None

    @property
    def slower(self):
        return self.ratio + self.noise < min(SLOWER, self.goal or 1)

    @property
    def missed(self):
        """Are the goals, the ratio and the share of C's speed, as far as it has them, all out of reach of the noise?"""
        goals = [(self.ratio, self.goal), (self.of_c, self.goal_of_c)]
        reached = [figure + self.noise >= goal for figure, goal in goals if figure is not None and goal is not None]
        return bool(reached) and not any(reached)


# Below this ratio an operation counts as slower: closer than that, two runs of one thing differ.
SLOWER = 0.95


def measure(operation, standard, subject, floor, rounds, nanoseconds):
    """Measure an operation in `rounds` rounds, each taking about `nanoseconds` for a side, and give its row."""
    sides = list(operation.sides(standard, subject, floor))
    for side in sides:
        side(1)
    batches = batches_for(nanoseconds, sides[0], operation.count * operation.pieces)
    samples = [[] for _ in sides]
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds):
            # Whoever comes first in one round comes last in the next.
            for place in range(len(sides)):
                side = (place + number) % len(sides)
                samples[side].append(sides[side](batches))
    finally:
        gc.enable()
    one, other, ours, *c = samples
    ratios = [theirs / mine for theirs, mine in zip(one, ours, strict=True)]
    itself = median(left / right for left, right in zip(one, other, strict=True))
    goal, goal_of_c = GOALS.get((operation.group, operation.name), (None, None))
    return Row(
        operation.group,
        operation.name,
        operation.unit,
        standard=median(one),
        berkeley=median(ours),
        floor=median(c[0]) if c else None,
        ratio=median(ratios),
        noise=max(abs(itself - 1), 2 * error_of_median(ratios)),
        of_c=median(fastest / mine for fastest, mine in zip(c[0], ours, strict=True)) if c else None,
        goal=goal,
        goal_of_c=goal_of_c,
    )


def error_of_median(values):
    """The standard error of a median, from the median deviation: outliers do not move it."""
    middle = median(values)
    deviation = median(abs(value - middle) for value in values)
    # Both factors hold for a normal distribution: 1.4826 makes a deviation of the median one, 1.2533 an error of it.
    return 1.2533 * 1.4826 * deviation / len(values) ** 0.5


def batches_for(nanoseconds, side, count):
    """How many batches take about that long, and with what surrounds them no more than ten times as long."""
    start = perf_counter_ns()
    timed = side(1) * count
    whole = perf_counter_ns() - start
    return max(1, round(min(nanoseconds / timed, 10 * nanoseconds / whole)))
