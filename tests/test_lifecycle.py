"""Sockets are opened or adopted from descriptors; and what happens to those that nobody closes."""

import errno
import gc
import os
import select
import struct
import sys
import threading
import warnings

import pytest

from berkeley import socket as ours

KINDS = [
    ("AF_INET", "SOCK_STREAM", 6),
    ("AF_INET", "SOCK_DGRAM", 17),
    ("AF_INET6", "SOCK_STREAM", 6),
    ("AF_INET6", "SOCK_DGRAM", 17),
    ("AF_UNIX", "SOCK_STREAM", 0),
    ("AF_UNIX", "SOCK_DGRAM", 0),
    ("AF_UNIX", "SOCK_SEQPACKET", 0),
    ("AF_NETLINK", "SOCK_RAW", 0),
]
every_kind = pytest.mark.parametrize(("family", "kind", "proto"), KINDS)


@pytest.fixture
def default_timeout(impl):
    """Sets the module's default timeout, for one test."""
    yield impl.setdefaulttimeout
    impl.setdefaulttimeout(None)


def for_ever(call, *arguments):
    while True:
        call(*arguments)


# --- opening


@every_kind
def test_arguments_by_position_and_by_name(impl, family, kind, proto):
    number, style = getattr(impl, family), getattr(impl, kind)
    with impl.socket(number, style, 0) as one, impl.socket(proto=proto, type=int(style), family=int(number)) as other:
        assert (one.family, one.type, one.proto) == (number, style, 0)
        assert (other.family, other.type, other.proto) == (number, style, proto)


@pytest.mark.parametrize("arguments", [(), (-1, -1, -1), (-1, -1, -1, None)])
def test_what_is_not_given_is_tcp(impl, arguments):
    with impl.socket(*arguments) as sock:
        assert (sock.family, sock.type, sock.proto) == (impl.AF_INET, impl.SOCK_STREAM, 0)


@pytest.mark.parametrize("field", ["family", "type", "proto"])
@pytest.mark.parametrize(
    ("value", "error"),
    [(1.0, TypeError), ("1", TypeError), (None, TypeError), ([], TypeError), (2**31, OverflowError),
     (-(2**31) - 1, OverflowError), (2**70, OverflowError), (9999, OSError), (-2, OSError)],
)  # fmt: skip
def test_bad_arguments(impl, field, value, error):
    with pytest.raises(error):
        impl.socket(**{field: value})


@pytest.mark.parametrize(
    ("arguments", "number"),
    [((9999,), errno.EAFNOSUPPORT), ((1, 9999), errno.EINVAL), ((1, 6), errno.ESOCKTNOSUPPORT),
     ((2, 1, 17), errno.EPROTONOSUPPORT)],
)  # fmt: skip
def test_what_the_kernel_refuses(impl, arguments, number):
    with pytest.raises(OSError, match=f"Errno {number}") as caught:
        impl.socket(*arguments)
    assert caught.value.errno == number


def test_flags_in_the_type_are_taken_out_of_it(impl):
    with impl.socket(impl.AF_UNIX, impl.SOCK_STREAM | impl.SOCK_NONBLOCK | impl.SOCK_CLOEXEC) as sock:
        assert sock.type == impl.SOCK_STREAM
        assert sock.gettimeout() == 0.0
        assert not sock.getblocking()
        assert not os.get_blocking(sock.fileno())
        assert not sock.get_inheritable()
    with impl.socket(impl.AF_UNIX, impl.SOCK_DGRAM | impl.SOCK_CLOEXEC) as sock:
        assert sock.type == impl.SOCK_DGRAM
        assert sock.gettimeout() is None


@pytest.mark.parametrize(("timeout", "blocks"), [(None, True), (2.5, False), (0, False)])
def test_the_default_timeout_is_a_new_socket_s(impl, default_timeout, timeout, blocks):
    default_timeout(timeout)
    first, second = impl.socketpair()
    with impl.socket() as sock, first, second, first.dup() as copy, impl.socket(fileno=second.detach()) as adopted:
        for each in (sock, first, copy, adopted):
            assert each.gettimeout() == timeout
            assert os.get_blocking(each.fileno()) is blocks


def test_a_non_blocking_type_wins_over_the_default_timeout(impl, default_timeout):
    default_timeout(5)
    with impl.socket(type=impl.SOCK_STREAM | impl.SOCK_NONBLOCK) as sock:
        assert sock.gettimeout() == 0.0


# --- adopting descriptors


@every_kind
def test_a_descriptor_tells_what_it_is(impl, family, kind, proto):
    with impl.socket(getattr(impl, family), getattr(impl, kind)) as sock:
        twin = impl.socket(fileno=sock.fileno())
        assert (twin.family, twin.type, twin.proto) == (sock.family, sock.type, proto)
        assert twin.detach() == sock.fileno()


def test_what_is_given_beside_a_descriptor_is_believed(impl):
    with impl.socket(impl.AF_UNIX, impl.SOCK_DGRAM) as sock:
        twin = impl.socket(impl.AF_INET, impl.SOCK_RAW | impl.SOCK_NONBLOCK, 77, sock.fileno())
        assert (twin.family, twin.type, twin.proto) == (impl.AF_INET, impl.SOCK_RAW, 77)
        assert twin.gettimeout() == 0.0
        twin.detach()


