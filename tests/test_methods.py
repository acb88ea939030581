"""The methods that the standard class has not: exact reads, the state of a connection, keepalive, credentials."""

import errno
import os
import pickle
import select
import struct
import subprocess
import sys

import pytest
from waits import arrived, arrived_in_all, beside

import berkeley
from berkeley import socket

NEW = [
    "is_alive", "peer_credentials", "recv_errors", "recv_exactly", "recv_until", "set_datagram_info", "set_error_queue",
    "set_keepalive",
]  # fmt: skip


@pytest.fixture
def impl():
    """Only ours has them."""
    return socket


class Encrypted(socket.socket):
    """As ssl.SSLSocket has it: recv() takes no flags. It counts the calls."""

    calls = 0

    def recv(self, size, flags=0):
        if flags:
            raise ValueError("non-zero flags not allowed")
        self.calls += 1
        return super().recv(size)


@pytest.fixture(params=["plain", "encrypted"])
def reader(request, streams):
    """(a stream's receiver, its sender): as it is, and as one whose recv() takes no flags."""
    here, there = streams
    if request.param == "plain":
        yield here, there
        return
    with Encrypted(fileno=here.detach()) as encrypted:
        yield encrypted, there


def test_the_core_knows_nothing_of_them():
    """They are plain functions of the class alone: programs may have others by these names, on whatever they derive."""
    for name in NEW:
        assert name in vars(socket.socket)
        assert not hasattr(socket.SocketType, name)


def test_of_what_is_no_socket_of_ours(pair):
    """gevent's classes do not derive from this one. The functions go through what the object has."""

    class Foreign:
        type = socket.SOCK_STREAM

        def __getattr__(self, name):
            return getattr(pair[0], name)

    pair[1].sendall(b"line\nrest")
    foreign = Foreign()
    assert socket.socket.recv_until(foreign, b"\n", 10) == b"line\n"
    assert socket.socket.recv_exactly(foreign, 4) == b"rest"
    assert socket.socket.is_alive(foreign)
    assert socket.socket.peer_credentials(foreign).pid == os.getpid()


# --- recv_exactly


@pytest.mark.parametrize("size", [0, 1, 5, 65535, 65536, 65537, 1_000_000])
def test_exactly(reader, size):
    here, there = reader
    data = os.urandom(size)
    with beside(there.sendall, data + b"rest"):
        assert here.recv_exactly(size) == data
        assert here.recv_exactly(4) == b"rest"


def test_exactly_in_pieces(reader):
    here, there = reader

    def send():
        for byte in b"0123456789":
            there.send(bytes([byte]))

    with beside(send):
        assert here.recv_exactly(10) == b"0123456789"


@pytest.mark.parametrize(
    ("receive", "expected"), [(lambda sock: sock.recv_exactly(10), 10), (lambda sock: sock.recv_until(b"\n", 9), None)]
)
def test_the_peer_ends_too_early(reader, receive, expected):
    here, there = reader
    there.sendall(b"abc")
    there.shutdown(socket.SHUT_WR)
    with pytest.raises(berkeley.IncompleteReadError, match="ended after 3 bytes") as caught:
        receive(here)
    assert isinstance(caught.value, EOFError)
    assert (caught.value.partial, caught.value.expected) == (b"abc", expected)
    copied = pickle.loads(pickle.dumps(caught.value))
    assert (type(copied), copied.partial, copied.expected, str(copied)) == (
        berkeley.IncompleteReadError, b"abc", expected, str(caught.value))  # fmt: skip


@pytest.mark.parametrize("timeout", [0, 0.01])
@pytest.mark.parametrize(
    "receive",
    [lambda sock, got: got + sock.recv_exactly(8 - len(got)),
     lambda sock, got: sock.recv_until(b"\r\n", 8, partial=got)],
)  # fmt: skip
def test_what_had_come_before_a_timeout_is_on_the_exception(reader, receive, timeout):
    here, there = reader
    there.sendall(b"abc")
    arrived_in_all(here, 3)
    here.settimeout(timeout)
    with pytest.raises(OSError) as caught:
        receive(here, b"")
    assert type(caught.value) is (TimeoutError if timeout else BlockingIOError)
    assert caught.value.partial == b"abc"
    there.sendall(b"def\r\nrest")
    arrived_in_all(here, 9)
    assert receive(here, caught.value.partial) == b"abcdef\r\n"
    assert here.recv(100) == b"rest"


@pytest.mark.parametrize("n", [-1, -(2**70)])
def test_fewer_than_none(streams, n):
    with pytest.raises(ValueError, match=f"must not be negative: {n}"):
        streams[0].recv_exactly(n)


