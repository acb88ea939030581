"""Times every operation on the interpreter's own socket module, on berkeley and in C, turn by turn.

    python bench/run.py --filter 'calls*' --json figures.json --picture figures.svg

A ratio is the standard module's time over berkeley's: above 1, berkeley is faster. "of C" is the share that berkeley
reaches of the speed of the same system calls from C. The noise is how far a ratio may be off, measured in part by a
second instance of the standard module: believe no difference below it.
"""

import json
import os
import platform
import socket
import sys
from dataclasses import asdict
from fnmatch import fnmatch
from functools import partial
from importlib import import_module
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from statistics import geometric_mean, median

import click
from floor import Floor, compiler
from measure import SLOWER, measure
from operations import OPERATIONS
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

LINE = "{:46} {:>11} {:>11} {:>11} {:>6} {:>6} {:>6} {:>5}  {}".format
HEADINGS = ("standard", "berkeley", "C", "ratio", "noise", "of C", "goal", "")


@click.command(help=__doc__.split("\n\n")[0])
@click.option("--quick", is_flag=True, help="Fewer and shorter rounds, in less than a minute: a first look.")
@click.option("--filter", "pattern", default="*", help="Only rows whose 'group: name' matches this pattern.")
@click.option("--subject", default="berkeley.socket", show_default=True, help="The module to measure.")
@click.option("--check", is_flag=True, help=f"Exit code 1 if a ratio is below {SLOWER} beyond noise, twice over.")
@click.option("--json", "figures_path", type=click.Path(path_type=Path), help="A file for the figures.")
@click.option("--picture", "picture_path", type=click.Path(path_type=Path), help="A file for the bars: .svg or .png.")
@click.option("--means", "means_path", type=click.Path(path_type=Path), help="A file for the bars of whole groups.")
def main(quick, pattern, subject, check, figures_path, picture_path, means_path):
    subject = import_module(subject)
    rounds, nanoseconds = (5, 300_000) if quick else (31, 2_000_000)
    # On one processor, nothing moves between caches. Other processes that take part go where they like.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    operations, remarks = chosen(pattern)
    floor = Floor(item.floor for item in operations if item.floor) if compiler() else None
    if floor is None:
        remarks.append("no C compiler: no floor")
    machine = {
        "python": platform.python_version(),
        "build": f"{' '.join(platform.python_build())}, {platform.python_compiler()}",
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "subject": subject.__name__,
    }
    click.echo("Python {python} ({build}) on {system}, {processors} processors: {subject}".format(**machine))
    rows = []
    # Where both go to one terminal, the rows go through what moves the bar out of their way.
    shared = sys.stdout.isatty()
    console = Console(stderr=not shared)
    show = partial(console.out, highlight=False) if shared else click.echo
    for row in measured(operations, subject, floor, rounds, nanoseconds, console):
        if not rows or row.group != rows[-1].group:
            show(f"\n{LINE(row.group, *HEADINGS)}".rstrip())
        rows.append(row)
        show(shown(row))
    click.echo(summary(rows, remarks))
    if figures_path:
        fields = [{**asdict(row), "slower": row.slower, "missed": row.missed} for row in rows]
        figures_path.write_text(json.dumps({**machine, "rows": fields}, indent=1) + "\n")
    if picture_path or means_path:
        from picture import draw, draw_means

        if picture_path:
            draw([row for row in rows if row.goal is not None] or rows, machine, picture_path)
        if means_path:
            draw_means(rows, machine, means_path)
    sys.exit(check and any(row.slower for row in rows))


def chosen(pattern):
    """The operations to measure, in groups; and what is to be said of those that cannot be."""
    matching = [item for item in OPERATIONS if fnmatch(f"{item.group}: {item.name}", pattern)]
    able = [item for item in matching if item.needs is None or item.needs()]
    left_out = len(matching) - len(able)
    remarks = [f"{left_out} operations left out, for which this process or machine lacks something"] if left_out else []
    return sorted(able, key=attrgetter("group")), remarks


def measured(operations, subject, floor, rounds, nanoseconds, console):
    """The rows, over a progress bar where somebody watches."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # No thread of the bar's own: it would take turns with what is measured, and the rows fork.
    with Progress(*columns, console=console, transient=True, auto_refresh=False) as progress:
        task = progress.add_task("", total=len(operations))
        for operation in operations:
            progress.update(task, description=operation.group, refresh=True)
            row = measure(operation, socket, subject, floor, rounds, nanoseconds)
            if row.slower:
                # Once may be chance.
                row = measure(operation, socket, subject, floor, 2 * rounds, nanoseconds)
            progress.update(task, advance=1)
            yield row


def shown(row):
    figures = [row.standard, row.berkeley, row.floor]
    remark = "SLOWER" if row.slower else "below its goal" if row.missed else ""
    return LINE(
        row.name,
        *("" if figure is None else f"{figure:.0f} {row.unit}" for figure in figures),
        f"{row.ratio:.2f}",
        f"{row.noise:.2f}",
        "" if row.of_c is None else f"{row.of_c:.0%}",
        aim(row),
        remark,
    ).rstrip()


def aim(row):
    """The ratio to reach, or the share of C's speed."""
    if row.goal is None:
        return "" if row.goal_of_c is None else f"{row.goal_of_c:.0%}"
    return f"{row.goal:.2f}".rstrip("0").rstrip(".")


def summary(rows, remarks):
    """The mean ratio of each group, how far the noise reaches, and what is slower."""
    lines = ["\ngeometric means"]
    for group, members in groupby(rows, attrgetter("group")):
        lines.append(f"{group:30} {geometric_mean(row.ratio for row in members):.2f}")
    if rows:
        noise = [row.noise for row in rows]
        lines.append(f"\nnoise: {median(noise):.2f} for half of the rows, {max(noise):.2f} for the worst")
    lines += scaling(rows)
    aimed = [row for row in rows if row.goal is not None or row.goal_of_c is not None]
    lines.append(f"{sum(not row.missed for row in aimed)} of {len(aimed)} goals reached")
    slower = [f"{row.group}: {row.name} {row.ratio:.2f}" for row in rows if row.slower]
    return "\n".join([*lines, f"{len(slower)} of {len(rows)} slower", *slower, *remarks])


def scaling(rows):
    """What two threads do, against one of them: where the interpreter has no lock, there is a row for one."""
    times = {(row.group, row.name): row for row in rows}
    for group, name in times:
        if name.startswith("1 thread,") and (two := times.get((group, name.replace("1 thread", "2 threads")))):
            one = times[group, name]
            ours, theirs = 2 * one.berkeley / two.berkeley, 2 * one.standard / two.standard
            yield f"{group}, {name[10:]}: a second thread makes it {ours:.2f} times as much, standard {theirs:.2f}"


if __name__ == "__main__":
    main()
