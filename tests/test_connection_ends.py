"""How connections end: shut down by halves, and closed under a thread that waits."""

import errno
import os
import threading
from contextlib import ExitStack, suppress

import pytest


class Waiting(threading.Thread):
    """Runs a call that waits; `outcome` is its result or its error."""

    def __init__(self, call, *arguments):
        super().__init__()
        self.call, self.arguments = call, arguments
        self.start()
        while self.is_alive() and self.state() != "S":
            os.sched_yield()

    def run(self):
        try:
            self.outcome = self.call(*self.arguments)
        except OSError as error:
            self.outcome = error

    def state(self):
        """The kernel's letter for what the thread does: S is asleep (proc_pid_stat(5))."""
        with open(f"/proc/self/task/{self.native_id}/stat") as file:
            return file.read().rpartition(") ")[2][0]

    def ended(self):
        self.join()
        return getattr(self.outcome, "errno", self.outcome)


# --- by halves


@pytest.mark.parametrize("transport", ["unix", "tcp"])
def test_half_closed(impl, transport):
    """What was sent before the end arrives, and the other direction stays open (shutdown(2))."""
    with ExitStack() as stack:
        if transport == "unix":
            here, there = map(stack.enter_context, impl.socketpair())
        else:
            listener = stack.enter_context(impl.create_server(("127.0.0.1", 0)))
            here = stack.enter_context(impl.create_connection(listener.getsockname()))
            there = stack.enter_context(listener.accept()[0])
        here.send(b"question")
        assert here.shutdown(impl.SHUT_WR) is None
        assert there.recv(100) == b"question"
        assert there.recv(100) == b""
        with pytest.raises(BrokenPipeError):
            here.send(b"more")
        there.sendall(b"answer")
        there.close()
        assert here.recv(100) == b"answer"
        assert here.recv(100) == b""


def test_shut_for_reading(impl):
    first, second = impl.socketpair()
    with first, second:
        first.shutdown(impl.SHUT_RD)
        assert first.recv(10) == b""
        with pytest.raises(BrokenPipeError):
            second.send(b"x")
        first.shutdown(impl.SHUT_RDWR)
        assert second.recv(10) == b""


@pytest.mark.parametrize(
    ("how", "error"),
    [(3, OSError), (-1, OSError), (2**31 - 1, OSError), (2**31, OverflowError), (2**70, OverflowError),
     ("1", TypeError), (1.0, TypeError), (None, TypeError)],
)  # fmt: skip
def test_ways_to_shut_there_are_not(impl, how, error):
    first, second = impl.socketpair()
    with first, second, pytest.raises(error, match="Invalid argument" if error is OSError else None):
        first.shutdown(how)


def test_shutting_what_is_not_connected(impl):
    with impl.socket() as sock, pytest.raises(OSError, match="not connected"):
        sock.shutdown(impl.SHUT_RDWR)


# --- closed under a thread that waits

RECEIVING = {
    "recv": lambda sock: sock.recv(1),
    "recv_into": lambda sock: sock.recv_into(bytearray(1)),
    "recvfrom": lambda sock: sock.recvfrom(1)[0],
    "recvfrom_into": lambda sock: sock.recvfrom_into(bytearray(1))[0],
    "recvmsg": lambda sock: sock.recvmsg(1)[0],
    "recvmsg_into": lambda sock: sock.recvmsg_into([bytearray(1)])[0],
}


@pytest.mark.parametrize("receive", RECEIVING.values(), ids=RECEIVING)
def test_a_thread_that_waits_in_the_kernel_may_still_receive(pair, receive):
    here, there = pair
    thread = Waiting(receive, here)
    here.close()
    with suppress(BrokenPipeError):  # berkeley's is woken, and gone
        there.send(b"x")
    assert thread.ended() in (b"x", 1, errno.EBADF)


@pytest.mark.parametrize("receive", RECEIVING.values(), ids=RECEIVING)
def test_a_thread_under_a_timeout_finds_the_socket_closed(impl, pair, receive):
    """And never another socket that has got its number in the meantime."""
    here, there = pair
    here.settimeout(30)
    number = here.fileno()
    thread = Waiting(receive, here)
    here.close()
    first, second = impl.socketpair()
    with first, second:
        # berkeley has woken the thread, which keeps the number until it is out.
        assert first.fileno() == number or impl.__name__ == "berkeley.socket"
        second.send(b"for another")
        there.close()  # wakes the thread
        assert thread.ended() == errno.EBADF
        assert first.recv(20) == b"for another"


@pytest.mark.parametrize("timeout", [None, 30])
def test_a_thread_that_sends(pair, timeout):
    here, there = pair
    here.settimeout(timeout)
    thread = Waiting(here.sendall, bytes(1 << 22))
    here.close()
    there.close()
    assert thread.ended() in (errno.EBADF, errno.EPIPE, errno.ECONNRESET)


@pytest.mark.parametrize("timeout", [None, 30])
def test_a_thread_that_accepts(impl, timeout):
    with impl.socket(impl.AF_UNIX) as listener, listener.dup() as other, impl.socket(impl.AF_UNIX) as client:
        listener.bind("")
        listener.listen()
        listener.settimeout(timeout)
        thread = Waiting(listener._accept)
        listener.close()
        client.connect(other.getsockname())
        outcome = thread.ended()
        if outcome != errno.EBADF:
            os.close(outcome[0])


def test_threads_that_close_the_same_socket(impl):
    """The descriptor is given back once: no number that another has got since is closed."""
    for _ in range(50):
        sock = impl.socket()
        threads = [threading.Thread(target=sock.close) for _ in range(4)]
        for thread in threads:
            thread.start()
        with impl.socket() as other:
            for thread in threads:
                thread.join()
            assert os.fstat(other.fileno())
