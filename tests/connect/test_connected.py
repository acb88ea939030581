"""What is connected, when which address is tried, and what is set before."""

import errno
import math
import os
import time
from pathlib import Path

import pytest
from connects import NOBODY, failed
from waits import LONG, SHORT, meanwhile

import berkeley
from berkeley import socket
from berkeley._beyond.attempts import interleaved

# --- what is connected


@pytest.mark.parametrize("host", ["127.0.0.1", b"127.0.0.1", "localhost"])
def test_a_host(server, host):
    with berkeley.connect((host, server.getsockname()[1]), timeout=LONG) as client, server.accept()[0] as peer:
        assert type(client) is socket.socket
        assert (client.family, client.type) == (socket.AF_INET, socket.SOCK_STREAM)
        client.sendall(b"data")
        assert peer.recv(10) == b"data"


@pytest.mark.parametrize("form", [str, os.fsencode, Path])
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_SEQPACKET, socket.SOCK_DGRAM])
def test_a_unix_path(tmp_path, form, kind):
    path = str(tmp_path / "sock")
    with socket.socket(socket.AF_UNIX, kind) as server:
        server.bind(path)
        if kind != socket.SOCK_DGRAM:
            server.listen()
        with berkeley.connect(form(path), type=kind, timeout=LONG) as client:
            assert (client.getpeername(), client.type) == (path, kind)


def test_an_abstract_name():
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("")
        server.listen()
        with berkeley.connect(server.getsockname()) as client:
            assert client.getpeername() == server.getsockname()


def test_a_full_unix_listener(tmp_path):
    """Of which poll(2) does not tell when there is room."""
    path = str(tmp_path / "sock")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(0)
        with berkeley.connect(path):
            assert str(failed(path, timeout=SHORT)) == f"timed out connecting to {path!r}: timed out"
            with meanwhile(lambda: server.accept()[0].close()), berkeley.connect(path, timeout=LONG) as client:
                assert client.getpeername() == path


@pytest.mark.parametrize(("default", "timeout"), [(None, None), (None, LONG), (7.5, None), (7.5, LONG), (0, LONG)])
def test_the_timeout_is_that_of_a_new_socket(here, default, timeout):
    socket.setdefaulttimeout(default)
    try:
        with berkeley.connect(here, timeout=timeout) as client:
            assert client.gettimeout() == default
            assert os.get_blocking(client.fileno()) == (default is None)
    finally:
        socket.setdefaulttimeout(None)


def test_the_default_timeout_is_for_all_of_it(full):
    socket.setdefaulttimeout(SHORT)
    try:
        assert isinstance(failed(full), TimeoutError)
    finally:
        socket.setdefaulttimeout(None)


def test_the_class_that_a_program_has_put_there(here, record):
    made = record(socket)
    with berkeley.connect(here) as client:
        assert made == [client]


def test_the_family_and_the_type(here, answers, monkeypatch):
    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments: asked.append(arguments) or [])
    failed(("anything", 80), family=socket.AF_INET6, type=socket.SOCK_DGRAM)
    assert asked == [("anything", 80, socket.AF_INET6, socket.SOCK_DGRAM, 0, 0)]


# --- which address is tried when


def test_families_by_turns():
    def rows(text):
        return [(each, 1, 6, "", index) for index, each in enumerate(text)]

    def order(text):
        return [row[4] for row in interleaved(rows(text))]

    assert order("") == []
    assert order("6666") == [0, 1, 2, 3]
    assert order("6644") == [0, 2, 1, 3]
    assert order("466666") == [0, 1, 2, 3, 4, 5]
    assert order("666446") == [0, 3, 1, 4, 2, 5]


@pytest.mark.parametrize("delay", [0.25, None])
def test_the_order(made, answers, delay):
    rows = [(socket.AF_INET6, 1, 0, "", ("::1", port)) for port in (1, 2)]
    rows += [(socket.AF_INET, 1, 0, "", ("127.0.0.1", port)) for port in (1, 2)]
    error = failed(answers(*rows), happy_eyeballs_delay=delay)
    ports = [address[:2] for address in (each.address for each in error.__cause__.exceptions)]
    six, four = [("::1", 1), ("::1", 2)], [("127.0.0.1", 1), ("127.0.0.1", 2)]
    assert ports == ([*six, *four] if delay is None else [six[0], four[0], six[1], four[1]])
    assert [sock.fileno() for sock in made] == [-1] * 4


@pytest.mark.parametrize("function", [berkeley.connect, socket.create_connection])
def test_a_silent_address_does_not_hold_up_the_next(here, full, record, answers, function):
    made = record(socket)
    began = time.monotonic()
    with function(answers(full, here), happy_eyeballs_delay=SHORT) as client:
        assert SHORT <= time.monotonic() - began < LONG
        assert client.getpeername() == here
        assert [sock.fileno() for sock in made] == [-1, client.fileno()]


