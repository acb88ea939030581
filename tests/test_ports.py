"""Waiting for a port, and ports that nobody else gets."""

import errno
import struct
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest

import berkeley
from berkeley import constants, socket
from berkeley._beyond import ports

pytestmark = pytest.mark.usefixtures("nothing_stays_open")

LOOPBACK = "127.0.0.1"


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="no IPv6 on this machine's loopback")


# --- wait_for_port


@pytest.mark.parametrize("host", [LOOPBACK, "localhost", b"localhost", None])
def test_somebody_listens(host):
    with socket.create_server((LOOPBACK, 0)) as listener:
        port = listener.getsockname()[1]
        assert berkeley.wait_for_port(host, port, 5) is None
        berkeley.wait_for_port(host, str(port), 5)


@needs_ipv6
def test_somebody_listens_by_ipv6():
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
        berkeley.wait_for_port("::1", listener.getsockname()[1], 5)


def test_somebody_listens_later(monkeypatch):
    """After the third attempt."""
    pauses = []
    with berkeley.reserve_port() as port, socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

        def pause(seconds):
            pauses.append(seconds)
            if len(pauses) == 3:
                listener.bind((LOOPBACK, port))
                listener.listen()

        monkeypatch.setattr(time, "sleep", pause)
        berkeley.wait_for_port(LOOPBACK, port, 30)
    assert pauses == [0.005, 0.01, 0.02]


def test_another_process_listens_later():
    program = "import socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); sys.stdin.read()"
    with berkeley.reserve_port() as port:
        command = [sys.executable, "-I", "-c", program, str(port)]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
            berkeley.wait_for_port(LOOPBACK, port, 30)
            process.communicate()
        assert process.returncode == 0


def test_nobody_listens():
    with berkeley.reserve_port() as port:
        start = time.monotonic()
        expected = rf"^nobody listens at '127.0.0.1', port {port}, after 0.05 s: \[Errno 111\] Connection refused$"
        with pytest.raises(TimeoutError, match=expected) as caught:
            berkeley.wait_for_port(LOOPBACK, port, 0.05)
        assert time.monotonic() - start >= 0.05
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)


def test_a_host_that_nobody_knows_yet(monkeypatch):
    """As of a container that is still to come."""
    real, asked = socket.getaddrinfo, []

    def not_yet(*arguments, **keywords):
        asked.append(arguments)
        if len(asked) < 3:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(LOOPBACK, *arguments[1:], **keywords)

    monkeypatch.setattr(socket, "getaddrinfo", not_yet)
    with socket.create_server((LOOPBACK, 0)) as listener:
        berkeley.wait_for_port("later", listener.getsockname()[1], 30)
    assert len(asked) == 3


def test_a_service_that_nobody_knows():
    with pytest.raises(TimeoutError) as caught:
        berkeley.wait_for_port(LOOPBACK, "no such service", 0.5)
    assert isinstance(caught.value.__cause__, socket.gaierror)


def test_a_host_that_does_not_answer(full):
    """Each attempt ends by the deadline."""
    with pytest.raises(TimeoutError) as caught:
        berkeley.wait_for_port(*full, 0.05)
    assert isinstance(caught.value.__cause__, TimeoutError)


@pytest.fixture
def impl():
    return socket


def only(sock, port):
    """The kernel may give the socket no other port by itself (ip(7), Linux 6.3)."""
    try:
        sock.setsockopt(socket.IPPROTO_IP, constants.IP_LOCAL_PORT_RANGE, struct.pack("=HH", port, port))
    except OSError:
        pytest.skip("no IP_LOCAL_PORT_RANGE: the kernel is older than 6.3")


def test_a_connection_to_itself_is_none():
    """Where the kernel has no other port for it than the one it is to reach."""
    with berkeley.reserve_port() as port:
        pass
    with socket.socket() as sock:
        only(sock, port)
        with pytest.raises(ConnectionRefusedError):
            ports._connect(sock, (LOOPBACK, port))
    # And it is not in the way of a server that sets no option.
    with socket.socket() as server:
        server.bind((LOOPBACK, port))


@pytest.mark.parametrize(
    ("arguments", "error"),
    [((LOOPBACK, 80, 0), ValueError), ((LOOPBACK, 80, -1), ValueError), ((LOOPBACK, 80, float("nan")), ValueError),
     ((LOOPBACK, 80, None), TypeError), ((LOOPBACK, 80, "1"), TypeError), ((LOOPBACK, 70_000, 1), ValueError),
     ((LOOPBACK, 0, 1), ValueError), ((LOOPBACK, -1, 1), ValueError), ((1, 80, 1), TypeError)],
)  # fmt: skip
def test_bad_arguments(arguments, error):
    with pytest.raises(error):
        berkeley.wait_for_port(*arguments)


# --- reserve_port


@pytest.mark.parametrize("host", [LOOPBACK, "localhost", "0.0.0.0", pytest.param("::1", marks=needs_ipv6)])
def test_a_server_gets_it_again_and_again(host):
    """While it is reserved, listening and connecting; and with connections of the one before in TIME_WAIT."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with berkeley.reserve_port(host) as port:
        for _ in range(3):
            with (
                socket.create_server((host, port), family=family) as listener,
                socket.create_connection(listener.getsockname()[:2]) as client,
            ):
                server, _ = listener.accept()
                server.close()
                assert client.recv(1) == b""


@pytest.mark.parametrize("reuse", [0, 1])
def test_nobody_who_asks_for_any_port_gets_it(reuse):
    with berkeley.reserve_port() as port:
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)
            only(sock, port)
            with pytest.raises(OSError) as caught:
                sock.bind((LOOPBACK, 0))
            assert caught.value.errno == errno.EADDRINUSE
        with socket.create_server((LOOPBACK, 0)) as listener, socket.socket() as sock:
            only(sock, port)
            with pytest.raises(OSError) as caught:
                sock.connect(listener.getsockname())
            assert caught.value.errno == errno.EADDRNOTAVAIL
    with socket.socket() as sock:
        only(sock, port)
        sock.bind((LOOPBACK, 0))
        assert sock.getsockname()[1] == port


def test_one_who_asks_for_it_without_reuse_gets_it_not():
    with berkeley.reserve_port() as port, socket.socket() as sock, pytest.raises(OSError, match="in use"):
        sock.bind((LOOPBACK, port))


def test_many_at_once_are_different():
    with ExitStack() as stack:
        found = [stack.enter_context(berkeley.reserve_port()) for _ in range(200)]
        assert len(set(found)) == 200


def test_an_error_in_the_block_gives_it_back():
    with pytest.raises(KeyError), berkeley.reserve_port() as port:
        raise KeyError
    with socket.socket() as sock:
        sock.bind((LOOPBACK, port))


@pytest.mark.parametrize(
    ("host", "error"), [("192.0.2.1", OSError), (1, TypeError), ("127.0.0.1\0", ValueError)]
)
def test_hosts_there_are_not(host, error):
    with pytest.raises(error), berkeley.reserve_port(host):
        pass


def test_within_a_deadline():
    """It ends with the nearer of both."""
    with berkeley.reserve_port() as port, berkeley.deadline(0.1), pytest.raises(TimeoutError, match="nobody listens"):
        berkeley.wait_for_port("127.0.0.1", port, 30)
