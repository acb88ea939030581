"""Errors know what they are about: `address`, which no message shows."""

import errno
import pickle
import sys

import pytest
from waits import LONG, SHORT, meanwhile

import berkeley
from berkeley import resolvers, socket

NOWHERE = "nowhere.invalid"


@pytest.fixture
def nobody():
    """An address of TCP where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()


@pytest.fixture
def udp():
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock


def connect(address):
    with socket.socket() as sock:
        sock.connect(address)


def bind(address):
    with socket.socket() as sock:
        sock.bind(address)


@pytest.fixture
def no_names():
    with berkeley.resolver(resolvers.refuse("*")):
        yield


def error_of(call, *arguments):
    with pytest.raises(OSError) as caught:
        call(*arguments)
    return caught.value


@pytest.mark.parametrize("call", [connect, socket.create_connection])
def test_connections(call, nobody):
    error = error_of(call, nobody)
    assert type(error) is ConnectionRefusedError
    assert error.address == nobody


@pytest.mark.parametrize("call", [bind, socket.create_server])
def test_bind(call):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        error = error_of(call, address)
    assert error.errno == errno.EADDRINUSE
    assert error.address == address


@pytest.mark.parametrize("call", [connect, bind, socket.create_server])
def test_hosts_that_there_are_not(call, no_names):
    error = error_of(call, (NOWHERE, 80))
    assert type(error) is socket.gaierror
    assert error.address == (NOWHERE, 80)


@pytest.mark.parametrize(
    ("call", "arguments", "address"),
    [
        (socket.getaddrinfo, (NOWHERE, 80), (NOWHERE, 80)),
        (socket.getaddrinfo, ("127.0.0.1", "no such service"), ("127.0.0.1", "no such service")),
        (socket.gethostbyname, (NOWHERE,), NOWHERE),
        (socket.gethostbyname_ex, (NOWHERE,), NOWHERE),
        (socket.gethostbyaddr, (NOWHERE,), NOWHERE),
        (socket.getnameinfo, (("192.0.2.1", 1), socket.NI_NAMEREQD), ("192.0.2.1", 1)),
        (berkeley.getaddrinfo, (NOWHERE, 80), (NOWHERE, 80)),
        (berkeley.getaddrinfo, ("a..b", 80), ("a..b", 80)),
        (berkeley.gethostbyname, ("a..b",), "a..b"),
        (berkeley.gethostbyname_ex, ("a..b",), "a..b"),
        (berkeley.gethostbyaddr, ("a..b",), "a..b"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_look_ups(call, arguments, address, no_names):
    assert error_of(call, *arguments).address == address


@pytest.mark.parametrize(
    "call",
    [lambda address: socket.getaddrinfo(*address), connect, bind, socket.create_connection, socket.create_server],
    ids=["getaddrinfo", "connect", "bind", "create_connection", "create_server"],
)
def test_a_look_up_that_is_late(call):
    with berkeley.deadline(0):
        error = error_of(call, (NOWHERE, 80))
    assert type(error) is TimeoutError
    assert str(error) == f"timed out looking up {NOWHERE!r}"
    assert error.address == (NOWHERE, 80)


@pytest.mark.parametrize("timeout", [None, 0])
def test_many_look_ups(timeout):
    hosts = ["a..b", b"a" * 300, "127.0.0.1"]
    found = dict(berkeley.getaddrinfo_as_completed(hosts, "no such service", timeout=timeout))
    assert {host: error.address for host, error in found.items()} == {host: (host, "no such service") for host in hosts}
    copy = pickle.loads(pickle.dumps(found["a..b"]))
    assert copy.address == ("a..b", "no such service")


def test_a_datagram_to_a_host_that_there_is_not(udp, no_names):
    assert error_of(udp.sendto, b"", (NOWHERE, 80)).address == (NOWHERE, 80)


# --- timeouts


def test_a_peer_that_nobody_has_told(udp):
    udp.settimeout(SHORT)
    assert error_of(udp.recv, 1).address is None


@pytest.mark.parametrize("method", ["sendto", "sendmsg"])
def test_a_datagram_for_which_there_is_no_room(method, tmp_path):
    path = str(tmp_path / "receiver")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as by:
        to.bind(path)
        by.settimeout(SHORT)
        send = {"sendto": lambda: by.sendto(b"", path), "sendmsg": lambda: by.sendmsg([b""], [], 0, path)}[method]
        error = error_of(lambda: [send() for _ in range(10_000)])
    assert type(error) is TimeoutError
    assert error.address == path


@pytest.mark.parametrize("method", ["sendto", "sendmsg", "connect"])
def test_who_begins_too_late(method, udp):
    address = udp.getsockname()
    call = {
        "sendto": lambda: udp.sendto(b"", address),
        "sendmsg": lambda: udp.sendmsg([b""], [], 0, address),
        "connect": lambda: udp.connect(address),
    }[method]
    with berkeley.deadline(0):
        assert error_of(call).address == address


@pytest.fixture
def full(tmp_path):
    """The path of a listener whose backlog has no room: who connects waits."""
    path = str(tmp_path / "full")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as first:
        server.bind(path)
        server.listen(0)
        first.connect(path)
        yield path


def test_a_connection_that_is_late(full):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(SHORT)
        assert error_of(sock.connect, full).address == full


# --- what stays as it was


def test_what_would_block_has_none(udp):
    udp.setblocking(False)
    error = error_of(udp.recv, 1)
    assert type(error) is BlockingIOError
    assert not hasattr(error, "address")


def test_messages_and_pickles(nobody):
    error = error_of(connect, nobody)
    assert str(error) == str(ConnectionRefusedError(error.errno, error.strerror))
    assert (error.args, error.filename, error.filename2) == ((error.errno, error.strerror), None, None)
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.args, copy.address) == (type(error), error.args, nobody)


class Port(int):
    """A number that cannot be pickled."""

    def __reduce__(self):
        raise TypeError


@pytest.mark.parametrize(
    ("family", "given"),
    [
        (socket.AF_UNIX, memoryview(b"/nowhere")),
        (socket.AF_UNIX, bytearray(b"/nowhere")),
        (socket.AF_INET, ("127.0.0.1", Port(1))),
    ],
    ids=["memoryview", "bytearray", "a class of numbers"],
)
def test_what_is_no_plain_address(family, given):
    """Whatever was given, the error can be sent to another process."""
    with socket.socket(family) as sock:
        error = error_of(sock.connect, given)
    assert error.address is None
    assert pickle.loads(pickle.dumps(error)).address is None


class OwnError(OSError):
    """It has an address of its own."""

    address = "somewhere else"


def test_what_a_handler_raises_is_left_alone(full):
    def stop():
        raise OwnError

    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(LONG)
        with pytest.raises(OwnError) as caught, meanwhile(stop):
            sock.connect(full)
    assert caught.value.address == "somewhere else"


class RigidError(OSError):
    """It takes no attributes."""

    def __setattr__(self, name, value):
        raise AttributeError(name)


def test_what_takes_none_is_raised_as_it_is():
    watching = [True]

    def refuse(event, _):
        if event == "socket.connect" and watching:
            raise RigidError(1, "refused")

    sys.addaudithook(refuse)
    try:
        error = error_of(connect, ("127.0.0.1", 1))
    finally:
        watching.clear()
    assert type(error) is RigidError
    assert not hasattr(error, "address")
