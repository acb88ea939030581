"""Sockets from descriptors, pairs, and descriptors that travel: who owns them, and that none is inheritable or lost."""

import array
import errno
import gc
import os
from importlib import import_module

import pytest

from berkeley import constants

OURS = import_module("berkeley.socket")


def count():
    return len(os.listdir("/proc/self/fd"))


@pytest.fixture(autouse=True)
def nothing_stays_open():
    before = count()
    yield
    assert count() == before or (gc.collect(), count())[1] == before


def closed(fd):
    try:
        os.fstat(fd)
    except OSError as error:
        return error.errno == errno.EBADF
    return False


# --- socketpair


@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_DGRAM", "SOCK_SEQPACKET"])
@pytest.mark.parametrize("family", ["AF_UNIX", None])
def test_pairs(impl, family, kind):
    family, kind = family and getattr(impl, family), getattr(impl, kind)
    first, second = impl.socketpair(family, kind)
    with first, second:
        assert (type(first), type(second)) == (impl.socket, impl.socket)
        assert (first.family, first.type, first.proto) == (impl.AF_UNIX, kind, 0)
        assert (type(first.family), type(first.type)) == (impl.AddressFamily, impl.SocketKind)
        assert not os.get_inheritable(first.fileno())
        assert not os.get_inheritable(second.fileno())
        first.send(b"there")
        second.send(b"back")
        assert (second.recv(10), first.recv(10)) == (b"there", b"back")


def test_flags_in_the_type(impl):
    first, second = impl.socketpair(impl.AF_UNIX, impl.SOCK_DGRAM | impl.SOCK_NONBLOCK)
    with first, second:
        assert (first.type, first.gettimeout(), second.gettimeout()) == (impl.SOCK_DGRAM, 0.0, 0.0)
        with pytest.raises(BlockingIOError):
            second.recv(1)


def test_the_default_timeout(impl):
    impl.setdefaulttimeout(2.5)
    try:
        first, second = impl.socketpair()
        with first, second, impl.fromfd(first.fileno(), impl.AF_UNIX, impl.SOCK_STREAM) as third:
            assert [sock.gettimeout() for sock in (first, second, third)] == [2.5] * 3
            assert not os.get_blocking(first.fileno())
    finally:
        impl.setdefaulttimeout(None)


class Index:
    def __index__(self):
        return 1


def test_numbers_by_index(impl):
    first, second = impl.socketpair(Index(), Index())
    with first, second:
        assert (first.family, first.type) == (impl.AF_UNIX, impl.SOCK_STREAM)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [((2,), OSError), ((99,), OSError), ((1, 99), OSError), ((1, 1, 5), OSError), ((-1,), OSError), ((1.0,), TypeError),
     (("1",), TypeError), ((1, None), TypeError), ((1, 1, "0"), TypeError), ((1 << 40,), OverflowError)],
)  # fmt: skip
def test_no_such_pair(impl, arguments, error):
    with pytest.raises(error):
        impl.socketpair(*arguments)


def test_native_pairs(impl):
    base = impl.SocketType
    native = import_module("berkeley._socket" if impl is OURS else "_socket")
    first, second = native.socketpair()
    assert (type(first), type(second), first.family, first.type) == (base, base, 1, 1)
    assert not os.get_inheritable(first.fileno())
    first.close(), second.close()


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6"])
def test_pairs_over_loopback(family):
    try:
        first, second = OURS._fallback_socketpair(getattr(OURS, family))
    except OSError:
        pytest.skip(f"no {family} on the loopback interface")
    with first, second:
        assert (first.getsockname(), first.getpeername()) == (second.getpeername(), second.getsockname())
        first.sendall(b"data")
        assert second.recv(10) == b"data"


@pytest.mark.parametrize("arguments", [(1,), (2, 2), (2, 1, 6)])
def test_no_such_pair_over_loopback(arguments):
    with pytest.raises(ValueError, match=r"^Only .* supported$"):
        OURS._fallback_socketpair(*arguments)


# --- close, dup, fromfd


def test_close(impl):
    with impl.socket() as sock:
        impl.close(fd := sock.detach())
        assert closed(fd)
        with pytest.raises(OSError, match="Bad file descriptor"):
            impl.close(fd)


