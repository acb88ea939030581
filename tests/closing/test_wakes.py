"""close() and cancel() wake the threads that wait for the socket."""

import errno
import os
import resource
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from sleepers import CALLS, NAMES, Caller, full, opened, tcp, tcp_listener, unix

import berkeley
from berkeley import socket

# The standard module's stay asleep.
GUARD = 30

each_call = pytest.mark.parametrize(("make", "name", "call"), CALLS, ids=NAMES)
each_timeout = pytest.mark.parametrize("timeout", [None, GUARD])


def errno_of(outcome):
    return outcome if isinstance(outcome, int) else getattr(outcome, "errno", outcome)


def end(caller):
    caller.join(GUARD)
    assert not caller.is_alive()
    return errno_of(caller.outcome)


def is_open(fd):
    return os.path.lexists(f"/proc/self/fd/{fd}")


@each_call
@each_timeout
def test_close(make, name, call, timeout):
    with opened(make, timeout) as (one, other):
        fd = one.fileno()
        caller = Caller(call, one, other)
        caller.wait_for_sleep(fd)
        if name == "readline":
            one._real_close()  # close() leaves it to the file
        else:
            one.close()
        assert end(caller) == errno.EBADF
        assert one.fileno() == -1
        assert not is_open(fd)


@each_call
@each_timeout
def test_cancel(make, name, call, timeout):
    with opened(make, timeout) as (one, other):
        caller = Caller(call, one, other)
        caller.wait_for_sleep(one.fileno())
        assert one.cancel() == 1
        assert end(caller) == errno.ECANCELED
        assert is_open(one.fileno())
        assert one.gettimeout() == timeout
        assert os.get_blocking(one.fileno()) == (timeout is None)


@each_timeout
def test_all_that_wait(timeout):
    """However many, in whatever call."""
    with opened(tcp, timeout) as (one, _):
        fd = one.fileno()
        callers = [Caller(call, 10) for call in (one.recv, one.recvfrom, one.recvmsg) for _ in range(10)]
        for caller in callers:
            caller.wait_for_sleep(fd)
        assert one.cancel() == len(callers)
        assert [end(caller) for caller in callers] == [errno.ECANCELED] * len(callers)
        callers = [Caller(call, 10) for call in (one.recv, one.recvfrom, one.recvmsg) for _ in range(10)]
        for caller in callers:
            caller.wait_for_sleep(fd)
        one.close()
        assert [end(caller) for caller in callers] == [errno.EBADF] * len(callers)


def test_cancel_touches_what_is_under_way_alone():
    one, other = socket.socketpair()
    with one, other:
        assert one.cancel() == 0
        other.sendall(b"x")
        assert one.recv(1) == b"x"
    assert one.cancel() == 0  # closed


def test_after_cancel_a_connection_goes_on():
    with opened(unix) as (one, other):
        caller = Caller(one.recv, 10)
        caller.wait_for_sleep(one.fileno())
        one.cancel()
        assert end(caller) == errno.ECANCELED
        other.sendall(b"here")
        assert one.recv(10) == b"here"
        one.sendall(b"there")
        assert other.recv(10) == b"there"


@pytest.mark.parametrize("way", ["close", "cancel"])
def test_what_has_come_is_given(way):
    with opened(unix) as (one, other):
        other.sendall(b"part")
        caller = Caller(one.recv, 10, socket.MSG_WAITALL)
        caller.wait_for_sleep(one.fileno())
        getattr(one, way)()
        caller.join(GUARD)
        assert caller.outcome == b"part"


@pytest.mark.parametrize(("way", "number"), [("close", errno.EBADF), ("cancel", errno.ECANCELED)])
@each_timeout
def test_sendall_tells_how_much_went(way, number, timeout):
    data = bytes(10_000_000)
    with opened(unix, timeout) as (one, _):
        caller = Caller(one.sendall, data)
        caller.wait_for_sleep(one.fileno())
        getattr(one, way)()
        assert end(caller) == number
        assert 0 < caller.outcome.bytes_sent < len(data)


@each_timeout
@pytest.mark.parametrize(("name", "arguments"), [("recv_exactly", [10_000]), ("recv_until", [b"!", 10_000])])
def test_what_makes_several_calls_ends_between_two(name, arguments, timeout):
    """Once cancelled, it is over, though data comes at that moment; what has come is told."""
    for _ in range(20):
        with opened(unix, timeout) as (one, other):
            caller = Caller(getattr(one, name), *arguments)
            caller.wait_for_sleep(one.fileno())
            for _ in range(20):
                other.send(b"x")
            one.cancel()
            assert end(caller) == errno.ECANCELED
            rest = one.recv(100, socket.MSG_DONTWAIT) if len(caller.outcome.partial) < 20 else b""
            assert caller.outcome.partial + rest == b"x" * 20


def test_the_connections_of_others_stay():
    """Another descriptor of the same open file is not shut down, nor are its waiters woken."""
    with opened(unix) as (one, other), one.dup() as twin:
        caller, of_twin = Caller(one.recv, 10), Caller(twin.recv, 10)
        caller.wait_for_sleep(one.fileno())
        of_twin.wait_for_sleep(twin.fileno())
        one.close()
        assert end(caller) == errno.EBADF
        assert of_twin.is_alive()
        other.sendall(b"here")
        of_twin.join(GUARD)
        assert of_twin.outcome == b"here"
        twin.sendall(b"there")
        assert other.recv(10) == b"there"