@pytest.mark.parametrize("delay", [LONG * 2, math.inf, None])
def test_a_refused_address_makes_way_at_once(here, answers, delay):
    with berkeley.connect(answers(NOBODY, NOBODY, here), happy_eyeballs_delay=delay) as client:
        assert client.getpeername() == here


def test_a_refusal_makes_way_while_others_wait(here, full, answers):
    with berkeley.connect(answers(full, NOBODY, here), happy_eyeballs_delay=0.3) as client:
        assert client.getpeername() == here


def test_a_late_answer_is_taken(answers, full):
    """Though others were begun since: here the first has room again when its SYN is sent a second time."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        with berkeley.connect(listener.getsockname()):
            began = time.monotonic()
            with meanwhile(lambda: listener.accept()[0].close()):
                address = answers(listener.getsockname(), full, full)
                with berkeley.connect(address, timeout=LONG, happy_eyeballs_delay=SHORT) as client:
                    assert client.getpeername() == listener.getsockname()
            assert time.monotonic() - began < LONG


def test_each_in_turn_without_a_delay(here, full, answers):
    error = failed(answers(full, here), happy_eyeballs_delay=None, timeout=SHORT)
    silent, untried = (":".join(map(str, address)) for address in (full, here))
    assert str(error) == f"timed out connecting to anything:1 ({silent}: timed out; {untried}: not tried)"


# --- options


def seen_by_connect(record, *options):
    """The values that the options have when connect() is called, in a list to come."""
    values = []

    def connect(sock, address):
        values.append([sock.getsockopt(*option) for option in options])
        return socket.SocketType.connect(sock, address)

    record(socket, connect=connect)
    return values


def test_keepalive(here, record):
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE)]
    options += [(socket.IPPROTO_TCP, each) for each in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)]
    values = seen_by_connect(record, *options)
    for keepalive in None, False, True, (61, 11, 4):
        berkeley.connect(here, keepalive=keepalive).close()
    default = values[0][1:]
    assert values == [[0, *default], [0, *default], [1, *default], [1, 61, 11, 4]]


def test_nodelay(here, record):
    values = seen_by_connect(record, (socket.IPPROTO_TCP, socket.TCP_NODELAY))
    for nodelay in None, True, False:
        berkeley.connect(here, nodelay=nodelay).close()
    assert [bool(value) for [value] in values] == [False, True, False]


def test_options(here, record):
    values = seen_by_connect(record, (socket.SOL_SOCKET, socket.SO_PRIORITY), (socket.IPPROTO_IP, socket.IP_TOS))
    options = [
        (socket.SOL_SOCKET, socket.SO_PRIORITY, 3),
        (socket.IPPROTO_IP, socket.IP_TOS, 0x20),
        # Not of this family, whose sockets refuse it.
        (socket.IPPROTO_IPV6, socket.IPV6_TCLASS, 0x20),
    ]
    berkeley.connect(here, options=iter(options)).close()
    assert values[0][1] == 0x20
    with pytest.raises(OSError, match=r"Protocol not available|not supported"), socket.socket() as sock:
        sock.setsockopt(*options[2])


@pytest.mark.parametrize("device", ["lo", b"lo"])
def test_device(here, record, device):
    values = seen_by_connect(record, (socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16))
    berkeley.connect(here, bind_to_device=device).close()
    assert values == [[b"lo\0"]]


def test_a_device_that_is_not_here(here):
    error = failed(here, bind_to_device="nosuch0")
    assert error.errno == errno.ENODEV
    assert "No such device: setsockopt(" in str(error)


def test_source_address(here):
    with berkeley.connect(here, source_address=("127.0.0.3", 0)) as client:
        assert client.getsockname()[0] == "127.0.0.3"


def test_a_source_path(tmp_path):
    path, own = str(tmp_path / "sock"), str(tmp_path / "own")
    with socket.create_server(path, family=socket.AF_UNIX), berkeley.connect(path, source_address=own) as client:
        assert client.getsockname() == own


@pytest.mark.parametrize(
    ("source", "family"),
    [
        ("127.0.0.1", socket.AF_INET),
        ("::1", socket.AF_INET6),
        ("fe80::1%lo", socket.AF_INET6),
        ("", 0),
        ("localhost", 0),
    ],
)
def test_only_addresses_of_the_source_s_family(monkeypatch, source, family):
    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments: asked.append(arguments[2]) or [])
    failed(("anything", 80), source_address=(source, 0))
    assert asked == [family]


def test_a_source_that_is_not_here(here):
    error = failed(here, source_address=("192.0.2.1", 0))
    assert error.errno == errno.EADDRNOTAVAIL
    assert str(error).endswith("Cannot assign requested address: bind(('192.0.2.1', 0))")
