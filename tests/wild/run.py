"""Runs the tests of packages on berkeley and on the standard module, and compares, in a table.

What this kernel lacks is run in the virtual machine. It is a failure (exit code 1) if a test does worse on berkeley.
Other arguments are pytest's: -k redis, -x, tests/wild/test_dns.py.
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
# What packages warn of is not asked here.
SETTINGS = [*CONFIGURATION, "-q", "-W", "ignore", "--continue-on-collection-errors"]
MACHINE = ROOT / "vm" / "run.py"
# How the reason of a skip begins where another kernel would do.
LACKING = "the kernel has no"
# Where clients would look for proxies and for certificates in place of the test's.
ELSEWHERE = re.compile(".*_PROXY|.*_CA_BUNDLE|SSL_CERT_.*", re.IGNORECASE)


@click.command(help=__doc__, context_settings={"ignore_unknown_options": True})
@click.option("--write", type=click.Path(path_type=Path, exists=True), help="A page, to have its table written anew.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def main(write, arguments):
    chosen = [str(Path(word).resolve()) if Path(word.partition("::")[0]).exists() else word for word in arguments]
    if chosen == list(arguments):
        chosen.append(HERE)
    sides = {}
    for side in SIDES:
        sides |= told(side, pytest(side, chosen))
    if missing := SIDES.keys() - sides:
        raise click.ClickException(f"not run to the end on: {', '.join(missing)}")
    lacking = [HERE / name for name, row in sides["berkeley"].items() if row["reason"].startswith(LACKING)]
    if lacking:
        # It takes minutes to start.
        both = "; ".join(shlex.join(map(str, pytest(side, lacking))) for side in SIDES)
        for side, rows in told("in the virtual machine", [sys.executable, MACHINE, "sh", "-c", both]).items():
            sides[side] |= rows
    rows = table.rows(sides)
    table.show(rows)
    if write:
        table.write(write, rows)
    sys.exit(any(row.worse for row in rows))


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
