"""Connections: made, refused, timed out; bind, listen, and the names that sockets have."""

import errno
import select
import threading
from contextlib import ExitStack

import pytest

from berkeley import socket as ours

HOSTS = [("AF_INET", "127.0.0.1"), ("AF_INET6", "::1")]
internet = pytest.mark.parametrize(("family", "host"), HOSTS)
MODES = [None, 0, 30]
every_mode = pytest.mark.parametrize("timeout", MODES, ids=["blocking", "non-blocking", "timeout"])


@pytest.fixture
def refusing(impl):
    """An address where nobody listens: it is bound, so that nobody else can come to listen there."""
    with impl.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()


@pytest.fixture
def full_unix(impl):
    """The same for a Unix listener (unix(7)): its name, and the listener."""
    with impl.socket(impl.AF_UNIX) as listener, ExitStack() as waiting:
        listener.bind("")
        listener.listen(0)
        while True:
            client = waiting.enter_context(impl.socket(impl.AF_UNIX))
            client.setblocking(False)
            if client.connect_ex(listener.getsockname()):
                break
        yield listener


# --- connect


@internet
@pytest.mark.parametrize("timeout", [None, 30])
def test_connecting(impl, family, host, timeout):
    with impl.create_server((host, 0), family=getattr(impl, family)) as listener:
        for name, result in (("connect", None), ("connect_ex", 0)):
            with impl.socket(listener.family) as sock:
                sock.settimeout(timeout)
                assert getattr(sock, name)(listener.getsockname()) is result
                accepted, address = listener.accept()
                accepted.close()
                assert (sock.getsockname(), sock.getpeername()) == (address, listener.getsockname())
                assert sock.gettimeout() == timeout
                sock.settimeout(None)
                sock.connect_ex(listener.getsockname())  # tells the outcome once more, where it did not wait itself
                with pytest.raises(OSError, match="already connected"):
                    sock.connect(listener.getsockname())
                assert sock.connect_ex(listener.getsockname()) == errno.EISCONN


@internet
def test_connecting_without_waiting(impl, family, host):
    with impl.create_server((host, 0), family=getattr(impl, family)) as listener:
        for connect in (lambda sock: sock.connect(listener.getsockname()), None):
            with impl.socket(listener.family) as sock:
                sock.setblocking(False)
                if connect:
                    with pytest.raises(BlockingIOError) as caught:
                        connect(sock)
                    assert caught.value.errno == errno.EINPROGRESS
                else:
                    assert sock.connect_ex(listener.getsockname()) == errno.EINPROGRESS
                assert select.select([], [sock], [], 30)[1]
                assert sock.getsockopt(impl.SOL_SOCKET, impl.SO_ERROR) == 0
                assert sock.getpeername() == listener.getsockname()


@pytest.mark.parametrize("timeout", [None, 30])
def test_refused(impl, refusing, timeout):
    with impl.socket() as sock:
        sock.settimeout(timeout)
        with pytest.raises(ConnectionRefusedError, match=r"^\[Errno 111\] Connection refused$") as caught:
            sock.connect(refusing)
        assert caught.value.errno == errno.ECONNREFUSED
    with impl.socket() as sock:
        sock.settimeout(timeout)
        assert sock.connect_ex(refusing) == errno.ECONNREFUSED


def test_refused_without_waiting(impl, refusing):
    """The outcome is in SO_ERROR (connect(2)), and read once."""
    with impl.socket() as sock:
        sock.setblocking(False)
        assert sock.connect_ex(refusing) == errno.EINPROGRESS
        assert select.select([], [sock], [], 30)[1]
        assert sock.getsockopt(impl.SOL_SOCKET, impl.SO_ERROR) == errno.ECONNREFUSED
        assert sock.getsockopt(impl.SOL_SOCKET, impl.SO_ERROR) == 0
    with impl.socket() as sock:
        sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            sock.connect(refusing)
        assert select.select([], [sock], [], 30)[1]
        with pytest.raises(ConnectionRefusedError):
            sock.connect(refusing)


def test_timed_out(impl, full):
    for timeout in (0.02, 1e-9):
        with impl.socket() as sock:
            sock.settimeout(timeout)
            with pytest.raises(TimeoutError, match=r"^timed out$") as caught:
                sock.connect(full)
            assert caught.value.errno is None
        with impl.socket() as sock:
            sock.settimeout(timeout)
            assert sock.connect_ex(full) == errno.EAGAIN


def test_the_shortest_timeout_is_enough_for_what_is_there(impl):
    with impl.create_server(("127.0.0.1", 0)) as listener, impl.socket() as sock:
        sock.settimeout(1e-9)
        sock.connect(listener.getsockname())


def test_a_full_queue_of_a_unix_listener(impl, full_unix):
    """EAGAIN (unix(7)): the connection is not under way. Under a timeout, faults/test_endless.py."""
    with impl.socket(impl.AF_UNIX) as sock:
        sock.setblocking(False)
        with pytest.raises(BlockingIOError) as caught:
            sock.connect(full_unix.getsockname())
        assert caught.value.errno == errno.EAGAIN
        assert sock.connect_ex(full_unix.getsockname()) == errno.EAGAIN


