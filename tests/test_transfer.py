"""Data goes through recv(), send() and their kin: each transport, each mode, each size, each flag."""

import errno
import os
import select
import threading

import pytest

from berkeley import socket as ours

STREAMS = ["unix", "tcp", "tcp6"]
DATAGRAMS = ["unix dgram", "udp", "udp6", "unix seqpacket"]
HOSTS = {"tcp": "127.0.0.1", "udp": "127.0.0.1", "tcp6": "::1", "udp6": "::1"}


@pytest.fixture(params=[None, 0, 30], ids=["blocking", "non-blocking", "timeout"])
def timeout(request):
    return request.param


@pytest.fixture
def ends(impl, request):
    """Two connected sockets of the transport."""
    first, second = connect(impl, request.param)
    with first, second:
        yield first, second


streams = pytest.mark.parametrize("ends", STREAMS, indirect=True)
datagrams = pytest.mark.parametrize("ends", DATAGRAMS, indirect=True)
everywhere = pytest.mark.parametrize("ends", STREAMS + DATAGRAMS, indirect=True)
unix = pytest.mark.parametrize("ends", ["unix"], indirect=True)


def connect(impl, transport):
    if transport.startswith("unix"):
        kind = {"unix dgram": impl.SOCK_DGRAM, "unix seqpacket": impl.SOCK_SEQPACKET}.get(transport, impl.SOCK_STREAM)
        return impl.socketpair(impl.AF_UNIX, kind)
    family = impl.AF_INET6 if transport.endswith("6") else impl.AF_INET
    host = HOSTS[transport]
    if transport.startswith("tcp"):
        with impl.create_server((host, 0), family=family) as listener:
            client = impl.create_connection(listener.getsockname()[:2])
            return client, listener.accept()[0]
    first, second = impl.socket(family, impl.SOCK_DGRAM), impl.socket(family, impl.SOCK_DGRAM)
    first.bind((host, 0))
    second.bind((host, 0))
    first.connect(second.getsockname())
    second.connect(first.getsockname())
    return first, second


def arrived(sock):
    """Wait until there is something to receive, whatever the socket's mode."""
    assert select.select([sock], [], [], 30)[0]


def for_ever(call, *arguments):
    while True:
        call(*arguments)


# --- the calls


@everywhere
def test_each_way_to_send_and_receive(ends, timeout):
    here, there = ends
    peer = here.getsockname() if here.family != 1 and here.type == 2 else None
    here.settimeout(timeout)
    there.settimeout(timeout)
    for send in (here.send, here.sendall, lambda data: here.sendmsg([data])):
        buffer = bytearray(b"..........")
        for receive, result in (
            (lambda: there.recv(10), b"hello"),
            (lambda: there.recvfrom(10), (b"hello", peer)),
            (lambda: there.recvmsg(10), (b"hello", [], 0, peer)),
            (lambda: there.recv_into(buffer), 5),  # noqa: B023
            (lambda: there.recvfrom_into(buffer), (5, peer)),  # noqa: B023
        ):
            assert send(b"hello") in (5, None)
            arrived(there)
            assert receive() == result
        assert buffer == b"hello....."


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX"])
def test_sendto(impl, family, timeout):
    number = getattr(impl, family)
    address = {"AF_INET": ("127.0.0.1", 0), "AF_INET6": ("::1", 0), "AF_UNIX": ""}[family]
    with impl.socket(number, impl.SOCK_DGRAM) as here, impl.socket(number, impl.SOCK_DGRAM) as there:
        here.bind(address)
        there.bind(address)
        here.settimeout(timeout)
        there.settimeout(timeout)
        for arguments in ((there.getsockname(),), (0, there.getsockname())):
            assert here.sendto(b"hello", *arguments) == 5
            arrived(there)
            data, sender = there.recvfrom(100)
            assert (data, sender) == (b"hello", here.getsockname())
            assert there.sendto(b"back", sender) == 4
            arrived(here)
            assert here.recvfrom(100) == (b"back", there.getsockname())


def test_sendto_needs_two_or_three_arguments():
    # Other words than the standard module's where the count is 1: both say how many they take.
    with ours.socket(ours.AF_UNIX, ours.SOCK_DGRAM) as sock:
        for arguments in ((), (b"x",), (b"x", 0, "name", None)):
            with pytest.raises(TypeError, match=r"arguments?"):
                sock.sendto(*arguments)