@pytest.mark.parametrize("n", [None, "1", 1.5, b"1"])
def test_no_count(streams, n):
    with pytest.raises(TypeError):
        streams[0].recv_exactly(n)


def test_a_peer_that_announces_more_than_it_sends(pair):
    """No memory is taken for what has not come."""
    pair[1].sendall(b"abc")
    pair[1].close()
    with pytest.raises(berkeley.IncompleteReadError):
        pair[0].recv_exactly(2**60)


@pytest.mark.parametrize("kind", ["udp", "datagrams", "packets"])
def test_only_of_streams(request, kind):
    sock, _ = request.getfixturevalue(kind)
    for call in (lambda: sock.recv_exactly(1), lambda: sock.recv_until(b"x", 1)):
        with pytest.raises(ValueError, match="only for SOCK_STREAM"):
            call()


# --- recv_until


@pytest.mark.parametrize(
    ("sent", "separator", "found"),
    [(b"line\nrest", b"\n", b"line\n"), (b"\nrest", b"\n", b"\n"), (b"a\r\n\r\nrest", b"\r\n\r\n", b"a\r\n\r\n"),
     (b"\r\r\n\r\r\n\r\nrest", b"\r\n\r\n", b"\r\r\n\r\r\n\r\n"), (b"ababac", b"abac", b"ababac"),
     (b"aaaab", b"aab", b"aaaab"), (b"xx" * 100_000 + b"end..", b"end", b"xx" * 100_000 + b"end")],
)  # fmt: skip
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_until(reader, sent, separator, found, kind):
    here, there = reader
    with beside(there.sendall, sent):
        assert here.recv_until(kind(separator), 1_000_000) == found
    there.shutdown(socket.SHUT_WR)
    assert here.recv_exactly(len(sent) - len(found)) == sent[len(found) :]
    assert here.recv(1) == b""


@pytest.mark.parametrize("first", range(6))
def test_a_timeout_between_the_parts_of_a_separator(reader, first):
    here, there = reader
    sent = b"ab\r\n\r\ncd"
    there.sendall(sent[:first])
    arrived_in_all(here, first)
    here.settimeout(0.01)
    with pytest.raises(TimeoutError) as caught:
        here.recv_until(b"\r\n\r\n", 6)
    assert caught.value.partial == sent[:first]
    there.sendall(sent[first:])
    here.settimeout(None)
    assert here.recv_until(b"\r\n\r\n", 6, partial=caught.value.partial) == sent[:6]
    assert here.recv_exactly(2) == b"cd"


def test_parts_within_one_call(reader):
    here, there = reader

    def send():
        for part in (b"ab\r", b"\n", b"\r\ncd"):
            there.sendall(part)

    with beside(send):
        assert here.recv_until(b"\r\n\r\n", 6) == b"ab\r\n\r\n"
    assert here.recv_exactly(2) == b"cd"


def test_the_limit(reader):
    here, there = reader
    there.sendall(b"123456789\n")
    with pytest.raises(berkeley.LimitOverrunError, match="no separator in 9 bytes") as caught:
        here.recv_until(b"\n", 9)
    assert (caught.value.partial, caught.value.limit) == (b"123456789", 9)
    copied = pickle.loads(pickle.dumps(caught.value))
    assert (type(copied), copied.partial, copied.limit) == (berkeley.LimitOverrunError, b"123456789", 9)
    assert here.recv_until(b"\n", 1) == b"\n"
    there.sendall(b"123456789\n")
    assert here.recv_until(b"\n", 10) == b"123456789\n"


def test_calls_where_flags_are_refused(pair):
    """As many bytes at once as the separator lacks at the least: none beyond it."""
    with Encrypted(fileno=pair[0].detach()) as here:
        pair[1].sendall(b"0123456789\r\n\r\n")
        assert here.recv_until(b"\r\n\r\n", 100) == b"0123456789\r\n\r\n"
        assert here.calls == 4  # 0123 4567 89\r\n \r\n


@pytest.mark.parametrize(
    ("separator", "limit", "error"),
    [(b"", 10, ValueError), (b"ab", 1, ValueError), (b"a", 0, ValueError), (b"a", -1, ValueError), ("a", 1, TypeError),
     ((b"a", b"b"), 9, TypeError), (1, 9, TypeError), (b"a", None, TypeError), (b"a", "1", TypeError)],
)  # fmt: skip
def test_no_separator_or_no_limit(streams, separator, limit, error):
    with pytest.raises(error):
        streams[0].recv_until(separator, limit)


