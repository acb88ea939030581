"""Runs the interpreters' own test suites on their own socket module and on berkeley, and compares test by test.

    python tests/cpython/run.py --python .venv-3.12/bin/python --python .venv-3.13/bin/python

Each PYTHON is an interpreter whose environment has berkeley installed. The suites are the unmodified ones that came
with it. It is a failure (exit code 1) if a test fails on berkeley and not on the standard module, if one is skipped on
berkeley only, if a side did not finish, or if an entry of suites.toml does not apply. Where a suite is missing with
which an interpreter of that version comes, nothing runs, unless that is allowed.

On a busy machine a test may fail on one side by its timing. So tests that are worse on berkeley run again on both
sides, without the other tests and with nothing beside them: what is not worse each time does not count, and is told.
"""

import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import click
import isolate
import report
from outcomes import entries, holds, pattern, take_back, worse
from packaging.version import Version
from sides import SIDES, Bench, Pair

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

# Sides that run at the same time for each processor: suites sleep three quarters of their time.
JOBS = 3
# How often tests that are worse on berkeley run again.
AGAIN = 2

# Prints the version of an interpreter, and which of the named modules it came with: none, without the tests' helpers.
INQUIRY = """
import json, platform, sys
from importlib.util import find_spec
tests = find_spec("test") and find_spec("test.support")
print(json.dumps([platform.python_version(), [name for name in sys.argv[1:] if tests and find_spec(name)]]))
"""


@dataclass(frozen=True)
class Interpreter:
    path: str
    version: str
    suites: list  # those of the wanted ones that it came with
    missing: list  # those that it did not come with, and should have


@click.command(help=__doc__.split("\n\n")[0])
@click.option("--python", "pythons", multiple=True, default=[sys.executable], help="An interpreter; or else this one.")
@click.option("--suite", "names", multiple=True, help="A test module, such as test.test_socket; all of suites.toml.")
@click.option("--match", default="*", help="Only tests whose whole name matches this pattern.")
@click.option("--quick", is_flag=True, help="Run each long suite on one interpreter: on the newest, and so on in turn.")
@click.option("--allow-missing", is_flag=True, help="Compare what is there, where suites are missing.")
@click.option("--jobs", default=JOBS * os.cpu_count(), show_default=True, help="Sides that run at the same time.")
@click.option("--report", "directory", type=click.Path(path_type=Path), help="Keep outcomes and output there.")
def main(pythons, names, match, quick, allow_missing, jobs, directory):
    # What a shell starts in the background ignores SIGINT, and so would all the tests.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    settings = tomllib.loads(Path(__file__).with_name("suites.toml").read_text())
    suites = wanted(settings, names)
    interpreters = [inquire(python, suites) for python in pythons]
    lacks = [told for told in map(report.lack, interpreters) if told]
    if lacks and not allow_missing:
        raise click.ClickException("\n".join([*lacks, "--allow-missing compares the others"]))
    pairs = planned(settings, suites, interpreters, quick)
    if reason := isolate.why_unavailable():
        click.echo(f"One after another, for the sides cannot have networks of their own: {reason}")
        jobs = 1
    with contextlib.ExitStack() as stack:
        directory = directory or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bench = Bench([] if reason else [sys.executable, isolate.__file__], settings["resources"], directory)
        results = run_all(bench, pairs, match, jobs)
        for result in results:
            run_again(bench, *result)
    failures = [pair for pair, *sides in results if report.explain(pair, *sides, whole=match == "*")]
    click.echo(report.table(results, failures))
    for told in lacks:
        click.echo(told)
    click.echo(f"worse than the standard module: {', '.join(map(str, failures)) or 'nothing'}")
    sys.exit(bool(failures) or not results)


def wanted(settings, names):
    """The suites to run, by their names: those asked for, or all."""
    known = {suite["name"]: suite for suite in settings["suite"]}
    return {name: {**settings["default"], **known.get(name, {"name": name})} for name in names or known}


def inquire(python, suites):
    """The interpreter of that name or path, and which of the suites it came with, and should have come with."""
    # Links are kept: by its link a virtual environment knows itself.
    path = shutil.which(python)
    if path is None:
        raise click.BadParameter(f"no such program: {python}", param_hint="--python")
    path = os.path.abspath(path)
    answer = subprocess.run([path, "-c", INQUIRY, *suites], check=True, capture_output=True, text=True).stdout
    version, found = json.loads(answer)
    missing = [name for name, suite in suites.items() if name not in found and holds(suite, version)]
    return Interpreter(path, version, found, missing)


def planned(settings, suites, interpreters, quick):
    """The pairs to run, in the order of the suites; if it is to be quick, each long one on one interpreter, in turn."""
    turns = itertools.count()
    return [
        Pair(
            interpreter.path,
            interpreter.version,
            suite,
            entries(settings.get("deselect", []), name, interpreter.version),
            entries(settings.get("expect", []), name, interpreter.version),
        )
        for name, suite in suites.items()
        for interpreter in chosen(name, interpreters, next(turns) if quick and suite["long"] else None)
    ]


def chosen(name, interpreters, turn):
    """The interpreters that came with a suite; or the one of them whose turn it is, beginning with the newest."""
    able = [interpreter for interpreter in interpreters if name in interpreter.suites]
    if turn is None or not able:
        return able
    able.sort(key=lambda interpreter: Version(interpreter.version), reverse=True)
    return [able[turn % len(able)]]


def run_all(bench, pairs, match, jobs):
    """Run both sides of each pair, and tell when one is done: (pair, standard, berkeley) for each, in their order."""
    with ThreadPoolExecutor(jobs) as executor:
        sides = {executor.submit(bench.run, pair, side, [match]): (pair, side) for pair in pairs for side in SIDES}
        try:
            for number, future in enumerate(as_completed(sides), 1):
                pair, side = sides[future]
                outcomes = future.result()
                told = f"{len(outcomes.tests)} tests in {outcomes.seconds:.0f} s"
                click.echo(f"[{number}/{len(sides)}] {pair}, {side}: {told}")
        finally:
            executor.shutdown(cancel_futures=True)
    done = iter([future.result() for future in sides])
    return list(zip(pairs, done, done, strict=True))


def run_again(bench, pair, standard, berkeley):
    """Run again what is worse on berkeley; what is not worse each time is taken back, and told."""
    for attempt in range(1, AGAIN + 1):
        names = [difference.test for difference in worse(standard, berkeley)]
        if not names or standard.problems or berkeley.problems:
            return
        again = [bench.run(pair, side, [*map(pattern, names)], f"-again-{attempt}") for side in SIDES]
        for difference in take_back(standard, berkeley, *again):
            click.echo(f"{pair}: not so when run again ({attempt}): {difference}")


if __name__ == "__main__":
    main()
