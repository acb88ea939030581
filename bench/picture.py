"""The figures as bars: one for each operation that has a goal, with C's speed as a mark; or one for each group."""

from itertools import groupby
from operator import attrgetter
from statistics import geometric_mean

import matplotlib

matplotlib.use("agg")
# The text of an SVG stays text: it can be searched, and takes the reader's font.
matplotlib.rcParams["svg.fonttype"] = "none"
matplotlib.rcParams["svg.hashsalt"] = "berkeley"
from matplotlib import pyplot  # noqa: E402

LINE = 0.17  # inches that a bar takes
BEYOND = 6  # longer bars are cut, and say how long they are
FASTER, SLOWER, FLOOR, INK = "#2a9d8f", "#e76f51", "#264653", "#333333"
# What the groups are, in the picture of their means; the others have too few operations, or too different ones.
MEANS = {
    "calls": "send, recv",
    "addresses": "sendto, recvfrom",
    "messages": "sendmsg, recvmsg",
    "datagrams": "many datagrams at once",
    "would block": "recv of nothing",
    "threads": "2 and 4 threads",
    "servers": "servers",
    "bulk": "a megabyte",
    "connecting": "open, connect, accept",
    "names": "names and addresses",
    "objects": "attributes, options",
}


def draw(rows, machine, path):
    """Write the picture of all rows to an .svg or .png file."""
    groups = [(name, list(members)) for name, members in groupby(rows, attrgetter("group"))]
    height = sum(len(members) + 2 for _, members in groups)
    figure, axis = pyplot.subplots(figsize=(6.2, height * LINE + 1.1))
    fill(axis, groups, height)
    figure.suptitle(
        f"Speed relative to the standard module of Python {machine['python']}: longer is faster.\n"
        "A mark is the same system calls from C.",
        fontsize=10,
        color=INK,
    )
    figure.tight_layout(rect=(0, 0, 1, 0.99))
    save(figure, path)


def draw_means(rows, machine, path):
    """Write the picture of the groups' geometric means, which is readable on a telephone too."""
    groups = groupby(rows, attrgetter("group"))
    means = {name: geometric_mean(row.ratio for row in members) for name, members in groups}
    bars = [
        (f"{label}{mode}", means[group + mode])
        for group, label in MEANS.items()
        for mode in ("", ", blocking", ", non-blocking", ", timeout")
        if group + mode in means
    ]
    figure, axis = pyplot.subplots(figsize=(5.4, len(bars) * 0.3 + 1))
    for line, (_, ratio) in enumerate(bars):
        axis.barh(line, ratio, height=0.72, color=FASTER if ratio >= 1 else SLOWER)
        axis.text(0.06, line, f"{ratio:.1f}" if ratio > 1.2 else f"{ratio:.2f}", fontsize=9, color="white", va="center")
    axis.axvline(1, color=INK, linewidth=0.8)
    axis.set_yticks(range(len(bars)), [label for label, _ in bars], fontsize=10, color=INK)
    axis.set_ylim(len(bars) - 0.4, -0.6)
    axis.set_xticks([1, 2, 3], ["1", "2", "3 times"], fontsize=9, color=INK)
    axis.set_title(f"Speed relative to socket of Python {machine['python']}", fontsize=10, color=INK, loc="right")
    plain(axis)
    figure.tight_layout()
    save(figure, path)


def save(figure, path):
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    pyplot.close(figure)


def fill(axis, groups, height):
    line, places, names = 0, [], []
    for group, members in groups:
        frame = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        axis.text(0, line + 0.6, group, fontsize=8, fontweight="bold", color=INK, va="center", bbox=frame)
        line += 1.5
        for row in members:
            bar(axis, row, line)
            places.append(line)
            names.append(row.name)
            line += 1
        line += 0.5
    axis.axvline(1, color=INK, linewidth=0.8)
    axis.set_yticks(places, names, fontsize=7, color=INK)
    axis.set_ylim(height, 0)
    axis.set_xlim(0, BEYOND + 0.6)
    axis.set_xticks([1, 2, 3, 4, 5, 6], ["1", "2", "3", "4", "5", "6 times"], fontsize=7, color=INK)
    plain(axis)


def plain(axis):
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    axis.grid(axis="x", linewidth=0.3)
    axis.set_axisbelow(True)


def bar(axis, row, line):
    colour = SLOWER if row.slower else FASTER
    axis.barh(line, min(row.ratio, BEYOND), height=0.72, color=colour)
    axis.errorbar(min(row.ratio, BEYOND), line, xerr=min(row.noise, BEYOND), color=INK, linewidth=0.5)
    label = f"{row.ratio:.1f}" if row.ratio >= 10 else f"{row.ratio:.2f}"
    axis.text(0.06, line, label, fontsize=6, color="white", va="center", ha="left")
    if row.floor is not None:
        limit = row.standard / row.floor
        if limit <= BEYOND:
            axis.plot([limit, limit], [line - 0.42, line + 0.42], color=FLOOR, linewidth=1.6)
