"""`berkeley.deadline` and the modes of descriptors: what others share is as they left it, and does what it did."""

import errno
import os
import signal
import struct
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager

import pytest
from sleeping import shown, sleeps
from waits import LONG, SHORT, late, outcome

import berkeley
from berkeley import constants, socket


@pytest.fixture
def impl():
    """For the fixtures of all tests: `pair`, and `full`, to which connecting takes for ever."""
    return socket


def connect(sock, address, seconds, outcomes):
    with berkeley.deadline(seconds):
        outcomes.append(outcome(sock.connect, address))


@contextmanager
def connecting(sock, address, seconds):
    """The outcomes of a thread that connects it within a deadline; it has begun, or has ended already."""
    outcomes = []
    thread = threading.Thread(target=connect, args=(sock, address, seconds, outcomes))
    thread.start()
    while os.get_blocking(sock.fileno()) and not outcomes:
        os.sched_yield()
    yield outcomes
    thread.join()


@pytest.mark.skipif(not shown(), reason="the kernel has no /proc/self/task/*/syscall")
def test_other_threads_calls_wait_all_the_same(full):
    """On the socket, which blocks, while another connects it; and after that."""
    received = []
    with socket.socket() as sock:
        with connecting(sock, full, 4 * SHORT) as outcomes:
            reader = threading.Thread(target=lambda: received.append(outcome(sock.recv, 1)))
            reader.start()
        assert outcomes == ["timed out"]
        assert os.get_blocking(sock.fileno())
        while not sleeps(reader.native_id, sock.fileno()):
            assert reader.is_alive(), received
            os.sched_yield()
        sock.close()
        reader.join()
    assert received == ["EBADF"]


def test_other_threads_calls_wait_through_many(pair):
    """A datagram socket is connected at once: its mode changes all the time."""
    over = threading.Event()
    received = []

    def receive():
        while (data := outcome(sock.recv, 10)) != b"over":
            received.append(data)

    def reconnect():
        while not over.is_set():
            with berkeley.deadline(LONG):
                sock.connect(other.getsockname())

    with socket.socket(type=socket.SOCK_DGRAM) as sock, socket.socket(type=socket.SOCK_DGRAM) as other:
        for each in (sock, other):
            each.bind(("127.0.0.1", 0))
        threads = [threading.Thread(target=receive), threading.Thread(target=reconnect)]
        for thread in threads:
            thread.start()
        for _ in range(1000):
            other.sendto(b"data", sock.getsockname())
        over.set()
        threads[1].join()
        while threads[0].is_alive():
            other.sendto(b"over", sock.getsockname())
            threads[0].join(SHORT)
    assert set(received) <= {b"data"}


def test_what_comes_after_it_is_as_ever(full):
    """EAGAIN is an answer, where the kernel's own time ends a call, and where nothing waits."""
    timeval = struct.pack("ll", 0, 50_000)
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        with berkeley.deadline(LONG):
            sock.connect(full)
        with sock.dup() as copy:
            for each in (sock, copy):
                assert outcome(each.recvmsg, 1, 100, constants.MSG_ERRQUEUE) == "EAGAIN"
                each.setsockopt(socket.SOL_SOCKET, constants.SO_RCVTIMEO, timeval)
                assert outcome(each.recv, 1) == "EAGAIN"


@pytest.mark.skipif(not shown(), reason="the kernel has no /proc/self/task/*/syscall")
@pytest.mark.parametrize(
    ("end", "seconds", "expected"),
    [("close", LONG, "EBADF"), ("detach", 4 * SHORT, "timed out"), ("cancel", LONG, "ECANCELED")],
)
def test_the_mode_is_put_back(full, end, seconds, expected):
    """For who shares the descriptor, however the call ends."""
    with socket.socket() as sock:
        shared = os.dup(sock.fileno())
        with connecting(sock, full, seconds) as outcomes:
            time.sleep(SHORT)  # it waits by now
            fd = getattr(sock, end)()
            if end == "detach":
                assert os.get_blocking(shared)
                os.set_blocking(fd, False)
        assert outcomes == [expected]
        assert os.get_blocking(shared) is (end != "detach")  # as who has it now wants it
        os.close(shared)
        if end == "detach":
            os.close(fd)


def test_a_child_that_closes_its_copy(python):
    """It leaves the mode alone, which its parent's call needs."""
    done = python("-W", "ignore::DeprecationWarning", "-c", CHILD)
    assert (done.stdout, done.stderr) == ("timed out\n", "")


CHILD = f"""
import os, threading, time
import berkeley
from berkeley import socket

listener = socket.socket(socket.AF_UNIX)
listener.bind("")
listener.listen(0)
first = socket.socket(socket.AF_UNIX)
first.connect(listener.getsockname())
sock = socket.socket(socket.AF_UNIX)

def fork():
    while os.get_blocking(sock.fileno()):
        time.sleep(.001)
    if not (pid := os.fork()):
        sock.close()
        os._exit(0)
    os.waitpid(pid, 0)

thread = threading.Thread(target=fork)
thread.start()
try:
    with berkeley.deadline({10 * SHORT}):
        sock.connect(listener.getsockname())
except TimeoutError as error:
    print(error)
thread.join()
for each in (listener, first, sock):
    each.close()
"""


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


def test_nor_is_one_that_is_polled_first(unblocked):
    """It would wait for as much as SO_RCVLOWAT says."""
    unblocked.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 4)
    for seconds in (None, LONG, 0):
        with berkeley.deadline(seconds):
            assert outcome(unblocked.recv, 1) == "EAGAIN"


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