# --- is_alive


def test_alive(streams):
    here, there = streams
    assert here.is_alive() is True
    there.sendall(b"data")
    arrived(here)
    assert here.is_alive() is True
    there.close()
    arrived(here, select.POLLRDHUP)
    assert here.is_alive() is False
    assert here.recv(100) == b"data"
    assert here.recv(100) == b""
    here.close()
    assert here.is_alive() is False


def test_half_an_end(streams):
    here, there = streams
    there.shutdown(socket.SHUT_WR)
    arrived(here, select.POLLRDHUP)
    assert (here.is_alive(), there.is_alive()) == (False, True)


def test_a_reset_is_still_told_afterwards(tcp):
    here, there = tcp
    there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("2i", 1, 0))
    there.close()
    arrived(here)
    assert here.is_alive() is False
    with pytest.raises(ConnectionResetError):
        here.recv(1)


@pytest.mark.parametrize("timeout", [None, 5, 0])
def test_whatever_the_timeout_nobody_waits(streams, timeout):
    streams[0].settimeout(timeout)
    assert streams[0].is_alive()


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_UNIX])
def test_not_connected(family):
    with socket.socket(family) as sock:
        assert not sock.is_alive()


def test_what_has_no_connection(udp):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert listener.is_alive()
    assert udp[0].is_alive()
    udp[0].close()
    assert not udp[0].is_alive()


# --- set_keepalive


def test_keepalive(tcp):
    tcp[0].set_keepalive(60, 10, 3)
    options = [
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE), (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
        (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL), (socket.IPPROTO_TCP, socket.TCP_KEEPCNT),
    ]  # fmt: skip
    assert [tcp[0].getsockopt(*option) for option in options] == [1, 60, 10, 3]


@pytest.mark.parametrize(
    ("values", "name"),
    [((0, 1, 1), "idle"), ((32768, 1, 1), "idle"), ((1, -1, 1), "interval"), ((1, 32768, 1), "interval"),
     ((1, 1, 0), "count"), ((1, 1, 128), "count"), ((float("nan"), 1, 1), "idle")],
)  # fmt: skip
def test_keepalive_beyond_what_the_kernel_takes(tcp, values, name):
    with pytest.raises(ValueError, match=f"^{name} must be 1 to "):
        tcp[0].set_keepalive(*values)
    assert not tcp[0].getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_the_kernel_takes_the_most(tcp):
    tcp[0].set_keepalive(32767, 32767, 127)


def test_keepalive_that_is_no_number(tcp):
    for values in ((60, 10, 1.5), (60, 10, "3"), (60, None, 3)):
        with pytest.raises(TypeError):
            tcp[0].set_keepalive(*values)
        assert not tcp[0].getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


@pytest.mark.parametrize(("kind", "number"), [("pair", errno.EOPNOTSUPP), ("udp", errno.ENOPROTOOPT)])
def test_keepalive_of_what_is_not_tcp(request, kind, number):
    sock, _ = request.getfixturevalue(kind)
    with pytest.raises(OSError) as caught:
        sock.set_keepalive(60, 10, 3)
    assert caught.value.errno == number
    assert not sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


# --- peer_credentials


def test_credentials_of_a_child(tmp_path):
    program = f"""
import os, socket
sock = socket.socket(socket.AF_UNIX)
sock.connect({str(tmp_path / "sock")!r})
print(os.getpid(), os.getuid(), os.getgid(), sep="\\n", flush=True)
sock.recv(1)
"""
    with socket.create_server(str(tmp_path / "sock"), family=socket.AF_UNIX) as listener:
        command = [sys.executable, "-I", "-c", program]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            sock, _ = listener.accept()
            with sock:
                pid, uid, gid = found = sock.peer_credentials()
            told = child.stdout.read().split()
    assert [str(pid), str(uid), str(gid)] == told
    assert (found.pid, found.uid, found.gid) == found
    assert type(found) is berkeley.PeerCredentials


@pytest.mark.parametrize("kind", ["pair", "datagrams", "packets"])
def test_credentials_of_pairs(request, kind):
    assert request.getfixturevalue(kind)[0].peer_credentials() == (os.getpid(), os.getuid(), os.getgid())


def test_credentials_of_nobody(tcp):
    """The kernel answers for these too, with a user that does not exist."""
    with socket.socket(socket.AF_UNIX) as alone:
        for sock, number in ((alone, errno.ENOTCONN), (tcp[0], errno.EOPNOTSUPP)):
            with pytest.raises(OSError) as caught:
                sock.peer_credentials()
            assert caught.value.errno == number
