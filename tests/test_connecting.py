"""create_connection(): which addresses it tries, what it raises, and that nothing it opened stays open."""

import errno
import gc
import math
import sys
from importlib import import_module

import pytest
from waits import Stop, stop

OURS = import_module("berkeley.socket")

if sys.version_info < (3, 11):
    from exceptiongroup import ExceptionGroup


@pytest.fixture
def newer(impl):
    """The module under test, where it has `all_errors`."""
    if impl is not OURS and sys.version_info < (3, 11):
        pytest.skip("the standard module has all_errors from Python 3.11 on")
    return impl


@pytest.fixture
def server(impl):
    with impl.create_server(("127.0.0.1", 0)) as sock:
        yield sock


@pytest.fixture
def refusing(impl):
    """An address that is taken, and where nobody listens."""
    with impl.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()


def answers(impl, monkeypatch, *rows):
    monkeypatch.setattr(impl, "getaddrinfo", lambda *arguments: list(rows))


def row(impl, address):
    family = impl.AF_UNIX if isinstance(address, str) else impl.AF_INET
    return family, impl.SOCK_STREAM, 0, "", address


@pytest.mark.parametrize("host", ["127.0.0.1", b"127.0.0.1", "localhost"])
def test_connects(impl, server, host):
    with impl.create_connection([host, server.getsockname()[1]]) as client:
        peer, address = server.accept()
        with peer:
            assert type(client) is impl.socket
            assert (client.family, client.type) == (impl.AF_INET, impl.SOCK_STREAM)
            assert client.getsockname() == address
            client.sendall(b"data")
            assert peer.recv(10) == b"data"


@pytest.mark.parametrize(
    ("arguments", "default", "expected"),
    [((), None, None), ((), 3.5, 3.5), ((2,), None, 2.0), ((2.5,), 7, 2.5), ((None,), 7, None)],
)
def test_the_timeout_stays_on_the_socket(impl, server, arguments, default, expected):
    impl.setdefaulttimeout(default)
    try:
        with impl.create_connection(server.getsockname(), *arguments) as client:
            assert client.gettimeout() == expected
    finally:
        impl.setdefaulttimeout(None)


@pytest.mark.parametrize("timeout", [None, 5])
def test_source_address(impl, server, timeout):
    with impl.create_connection(server.getsockname(), timeout, ("127.0.0.3", 0)) as client:
        assert client.getsockname()[0] == "127.0.0.3"


@pytest.mark.parametrize("empty", ["", (), None])
def test_an_empty_source_address_is_none(impl, server, empty):
    with impl.create_connection(server.getsockname(), 5, empty) as client:
        assert client.getpeername() == server.getsockname()


def test_each_address_is_tried_and_losers_are_closed(impl, server, refusing, made, monkeypatch):
    answers(impl, monkeypatch, row(impl, "/nonexistent/path"), row(impl, refusing), row(impl, server.getsockname()))
    with impl.create_connection(("anything", 1)) as client:
        assert client.getpeername() == server.getsockname()
        assert made[-1] is client
        assert [sock.fileno() for sock in made[-3:-1]] == [-1, -1]


@pytest.mark.parametrize("last", [errno.ECONNREFUSED, errno.ENOENT])
def test_the_last_error_is_raised(impl, refusing, monkeypatch, last):
    rows = [row(impl, "/nonexistent/path"), row(impl, refusing)]
    answers(impl, monkeypatch, *(rows if last == errno.ECONNREFUSED else reversed(rows)))
    with pytest.raises((ConnectionRefusedError, FileNotFoundError)) as caught:
        impl.create_connection(("anything", 1))
    assert caught.value.errno == last
    assert caught.value.__context__ is None


def test_all_errors(newer, refusing, made, monkeypatch):
    answers(newer, monkeypatch, row(newer, "/nonexistent/path"), row(newer, refusing))
    with pytest.raises(ExceptionGroup) as caught:
        newer.create_connection(("anything", 1), all_errors=True)
    assert caught.value.message == "create_connection failed"
    assert [type(error) for error in caught.value.exceptions] == [FileNotFoundError, ConnectionRefusedError]
    assert [sock.fileno() for sock in made] == [-1, -1]


@pytest.mark.parametrize("keywords", [{}, {"all_errors": False}, {"all_errors": True}])
def test_no_address(newer, monkeypatch, keywords):
    answers(newer, monkeypatch)
    with pytest.raises(OSError, match=r"^getaddrinfo returns an empty list$"):
        newer.create_connection(("anything", 1), **keywords)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((("nowhere.invalid", 1),), "gaierror"),
        ((("127.0.0.1", "no-such-service"),), "gaierror"),
        ((("127.0.0.1",),), ValueError),
        ((("127.0.0.1", 1, 2),), ValueError),
        ((5,), TypeError),
        ((("127.0.0.1", 1), None, None, True), TypeError),
    ],
)
def test_what_fails_before_any_socket(impl, made, arguments, error):
    with pytest.raises(getattr(impl, error) if isinstance(error, str) else error):
        impl.create_connection(*arguments)
    assert made == []


@pytest.mark.parametrize("source", [("192.0.2.1", 0), ("::1", 0)])
def test_a_source_that_is_not_here(impl, server, made, source):
    with pytest.raises(OSError, match=r"Cannot assign requested address|Address family for hostname"):
        impl.create_connection(server.getsockname(), 5, source)
    assert [sock.fileno() for sock in made] == [-1]


@pytest.mark.parametrize("keywords", [{}, {"all_errors": True}])
def test_no_reference_cycle_is_left(newer, refusing, monkeypatch, keywords):
    answers(newer, monkeypatch, row(newer, refusing), row(newer, "/nonexistent/path"))
    gc.collect()
    gc.disable()
    try:
        try:
            newer.create_connection(("anything", 1), **keywords)
        except Exception:
            pass
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("timeout", "source", "error"),
    [
        ("5", None, TypeError),
        (-1, None, ValueError),
        (math.nan, None, ValueError),
        (math.inf, None, OverflowError),
        (5, "127.0.0.1", TypeError),
        (5, ("127.0.0.1", 65536), OverflowError),
    ],
)
def test_bad_arguments_leave_nothing_open(record, timeout, source, error):
    made = record(OURS)
    with OURS.create_server(("127.0.0.1", 0)) as server:
        with pytest.raises(error):
            OURS.create_connection(server.getsockname(), timeout, source)
        assert [sock.fileno() for sock in made[1:]] == [-1]


@pytest.mark.parametrize("method", ["settimeout", "bind", "connect"])
def test_an_interrupt_leaves_nothing_open(record, method):
    made = record(OURS, **{method: stop})
    with pytest.raises(Stop):
        OURS.create_connection(("127.0.0.1", 1), 5, ("127.0.0.1", 0))
    assert [sock.fileno() for sock in made] == [-1]


def test_a_non_blocking_connection_is_an_error(impl, server, made):
    with pytest.raises(BlockingIOError) as caught:
        impl.create_connection(server.getsockname(), 0)
    assert caught.value.errno == errno.EINPROGRESS
    assert made[-1].fileno() == -1
