"""Runs the interpreter's own test_socket on both socket modules, where the kernel has every address family.

    vm/run.py .nox/vm/bin/python tests/cpython/every_family.py

The interpreter is the one that runs this; its environment has berkeley. It is a failure (exit code 1) if a test fails
on berkeley, does worse there than on the standard module, or is skipped for a reason that suites.toml does not know.
"""

import platform
import re
import socket
import sys
import tempfile
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path

import click
import report
from outcomes import BAD, unforeseen
from run import run_again, run_all, tomllib, wanted
from sides import Bench, Pair

SUITE = "test.test_socket"
AF_RDS = 21


def main():
    settings = tomllib.loads(Path(__file__).with_name("suites.toml").read_text())
    expected = settings["every_family"]
    removed = [row for row in expected["removed"] if version(platform.release()) >= version(row["since"])]
    suite = wanted(settings, [SUITE])[SUITE]
    pair = Pair(sys.executable, platform.python_version(), suite, deselect=removed, expect=[])
    connect_rds()
    with tempfile.TemporaryDirectory() as directory:
        # Not in a network of its own: only the machine's first one has Bluetooth, and the CAN interfaces.
        bench = Bench([], settings["resources"], Path(directory))
        [(_, standard, berkeley)] = results = run_all(bench, [pair], "*", jobs=1)
        run_again(bench, pair, standard, berkeley)
    worse = report.explain(pair, standard, berkeley, whole=True)
    complaints = [f"fails: {name}" for name, test in berkeley.tests.items() if test["outcome"] in BAD]
    skips = Counter(test["reason"] for test in berkeley.tests.values() if test["outcome"] == "skipped")
    for reason, count in skips.most_common():
        click.echo(f"{pair}: {count} skipped on berkeley: {reason}")
    for row in removed:
        count = sum(fnmatchcase(name, row["tests"]) for name in berkeley.deselected)
        click.echo(f"{pair}: {count} left out: {row['reason']}")
    complaints += unforeseen(skips, expected["reasons"], expected["most"])
    for complaint in complaints:
        click.secho(f"{pair}: {complaint}", fg="red")
    click.echo(report.table(results, [pair] if worse else []))
    sys.exit(worse or bool(complaints))


def version(release):
    """A kernel's: (7, 2), for "7.2.12-amd64"."""
    return tuple(map(int, re.findall(r"\d+", release)[:2]))


def connect_rds():
    """Have the kernel connect loopback to itself.

    A message that waits for the connection is dropped when its socket is closed (rds_release() in net/rds/af_rds.c),
    and the suite's clients close theirs at once.
    """
    with socket.socket(AF_RDS, socket.SOCK_SEQPACKET) as s:
        s.bind(("127.0.0.1", 0))
        s.sendto(b"x", s.getsockname())
        s.recv(1)


if __name__ == "__main__":
    main()
