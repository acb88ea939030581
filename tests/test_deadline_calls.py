"""`berkeley.deadline`: what blocks inside it ends with it."""

import os
import signal
import tempfile
import threading
from contextlib import ExitStack, suppress

import pytest
from waits import LONG, RECEIVING, SHORT, late, meanwhile

import berkeley
from berkeley import constants, socket


@pytest.fixture
def pair():
    with ExitStack() as stack:
        yield [stack.enter_context(one) for one in socket.socketpair()]


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def full(sock):
    """Leaves no room for more, and blocks again."""
    sock.setblocking(False)
    with suppress(BlockingIOError):
        while True:
            sock.send(bytes(1 << 16))
    sock.setblocking(True)
    return sock


def read_file(sock):
    with sock.makefile("rb") as file:
        return file.readline()


def write_file(sock):
    with sock.makefile("wb", 0) as file:
        return file.write(bytes(1 << 16))


def send_file(sock):
    with tempfile.TemporaryFile() as zeros:
        zeros.truncate(1 << 24)
        return sock.sendfile(zeros)


READING = {**RECEIVING, "makefile": read_file}
SENDING = {
    "send": lambda sock: sock.send(bytes(1 << 16)),
    "sendall": lambda sock: sock.sendall(bytes(1 << 16)),
    "sendmsg": lambda sock: sock.sendmsg([bytes(1 << 16)]),
    "sendfile": send_file,
    "makefile": write_file,
}
receiving = pytest.mark.parametrize("receive", READING.values(), ids=READING)
sending = pytest.mark.parametrize("send", SENDING.values(), ids=SENDING)
timeouts = pytest.mark.parametrize("timeout", [None, LONG])


# --- what blocks


@receiving
@timeouts
def test_receiving(pair, receive, timeout):
    pair[0].settimeout(timeout)
    with late(), berkeley.deadline(SHORT):
        receive(pair[0])


@sending
@timeouts
def test_sending(pair, send, timeout):
    full(pair[0]).settimeout(timeout)
    with late(), berkeley.deadline(SHORT):
        send(pair[0])


@timeouts
def test_accepting(listener, timeout):
    listener.settimeout(timeout)
    with late(), berkeley.deadline(SHORT):
        listener.accept()


@pytest.fixture(params=["tcp", "unix"])
def unanswered(request, tmp_path):
    """The family, and the address of a listener that has no room."""
    with ExitStack() as stack:
        family = socket.AF_INET if request.param == "tcp" else socket.AF_UNIX
        listener = stack.enter_context(socket.socket(family))
        listener.bind(("127.0.0.1", 0) if family == socket.AF_INET else str(tmp_path / "listener"))
        listener.listen(0)
        for _ in range(3):
            waiting = stack.enter_context(socket.socket(family))
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield family, listener.getsockname()


@timeouts
def test_connecting(unanswered, timeout):
    family, address = unanswered
    with socket.socket(family) as client:
        client.settimeout(timeout)
        with late(), berkeley.deadline(SHORT):
            client.connect(address)


@timeouts
def test_connect_ex(unanswered, timeout):
    family, address = unanswered
    with socket.socket(family) as client, berkeley.deadline(SHORT):
        client.settimeout(timeout)
        assert client.connect_ex(address) == socket.errno.EAGAIN
        with berkeley.deadline(0):
            assert client.connect_ex(address) == socket.errno.EAGAIN
        assert os.get_blocking(client.fileno()) is (timeout is None)


def test_what_is_ready_is_given(pair, listener):
    pair[1].sendall(b"line\n")
    with berkeley.deadline(LONG), socket.create_connection(listener.getsockname()) as client:
        with listener.accept()[0] as accepted:
            assert accepted.getpeername() == client.getsockname()
            assert accepted.gettimeout() is client.gettimeout() is None
            assert os.get_blocking(accepted.fileno())
        assert read_file(pair[0]) == b"line\n"


