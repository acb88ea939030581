"""What the tests of faults share: the modules beside them, and the descriptors that are open."""

import gc
import os
import pickle
import signal
import sys
from pathlib import Path

import pytest

# pytest does not put the directories of tests on the path (--import-mode=importlib).
sys.path.insert(0, str(Path(__file__).parent))

from figures import descriptors, table
from injecting import inject as inject

ROWS = pytest.StashKey()


def pytest_configure(config):
    config.stash[ROWS] = []


def pytest_terminal_summary(terminalreporter, config):
    """What the leak tests have measured, if the command said how often."""
    if config.getoption("times") and config.stash[ROWS]:
        terminalreporter.section("what is left")
        terminalreporter.write("\n".join([*table(config.stash[ROWS]), ""]))


@pytest.fixture
def times(request):
    """How often each error is made."""
    return request.config.getoption("times") or 400


@pytest.fixture
def rows(request):
    """The lines of the table: (what was done, how often, Figures)."""
    return request.config.stash[ROWS]


@pytest.fixture
def no_leak():
    """Fails the test when it ends with other descriptors than it began with."""
    before = descriptors()
    yield
    assert descriptors() == before


@pytest.fixture
def closing(no_leak):
    """Closes the sockets that it is given, after the test; gives them back."""
    kept = []

    def closing(*sockets):
        kept.extend(sockets)
        return sockets

    yield closing
    for sock in kept:
        sock.close()


@pytest.fixture
def forked():
    """Calls a function in a process of its own, which may not crash nor take long: what the function returns."""

    def forked(function, *arguments):
        result, done = os.pipe()
        child = os.fork()
        if not child:
            answer_alone(done, function, arguments)
        os.close(done)
        with open(result, "rb") as file:
            answer = file.read()
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        return pickle.loads(answer)

    return forked


def answer_alone(done, function, arguments):
    """What the forked process does: it must not go on with what its parent is at."""
    code = 1
    try:
        gc.freeze()
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(30)
        sys.unraisablehook = lambda _: None
        answer = pickle.dumps(with_room(function, arguments))
        os.write(done, answer)
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
    finally:
        os._exit(code)


def with_room(function, arguments):
    """Call it where some more calls take no memory, however deep the tests' own calls are.

    From Python 3.11 on, frames lie in chunks of 16 KiB. One that is larger opens a chunk, with room to spare.
    """
    names = "=".join(f"_{number}" for number in range(2100))
    source = f"def call(function, arguments):\n {names} = None\n return function(*arguments)"
    scope = {}
    exec(source, scope)
    return scope["call"](function, arguments)