def test_dup(impl):
    with impl.socket() as sock:
        os.set_inheritable(sock.fileno(), True)
        fd = impl.dup(sock.fileno())
        try:
            assert fd != sock.fileno()
            assert os.path.sameopenfile(fd, sock.fileno())
            assert not os.get_inheritable(fd)
        finally:
            os.close(fd)


@pytest.mark.parametrize("fd", ["1", None, 1.0, b"1"])
def test_descriptors_are_numbers(impl, fd):
    for function in (impl.close, impl.dup):
        with pytest.raises(TypeError):
            function(fd)


@pytest.mark.parametrize("fd", [-1, 1 << 20, -(1 << 20)])
def test_no_such_descriptor(impl, fd):
    for function in (impl.close, impl.dup):
        with pytest.raises(OSError, match="Bad file descriptor"):
            function(fd)


@pytest.mark.parametrize("fd", [1 << 32, (1 << 32) + 1, -(1 << 40), 1 << 70])
def test_a_large_number_is_no_other_descriptor(fd):
    for function in (OURS.close, OURS.dup):
        with pytest.raises(OverflowError):
            function(fd)


def test_fromfd(impl):
    with impl.socket(impl.AF_INET, impl.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        with impl.fromfd(sock.fileno(), impl.AF_INET, impl.SOCK_DGRAM, 17) as other:
            assert (other.family, other.type, other.proto) == (impl.AF_INET, impl.SOCK_DGRAM, 17)
            assert other.fileno() != sock.fileno()
            assert other.getsockname() == sock.getsockname()
            assert not other.get_inheritable()


@pytest.mark.parametrize("arguments", [("x", 1), (1, None), (1, 1, "0"), (1 << 40, 1)])
def test_a_failed_fromfd_leaves_nothing_open(arguments):
    with OURS.socket(OURS.AF_UNIX) as sock, pytest.raises((TypeError, OverflowError)):
        OURS.fromfd(sock.fileno(), *arguments)


def test_fromfd_of_what_is_no_socket():
    readable, writable = os.pipe()
    try:
        with pytest.raises(OSError, match="Socket operation on non-socket"):
            OURS.fromfd(readable, OURS.AF_UNIX, OURS.SOCK_STREAM)
    finally:
        os.close(readable), os.close(writable)


def test_a_replaced_class_is_used(impl, monkeypatch):
    class Own(impl.socket):
        pass

    monkeypatch.setattr(impl, "socket", Own)
    first, second = impl.socketpair()
    with first, second, impl.fromfd(first.fileno(), impl.AF_UNIX, impl.SOCK_STREAM) as third:
        assert {type(first), type(second), type(third)} == {Own}


# --- send_fds, recv_fds


def test_descriptors_travel(impl, pair):
    readable, writable = os.pipe()
    try:
        assert impl.send_fds(pair[0], [b"da", b"ta"], [readable, writable]) == 4
        data, fds, flags, address = impl.recv_fds(pair[1], 100, 2)
        assert (data, flags, address) == (b"data", 0, None)
        assert [os.path.sameopenfile(*both) for both in zip(fds, (readable, writable), strict=True)] == [True, True]
    finally:
        for fd in (readable, writable, *fds):
            os.close(fd)


def test_received_descriptors_are_not_inheritable():
    first, second = OURS.socketpair()
    with first, second:
        OURS.send_fds(first, [b"x"], [0])
        fds = OURS.recv_fds(second, 1, 1)[1]
        assert [os.get_inheritable(fd) for fd in fds] == [False]
        os.close(*fds)


@pytest.mark.parametrize("make", [list, tuple, iter, lambda fds: array.array("i", fds), dict.fromkeys])
def test_any_iterable_of_descriptors(impl, pair, make):
    impl.send_fds(pair[0], [b"x"], make([0, 1]))
    fds = impl.recv_fds(pair[1], 10, 5)[1]
    for fd in fds:
        os.close(fd)
    assert len(fds) == 2


def test_flags_and_address_are_honoured(tmp_path):
    with OURS.socket(OURS.AF_UNIX, OURS.SOCK_DGRAM) as here, OURS.socket(OURS.AF_UNIX, OURS.SOCK_DGRAM) as there:
        there.bind(str(tmp_path / "there"))
        here.bind(str(tmp_path / "here"))
        assert OURS.send_fds(here, [b"data"], [0], OURS.MSG_DONTWAIT, there.getsockname()) == 4
        looked_at = OURS.recv_fds(there, 2, 1, OURS.MSG_PEEK)
        taken = OURS.recv_fds(there, 10, 1, OURS.MSG_DONTWAIT)
        for fd in (*looked_at[1], *taken[1]):
            os.close(fd)
        assert (looked_at[0], len(looked_at[1]), looked_at[3]) == (b"da", 1, here.getsockname())
        assert looked_at[2] & OURS.MSG_TRUNC
        assert (taken[0], len(taken[1]), taken[2], taken[3]) == (b"data", 1, 0, here.getsockname())
        with pytest.raises(BlockingIOError):
            OURS.recv_fds(there, 10, 1, OURS.MSG_DONTWAIT)


def test_those_for_which_there_is_no_room_are_closed(impl, pair):
    impl.send_fds(pair[0], [b"x"], [0] * 5)
    data, fds, flags, _ = impl.recv_fds(pair[1], 10, 2)
    assert (data, len(fds), flags & impl.MSG_CTRUNC) == (b"x", 2, impl.MSG_CTRUNC)
    for fd in fds:
        os.close(fd)


def test_the_descriptor_of_the_sender_is_not_left_open(pair):
    try:
        pair[1].setsockopt(OURS.SOL_SOCKET, constants.SO_PASSPIDFD, 1)
    except OSError:
        pytest.skip("no SO_PASSPIDFD: the kernel is older than 6.5")
    OURS.send_fds(pair[0], [b"x"], [0])
    before = len(os.listdir("/proc/self/fd"))
    _, [fd], _, _ = OURS.recv_fds(pair[1], 10, 5)
    os.close(fd)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    ("buffers", "fds", "error"),
    [([b"x"], [1 << 20], OSError), ([b"x"], [-1], OSError), ([b"x"], ["0"], TypeError), ([b"x"], None, TypeError),
     ([b"x"], [1 << 40], OverflowError), (["x"], [0], TypeError), (None, [0], TypeError)],
)  # fmt: skip
def test_what_cannot_be_sent(impl, pair, buffers, fds, error):
    with pytest.raises(error):
        impl.send_fds(pair[0], buffers, fds)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [((-1, 1), ValueError), ((1, -1), OverflowError), (("1", 1), TypeError), ((1, None), TypeError)],
)
def test_what_cannot_be_asked_for(impl, pair, arguments, error):
    with pytest.raises(error):
        impl.recv_fds(pair[1], *arguments)


