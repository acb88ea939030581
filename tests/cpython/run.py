"""Runs the interpreters' own test suites on their own socket module and on berkeley, and compares test by test.

    python tests/cpython/run.py --python .venv-3.12/bin/python --python .venv-3.13/bin/python

Each PYTHON is an interpreter whose environment has berkeley installed. The suites are the unmodified ones that came
with it. It is a failure (exit code 1) if a test fails on berkeley and not on the standard module, if one is skipped on
berkeley only, if a side did not finish, or if an entry of suites.toml does not apply.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import click
import isolate
from outcomes import BAD, Outcomes, differences, entries, verdict

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

HERE = Path(__file__).parent
SIDES = {"standard": [], "berkeley": ["-m", "berkeley", "run"]}
# How often a suite is taken up again after a test that ended the process.
DEATHS = 20


@dataclass(frozen=True)
class Pair:
    """A suite on an interpreter: what both sides run."""

    python: str
    version: str
    suite: dict
    deselect: list
    expect: list

    def __str__(self):
        return f"{self.version} {self.suite['name']}"


@click.command(help=__doc__.split("\n\n")[0])
@click.option("--python", "pythons", multiple=True, default=[sys.executable], help="An interpreter; or else this one.")
@click.option("--suite", "names", multiple=True, help="A test module, such as test.test_socket; all of suites.toml.")
@click.option("--match", default="*", help="Only tests whose whole name matches this pattern.")
@click.option("--jobs", default=os.cpu_count(), show_default=True, help="Sides that run at the same time.")
@click.option("--report", type=click.Path(path_type=Path), help="A directory to keep outcomes and output in.")
def main(pythons, names, match, jobs, report):
    settings = tomllib.loads((HERE / "suites.toml").read_text())
    pairs = planned(settings, pythons, names)
    if reason := isolate.why_unavailable():
        click.echo(f"One after another, for the sides cannot have networks of their own: {reason}")
        jobs = 1
    with contextlib.ExitStack() as stack:
        report = report or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        executor = stack.enter_context(ThreadPoolExecutor(jobs))
        prefix = [] if reason else [sys.executable, isolate.__file__]
        running = [
            [executor.submit(run_side, pair, side, prefix, settings["resources"], match, report) for side in SIDES]
            for pair in pairs
        ]
        results = [
            (pair, *(future.result() for future in futures)) for pair, futures in zip(pairs, running, strict=True)
        ]
    click.echo(table(results))
    failed = [explain(*result, whole=match == "*") for result in results]
    sys.exit(any(failed))


def planned(settings, pythons, names):
    """The pairs to run."""
    known = {suite["name"]: suite for suite in settings["suite"]}
    versions = {python: version_of(python) for python in map(located, pythons)}
    return [
        Pair(
            python,
            version,
            {**settings["default"], **known.get(name, {"name": name})},
            entries(settings["deselect"], name, version),
            entries(settings.get("expect", []), name, version),
        )
        for python, version in versions.items()
        for name in names or known
    ]


def located(python):
    """The absolute path of an interpreter. Links are kept: by its link a virtual environment knows itself."""
    found = shutil.which(python)
    if found is None:
        raise click.BadParameter(f"no such program: {python}", param_hint="--python")
    return os.path.abspath(found)


def version_of(python):
    program = "import platform; print(platform.python_version())"
    return subprocess.run([python, "-c", program], check=True, capture_output=True, text=True).stdout.strip()


def run_side(pair, side, prefix, resources, match, report):
    """Run a suite on one side to its end, taking it up again after each test that ended the process."""
    directory = report / f"{pair.version}-{pair.suite['name']}-{side}"
    directory.mkdir(parents=True, exist_ok=True)
    written = directory / "outcomes.jsonl"
    written.unlink(missing_ok=True)
    job = {
        "suite": pair.suite["name"],
        "test_limit": pair.suite["test_limit"],
        "outcomes": str(written.resolve()),
        "deselect": [row["tests"] for row in pair.deselect],
        "match": match,
        "resources": resources,
    }
    (directory / "job.json").write_text(json.dumps(job))
    program = [str(HERE / "child.py"), str((directory / "job.json").resolve())]
    command = [*prefix, pair.python, *SIDES[side], *program]
    started, died = monotonic(), 0
    outcomes = Outcomes()
    with (directory / "output.txt").open("wb") as log:
        while True:
            code = run_process(command, log, started + pair.suite["limit"] - monotonic())
            outcomes = Outcomes.read(written) if written.exists() else Outcomes()
            if outcomes.ended or code is None or not died < outcomes.count("died") <= DEATHS:
                break
            died = outcomes.count("died")
    outcomes.seconds = monotonic() - started
    outcomes.problems = list(problems(outcomes, side, code, pair.suite["limit"], directory / "output.txt"))
    click.echo(f"{pair}, {side}: {len(outcomes.tests)} tests in {outcomes.seconds:.0f} s")
    return outcomes


def run_process(command, log, limit):
    """Run a command in a directory of its own; give its exit code, None if it did not end within `limit` seconds."""
    # As under `python -m test`, the working directory has a name beyond ASCII.
    with tempfile.TemporaryDirectory(prefix="cpython-æ-", ignore_cleanup_errors=True) as scratch:
        process = subprocess.Popen(
            command,
            cwd=scratch,
            env={**os.environ, "TMPDIR": scratch},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return process.wait(max(limit, 0))
        except subprocess.TimeoutExpired:
            return None
        finally:
            # The session holds whatever the tests started and left behind.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def problems(outcomes, side, code, limit, log):
    """What stood in the way of the run, apart from the tests' own outcomes."""
    if code is None:
        yield f"not finished after {limit} seconds"
    elif not outcomes.ended or code:
        last = "".join(log.read_text(errors="replace").splitlines(keepends=True)[-20:])
        yield f"exit code {code} {'after' if outcomes.ended else 'before'} the end of the suite\n{last}"
    for name, file in outcomes.modules.items():
        if (Path(file).parent.name == "berkeley") is not (side == "berkeley"):
            yield f"{name} was that of {file}"


def table(results):
    """One line for each side of each pair."""
    row = "{:8} {:30} {:9} {:>6} {:>7} {:>8} {:>8}".format
    lines = [row("python", "suite", "side", "tests", "failed", "skipped", "seconds")]
    for pair, *sides in results:
        for side, outcomes in zip(SIDES, sides, strict=True):
            counts = len(outcomes.tests), outcomes.count(*BAD), outcomes.count("skipped"), round(outcomes.seconds)
            lines.append(row(pair.version, pair.suite["name"], side, *counts))
    return "\n" + "\n".join(lines) + "\n"


def explain(pair, standard, berkeley, whole):
    """Print the differences of a pair; tell whether they make it a failure."""
    for name in sorted(standard.tests.keys() & berkeley.tests.keys()):
        if standard.tests[name]["outcome"] in BAD and berkeley.tests[name]["outcome"] in BAD:
            click.echo(f"{pair}: fails on both sides: {name}")
    for difference in differences(standard, berkeley):
        if not difference.worse:
            click.echo(f"{pair}: {difference.test}: {difference.standard} -> {difference.berkeley}")
    reasons = verdict(standard, berkeley, pair.deselect, pair.expect, whole)
    for reason in reasons:
        click.secho(f"{pair}: {reason}", fg="red")
    click.echo(f"{pair}: {'not ' if reasons else ''}as good as the standard module")
    return bool(reasons)


if __name__ == "__main__":
    main()
