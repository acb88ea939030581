"""What differs from the standard module on purpose: a test for each row of docs/differences.md, named there."""

import asyncio
import fcntl
import inspect
import os
import re
import signal
import socket as standard
import subprocess
import sys
from pathlib import Path

import pytest

from berkeley import socket

DOCUMENT = Path(__file__).parents[1] / "docs" / "differences.md"


# `families/test_can.py::test_it`, `test_it` of this file, `::test_it` of the one before, `test_files.py`.
NAMED = re.compile(r"`(?=[\w/]*test_|::)((?:\w+/)*test_\w+\.py)?(::)?(\w+)?`")


def test_every_row_names_tests_that_exist():
    page = DOCUMENT.read_text()
    [fixed, other] = re.findall(r"^\|.* test \|\n\|[-|]+\|\n((?:\|.*\n)+)", page, re.MULTILINE)
    for row in (fixed + other).splitlines():
        assert NAMED.search(row.rpartition(" | ")[2]), row
    path = here = Path(__file__)
    for file, of_the_same, function in NAMED.findall(page):
        path = here.parent / file if file else path if of_the_same else here
        assert f"\ndef {function}(" in path.read_text() or not function, f"{path}::{function}"


@pytest.fixture
def pair():
    first, second = socket.socketpair()
    with first, second:
        yield first, second


@pytest.fixture
def udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock


def test_beside_the_standard_module():
    for name in ("gaierror", "herror"):
        assert not issubclass(getattr(socket, name), getattr(standard, name))
    socket.setdefaulttimeout(5)
    try:
        assert standard.getdefaulttimeout() is None
        with standard.socket() as sock:
            assert sock.gettimeout() is None
    finally:
        socket.setdefaulttimeout(None)


def test_asyncio_takes_our_sockets():
    async def exchange(here, there):
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(here, b"data")
        return await loop.sock_recv(there, 9)

    here, there = socket.socketpair()
    with here, there:
        here.setblocking(False)
        there.setblocking(False)
        assert asyncio.run(exchange(here, there)) == b"data"


def test_nul_in_unix_path(tmp_path):
    with socket.socket(socket.AF_UNIX) as sock:
        with pytest.raises(ValueError, match="embedded null byte"):
            sock.bind(str(tmp_path / "name") + "\0cut")
        assert not (tmp_path / "name").exists()


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1\0.invalid", 80), (b"127.0.0.1\0", 80), ("127.0.0.1", "80\0")])
def test_nul_in_names(host, port):
    with pytest.raises(ValueError, match="embedded null byte"):
        socket.getaddrinfo(host, port)


def test_truncated_length_is_padded_with_zeros(udp):
    udp.sendto(b"x" * 5000, udp.getsockname())
    for size in (0, 10, 1024, 4096):
        data = udp.recvfrom(size, socket.MSG_TRUNC | socket.MSG_PEEK)[0]
        assert data == b"x" * size + bytes(5000 - size)
    assert udp.recvmsg(10, 0, socket.MSG_TRUNC)[0] == b"x" * 10


def test_option_that_does_not_fit(pair):
    with pytest.raises(OverflowError, match="signed integer is greater than maximum"):
        pair[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**31)


def test_timeout_of_a_closed_socket():
    sock = socket.socket()
    sock.settimeout(1)
    sock.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        sock.settimeout(2)
    assert sock.gettimeout() == 1


@pytest.mark.parametrize("number", [2**31, 2**32, 2**40])
def test_descriptor_that_does_not_fit(number):
    with pytest.raises(OverflowError):
        socket.socket(fileno=number)
    with pytest.raises(OverflowError):
        socket.close(number)
    with pytest.raises(OverflowError):
        socket.dup(number)