class Teller:
    """No socket: its recvmsg() tells of ancillary data that nobody has sent."""

    def __init__(self, ancillary):
        self.ancillary = ancillary

    def recvmsg(self, bufsize, ancbufsize=0, flags=0, /):
        return b"x", self.ancillary, 0, None


class Derived(OURS.socket):
    """What it tells is not what the kernel has said."""

    __slots__ = ("ancillary",)

    recvmsg = Teller.recvmsg


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_rights_that_no_socket_gave(impl, kind):
    rights = kind(array.array("i", [0, 5]).tobytes() + b"\1")
    teller = Teller([(impl.SOL_SOCKET, impl.SCM_RIGHTS, rights), (impl.SOL_SOCKET, impl.SCM_CREDENTIALS, b"1234")])
    assert impl.recv_fds(teller, 1, 2) == (b"x", [0, 5], 0, None)


@pytest.mark.parametrize("broken", [(1,), None, 5, (1, 1, "text"), (1, 1, None)])
@pytest.mark.parametrize("kind", [bytes, bytearray])
@pytest.mark.parametrize("real", [False, True], ids=["no socket", "derived"])
def test_descriptors_that_were_not_received_stay_open(pair, kind, broken, real):
    mine = pair[0].fileno()
    ancillary = [(OURS.SOL_SOCKET, OURS.SCM_RIGHTS, kind(array.array("i", [mine]).tobytes())), broken]
    teller = Derived() if real else Teller(ancillary)
    teller.ancillary = ancillary
    try:
        with pytest.raises((TypeError, ValueError)):
            OURS.recv_fds(teller, 1, 2)
        assert not closed(mine)
    finally:
        if real:
            teller.close()


def test_the_end(impl, pair):
    pair[0].close()
    assert impl.recv_fds(pair[1], 10, 2) == (b"", [], 0, None)