def test_a_blocking_connect_waits_for_room_in_a_unix_listener_s_queue(impl, full_unix):
    with impl.socket(impl.AF_UNIX) as sock:
        thread = threading.Thread(target=sock.connect, args=(full_unix.getsockname(),))
        thread.start()
        full_unix.accept()[0].close()
        thread.join()
        assert sock.getpeername() == full_unix.getsockname()


@pytest.mark.parametrize(
    ("family", "address", "error"),
    [("AF_UNIX", "/nowhere/to/be/found", FileNotFoundError), ("AF_UNIX", "/dev/null", ConnectionRefusedError),
     ("AF_UNIX", "\0nobody by this name", ConnectionRefusedError), ("AF_INET", "text", TypeError),
     ("AF_INET", ("127.0.0.1",), TypeError), ("AF_INET", ("127.0.0.1", -1), OverflowError),
     ("AF_INET6", ["::1", 1], TypeError), ("AF_UNIX", ("a", 1), TypeError), ("AF_UNIX", "x" * 109, OSError)],
)  # fmt: skip
@every_mode
def test_addresses_that_lead_nowhere(impl, family, address, error, timeout):
    for name in ("connect", "connect_ex"):
        with impl.socket(getattr(impl, family)) as sock:
            sock.settimeout(timeout)
            if name == "connect_ex" and error in (FileNotFoundError, ConnectionRefusedError):
                assert sock.connect_ex(address) in (errno.ENOENT, errno.ECONNREFUSED)
            else:
                with pytest.raises(error):  # an address that cannot be converted is no outcome
                    getattr(sock, name)(address)


def test_errors_name_the_call():
    for name, arguments in (("bind", ()), ("connect", ()), ("connect_ex", ()), ("sendto", (b"x",))):
        with ours.socket() as sock:
            with pytest.raises(TypeError, match=rf"^{name}\(\): AF_INET address must be tuple, not str$"):
                getattr(sock, name)(*arguments, "text")
            with pytest.raises(OverflowError, match=rf"^{name}\(\): port must be 0-65535\.$"):
                getattr(sock, name)(*arguments, ("127.0.0.1", 70_000))


# --- bind, listen, names


@internet
def test_bind_gives_a_name(impl, family, host):
    with impl.socket(getattr(impl, family)) as sock:
        assert sock.getsockname()[1] == 0
        assert sock.bind((host, 0)) is None
        name = sock.getsockname()
        assert (name[0], name[2:]) == (host, (0, 0) if family == "AF_INET6" else ())
        assert name[1] > 0
        with pytest.raises(OSError, match="Invalid argument"):  # it has a name already
            sock.bind((host, 0))
        sock.listen()
        with impl.socket(sock.family) as other, pytest.raises(OSError, match="Address already in use") as caught:
            other.bind(name)
        assert caught.value.errno == errno.EADDRINUSE


def test_bind_to_an_address_of_others(impl):
    with impl.socket() as sock, pytest.raises(OSError, match="Cannot assign") as caught:
        sock.bind(("192.0.2.1", 0))  # RFC 5737: an example's, nobody's
    assert caught.value.errno == errno.EADDRNOTAVAIL


def test_who_has_no_peer(impl):
    for family in (impl.AF_INET, impl.AF_INET6, impl.AF_UNIX):
        with impl.socket(family) as sock, pytest.raises(OSError, match="not connected") as caught:
            sock.getpeername()
        assert caught.value.errno == errno.ENOTCONN


@pytest.mark.parametrize("arguments", [(), (0,), (1,), (True,), (-1,), (-(2**31),), (2**31 - 1,)])
def test_listening(impl, arguments):
    with impl.socket(impl.AF_UNIX) as listener, impl.socket(impl.AF_UNIX) as client:
        listener.bind("")
        assert listener.listen(*arguments) is None
        assert listener.getsockopt(impl.SOL_SOCKET, impl.SO_ACCEPTCONN) == 1
        client.connect(listener.getsockname())
        listener.accept()[0].close()


@pytest.mark.parametrize("backlog", [0, 1, 3, -5])
def test_the_backlog_is_how_many_wait(impl, backlog):
    """A Unix listener has room for one more than its backlog (unix(7)); a negative one counts as 0."""
    with impl.socket(impl.AF_UNIX) as listener, ExitStack() as waiting:
        listener.bind("")
        listener.listen(backlog)
        outcomes = []
        while not any(outcomes):
            client = waiting.enter_context(impl.socket(impl.AF_UNIX))
            client.setblocking(False)
            outcomes.append(client.connect_ex(listener.getsockname()))
        assert outcomes == [0] * (max(backlog, 0) + 1) + [errno.EAGAIN]


@pytest.mark.parametrize(
    ("backlog", "error"), [("1", TypeError), (1.0, TypeError), (None, TypeError), (2**31, OverflowError)]
)
def test_backlogs_there_are_not(impl, backlog, error):
    with impl.socket() as sock, pytest.raises(error):
        sock.listen(backlog)


def test_who_cannot_listen_or_accept(impl):
    with impl.socket(impl.AF_INET, impl.SOCK_DGRAM) as sock:
        for call in (sock.listen, sock.accept):
            with pytest.raises(OSError, match="not supported"):
                call()
    with impl.socket() as sock, pytest.raises(OSError, match="Invalid argument"):
        sock.accept()
