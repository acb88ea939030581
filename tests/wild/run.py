"""Runs the tests of packages on berkeley and on the standard module, and compares, in a table.

What this kernel lacks is run in the virtual machine. It is a failure (exit code 1) if a test does worse on berkeley, or
fails on both; if none was run; and if either module, or the virtual machine, has not reported.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import table

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# The whole process is on berkeley, and so are the Python programs that it starts.
SIDES = {"berkeley": ["-m", "berkeley", "run", "-m", "pytest"], "standard": ["-m", "pytest"]}
CONFIGURATION = ["-c", ROOT / "pyproject.toml", "-p", "no:cacheprovider"]
# What packages warn of is not asked here; but an exception that ends a thread is an error.
WARNINGS = ["-W", "ignore", "-W", "error::pytest.PytestUnhandledThreadExceptionWarning"]
SETTINGS = [*CONFIGURATION, "-q", *WARNINGS, "--continue-on-collection-errors"]
MACHINE = ROOT / "vm" / "run.py"
# How the reason of a skip begins where another kernel would do.
LACKING = "the kernel has no"
# Where clients would look for proxies and for certificates in place of the test's.
ELSEWHERE = re.compile(".*_PROXY|.*_CA_BUNDLE|SSL_CERT_.*", re.IGNORECASE)


@click.command(help=__doc__)
@click.option("-k", "expression", help="Run the tests whose names match, as with pytest's option.")
@click.option("--write", type=click.Path(path_type=Path, exists=True), help="A page, to have its table written anew.")
@click.argument("tests", nargs=-1)
def main(expression, write, tests):
    if write and (expression or tests):
        raise click.UsageError("--write takes all tests: the page has no table of some")
    chosen = [Path(name).resolve() for name in tests] or [HERE]
    selection = ["-k", expression] if expression else []
    sides = {}
    for side in SIDES:
        sides |= told(side, pytest(side, [*selection, *chosen]))
    require(sides, "this machine")
    lacking = [HERE / name for name in sides["berkeley"] if all(lacks(rows.get(name)) for rows in sides.values())]
    in_machine = told_in_machine(lacking) if lacking else sides
    for side, rows in in_machine.items():
        sides[side] |= rows
    rows = table.rows(sides)
    table.show(rows)
    require(in_machine, "the virtual machine")
    if not any(row.ran for row in rows):
        raise click.ClickException("nothing was run")
    if write:
        table.write(write, rows)
    sys.exit(any(row.bad for row in rows))


def require(sides, place):
    """Both sides must have reported."""
    if missing := SIDES.keys() - sides:
        raise click.ClickException(f"not run to the end on {place}: {', '.join(sorted(missing))}")


def lacks(row):
    return row is not None and row["reason"].startswith(LACKING)


def told_in_machine(tests):
    """The same as `told`, from the virtual machine, which takes minutes to start."""
    both = "; ".join(shlex.join(map(str, pytest(side, tests))) for side in SIDES)
    return told("in the virtual machine", [sys.executable, MACHINE, "sh", "-c", both])


def pytest(side, arguments):
    """The words of a command that runs tests on one side."""
    return [sys.executable, *SIDES[side], *SETTINGS, f"--on={side}", *arguments]


def told(title, command):
    """Run it, in an empty directory: what came of each test, by its name, by side."""
    click.secho(f"\n{title}", bold=True)
    environment = {name: value for name, value in os.environ.items() if not ELSEWHERE.fullmatch(name)}
    sides = {}
    with (
        tempfile.TemporaryDirectory() as empty,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=empty, env=environment) as process,
    ):
        for line in process.stdout:
            if line.startswith("OUTCOMES "):
                _, side, rows = line.split(" ", 2)
                sides[side] = {row["test"]: row for row in json.loads(rows)}
            else:
                click.echo(line, nl=False)
    return sides


if __name__ == "__main__":
    main()
