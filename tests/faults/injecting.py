"""An operation in a process of its own, which strace(1) traces, and in which system calls fail."""

import ctypes
import errno
import os
import pickle
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest
from figures import descriptors

# prctl(2): another process than the parent may trace this one, where Yama would forbid it.
PR_SET_PTRACER, PR_SET_PTRACER_ANY = 0x59616D61, -1


@dataclass
class Operation:
    """`act` on what `prepare` makes has `answer`: undisturbed, it makes `call` once, and never waits."""

    name: str
    prepare: Any
    act: Any
    call: str
    answer: Any = None

    def __str__(self):
        return self.name

    def timed(self):
        def prepare(socket):
            prepared = self.prepare(socket)
            prepared[0].settimeout(60)
            return prepared

        return Operation(self.name + " under a timeout", prepare, self.act, self.call, self.answer)

    def by_default_timed(self):
        def prepare(socket):
            prepared = self.prepare(socket)
            socket.setdefaulttimeout(60)  # it ends with the forked process
            return prepared

        return Operation(self.name + " under a default timeout", prepare, self.act, self.call, self.answer)


@pytest.fixture
def inject(impl, closing, tmp_path):
    """Runs an operation in a process of its own, in which calls fail.

    An injection is (call, error, the time of that call): 1 is the first time, "1+" the first and all after it. Gives
    the operation's answer or error, what it left open, and its system calls.
    """
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")

    def inject(operation, *injections):
        prepared = operation.prepare(impl)
        closing(*(thing for thing in prepared if hasattr(thing, "close") and thing is not impl))
        go, started = os.pipe()
        result, done = os.pipe()
        child = os.fork()
        if not child:
            act_traced(operation.act, prepared, go, done)
        os.close(done)
        os.read(result, 1)  # from here on, the process makes no other calls
        rules = [f"--inject={call}:error={error}:when={time}" for call, error, time in injections]
        with subprocess.Popen(
            ["strace", "-p", str(child), "-o", tmp_path / "trace", *rules], stderr=subprocess.PIPE, text=True
        ) as strace:
            said = strace.stderr.readline()
            os.write(started, b"!")
            with open(result, "rb") as file:
                outcome = file.read()
        os.waitpid(child, 0)
        os.close(go)
        os.close(started)
        impl.setdefaulttimeout(None)
        if "attached" not in said:
            pytest.skip(f"strace cannot trace here: {said.strip()}")
        begun = (tmp_path / "trace").read_text().partition('write(-1, "begin"')[2]
        return *pickle.loads(outcome), re.findall(r"^(\w+)\(", begun.partition('write(-1, "end"')[0], re.MULTILINE)

    return inject


def act_traced(act, prepared, go, done):
    """What the process for an operation does, once it is traced."""
    left = []
    try:
        sys.unraisablehook = lambda warned: left.append(str(warned.exc_value))  # a socket that nobody closed
        ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(PR_SET_PTRACER_ANY))
        before = descriptors()
        os.write(done, b"!")
        os.read(go, 1)
        mark(b"begin")
        answer = outcome(act, prepared)
        mark(b"end")
        left += set(descriptors()) - set(before)
        os.write(done, pickle.dumps((answer, left)))
    finally:
        os._exit(0)


def mark(text):
    """A write that fails has no effect, and the trace shows its text."""
    try:
        os.write(-1, text)
    except OSError:
        pass


def outcome(act, prepared):
    try:
        return act(*prepared)
    except OSError as error:
        return type(error).__name__, error.errno, len(error.args)
    except BaseException as error:
        return repr(error)


def failure(name):
    """What comes out for an errno: the class that OSError itself chooses, a number and a text."""
    number = getattr(errno, name)
    return type(OSError(number, "")).__name__, number, 2
