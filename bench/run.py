"""Times every operation on the interpreter's own socket module and on berkeley, side by side.

    python bench/run.py --filter 'calls*' --json figures.json

A ratio is the standard module's time over berkeley's: above 1, berkeley is faster. The noise is how far that may be
off: believe no difference below it.
"""

import json
import os
import platform
import socket
import sys
from dataclasses import asdict
from fnmatch import fnmatch
from importlib import import_module
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from statistics import geometric_mean

import click
from measure import SLOWER, measure
from operations import OPERATIONS

LINE = "{:52} {:>10} {:>10} {:>7} {:>7}  {}".format


@click.command(help=__doc__.split("\n\n")[0])
@click.option("--quick", is_flag=True, help="Fewer and shorter rounds: a first look.")
@click.option("--filter", "pattern", default="*", help="Only rows whose 'group: name' matches this pattern.")
@click.option("--subject", default="berkeley.socket", show_default=True, help="The module to measure.")
@click.option("--check", is_flag=True, help=f"Exit code 1 if a ratio is below {SLOWER} beyond noise, twice over.")
@click.option("--json", "path", type=click.Path(path_type=Path), help="A file for the figures.")
def main(quick, pattern, subject, check, path):
    subject = import_module(subject)
    rounds, nanoseconds = (11, 500_000) if quick else (31, 2_000_000)
    # On one processor, nothing moves between caches. Other processes that take part go where they like.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    rows = []
    for group, operations in groupby(chosen(pattern), attrgetter("group")):
        click.echo(LINE(f"\n{group}", "standard", "berkeley", "ratio", "noise", "").rstrip())
        for operation in operations:
            row = measure(operation, socket, subject, rounds, nanoseconds)
            if row.slower:
                # Once may be chance.
                row = measure(operation, socket, subject, 2 * rounds, nanoseconds)
            rows.append(row)
            click.echo(shown(row))
    click.echo(summary(rows))
    if path:
        path.write_text(json.dumps(figures(rows, subject), indent=1) + "\n")
    sys.exit(check and any(row.slower for row in rows))


def chosen(pattern):
    """The operations to measure, in groups."""
    matching = [item for item in OPERATIONS if fnmatch(f"{item.group}: {item.name}", pattern)]
    able = [item for item in matching if item.needs is None or item.needs()]
    if left_out := len(matching) - len(able):
        click.echo(f"{left_out} operations left out, for which this process lacks the privilege")
    return sorted(able, key=attrgetter("group"))


def shown(row):
    times = f"{row.standard:.0f} ns", f"{row.berkeley:.0f} ns"
    return LINE(row.name, *times, f"{row.ratio:.2f}", f"{row.noise:.2f}", "SLOWER" if row.slower else "").rstrip()


def summary(rows):
    """The mean ratio of each group, and what is slower."""
    lines = ["\ngeometric means"]
    for group, members in groupby(rows, attrgetter("group")):
        lines.append(f"{group:30} {geometric_mean(row.ratio for row in members):.2f}")
    slower = [f"{row.group}: {row.name} {row.ratio:.2f}" for row in rows if row.slower]
    return "\n".join([*lines, "", f"{len(slower)} of {len(rows)} slower", *slower])


def figures(rows, subject):
    """The rows, and the machine they hold for. Times are in nanoseconds."""
    machine = {"python": platform.python_version(), "system": platform.platform(), "processors": os.cpu_count()}
    return {**machine, "subject": subject.__name__, "rows": [{**asdict(row), "slower": row.slower} for row in rows]}


if __name__ == "__main__":
    main()
