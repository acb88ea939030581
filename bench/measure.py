"""Paired measurement: the same statements on two socket modules in one process, turn by turn.

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

TEMPLATE = """
def sampler(socket, standard, os, peers, clock, repeat):
{setup}
    try:
        batches = yield
        while True:
            spent = 0
            for _ in repeat(None, batches):
{before}
                start = clock()
                for _ in repeat(None, {count}):
{code}
                spent += clock() - start
{after}
            batches = yield spent
    finally:
{finish}
"""


@dataclass(frozen=True)
class Operation:
    """Statements to time, and what they need around them.

    In all of them `socket` is the module to measure; `standard` is the interpreter's, for what is not measured.
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

    def sampler(self, module, standard):
        """A function that runs a number of batches and gives the nanoseconds that one run of the code took."""
        levels = {"setup": 4, "before": 16, "code": 20, "after": 16, "finish": 8}
        parts = {name: indent(getattr(self, name), " " * level) for name, level in levels.items()}
        names = {}
        exec(TEMPLATE.format(**parts, count=self.count), names)
        generator = names["sampler"](module, standard, os, peers, perf_counter_ns, repeat)
        next(generator)
        return lambda batches: generator.send(batches) / (batches * self.count)


@dataclass(frozen=True)
class Row:
    """What came out for an operation: nanoseconds for each side, and ratios of the standard module's time."""

    group: str
    name: str
    standard: float
    berkeley: float
    ratio: float  # above 1: berkeley is faster
    noise: float  # how far the ratio may be off

    @property
    def slower(self):
        return self.ratio + self.noise < SLOWER


# Below this ratio an operation counts as slower: closer than that, two runs of one thing differ.
SLOWER = 0.95


def measure(operation, standard, subject, rounds, nanoseconds):
    """Time an operation in `rounds` rounds, each taking about `nanoseconds` for a side, and give its row."""
    sides = [operation.sampler(module, standard) for module in (standard, standard, subject)]
    for side in sides:
        side(1)
    batches = batches_for(nanoseconds, sides[0], operation.count)
    samples = [[], [], []]
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds):
            # Whoever comes first in one round comes last in the next.
            for place in range(3):
                side = (place + number) % 3
                samples[side].append(sides[side](batches))
    finally:
        gc.enable()
    one, other, ours = samples
    ratios = [theirs / mine for theirs, mine in zip(one, ours, strict=True)]
    itself = median(left / right for left, right in zip(one, other, strict=True))
    return Row(
        operation.group,
        operation.name,
        standard=median(one),
        berkeley=median(ours),
        ratio=median(ratios),
        noise=max(abs(itself - 1), 2 * error_of_median(ratios)),
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
