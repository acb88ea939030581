"""Signals and audit hooks, whenever they come: nothing stays open."""

import signal
import time

import pytest
from connects import NOBODY, descriptors, failed
from waits import LONG, SHORT, meanwhile

import berkeley
from berkeley import socket


class Stop(BaseException):
    """Like KeyboardInterrupt: no Exception."""


def stop(*arguments):
    raise Stop


@pytest.mark.parametrize("method", ["settimeout", "bind", "connect", "setsockopt", "getsockopt", "gettimeout"])
def test_an_interrupt_leaves_nothing_open(record, full, answers, method):
    made = record(socket, **{method: stop})
    keywords = {"keepalive": True, "source_address": ("127.0.0.1", 0)}
    with pytest.raises(Stop):
        berkeley.connect(answers(NOBODY), **keywords)
    assert [sock.fileno() for sock in made] == [-1]


def test_an_interrupt_in_a_later_attempt(record, full, answers):
    def connect(sock, address):
        if address == NOBODY:
            raise Stop
        return socket.SocketType.connect(sock, address)

    made = record(socket, connect=connect)
    with pytest.raises(Stop):
        berkeley.connect(answers(full, full, NOBODY), happy_eyeballs_delay=0.01)
    assert [sock.fileno() for sock in made] == [-1] * 3


def test_a_handler_that_raises_ends_the_wait(full, answers, made):
    count = len(made)
    with pytest.raises(Stop), meanwhile(stop):
        berkeley.connect(answers(full, full), timeout=LONG, happy_eyeballs_delay=0.01)
    assert [sock.fileno() for sock in made[count:]] == [-1, -1]


def test_a_handler_that_returns_does_not(full):
    handled = []
    began = time.monotonic()
    with meanwhile(lambda: handled.append(True)):
        assert isinstance(failed(full, timeout=4 * SHORT), TimeoutError)
    assert handled
    assert time.monotonic() - began >= 4 * SHORT


# A socket that has just been made, and is nobody's yet, is closed by being forgotten.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_interrupts_at_any_moment(full, here, answers):
    """Signals whose handler raises, as fast as they come: whatever they meet, nothing stays open."""
    address = answers(NOBODY, full, here)
    before = descriptors()
    previous = signal.signal(signal.SIGALRM, stop)
    ended = 0
    try:
        for turn in range(200):
            try:
                try:
                    signal.setitimer(signal.ITIMER_REAL, 1e-6 + turn * 4e-6)
                    berkeley.connect(address, happy_eyeballs_delay=0, timeout=LONG).close()
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except Stop:
                ended += 1
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert ended
    assert descriptors() == before


# --- audit events (PEP 578): each in an interpreter of its own, since a hook cannot be removed

HOOKED = """
import os, sys
import berkeley
from berkeley import socket
full = socket.create_server(("127.0.0.1", 0), backlog=0)
waiting = [socket.socket() for _ in range(3)]
for each in waiting:
    each.setblocking(False)
    each.connect_ex(full.getsockname())
server = socket.create_server(("127.0.0.1", 0))
nobody, silent, there = ("127.0.0.1", 1), full.getsockname(), server.getsockname()
rows = [(socket.AF_INET, 1, 0, "", address) for address in (nobody, silent, there)]
def resolved(*arguments):
    sys.audit("socket.getaddrinfo", *arguments)
    return rows
socket.getaddrinfo = resolved
before = len(os.listdir("/proc/self/fd"))
events = []
def hook(name, arguments):
    if name.startswith("socket."):
        events.append((name[7:], arguments[1] if name == "socket.connect" else None))
        if refuses and name == refuses[0] and len(events) > refuses[1]:
            raise refuses[2]
sys.addaudithook(hook)
"""


def test_events(python):
    program = """
refuses = None
with berkeley.connect(("anything", 1), happy_eyeballs_delay=0.01) as client:
    assert client.getpeername() == there
expected = [("getaddrinfo", None)]
for address in nobody, silent, there:
    expected += [("__new__", None), ("connect", address)]
assert events == expected, events
"""
    done = python("-c", HOOKED + program)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("event", ["socket.getaddrinfo", "socket.__new__", "socket.connect"])
@pytest.mark.parametrize("error", ["RuntimeError('no')", "PermissionError('no')", "PermissionError(1, 'no')"])
@pytest.mark.parametrize("call", ["berkeley.connect", "socket.create_connection"])
def test_a_hook_that_refuses_ends_all(python, event, error, call):
    program = f"""
refuses = {event!r}, {0 if event == "socket.getaddrinfo" else 4}, {error}
try:
    {call}(("anything", 1), happy_eyeballs_delay=0.01)
except Exception as error:
    assert error is refuses[2], error
assert events[-1][0] == {event[7:]!r} and len(events) in (1, 5, 6), events
assert len(os.listdir("/proc/self/fd")) == before
"""
    done = python("-W", "error", "-c", HOOKED + program)
    assert (done.returncode, done.stderr) == (0, "")
