"""`berkeley.deadline` and the modes of descriptors: what others share is as they left it, and does what it did."""

import errno
import os
import signal
import tempfile
import threading
import time
from contextlib import ExitStack

import pytest
from sleeping import shown, sleeps
from waits import LONG, SHORT, late, outcome

import berkeley
from berkeley import socket


@pytest.fixture
def pair():
    first, second = socket.socketpair()
    with first, second:
        yield first, second


@pytest.fixture
def full():
    """The address of a TCP listener that has no room."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()


def connect(sock, address, seconds, outcomes):
    with berkeley.deadline(seconds):
        outcomes.append(outcome(sock.connect, address))


@pytest.fixture
def connecting(full):
    """A socket on which a thread connects, within a deadline; and the outcomes of that thread."""
    outcomes = []
    with socket.socket() as sock:
        thread = threading.Thread(target=connect, args=(sock, full, 4 * SHORT, outcomes))
        thread.start()
        while os.get_blocking(sock.fileno()):
            os.sched_yield()
        yield sock, outcomes
        thread.join()


@pytest.mark.skipif(not shown(), reason="the kernel has no /proc/self/task/*/syscall")
def test_other_threads_calls_wait_all_the_same(connecting):
    """On the socket, which blocks, while another connects it; and after that."""
    sock, outcomes = connecting
    received = []
    reader = threading.Thread(target=lambda: received.append(outcome(sock.recv, 1)))
    reader.start()
    while not (outcomes and sleeps(reader.native_id, sock.fileno())):
        assert reader.is_alive(), received
        os.sched_yield()
    assert outcomes == ["timed out"]
    assert os.get_blocking(sock.fileno())
    sock.close()
    reader.join()
    assert received == ["EBADF"]


@pytest.mark.parametrize(("end", "expected"), [("close", "EBADF"), ("detach", "timed out"), ("cancel", "ECANCELED")])
def test_the_mode_is_put_back(connecting, end, expected):
    """For who shares the descriptor, however the call ends."""
    sock, outcomes = connecting
    shared = os.dup(sock.fileno())
    fd = getattr(sock, end)()
    while not outcomes:
        time.sleep(SHORT / 10)
    assert os.get_blocking(shared)
    assert outcomes == [expected]
    os.close(shared)
    if end == "detach":
        os.close(fd)


@pytest.fixture
def unblocked(pair):
    """A socket that blocks, on a descriptor that the program has made non-blocking."""
    os.set_blocking(pair[0].fileno(), False)
    return pair[0]


@pytest.mark.parametrize("seconds", [None, LONG, 0])
def test_a_descriptor_that_does_not_block_is_left_alone(unblocked, pair, full, seconds):
    """As without a deadline: nothing waits, and the mode is kept."""
    with berkeley.deadline(seconds), socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        os.set_blocking(listener.fileno(), False)
        os.set_blocking(client.fileno(), False)
        assert outcome(unblocked.recv, 1) == "EAGAIN"
        assert outcome(listener.accept) == "EAGAIN"
        assert client.connect_ex(full) == errno.EINPROGRESS
        for sock in (unblocked, listener, client):
            assert not os.get_blocking(sock.fileno())
            assert sock.gettimeout() is None
        pair[1].setblocking(False)
        pair[1].send(b"data")
        assert unblocked.recv(9) == b"data"


def masked():
    signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())


IGNORED = """
import signal
for number in range(signal.SIGRTMIN, signal.SIGRTMAX + 1):
    signal.signal(number, signal.SIG_IGN)
"""


def send_zeros(sock, outcomes, seconds=2 * SHORT):
    with tempfile.TemporaryFile() as zeros:
        zeros.truncate(1 << 25)
        start = time.monotonic()
        with berkeley.deadline(seconds):
            outcomes.append(outcome(sock.sendfile, zeros))
        outcomes.append(time.monotonic() - start < LONG)


@pytest.mark.parametrize("make", [socket.socketpair, "tcp"], ids=["unix", "tcp"])
def test_sendfile_where_no_signal_is_to_be_had(make, pair):
    """In a thread that has them masked: nothing could end sendfile(2)."""
    outcomes = []

    def run():
        masked()
        send_zeros(one, outcomes)

    with ExitStack() as stack:
        one = pair[0]
        if make == "tcp":
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            one = stack.enter_context(socket.create_connection(listener.getsockname()))
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(LONG)
        assert outcomes == ["timed out", True]


def test_sendfile_where_all_signals_are_ignored(python):
    done = python(
        "-c",
        f"""{IGNORED}
import tempfile
import berkeley
from berkeley import socket
here, there = socket.socketpair()
with tempfile.TemporaryFile() as zeros:
    zeros.truncate(1 << 25)
    try:
        with berkeley.deadline({SHORT}):
            here.sendfile(zeros)
    except TimeoutError:
        print("timed out")
""",
    )
    assert (done.stdout, done.stderr) == ("timed out\n", "")


def test_sendfile_in_time_where_no_signal_is_to_be_had(pair):
    """All of it comes, and the file's position tells so."""
    outcomes, received = [], bytearray()

    def run():
        masked()
        with tempfile.TemporaryFile() as file, berkeley.deadline(LONG):
            file.write(bytes(range(256)) * 4096)
            file.seek(0)
            outcomes.append(pair[0].sendfile(file))
            outcomes.append(file.tell())
        pair[0].shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=run)
    thread.start()
    while data := pair[1].recv(1 << 16):
        received += data
    thread.join()
    assert outcomes == [1 << 20, 1 << 20]
    assert received == bytes(range(256)) * 4096


def test_what_is_late_is_late_everywhere(full):
    """The other way round: a socket whose calls wait still ends with its deadline."""
    with socket.socket() as sock, late(), berkeley.deadline(SHORT):
        sock.connect(full)