def test_the_peer_sees_the_end():
    with opened(tcp) as (one, other):
        caller = Caller(one.recv, 10)
        caller.wait_for_sleep(one.fileno())
        one.close()
        other.settimeout(GUARD)
        assert other.recv(10) == b""
        assert end(caller) == errno.EBADF


def test_an_address_is_free_when_it_was_closed():
    """For a server that starts again."""
    for _ in range(100):
        with opened(tcp_listener) as (one, _):
            address = one.getsockname()
            caller = Caller(one.accept)
            caller.wait_for_sleep(one.fileno())
            one.close()
            socket.create_server(address).close()


def test_nothing_is_duplicated_of_what_is_closed():
    """Not even what is in its place, while a thread is in its call."""
    stop = threading.Event()

    def duplicate(one):
        while not stop.is_set():
            try:
                twin = one.dup()
            except OSError as error:
                if error.errno != errno.EBADF:
                    raise
            else:
                with twin:
                    twin.getsockname()  # it is a socket

    for _ in range(50):
        with opened(unix) as (one, other):
            sleeping = Caller(masked, one.recv, 1)
            sleeping.wait_for_sleep(one.fileno())
            callers = [Caller(duplicate, one) for _ in range(2)]
            one.close()
            other.sendall(b"x")
            sleeping.join(GUARD)
            stop.set()
            assert [end(caller) for caller in callers] == [None, None]
            stop.clear()


@pytest.mark.parametrize("change", [lambda one: one.detach(), lambda one: one.__init__()], ids=["detach", "init"])
def test_cancel_ends_what_is_under_way_on_a_descriptor_that_was_taken_away(change):
    with opened(unix) as (one, _), one.dup() as twin:
        taken = one.fileno()
        caller = Caller(one.recv, 10)
        caller.wait_for_sleep(taken)
        change(one)
        assert one.cancel() == 1
        assert end(caller) == errno.ECANCELED
        os.close(taken)
        twin.getsockname()


def test_the_file_is_where_it_was_when_nothing_was_sent(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(100_000))
    for way, number in (("close", errno.EBADF), ("cancel", errno.ECANCELED)):
        with opened(full(unix), GUARD) as (one, _), open(path, "rb", buffering=0) as file:
            caller = Caller(one.sendfile, file)
            caller.wait_for_sleep(one.fileno())
            getattr(one, way)()
            assert end(caller) == number
            assert file.tell() == 0


def test_the_number_is_free_once_all_are_out():
    """And not before: here one is kept from leaving by a signal that it has masked."""
    with opened(unix) as (one, other):
        fd = one.fileno()
        caller = Caller(masked, one.recv, 10)
        caller.wait_for_sleep(fd)
        one.close()
        assert is_open(fd)
        with socket.socket() as new:
            assert new.fileno() != fd
        other.sendall(b"late")
        caller.join(GUARD)
        assert caller.outcome == b"late"
        assert not is_open(fd)


def masked(call, *arguments):
    import signal

    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    return call(*arguments)


def test_a_masked_thread_is_woken_where_there_is_a_timeout():
    for way, number in (("close", errno.EBADF), ("cancel", errno.ECANCELED)):
        with opened(unix, GUARD) as (one, _):
            caller = Caller(masked, one.recv, 10)
            caller.wait_for_sleep(one.fileno())
            getattr(one, way)()
            assert end(caller) == number


def test_without_a_descriptor_left():
    """There is no marker then: the threads are woken until they are out."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for timeout in (None, GUARD):
        with opened(unix, timeout) as (one, other), ExitStack() as stack:
            fd = one.fileno()
            callers = [Caller(one.recv, 10) for _ in range(3)]
            for caller in callers:
                caller.wait_for_sleep(fd)
            stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
            one.close()
            stack.close()
            assert [end(caller) for caller in callers] == [errno.EBADF] * 3
            assert not is_open(fd)
            other.settimeout(GUARD)
            assert other.recv(1) == b""


def test_a_number_that_another_has_closed_is_an_error_as_ever():
    with opened(unix) as (one, other):
        fd = one.fileno()
        caller = Caller(one.recv, 10)
        caller.wait_for_sleep(fd)
        os.close(fd)
        with pytest.raises(OSError) as raised:
            one.close()
        assert raised.value.errno == errno.EBADF
        other.sendall(b"x")
        caller.join(GUARD)
        assert caller.outcome == b"x"


def test_detach_wakes_nobody():
    with opened(unix) as (one, other):
        caller = Caller(one.recv, 10)
        caller.wait_for_sleep(one.fileno())
        with socket.socket(fileno=one.detach()):
            assert caller.is_alive()
            other.sendall(b"x")
            caller.join(GUARD)
            assert caller.outcome == b"x"


@pytest.mark.parametrize("way", ["close", "cancel"])
def test_within_a_deadline(way):
    def call(one):
        with berkeley.deadline(GUARD):
            return one.accept()

    with opened(tcp_listener) as (one, _):
        caller = Caller(call, one)
        caller.wait_for_sleep(one.fileno())
        getattr(one, way)()
        assert end(caller) == {"close": errno.EBADF, "cancel": errno.ECANCELED}[way]


def test_not_while_it_never_waits():
    """A socket that does not wait has its answers as ever, whoever cancels."""
    stop = threading.Event()
    with opened(unix, 0) as (one, _):

        def receive():
            while not stop.is_set():
                with pytest.raises(BlockingIOError):
                    one.recv(1)

        caller = Caller(receive)
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            one.cancel()
        stop.set()
        caller.join(GUARD)
        assert caller.outcome is None
