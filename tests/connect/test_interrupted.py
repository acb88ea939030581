"""Signals and audit hooks, whenever they come: nothing stays open."""

import errno
import time

import pytest
from connects import NOBODY, descriptors, failed
from waits import LONG, SHORT, Stop, interrupted, meanwhile, stop

import berkeley
from berkeley import socket


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
    moments = (1e-6 + turn * 4e-6 for turn in range(200))
    assert interrupted(lambda: berkeley.connect(address, happy_eyeballs_delay=0, timeout=LONG).close(), moments)
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


REFUSALS = """
class Made(socket.socket):
    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
class Connects(Made):
    def connect(self, address):
        super().connect(address)
class Explains(Made):
    def connect(self, address):
        try:
            super().connect(address)
        except BlockingIOError:
            raise
        except OSError as error:
            raise ConnectionError(111, "no way") from error
ERRORS = [
    RuntimeError("no"),
    OSError("no"),
    PermissionError(1, "no"),
    ConnectionRefusedError(111, "no"),
    TimeoutError("no"),
    TimeoutError(110, "no"),
    BlockingIOError(115, "no"),
    OSError(115, "no"),
    BlockingIOError(11, "no"),
    socket.gaierror(-2, "no"),
]
"""


@pytest.mark.parametrize("event", ["socket.getaddrinfo", "socket.__new__", "socket.bind", "socket.connect"])
@pytest.mark.parametrize("cls", ["socket.socket", "Made", "Connects", "Explains"])
@pytest.mark.parametrize("call", ["berkeley.connect", "socket.create_connection"])
def test_a_hook_that_refuses_ends_all(python, event, cls, call):
    """Whatever it raises, and whatever class a program has put there."""
    program = f"""
socket.socket = {cls}
for error in ERRORS:
    events.clear()
    refuses = {event!r}, {0 if event == "socket.getaddrinfo" else 5}, error
    try:
        {call}(("anything", 1), source_address=("127.0.0.1", 0), happy_eyeballs_delay=0.01)
    except Exception as caught:
        assert caught is error or ({cls} is Explains and caught.__cause__ is error), (error, caught)
        error.__traceback__ = None
    else:
        assert False, error
    assert events[-1][0] == {event[7:]!r} and len(events) in (1, 6, 7, 8), events
    caught = refuses = None
assert len(os.listdir("/proc/self/fd")) == before
"""
    done = python("-W", "error", "-c", HOOKED + REFUSALS + program)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_socket_that_nobody_has_connected(record, answers, here):
    """Whose class says that it is under way: poll(2) says that it is ready."""

    def connect(sock, address):
        raise BlockingIOError(errno.EINPROGRESS, "under way")

    made = record(socket, connect=connect)
    error = failed(answers(here), timeout=LONG)
    assert error.errno == errno.ENOTCONN
    assert [sock.fileno() for sock in made] == [-1]


@pytest.mark.parametrize("error", ["ConnectionRefusedError(111, 'no')", "ConnectionRefusedError('no')"])
def test_a_hook_that_refuses_a_look_at_a_path(python, error):
    """It is not taken for the kernel, which says so where nobody is alive."""
    program = f"""
import os, sys
import berkeley
from berkeley import socket
refusal = {error}
with socket.create_server("sock", family=socket.AF_UNIX), socket.create_server(("127.0.0.1", 0)) as server:
    def hook(name, arguments):
        if name == "socket.connect":
            raise refusal
    sys.addaudithook(hook)
    for call in lambda: berkeley.listen_unix("sock"), lambda: berkeley.wait_for_port(*server.getsockname(), 5):
        try:
            call()
        except Exception as caught:
            assert caught is refusal, caught
        else:
            assert False
    assert os.path.exists("sock")
"""
    done = python("-W", "error", "-c", program)
    assert (done.returncode, done.stderr) == (0, "")
