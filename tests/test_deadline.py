"""`berkeley.deadline` itself: how it is used, how long it is in force, and where."""

import contextvars
import threading
import time

import pytest
from waits import LONG, SHORT, interrupted

import berkeley
from berkeley import socket


@pytest.fixture
def impl():
    """For the fixture of all tests: `pair`."""
    return socket


# --- its use

@pytest.mark.parametrize("seconds", [-1, -0.001, float("nan"), "1", 1e300])
def test_no_time(seconds):
    with pytest.raises((ValueError, TypeError, OverflowError)):
        berkeley.deadline(seconds)


def test_used_once():
    with berkeley.deadline(SHORT) as used, pytest.raises(RuntimeError, match=r"^a deadline is entered once$"), used:
        pass
    with pytest.raises(RuntimeError), used:
        pass


def test_used_once_without_an_end_too():
    """Else it could be within itself."""
    endless, other = berkeley.deadline(None), berkeley.deadline(LONG)
    endless.__enter__()
    other.__enter__()
    endless.__exit__(None, None, None)
    with pytest.raises(RuntimeError):
        endless.__enter__()
    other.__exit__(None, None, None)


def test_lost(pair):
    """Of one that was entered, and that nobody can leave any more."""
    berkeley.deadline(0).__enter__()
    pair[0].sendall(b"data")
    assert pair[1].recv(9) == b"data"


def test_a_handler_that_raises_at_any_moment():
    """In Python 3.14 it can between __enter__() and the block, which then is not left."""

    def enter():
        for _ in range(100):
            with berkeley.deadline(LONG):
                pass

    assert interrupted(enter, (1e-6 + turn % 100 * 1e-7 for turn in range(1000)))
    with berkeley.deadline(None) as endless:
        assert endless.remaining() is None


def test_remaining_before_it_is_entered():
    assert berkeley.deadline(LONG).remaining() is None


def test_remaining():
    with berkeley.deadline(None) as endless:
        assert endless.remaining() is None
    with berkeley.deadline(0) as over:
        assert over.remaining() == 0
    with berkeley.deadline(LONG), berkeley.deadline(2 * LONG) as inner:
        assert 0 < inner.remaining() <= LONG


# --- how long


def bounded():
    """Is there a deadline here?"""
    with berkeley.deadline(2 * LONG) as inner:
        return inner.remaining() < LONG


def test_left(pair):
    with berkeley.deadline(SHORT):
        assert bounded()
    assert not bounded()
    pair[1].sendall(b"data")
    time.sleep(SHORT)
    assert pair[0].recv(9) == b"data"


def test_left_out_of_order():
    outer, inner = berkeley.deadline(SHORT), berkeley.deadline(LONG / 2)
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    with berkeley.deadline(None) as innermost:
        assert LONG / 4 < innermost.remaining() <= LONG / 2
    inner.__exit__(None, None, None)
    assert not bounded()


def here():
    """What this context keeps of deadlines."""
    return [bounds for var, bounds in contextvars.copy_context().items() if var.name == "berkeley.deadline"]


def test_each_entered_before_the_last_is_left():
    """So generators do, in turns: nothing is kept of what was left."""
    last = berkeley.deadline(LONG)
    last.__enter__()
    for _ in range(1000):
        new = berkeley.deadline(LONG)
        new.__enter__()
        last.__exit__(None, None, None)
        last = new
    assert [len(bounds) for bounds in here()] == [2]
    last.__exit__(None, None, None)
    assert here() == [()]


def test_left_in_another_context():
    one = berkeley.deadline(SHORT)
    contextvars.copy_context().run(one.__enter__)
    one.__exit__(None, None, None)
    assert not bounded()


def test_a_context_that_was_copied():
    with berkeley.deadline(SHORT):
        copied = contextvars.copy_context()
        assert copied.run(bounded)
    assert not copied.run(bounded)


def test_another_thread():
    found = []
    with berkeley.deadline(SHORT):
        thread = threading.Thread(target=lambda: found.append(bounded()), **fresh_context())
        thread.start()
        thread.join()
    assert found == [False]


def fresh_context():
    """Threads of Python 3.14 and newer may inherit their starter's context."""
    return {"context": contextvars.Context()} if hasattr(threading.Thread, "_context") else {}


def test_a_generator():
    """Its consumer is within the deadline while the generator is."""

    def generator():
        with berkeley.deadline(SHORT):
            yield

    for _ in generator():
        assert bounded()
    assert not bounded()