def test_what_comes_in_time_is_given(pair, listener):
    with berkeley.deadline(LONG), meanwhile(lambda: pair[1].sendall(b"data")):
        assert pair[0].recv(9) == b"data"
    with (
        socket.socket() as client,
        berkeley.deadline(LONG),
        meanwhile(lambda: client.connect(listener.getsockname())),
    ):
        listener.accept()[0].close()


def test_sendall_says_how_much_went_out(pair):
    with late() as _, berkeley.deadline(SHORT):
        try:
            pair[0].sendall(bytes(1 << 24))
        except TimeoutError as error:
            sent = error.bytes_sent
            raise
    pair[0].close()
    received = 0
    while data := pair[1].recv(1 << 20):
        received += len(data)
    assert received == sent > 0


def test_sendall_says_so_of_other_errors(pair):
    pair[1].close()
    with pytest.raises(BrokenPipeError) as caught:
        pair[0].sendall(b"data")
    assert caught.value.bytes_sent == 0


def test_calls_that_do_not_wait(pair):
    """Blocking or not, over or not: they are as without a deadline."""
    for seconds in (LONG, 0):
        with berkeley.deadline(seconds):
            for flags in (socket.MSG_DONTWAIT, socket.MSG_DONTWAIT | socket.MSG_PEEK):
                with pytest.raises(BlockingIOError):
                    pair[0].recv(1, flags)
            with socket.socket(type=socket.SOCK_DGRAM) as udp, pytest.raises(BlockingIOError):
                udp.recv(1, constants.MSG_ERRQUEUE)
            with pytest.raises(OSError, match="Invalid argument"):
                pair[0].recv(1, socket.MSG_OOB)


def test_all_or_nothing(pair):
    """MSG_WAITALL waits for all, and gives what there is where it may not wait longer."""
    pair[1].sendall(b"12")
    timer = threading.Timer(SHORT, pair[1].sendall, [b"3456"])
    timer.start()
    with berkeley.deadline(LONG):
        assert pair[0].recv(6, socket.MSG_WAITALL) == b"123456"
    timer.join()
    pair[1].sendall(b"12")
    with berkeley.deadline(SHORT):
        assert pair[0].recv(6, socket.MSG_WAITALL) == b"12"
    with late(), berkeley.deadline(SHORT):
        pair[0].recv(6, socket.MSG_WAITALL)


def test_a_message_that_is_late_leaves_no_memory(pair):
    def size():
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")

    before = size()
    for _ in range(100):
        with late(0), berkeley.deadline(0):
            pair[0].recvmsg(1, 1 << 20)
    assert size() - before < 1 << 25


class RigidError(Exception):
    """It takes no attributes of others."""

    def __setattr__(self, name, value):
        if name == "bytes_sent":
            raise AttributeError(name)
        super().__setattr__(name, value)


def test_sendall_that_ends_by_an_exception_without_attributes(pair):
    def fail():
        raise RigidError

    full(pair[0])
    with pytest.raises(RigidError), meanwhile(fail):
        pair[0].sendall(b"data")


# --- which deadline


def test_the_nearer_one(pair):
    pair[0].settimeout(SHORT)
    with late(), berkeley.deadline(LONG):
        pair[0].recv(1)
    pair[0].settimeout(None)
    with late(), berkeley.deadline(LONG), berkeley.deadline(SHORT), berkeley.deadline(LONG), berkeley.deadline(None):
        pair[0].recv(1)


@receiving
def test_over(pair, receive):
    """Even where there is data: who is late is not given more."""
    pair[1].sendall(b"data\n")
    with late(0), berkeley.deadline(0):
        receive(pair[0])
    assert receive(pair[0])


def test_over_for_others(pair, listener):
    for call in (
        lambda: pair[0].send(b"data"),
        lambda: pair[0].sendall(b"data"),
        lambda: pair[0].sendmsg([b"data"]),
        lambda: send_file(pair[0]),
        listener.accept,
        lambda: socket.create_connection(listener.getsockname()),
    ):
        with late(0), berkeley.deadline(0):
            call()


