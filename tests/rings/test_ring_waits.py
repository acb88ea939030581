"""How a wait for a frame of a packet ring ends."""

import errno
import os
import select
import threading
import time

import pytest
from sleeping import acting, handling, sleeps
from waits import LONG, SHORT, arrived, beside, late, outcome
from wires import ip, mapped, number, opened, send

import berkeley
from berkeley import socket


def test_timeout():
    with opened(timeout=SHORT) as ring:
        for _ in range(2):
            with late():
                next(ring)


def test_never_waiting(left):
    with opened(timeout=0) as ring:
        with pytest.raises(BlockingIOError):
            next(ring)
        send(left, 1)
        arrived(ring)
        assert number(next(ring).data) == 0
        with pytest.raises(BlockingIOError):
            next(ring)


def test_default_timeouts_do_not_matter(monkeypatch):
    socket.setdefaulttimeout(0)
    try:
        with opened(timeout=SHORT) as ring, late():
            next(ring)
    finally:
        socket.setdefaulttimeout(None)


def test_retire(left):
    with opened(retire=LONG, timeout=SHORT) as ring:
        send(left, 1)
        with late():
            next(ring)
        send(left, 5, start=1)  # more than a block has room for
        assert number(next(ring).data) == 0


@pytest.mark.parametrize("timeout", [None, LONG])
def test_deadline(timeout):
    with opened(timeout=timeout) as ring, late(), berkeley.deadline(SHORT):
        next(ring)


def test_deadline_while_frames_come(left):
    with opened(blocks=64) as ring:
        send(left, 100)
        with berkeley.deadline(SHORT) as deadline:
            assert number(next(ring).data) == 0
            while deadline.remaining():
                pass
            with pytest.raises(TimeoutError):
                next(ring)
        assert number(next(ring).data) == 1


def test_signals(left):
    handled = []
    with (
        opened(timeout=None) as ring,
        handling(lambda: handled.append(1)) as handle,
        acting(ring.fileno(), [handle, handle, lambda: send(left, 1)]),
    ):
        assert number(next(ring).data) == 0
    assert handled == [1, 1]


def test_a_handler_that_raises(left):
    def fail():
        raise KeyError("by the handler")

    with opened(timeout=None) as ring:
        with handling(fail) as handle, acting(ring.fileno(), [handle]), pytest.raises(KeyError, match="by the handler"):
            next(ring)
        send(left, 1)
        assert number(next(ring).data) == 0


def test_a_handler_that_closes():
    with (
        opened(timeout=None) as ring,
        handling(ring.close) as handle,
        acting(ring.fileno(), [handle]),
        pytest.raises(OSError, match="Bad file descriptor") as caught,
    ):
        next(ring)
    assert caught.value.errno == errno.EBADF


def test_close_wakes():
    before = mapped()
    ring = opened(timeout=None)
    with acting(ring.fileno(), [ring.close]), pytest.raises(OSError, match="Bad file descriptor") as caught:
        next(ring)
    assert caught.value.errno == errno.EBADF
    assert mapped() == before


def test_cancel(left):
    with opened(timeout=None) as ring:
        ended = []
        cancel = acting(ring.fileno(), [lambda: ended.append(ring.cancel())])
        with cancel, pytest.raises(OSError, match="canceled") as caught:
            next(ring)
        assert caught.value.errno == errno.ECANCELED
        assert ended == [1]
        assert ring.cancel() == 0
        send(left, 1)
        assert number(next(ring).data) == 0


def test_a_second_thread(left):
    with opened(timeout=None) as ring:
        main = threading.get_native_id()

        def read():
            while not sleeps(main, ring.fileno()):
                os.sched_yield()
            try:
                with pytest.raises(RuntimeError, match="one thread at a time"):
                    next(ring)
            finally:
                send(left, 1)

        with beside(read):
            assert number(next(ring).data) == 0


def test_closed():
    ring = opened()
    ring.close()
    ring.close()
    assert ring.fileno() == -1
    assert ring.cancel() == 0
    for call in (lambda: next(ring), ring.statistics):
        with pytest.raises(OSError, match="Bad file descriptor") as caught:
            call()
        assert caught.value.errno == errno.EBADF


def test_an_interface_that_is_down(left):
    with opened() as ring:
        ip("link", "set", "right", "down")
        try:
            with pytest.raises(OSError, match="Network is down") as caught:
                next(ring)
            assert caught.value.errno == errno.ENETDOWN
        finally:
            ip("link", "set", "right", "up")
        # What is sent while the link comes up is refused, or lost.
        poll = select.poll()
        poll.register(ring, select.POLLIN)
        end = time.monotonic() + LONG
        while not poll.poll(20):
            assert time.monotonic() < end
            assert outcome(send, left, 1) in ("ENETDOWN", None)
        assert number(next(ring).data) == 0


def test_poll(left):
    with opened() as ring:
        poll = select.poll()
        poll.register(ring, select.POLLIN)
        assert poll.poll(0) == []
        send(left, 1)
        assert poll.poll(LONG * 1000) == [(ring.fileno(), select.POLLIN)]
