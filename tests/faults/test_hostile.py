"""Objects that are not what they should be, or change while in use: an exception, never a crash or foreign memory."""

import os

import pytest
from sleeping import acting, shown

from berkeley import _native
from berkeley import socket as berkeley

waiting = pytest.mark.skipif(not shown(), reason="the kernel has no /proc/self/task/*/syscall")


@pytest.mark.ours_from((3, 15), "the standard module refuses a datagram that is cut")
@pytest.mark.parametrize("size", [1, 5000, 1 << 20])
@pytest.mark.parametrize("method", ["recv", "recvfrom"])
def test_a_datagram_longer_than_the_buffer(impl, closing, forked, method, size):
    """With MSG_TRUNC the result is as long as the datagram: what was cut off is zeros, not whatever lies in memory."""
    a, b = closing(*impl.socketpair(impl.AF_UNIX, impl.SOCK_DGRAM))
    b.send(b"x" * 60_000)
    data = forked(getattr(a, method), size, impl.MSG_TRUNC)
    data = data if method == "recv" else data[0]
    assert len(data) == 60_000
    assert data.startswith(b"x" * min(size, 60_000))
    if impl is berkeley:
        assert data.count(0) == max(60_000 - size, 0)


@pytest.mark.ours_from((3, 15), "the standard module refuses a datagram that is cut")
@pytest.mark.parametrize("size", [1, 5000])
def test_a_message_longer_than_the_buffer(impl, closing, size):
    """recvmsg gives the flag, and no more than was received."""
    a, b = closing(*impl.socketpair(impl.AF_UNIX, impl.SOCK_DGRAM))
    b.send(b"x" * 60_000)
    data, _, flags, _ = a.recvmsg(size, 0, impl.MSG_TRUNC)
    assert len(data) == size
    assert data == b"x" * size
    assert flags & impl.MSG_TRUNC


@pytest.mark.parametrize("size", [64, 5000])
@pytest.mark.parametrize("method", ["recv", "recvfrom", "recvmsg"])
def test_data_that_tcp_throws_away(closing, method, size):
    """With MSG_TRUNC tcp(7) counts the data and stores none of it: the result is zeros, not whatever lies in memory."""
    [listener] = closing(berkeley.create_server(("127.0.0.1", 0)))
    [client] = closing(berkeley.create_connection(listener.getsockname()))
    [server] = closing(listener.accept()[0])
    client.sendall(b"x" * size)
    client.shutdown(berkeley.SHUT_WR)
    server.recv(size, berkeley.MSG_PEEK | berkeley.MSG_WAITALL)
    arguments = (0, berkeley.MSG_TRUNC) if method == "recvmsg" else (berkeley.MSG_TRUNC,)
    answer = getattr(server, method)(size, *arguments)
    assert (answer if method == "recv" else answer[0]) == bytes(size)


@pytest.mark.parametrize("name", ["family", "type"])
def test_attributes_of_other_objects(impl, forked, name):
    """`type` and `family` belong to sockets: of another object there is nothing to read."""
    attribute = vars(impl.socket)[name]
    assert forked(refused, lambda thing: attribute.__get__(thing, object), 3) == "TypeError"


@pytest.mark.parametrize(("name", "arguments"), [("sendfile", (0, 0, 1)), ("adorn", ({},))])
def test_functions_on_other_objects(forked, name, arguments):
    for thing in (None, object()):
        assert forked(refused, getattr(_native, name), thing, *arguments) == "TypeError"


def refused(function, *arguments):
    try:
        function(*arguments)
    except Exception as error:
        return type(error).__name__


def test_methods_of_other_objects(impl):
    """Methods are the type's own, and look at what they are called on."""
    for name, method in vars(impl.SocketType).items():
        if callable(method) and not name.startswith("__"):
            for thing in (None, object(), 3):
                with pytest.raises(TypeError):
                    method(thing)


def test_an_object_without_init(impl):
    """It is a closed socket."""
    sock = impl.socket.__new__(impl.socket)
    assert sock.fileno() == -1
    calls = [lambda: sock.recv(9), lambda: sock.send(b""), sock.getsockname, lambda: sock.bind(("", 0)), sock.accept]
    for call in calls:
        with pytest.raises(OSError):
            call()


@waiting
def test_a_buffer_that_is_resized_while_it_is_used(impl, closing):
    a, b = closing(*impl.socketpair())
    buffer = bytearray(4)
    refused = []

    def resize():
        try:
            buffer.extend(b"more")
        except BufferError as error:
            refused.append(error)

    with acting(a.fileno(), [resize, lambda: b.send(b"data")]):
        assert a.recv_into(buffer) == 4
    assert (buffer, len(refused)) == (b"data", 1)
    buffer.extend(b"more")


@waiting
@pytest.mark.parametrize("method", ["recvmsg_into", "sendmsg"])
def test_lists_that_change_while_they_are_used(impl, closing, method):
    a, b = closing(*impl.socketpair())
    buffers = [bytearray(2), bytearray(2)]
    with acting(a.fileno(), [buffers.clear, lambda: b.send(b"data")]):
        if method == "sendmsg":
            assert a.sendmsg(buffers) == 4
            return
        assert a.recvmsg_into(buffers)[0] == 4


def test_buffers_that_change_while_items_are_read(impl, closing):
    """They are held by then, and so cannot."""
    a, _ = closing(*impl.socketpair())
    buffers = [bytearray(b"data")]

    def items():
        buffer = buffers.pop()
        buffer.clear()
        yield

    # In newer releases, whatever an iterator raises becomes a TypeError (ITERABLE_OR_ELSE in native/versions.pxi).
    with pytest.raises((BufferError, TypeError)):
        a.sendmsg(buffers, items())


def test_many_buffers(impl, closing):
    """More than the kernel takes at once (IOV_MAX)."""
    a, _b = closing(*impl.socketpair())
    with pytest.raises(OSError, match="Message too long"):
        a.sendmsg([b""] * 5000)
    with pytest.raises(OSError, match="Message too long"):
        a.recvmsg_into([bytearray(1)] * 5000)


@pytest.mark.filterwarnings("ignore:integer value out of range:DeprecationWarning")
def test_an_address_is_what_the_kernel_has(closing):
    """Not what the program gave for it: any integer stands for its low 32 bits in netlink."""
    [sock] = closing(berkeley.socket(berkeley.AF_NETLINK, berkeley.SOCK_RAW))
    sock.bind((os.getpid() - (1 << 32), 0))
    assert sock.getsockname() == (os.getpid(), 0)