def test_non_blocking_sockets_are_left_alone(pair, listener):
    pair[0].setblocking(False)
    listener.setblocking(False)
    with berkeley.deadline(0):
        pair[1].setblocking(False)
        pair[1].send(b"data")
        assert pair[0].recv(9) == b"data"
        for call in (lambda: pair[0].recv(9), listener.accept):
            with pytest.raises(BlockingIOError):
                call()
        full(pair[0]).setblocking(False)


# --- on descriptors that block


def test_signal_handlers_run(listener):
    ran = []
    with late(4 * SHORT), berkeley.deadline(4 * SHORT), meanwhile(lambda: ran.append(None)):
        listener.accept()
    assert ran


def test_signal_handlers_have_deadlines_of_their_own(listener, tmp_path):
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "other"))
        other.listen()

        def accept():
            with late(), berkeley.deadline(SHORT):
                other.accept()

        with late(4 * SHORT), berkeley.deadline(4 * SHORT), meanwhile(accept):
            listener.accept()


def test_signal_handlers_may_raise(listener):
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), berkeley.deadline(LONG), meanwhile(interrupt):
        listener.accept()


def test_a_thread_with_all_signals_masked(listener, pair, unanswered):
    family, address = unanswered

    def masked():
        signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
        with late(), berkeley.deadline(SHORT):
            listener.accept()
        with socket.socket(family) as client, late(), berkeley.deadline(SHORT):
            client.connect(address)
        with late(), berkeley.deadline(SHORT):
            pair[0].recv(6, socket.MSG_WAITALL)
        pending.update(signal.sigpending())
        done.append(None)

    done, pending = [], set()
    thread = threading.Thread(target=masked)
    thread.start()
    thread.join()
    assert done
    assert not pending


def test_threads_have_timers_of_their_own(listener):
    def each():
        for _ in range(3):
            with late(), berkeley.deadline(SHORT):
                listener.accept()
        done.append(None)

    done = []
    threads = [threading.Thread(target=each) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == len(threads)


ACCEPTS = """
import os, signal, sys
import berkeley
from berkeley import socket

listener = socket.create_server(("127.0.0.1", 0))
def check():
    try:
        with berkeley.deadline(.05):
            listener.accept()
    except TimeoutError:
        return
    raise AssertionError("accepted")
"""


@pytest.mark.parametrize(
    "program",
    [
        # Saved handlers that are put back: ours is at its default then.
        "check(); [signal.signal(number, signal.SIG_DFL) for number in range(signal.SIGRTMIN, signal.SIGRTMAX + 1)]",
        "check(); [signal.siginterrupt(number, False) for number in range(signal.SIGRTMIN, signal.SIGRTMAX + 1)]",
        "[signal.signal(number, lambda *_: None) for number in range(signal.SIGRTMIN, signal.SIGRTMAX + 1)]",
        "check(); [signal.signal(number, signal.SIG_IGN) for number in range(signal.SIGRTMIN, signal.SIGRTMAX + 1)]",
        "check(); pid = os.fork(); check(); pid and os.waitpid(pid, 0)[1] and sys.exit(1)",
        """import threading
for _ in range(3):
    thread = threading.Thread(target=check)
    thread.start()
    while thread.is_alive():
        [signal.signal(number, signal.SIG_DFL) for number in range(signal.SIGRTMIN, signal.SIGRTMAX + 1)]
""",
    ],
    ids=["put back", "restarting", "taken", "ignored", "forked", "put back meanwhile"],
)
def test_signals_of_programs(python, program):
    done = python("-c", f"{ACCEPTS}\n{program}\ncheck()\nprint('done')")
    assert (done.returncode, done.stderr, set(done.stdout.split())) == (0, "", {"done"})
