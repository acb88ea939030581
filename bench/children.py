"""Rows that need a process of their own on each side: for its memory, its threads, or `import socket` as it meets it.

Every child is told the module to use. Whatever library it imports then finds that module under the name `socket`.
"""

import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from textwrap import indent

from floor import compiler

IN_PLACE = """
import sys, os
from importlib import import_module
from itertools import repeat
from time import perf_counter_ns as clock

os.sched_setaffinity(0, {processors})
if {module!r} != "socket":
    import berkeley
    berkeley.install()
socket = import_module({module!r})
"""
WORK = """
{setup}
for line in sys.stdin:
    n = int(line)
    start = clock()
{code}
    print(clock() - start, flush=True)
"""
SERVE = """
{setup}
print(listener.getsockname()[1], flush=True)
sys.stdin.read()
os._exit(0)
"""
PINNED, ANYWHERE = "os.sched_getaffinity(0)", "range(os.cpu_count())"


@dataclass(frozen=True)
class Child:
    """Statements that a child process runs, and times itself: `code` does what is measured `n` times."""

    group: str
    name: str
    code: str
    setup: str = ""
    count: int = 100
    processors: str = PINNED
    unit: str = "ns"
    needs: Callable[[], object] | None = None
    pieces: int = 1
    ours: None = None
    floor: None = None

    def sides(self, standard, subject, floor):
        for module in (standard, standard, subject):
            turns = self.turns(module.__name__)
            next(turns)
            yield lambda batches, turns=turns: turns.send(batches * self.count) / (batches * self.count)

    def turns(self, module):
        program = IN_PLACE + WORK
        parts = {"setup": self.setup, "code": indent(self.code, "    "), "processors": self.processors}
        with start(program.format(module=module, **parts)) as process:
            number = yield
            while True:
                process.stdin.write(f"{number}\n")
                process.stdin.flush()
                number = yield int(process.stdout.readline())


@dataclass(frozen=True)
class Server:
    """A server in a process of its own, under load from this one: the nanoseconds that a request takes of its time.

    `setup` makes `listener` and serves it in threads. Each connection sends `request` and awaits `answer` bytes. The
    load comes from C: a client in Python would be slower than what it is to measure.
    """

    group: str
    name: str
    setup: str
    connections: int
    request: bytes
    answer: int
    count: int = 10
    unit: str = "ns"
    needs: Callable[[], object] = compiler
    pieces: int = 1
    ours: None = None
    floor: None = None

    def sides(self, standard, subject, floor):
        for module in (standard, standard, subject):
            turns = self.turns(module.__name__, floor)
            next(turns)
            yield lambda batches, turns=turns: turns.send(batches * self.count)

    def turns(self, module, floor):
        program = (IN_PLACE + SERVE).format(module=module, setup=self.setup, processors=ANYWHERE)
        with start(program) as process:
            there = ("127.0.0.1", int(process.stdout.readline()))
            callers = [socket.create_connection(there) for _ in range(self.connections)]
            try:
                times = yield
                while True:
                    spent = floor.load(callers, self.request, self.answer, times)
                    times = yield spent / (times * self.connections)
            finally:
                for caller in callers:
                    caller.close()


def start(program):
    """A child that runs the program; leaving its context closes its standard input, on which it ends."""
    command = [sys.executable, "-c", program]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