def test_received_descriptors_are_not_inheritable(pair):
    with open(os.devnull) as file:
        socket.send_fds(pair[0], [b"x"], [file.fileno()])
    _, [fd], flags, _ = socket.recv_fds(pair[1], 1, 1)
    try:
        assert fcntl.fcntl(fd, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
        assert flags == 0
    finally:
        os.close(fd)


def test_no_socket_leaves_no_duplicate():
    with open(os.devnull) as file:
        before = os.listdir("/proc/self/fd")
        with pytest.raises(OSError, match="non-socket"):
            socket.fromfd(file.fileno(), socket.AF_INET, socket.SOCK_STREAM)
        assert os.listdir("/proc/self/fd") == before


def test_descriptors_with_flags(pair):
    with open(os.devnull) as file:
        socket.send_fds(pair[0], [b"x"], [file.fileno()])
    for flags in (socket.MSG_PEEK, 0):
        data, fds, _, _ = socket.recv_fds(pair[1], 1, 1, flags)
        assert data == b"x"
        for fd in fds:
            os.close(fd)


def test_errors_leave_no_socket_open(recwarn):
    with pytest.raises(OverflowError):
        socket.create_server(("127.0.0.1", 99999))
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(TypeError):
        socket.create_connection(server.getsockname(), timeout="soon")
    assert not recwarn.list


def test_resolver_error_of_a_server_stays_one():
    with pytest.raises(socket.gaierror):
        socket.create_server(("host.invalid", 0))


def test_long_timeout(pair):
    """Of over 24.8 days: poll(2) takes no more milliseconds at once."""
    pair[0].settimeout(2.0**31)

    def arrive(*_):
        pair[1].send(b"late")

    previous = signal.signal(signal.SIGALRM, arrive)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        assert pair[0].recv(10) == b"late"
    finally:
        signal.signal(signal.SIGALRM, previous)


def test_index_that_does_not_fit():
    with pytest.raises(OverflowError):
        socket.if_indextoname(2**32 + 1)


def test_port_to_share(tmp_path):
    address = str(tmp_path / "server")
    with socket.create_server(address, family=socket.AF_UNIX, reuse_port=True) as server:
        assert server.getsockname() == address


def test_known_kinds_of_names_only():
    assert not hasattr(socket, "array")
    assert not hasattr(socket, "selectors")


def test_same_tuple_again(udp):
    udp.sendto(b"one", udp.getsockname())
    udp.sendto(b"two", udp.getsockname())
    first, second = udp.recvfrom(10)[1], udp.recvfrom(10)[1]
    assert first == second == udp.getsockname()
    assert type(first) is tuple


def test_wrong_count_of_arguments(pair):
    for call in (pair[0].recv, pair[0].send, pair[0].setsockopt, socket.inet_pton):
        with pytest.raises(TypeError):
            call()
    with pytest.raises(TypeError):
        pair[0].recv(bufsize=1)


def test_family_is_a_descriptor_of_its_own(pair):
    assert pair[0].family is socket.AF_UNIX
    with pytest.raises(AttributeError, match=r"no setter|can't set"):
        pair[0].family = 5
    with pytest.raises(AttributeError, match=r"no deleter|can't delete"):
        del pair[0].family


def test_all_methods_beyond_the_standard_class_are_listed():
    listed = (Path(__file__).parents[1] / "docs" / "differences.md").read_text()
    beyond = {name for name in dir(socket.socket) if not name.startswith("_")} - {*dir(standard.socket)}
    assert {name for name in beyond if f"`{name}`" not in listed} == set()


def test_methods_of_the_class_itself():
    native = {"__init__", "accept", "close", "detach", "dup", "__enter__", "__exit__", "__repr__"}
    assert not [name for name in native if inspect.isfunction(getattr(socket.socket, name))]
    for name in ("recv", "send", "accept", "close", "bind", "settimeout"):
        method = vars(socket.socket)[name]
        assert method.__objclass__ is socket.socket
        assert method.__qualname__ == f"socket.{name}"
        assert method.__doc__


def test_fields_of_a_socket_that_was_not_opened():
    class Forgetful(socket.socket):
        def __init__(self):
            pass

    sock = Forgetful()
    assert (sock._closed, sock._io_refs) == (False, 0)
    sock.close()
    assert sock._closed
    assert sock.fileno() == -1


@pytest.mark.parametrize("name", ["_closed", "_io_refs"])
def test_fields_stay(pair, name):
    with pytest.raises(AttributeError, match=rf"^property '{name}' of 'socket' object has no deleter$"):
        delattr(pair[0], name)
    assert getattr(pair[0], name) == 0


def test_the_count_of_files_is_a_number(pair):
    pair[0]._io_refs = sys.maxsize
    assert pair[0]._io_refs == sys.maxsize
    for value, error in ((sys.maxsize + 1, OverflowError), ("1", TypeError), (None, TypeError)):
        with pytest.raises(error):
            pair[0]._io_refs = value
    pair[0]._io_refs = 0
    pair[0]._closed = "yes"
    assert pair[0]._closed is True
    pair[0]._closed = 0


def refusing(module):
    """A class whose __init__ fails before it has taken the descriptor."""

    class Refusing(module.socket):
        def __init__(self, *arguments, fileno=None, **keywords):
            if fileno is not None:
                raise LookupError("no descriptors")
            super().__init__(*arguments, **keywords)

    return Refusing


@pytest.mark.parametrize("way", ["accept", "dup", "socketpair"])
def test_a_descriptor_that_a_class_refuses_is_closed(monkeypatch, way):
    monkeypatch.setattr(socket, "socket", refusing(socket))
    with socket.socket(socket.AF_UNIX) as sock, socket.socket(socket.AF_UNIX) as client:
        sock.bind("")
        sock.listen()
        client.connect(sock.getsockname())
        before = os.listdir("/proc/self/fd")
        with pytest.raises(LookupError, match=r"^no descriptors$"):
            socket.socketpair() if way == "socketpair" else getattr(sock, way)()
        assert os.listdir("/proc/self/fd") == before


def test_a_descriptor_that_a_class_has_closed_is_closed_once(pair):
    class Closing(socket.socket):
        def __init__(self, *arguments, fileno=None, **keywords):
            super().__init__(*arguments, fileno=fileno, **keywords)
            if copy is None:
                self.close()
                others.append(os.open(os.devnull, os.O_RDONLY))  # of the same number
                raise LookupError("closed")

    copy, others = pair[0], []
    first = Closing(fileno=os.dup(pair[0].fileno()))
    copy = None
    with first, pytest.raises(LookupError, match=r"^closed$"):
        first.dup()
    os.close(others[0])  # OSError, if it were closed


def test_read_only_attributes(pair):
    with pytest.raises(AttributeError, match="'proto'"):
        pair[0].proto = 5


def test_descriptors_that_are_text(pair):
    with pytest.raises(TypeError, match="'str'"):
        socket.send_fds(pair[0], [b"x"], "")


@pytest.mark.parametrize("timeout", [4_611_686_019, 0.000000123])
def test_duplicate_has_the_same_timeout(pair, timeout):
    pair[0].settimeout(timeout)
    with pair[0].dup() as copy:
        assert copy.gettimeout() == pair[0].gettimeout()


def test_unspecified_address_has_no_name():
    with pytest.raises(socket.herror) as caught:
        socket.gethostbyaddr("::")
    assert caught.value.args == (1, "Unknown host")


def test_duplicate_leaves_the_mode(pair):
    os.set_blocking(pair[0].fileno(), False)
    with pair[0].dup() as copy:
        assert copy.gettimeout() is None
        assert not os.get_blocking(copy.fileno())


def test_closed_socket_sends_no_file(tmp_path):
    (tmp_path / "file").write_bytes(b"data")
    sock = socket.socket()
    sock.close()
    with open(tmp_path / "file", "rb") as file, pytest.raises(OSError, match="Bad file descriptor"):
        sock.sendfile(file)


def test_unknown_family_is_shown_whole():
    xdp = 44  # AF_XDP: it has no getsockname(2) at all, and the kernel says so
    try:
        sock = socket.socket(xdp, socket.SOCK_RAW)
    except OSError as error:
        pytest.skip(f"no AF_XDP socket here: {error}")
    with sock, pytest.raises(OSError, match="not supported"):
        sock.getsockname()


def test_class_of_a_new_module():
    program = """
import sys, berkeley
berkeley.install()
import socket as first
del sys.modules["socket"]
import socket as last
assert first.socket is last.socket
with first.create_server(("127.0.0.1", 0)) as server, first.create_connection(server.getsockname()) as client:
    last.socket = lambda *arguments, fileno: first.close(fileno)
    print(server.accept()[0])
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=50)
    assert (result.stdout, result.stderr) == ("None\n", "")


def test_pickled_class_by_import_alone():
    program = "import pickle, sys; from berkeley import socket; pickle.dumps(socket.socket)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=50)
    assert "PicklingError" in result.stderr


def test_non_blocking_whatever_others_do(pair):
    sock = pair[0]
    sock.setblocking(False)
    os.set_blocking(sock.fileno(), True)
    buffer = bytearray(1)
    for receive in (
        lambda: sock.recv(1),
        lambda: sock.recv_into(buffer),
        lambda: sock.recvfrom(1),
        lambda: sock.recvmsg(1),
        lambda: sock.recvmsg_into([buffer]),
    ):
        with pytest.raises(BlockingIOError):
            receive()

    def fill(send):
        while True:
            send(bytes(65536))

    for send in (sock.send, lambda data: sock.sendmsg([data])):
        with pytest.raises(BlockingIOError):
            fill(send)


def test_timed_accept_on_a_listener_made_blocking():
    """The one place where a timeout relies on the descriptor's own mode; setting the mode anew restores it."""
    with socket.create_server(("127.0.0.1", 0)) as listener, listener.dup() as other:
        listener.settimeout(0.01)
        other.settimeout(None)
        listener.settimeout(None)
        listener.settimeout(0.01)
        with pytest.raises(TimeoutError):
            listener.accept()