@streams
def test_the_end_of_a_stream(ends, timeout):
    here, there = ends
    there.settimeout(timeout)
    here.send(b"end")
    here.shutdown(1)
    arrived(there)
    assert there.recv(100, 0) == b"end"
    arrived(there)
    assert there.recv(100) == b""
    assert there.recv_into(bytearray(5)) == 0
    assert there.recvfrom(100) == (b"", None)


# --- sizes


@unix
@pytest.mark.parametrize("size", [1, 1023, 1024, 1025, 65536, 131071, 131072, 131073, 1 << 22])
@pytest.mark.parametrize("part", [1, 0.5, 0.25, 0])
def test_a_result_is_as_long_as_what_came(ends, size, part):
    here, there = ends
    data = bytes(range(256)) * (max(int(size * part), 1) // 256 + 1)
    data = data[: min(max(int(size * part), 1), 100_000)]
    for receive in (there.recv, lambda size: there.recvfrom(size)[0], lambda size: there.recvmsg(size)[0]):
        here.sendall(data)
        assert receive(size) == data


@datagrams
def test_a_receive_of_nothing(ends, timeout):
    """recv() of 0 bytes makes no call, as does recv_into() an empty buffer: the datagram stays. Others take it."""
    here, there = ends
    there.settimeout(timeout)
    here.send(b"first")
    here.send(b"second")
    here.send(b"third")
    arrived(there)
    assert there.recv(0) == b""
    assert there.recv_into(bytearray()) == 0
    assert there.recvfrom(0)[0] == b""
    arrived(there)
    assert there.recvfrom_into(bytearray())[0] == 0
    arrived(there)
    assert there.recv(100) == b"third"


@pytest.mark.parametrize("ends", ["unix dgram", "udp", "udp6"], indirect=True)
def test_empty_datagrams(ends):
    here, there = ends
    for send in (here.send, here.sendall):
        send(b"")
        assert there.recvfrom(10)[0] == b""
    here.send(b"12345")
    assert there.recv(3) == b"123"  # the rest of a datagram is lost
    here.send(b"next")
    assert there.recv(10) == b"next"


@unix
def test_sizes_there_are_not(ends):
    sock = ends[0]
    for name in ("recv", "recvfrom"):
        with pytest.raises(ValueError, match=f"^negative buffersize in {name}$"):
            getattr(sock, name)(-1)
        with pytest.raises(ValueError, match=f"^negative buffersize in {name}_into$"):
            getattr(sock, name + "_into")(bytearray(5), -1)
    for receive in (sock.recv, sock.recvfrom, sock.recvmsg):
        for size, error in ((2**63 - 1, (MemoryError, OverflowError)), (2**63, OverflowError), (1.0, TypeError),
                            ("1", TypeError), (None, TypeError)):  # fmt: skip
            with pytest.raises(error):
                receive(size)
    with pytest.raises(ValueError, match=r"^buffer too small for requested bytes$"):
        sock.recv_into(bytearray(5), 6)
    with pytest.raises(ValueError, match=r"^nbytes is greater than the length of the buffer$"):
        sock.recvfrom_into(bytearray(5), 6)


@unix
def test_a_size_that_no_machine_has_says_so(ends):
    with pytest.raises(OverflowError, match="Python int too large to convert to C ssize_t"):
        ends[0].recv(2**63)


@pytest.mark.parametrize("ends", ["udp"], indirect=True)
def test_a_datagram_that_is_too_long(ends):
    for send in (ends[0].send, ends[0].sendall, lambda data: ends[0].sendmsg([data])):
        with pytest.raises(OSError, match=os.strerror(errno.EMSGSIZE)) as caught:
            send(bytes(70_000))
        assert caught.value.errno == errno.EMSGSIZE


# --- flags


@everywhere
def test_peeking_leaves_the_data(ends):
    here, there = ends
    here.send(b"hello")
    peek = ours.MSG_PEEK
    buffer = bytearray(5)
    assert there.recv(5, peek) == there.recvfrom(5, peek)[0] == there.recvmsg(5, 0, peek)[0] == b"hello"
    assert there.recv_into(buffer, 0, peek) == there.recvfrom_into(buffer, flags=peek)[0] == 5
    assert there.recv(5) == buffer == b"hello"


@streams
def test_waiting_for_all(ends):
    here, there = ends
    here.send(b"he")
    thread = threading.Thread(target=lambda: (here.sendall(b"llo, "), here.sendall(b"world")))
    thread.start()
    assert there.recv(12, ours.MSG_WAITALL) == b"hello, world"
    thread.join()


@everywhere
def test_not_waiting_this_once(ends):
    here, there = ends
    there.settimeout(None)
    for receive in (there.recv, there.recvfrom, lambda size, flags: there.recvmsg(size, 0, flags)):
        with pytest.raises(BlockingIOError) as caught:
            receive(1, ours.MSG_DONTWAIT)
        assert caught.value.errno == errno.EAGAIN
    with pytest.raises(BlockingIOError):
        there.recv_into(bytearray(1), 0, ours.MSG_DONTWAIT)
    here.send(b"x")
    arrived(there)
    assert there.recv(1, ours.MSG_DONTWAIT) == b"x"


@datagrams
@pytest.mark.ours_from((3, 15), "the standard module refuses a datagram that is cut")
@pytest.mark.parametrize("length", [5, 1024, 5000])
@pytest.mark.parametrize("size", [1, 3, 1500])
def test_the_length_of_a_datagram_that_is_cut(ends, length, size):
    """MSG_TRUNC (recv(2)): the result is as long as the datagram, and begins with what fitted; not so recvmsg()'s."""
    here, there = ends
    data = bytes(index % 255 + 1 for index in range(length))
    for receive in (there.recv, lambda size, flags: there.recvfrom(size, flags)[0]):
        here.send(data)
        result = receive(size, ours.MSG_TRUNC)
        assert len(result) == length
        assert result[:size] == data[:size]
        if type(here).__mro__[1] is ours.SocketType:  # the standard module shows memory that nobody wrote
            assert result[size:] == bytes(max(length - size, 0))
    here.send(data)
    assert there.recv_into(bytearray(size), 0, ours.MSG_TRUNC) == length
    here.send(data)
    assert there.recvmsg(size, 0, ours.MSG_TRUNC)[0] == data[:size]


@pytest.mark.parametrize("ends", ["tcp"], indirect=True)
def test_urgent_data(ends):
    here, there = ends
    here.send(b"ab!", ours.MSG_OOB)
    assert select.select([], [], [there], 30)[2]
    assert there.recv(1, ours.MSG_OOB) == b"!"
    assert there.recv(5) == b"ab"


@unix
@pytest.mark.parametrize("flags", [1.0, "0", None, 2**31, 2**70])
def test_flags_there_are_not(ends, flags):
    sock = ends[0]
    calls = (sock.recv, 1), (sock.recvfrom, 1), (sock.recvmsg, 1, 0), (sock.send, b""), (sock.sendall, b"")
    for call, *arguments in (*calls, (sock.recv_into, bytearray(1), 0), (lambda flags: sock.sendto(b"", flags, ""),)):
        with pytest.raises((TypeError, OverflowError)):
            call(*arguments, flags)


# --- connections that fail


@streams
def test_sending_to_nobody(ends):
    here, there = ends
    there.close()
    for send in (here.send, here.sendall, lambda data: here.sendmsg([data])):
        with pytest.raises((BrokenPipeError, ConnectionResetError)):  # and no SIGPIPE
            for_ever(send, b"x")


def test_without_a_connection(impl):
    with impl.socket() as sock:
        for receive in (sock.recv, sock.recvfrom, sock.recvmsg):
            with pytest.raises(OSError, match="not connected") as caught:
                receive(1)
            assert caught.value.errno == errno.ENOTCONN
    with impl.socket(impl.AF_INET, impl.SOCK_DGRAM) as sock, pytest.raises(OSError, match="Destination") as caught:
        sock.send(b"x")
    assert caught.value.errno == errno.EDESTADDRREQ


def test_a_refused_datagram_is_told_at_the_next_call(impl):
    """A datagram for a socket that is connected elsewhere finds nobody: ICMP says so (udp(7))."""
    with impl.socket(impl.AF_INET, impl.SOCK_DGRAM) as here, impl.socket(impl.AF_INET, impl.SOCK_DGRAM) as there:
        there.bind(("127.0.0.1", 0))
        there.connect(there.getsockname())
        here.connect(there.getsockname())
        here.send(b"x")
        here.settimeout(30)
        with pytest.raises(ConnectionRefusedError):
            here.recv(1)
