"""Programs side by side: each one's output is kept until it ends, and it is told where the time went."""

import os
import re
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

# Seconds for what is interrupted to end.
GRACE = 10
# Lines of a run of the tests: how many were skipped, and why; and the last, how many passed, failed and so on.
SKIPPED = re.compile(r"^(\d+) skipped: (.+)$", re.MULTILINE)
CLOSING = re.compile(r"^=* ?((?:\d+ \w+, )*\d+ \w+) in \d+\.\d+s", re.MULTILINE)


@dataclass(frozen=True)
class Done:
    """What became of a program."""

    name: str
    code: int  # as subprocess gives it: -2 for what SIGINT ended
    seconds: float
    processor: float  # seconds, of all its children that ended before it
    output: str


@dataclass(frozen=True)
class Running:
    name: str
    process: subprocess.Popen[bytes]
    output: BinaryIO
    began: float

    def done(self, status: int, processor: float) -> Done:
        """What became of it, by its status from wait(2)."""
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return Done(self.name, self.process.returncode, time.monotonic() - self.began, processor, self.written())

    def written(self) -> str:
        """All of its output, which is closed."""
        with self.output:
            self.output.seek(0)
            return self.output.read().decode(errors="replace")


def run(commands: dict[str, list[str]], at_once: int) -> list[Done]:
    """Run commands, in their order, so many at once; print the output of each when it ends: what became of them.

    However this ends, none of them goes on.
    """
    waiting = list(commands)
    running: dict[int, Running] = {}
    done = []
    # What a shell starts in the background ignores SIGINT, and so would all that is started here.
    previous = [signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                name = waiting.pop(0)
                tell(f"begins: {name}")
                begun = begin(name, commands[name])
                running[begun.process.pid] = begun
            pid, status, usage = os.wait3(0)
            if pid in running:
                done.append(running.pop(pid).done(status, usage.ru_utime + usage.ru_stime))
                tell(f"{describe(done[-1])}\n{done[-1].output.rstrip()}")
    finally:
        end(running.values())
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), previous, strict=True):
            signal.signal(number, handler)
    return done


def begin(name: str, command: list[str]) -> Running:
    """Start a command in a session, and so a process group, of its own: what it starts can be ended with it."""
    output = tempfile.TemporaryFile()  # noqa: SIM115 - end() or done() closes it
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
    )
    return Running(name, process, output, time.monotonic())


def end(running: Iterable[Running]) -> None:
    """Interrupt them, kill what is left of their groups, and print how far they came."""
    for each in running:
        os.killpg(each.process.pid, signal.SIGINT)
    until = time.monotonic() + GRACE
    for each in running:
        with suppress(subprocess.TimeoutExpired):
            each.process.wait(max(0, until - time.monotonic()))
        with suppress(ProcessLookupError):
            os.killpg(each.process.pid, signal.SIGKILL)
        each.process.wait()
        tell(f"interrupted: {each.name}\n{each.written().rstrip()}")


def describe(done: Done) -> str:
    how = "ends" if done.code == 0 else f"FAILED (exit code {done.code})"
    return f"{how}: {done.name}, in {done.seconds:.0f} s, {done.processor:.0f} s of them of a processor"


def table(done: list[Done]) -> str:
    """Where the time went, the longest first; then how many tests in all were skipped, by reason, failed and passed."""
    row = "{:28} {:>8} {:>10}  {}".format
    lines = [row("", "seconds", "processor", "")]
    lines += [
        row(each.name, round(each.seconds), round(each.processor), "FAILED" if each.code else "")
        for each in sorted(done, key=lambda each: -each.seconds)
    ]
    skipped, results = Counter[str](), Counter[str]()
    for each in done:
        for count, reason in SKIPPED.findall(each.output):
            skipped[reason] += int(count)
        for closing in CLOSING.findall(each.output):
            for count, result in map(str.split, closing.split(", ")):
                # The tests that failed have run again.
                results["failed once" if result == "failed" and each.code == 0 else result] += int(count)
    lines += [f"{count} skipped in all: {reason}" for reason, count in skipped.most_common()]
    kinds = [kind for kind in ("failed", "failed once", "error", "errors", "passed", "skipped") if results[kind]]
    told = ", ".join(f"{results[kind]} {kind}" for kind in kinds)
    return "\n".join([*lines, f"{told} in all"] if told else lines)


def tell(text: str) -> None:
    print(f"\n=== {text}", flush=True)
