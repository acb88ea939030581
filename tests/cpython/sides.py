"""One side of a suite: the interpreter's own test module, run on one of the two socket modules."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from outcomes import Outcomes

HERE = Path(__file__).parent
# What comes between the interpreter and its program.
SIDES = {"standard": [], "berkeley": ["-m", "berkeley", "run"]}
# How often a suite is taken up again after a test that ended the process.
DEATHS = 20


@dataclass(frozen=True, eq=False)
class Pair:
    """A suite on an interpreter: what both sides run."""

    python: str
    version: str
    suite: dict
    deselect: list
    expect: list

    def __str__(self):
        return f"{self.version} {self.suite['name']}"


@dataclass(frozen=True)
class Bench:
    """What all sides have in common."""

    prefix: list  # of each command
    resources: list  # of test.support
    report: Path  # the directory for outcomes and output

    def run(self, pair, side, patterns, attempt=""):
        """Run tests of a suite on one side to their end, going on after each test that ended the process."""
        directory = self.report / f"{pair.version}-{pair.suite['name']}-{side}{attempt}"
        directory.mkdir(parents=True, exist_ok=True)
        written = directory / "outcomes.jsonl"
        written.unlink(missing_ok=True)
        job = {
            "suite": pair.suite["name"],
            "test_limit": pair.suite["test_limit"],
            "outcomes": str(written.resolve()),
            "deselect": [row["tests"] for row in pair.deselect],
            "match": patterns,
            "resources": self.resources,
        }
        (directory / "job.json").write_text(json.dumps(job))
        program = [str(HERE / "child.py"), str((directory / "job.json").resolve())]
        command = [*self.prefix, pair.python, *SIDES[side], *program]
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
        return outcomes


def run_process(command, log, limit):
    """Run a command in a directory of its own; give its exit code, None if it did not end within `limit` seconds."""
    with tempfile.TemporaryDirectory(prefix="cpython-", ignore_cleanup_errors=True) as scratch:
        # As under `python -m test`, the working directory has a name beyond ASCII, and TMPDIR has not.
        directory = Path(scratch, "æ")
        directory.mkdir()
        process = subprocess.Popen(
            command,
            cwd=directory,
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