def test_adopting_leaves_inheritance_as_it_is(impl):
    with impl.socket() as sock:
        for inheritable in (True, False):
            sock.set_inheritable(inheritable)
            twin = impl.socket(fileno=sock.fileno())
            assert twin.get_inheritable() is inheritable
            twin.detach()


def wrong_descriptors():
    reading, writing = os.pipe()
    os.close(writing)
    yield "pipe", reading, errno.ENOTSOCK
    yield "file", os.open(os.devnull, os.O_RDWR), errno.ENOTSOCK
    yield "directory", os.open("/", os.O_RDONLY), errno.ENOTSOCK
    yield "memory", os.memfd_create("memory"), errno.ENOTSOCK
    yield "path", os.open("/", os.O_PATH), errno.EBADF
    poll = select.epoll()
    yield "epoll", os.dup(poll.fileno()), errno.ENOTSOCK
    poll.close()


@pytest.mark.parametrize("known", [{}, {"family": 2}, {"family": 2, "type": 1}, {"family": 2, "type": 1, "proto": 6}])
def test_a_descriptor_that_is_no_socket(impl, known):
    for name, descriptor, number in wrong_descriptors():
        with pytest.raises(OSError, match=r"\[Errno") as caught:
            impl.socket(**known, fileno=descriptor)
        assert caught.value.errno == number, name
        os.close(descriptor)  # still open: the caller's own


@pytest.mark.parametrize(
    ("fileno", "error", "text"),
    [(-1, ValueError, "negative file descriptor"), (1.0, TypeError, "float"), ("0", TypeError, "'str'"),
     (b"", TypeError, "'bytes'"), (2**70, OverflowError, "too large"), (999_999, OSError, "Bad file descriptor")],
)  # fmt: skip
def test_a_number_that_is_no_descriptor(impl, fileno, error, text):
    for known in ({}, {"family": impl.AF_INET, "type": impl.SOCK_STREAM, "proto": 0}):
        with pytest.raises(error, match=text):
            impl.socket(**known, fileno=fileno)


def test_a_descriptor_s_number_is_not_cut_to_fit():
    # The standard module takes it modulo 2**32, and would adopt another descriptor.
    with ours.socket() as sock, pytest.raises(OverflowError):
        ours.socket(fileno=2**32 + sock.fileno())


# --- forgetting


@pytest.mark.parametrize("base", [False, True])
def test_a_forgotten_socket_warns_and_is_closed(impl, base):
    sock = impl._socket.socket() if base else impl.socket(impl.AF_UNIX)
    descriptor, text = sock.fileno(), f"unclosed {sock!r}"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del sock
        gc.collect()
    assert [(w.category, str(w.message)) for w in caught] == [(ResourceWarning, text)]
    assert isinstance(caught[0].source, impl._socket.socket)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_the_warning_as_an_error(impl, monkeypatch):
    reports = []
    monkeypatch.setattr(sys, "unraisablehook", lambda report: reports.append((report.exc_type, str(report.exc_value))))
    sock = impl.socket()
    descriptor, text = sock.fileno(), f"unclosed {sock!r}"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del sock
    assert reports == [(ResourceWarning, text)]
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


@pytest.mark.parametrize("make", [
    lambda impl: impl.socket.__new__(impl.socket),
    lambda impl: impl._socket.socket.__new__(impl._socket.socket, 1, 2, 3, some="thing"),
    lambda impl: os.close(impl.socket().detach()),
    lambda impl: impl.socket().close(),
])  # fmt: skip
def test_what_holds_no_descriptor_does_not_warn(impl, make):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make(impl)  # an error here would reach pytest's hook for unraisable exceptions
        gc.collect()


def test_forgetting_leaves_the_exception_under_way_alone(impl):
    def fail():
        sock = impl.socket()
        raise KeyError(sock.fileno())

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(KeyError) as error:
            fail()
        descriptor = error.value.args[0]
        del error
        gc.collect()
    assert [w.category for w in caught] == [ResourceWarning]
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_a_lingering_close_lets_other_threads_run(impl):
    """SO_LINGER (socket(7)) has close(2) wait until the data is out, here until another thread has read it."""
    with impl.create_server(("127.0.0.1", 0)) as listener:
        sock = impl.create_connection(listener.getsockname())
        peer, _ = listener.accept()
    sock.setsockopt(impl.SOL_SOCKET, impl.SO_LINGER, struct.pack("ii", 1, 3))
    sock.setblocking(False)
    with pytest.raises(BlockingIOError):
        for_ever(sock.send, bytes(1 << 20))
    sock.setblocking(True)
    drained = []

    def drain(descriptor):
        while os.path.exists(f"/proc/self/fd/{descriptor}"):
            os.sched_yield()  # the number is given back before the wait
        drained.append(True)
        while peer.recv(1 << 20):
            pass

    reader = threading.Thread(target=drain, args=(sock.fileno(),))
    with peer, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader.start()
        del sock
        ran = bool(drained)
        reader.join()
    assert ran
