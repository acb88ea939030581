"""Unix servers at paths: what is replaced and what never is, permissions, removal, and paths of any length."""

import errno
import os
import pickle
import signal
import stat
import subprocess
import sys
import threading
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

import berkeley
from berkeley import socket

KINDS = [socket.SOCK_STREAM, socket.SOCK_SEQPACKET]


@pytest.fixture(autouse=True)
def nothing_stays_open(tmp_path):
    """No descriptor, and no lock."""
    before = os.listdir("/proc/self/fd")
    yield
    assert os.listdir("/proc/self/fd") == before
    assert [*tmp_path.rglob(".*.berkeley-lock")] == []


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sock"


def leave_stale(path, kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_UNIX, kind) as sock:
        sock.bind(os.path.relpath(path))
        if kind != socket.SOCK_DGRAM:
            sock.listen()
    assert stat.S_ISSOCK(os.lstat(path).st_mode)


def exchange(listener, path, kind=socket.SOCK_STREAM):
    with berkeley.connect_unix(path, type=kind, timeout=5) as client, listener.accept()[0] as server:
        assert type(server) is socket.socket
        server.sendall(b"hello")
        assert client.recv(10) == b"hello"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("given", [str, os.fsencode, Path])
def test_a_server(path, kind, given):
    with berkeley.listen_unix(given(path), type=kind) as listener:
        assert (listener.family, listener.type) == (socket.AF_UNIX, kind)
        assert listener.path == os.fspath(given(path))
        assert listener.getsockname() == str(path)
        exchange(listener, given(path), kind)
    assert not path.exists()


def test_relative_paths(path, monkeypatch):
    """Removed where it was, wherever the program is by then."""
    monkeypatch.chdir(path.parent)
    with berkeley.listen_unix("sock") as listener:
        monkeypatch.chdir("/")
        assert listener.path == listener.getsockname() == "sock"
        assert path.exists()
    assert not path.exists()


# --- what is there already


@pytest.mark.parametrize("kind", [*KINDS, socket.SOCK_DGRAM])
def test_what_a_dead_server_has_left_is_replaced(path, kind, monkeypatch):
    monkeypatch.chdir(path.parent)
    leave_stale(path, kind)
    with pytest.raises(ConnectionRefusedError) as caught:
        berkeley.connect_unix(path)
    assert caught.value.filename == str(path)
    with berkeley.listen_unix(path) as listener:
        exchange(listener, path)


@pytest.mark.parametrize("kind", [*KINDS, socket.SOCK_DGRAM])
@pytest.mark.parametrize("listening", [True, False])
def test_a_live_one_is_not(path, kind, listening):
    """Not even one that does not listen yet; and it learns nothing of having been looked at."""
    with socket.socket(socket.AF_UNIX, kind) as sock:
        sock.bind(str(path))
        if listening and kind != socket.SOCK_DGRAM:
            sock.listen()
        made = os.lstat(path)
        with pytest.raises(OSError, match=r"^\[Errno 98\] Address already in use: '.*/sock'$") as caught:
            berkeley.listen_unix(path)
        assert (caught.value.errno, caught.value.filename) == (errno.EADDRINUSE, str(path))
        assert os.path.samestat(os.lstat(path), made)
        sock.setblocking(False)
        if listening:
            with pytest.raises(BlockingIOError):
                sock.recv(1) if kind == socket.SOCK_DGRAM else sock.accept()


def test_one_whose_backlog_is_full_is_alive(path):
    with berkeley.listen_unix(path, backlog=0), berkeley.connect_unix(path):
        with pytest.raises(BlockingIOError):
            berkeley.connect_unix(path, timeout=0)
        with pytest.raises(OSError, match="in use"):
            berkeley.listen_unix(path)


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir, lambda path: path.symlink_to("nothing"), os.mkfifo])
def test_what_is_no_socket_stays(path, make):
    make(path)
    with pytest.raises(FileExistsError) as caught:
        berkeley.listen_unix(path)
    assert caught.value.filename == str(path)
    assert os.path.lexists(path)


def test_of_servers_that_begin_at_once_one_gets_it(path, monkeypatch):
    """Again and again, over what the one before has left."""
    monkeypatch.chdir(path.parent)
    for _ in range(50):
        leave_stale(path)
        start, listeners, errors = threading.Barrier(8), [], []

        def begin(start=start, listeners=listeners, errors=errors):
            start.wait()
            try:
                listeners.append(berkeley.listen_unix(path))
            except OSError as error:
                errors.append(error.errno)

        threads = [threading.Thread(target=begin) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        [listener] = listeners
        with listener:
            assert errors == [errno.EADDRINUSE] * 7
            exchange(listener, path)


PROCESS = """
import sys, berkeley
sys.stdin.readline()
try:
    listener = berkeley.listen_unix(sys.argv[1])
except OSError as error:
    print(error.errno, flush=True)
else:
    print("listening", flush=True)
    sys.stdin.readline()
"""


def test_of_processes_that_begin_at_once_one_gets_it(path):
    with ExitStack() as stack:
        command = [sys.executable, "-c", PROCESS, path]
        started = [
            stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            for _ in range(4)
        ]
        for process in started:
            process.stdin.write("\n")
            process.stdin.flush()
        said = [process.stdout.readline().strip() for process in started]
        assert sorted(said) == [str(errno.EADDRINUSE)] * 3 + ["listening"]
        with berkeley.connect_unix(path):
            pass
        # Killed, it leaves its file: the next server has the place.
        started[said.index("listening")].send_signal(signal.SIGKILL)
        started[said.index("listening")].wait()
        assert path.exists()
        with berkeley.listen_unix(path) as listener:
            exchange(listener, path)


def test_a_lock_that_was_left(path):
    """By a server that was killed while it began: nobody holds it."""
    lock = path.with_name(".sock.berkeley-lock")
    lock.touch()
    with berkeley.listen_unix(path):
        assert not lock.exists()


def test_a_lock_that_is_held(path):
    import fcntl

    lock = path.with_name(".sock.berkeley-lock")
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(OSError, match=r"Address already in use: '.*/sock'$"):
            berkeley.listen_unix(path)
    assert not path.exists()
    lock.unlink()


@pytest.mark.parametrize("there", ["nothing", "a live server", "a file"])
@pytest.mark.parametrize("name", ["{}.lock", ".{}.lock", "{}.lck", ".{}.swp"])
def test_a_lock_of_others_stays(path, name, there):
    """As PostgreSQL makes one beside its socket. Whoever has the place, it is theirs."""
    lock = path.with_name(name.format(path.name))
    lock.write_text("1234")
    with ExitStack() as stack:
        if there == "a live server":
            stack.enter_context(socket.create_server(str(path), family=socket.AF_UNIX))
        elif there == "a file":
            path.touch()
        if there == "nothing":
            berkeley.listen_unix(path).close()
        else:
            with pytest.raises(OSError, match=r"in use|exists"):
                berkeley.listen_unix(path)
    assert lock.read_text() == "1234"


@pytest.mark.parametrize("length", [239, 240, 241, 250, 251, 254, 255])
def test_any_name_that_a_file_can_have(path, length):
    """Its lock has a name, too."""
    name = path.with_name("n" * length)
    with berkeley.listen_unix(name) as listener:
        assert os.listdir(path.parent) == [name.name]
        exchange(listener, name)
    assert os.listdir(path.parent) == []
    with pytest.raises(OSError) as caught:
        berkeley.listen_unix(path.with_name("n" * 256))
    assert (caught.value.errno, caught.value.filename) == (errno.ENAMETOOLONG, str(path.with_name("n" * 256)))


# --- permissions


@pytest.mark.parametrize("mode", [0o600, 0o660, 0o777, 0])
@pytest.mark.parametrize("mask", [0, 0o022, 0o777])
def test_mode(path, mode, mask):
    before = os.umask(mask)
    try:
        with berkeley.listen_unix(path, mode=mode):
            assert stat.S_IMODE(os.lstat(path).st_mode) == mode
    finally:
        os.umask(before)


def test_without_a_mode_it_is_the_masks(path):
    before = os.umask(0o027)
    try:
        with berkeley.listen_unix(path):
            assert stat.S_IMODE(os.lstat(path).st_mode) == 0o750
    finally:
        os.umask(before)


# --- removal


def test_only_its_own_file_is_removed(path):
    with berkeley.listen_unix(path):
        path.unlink()
        path.touch()
    assert path.is_file()
    path.unlink()
    with berkeley.listen_unix(path):
        path.unlink()
        with socket.create_server(str(path), family=socket.AF_UNIX):
            pass
    assert path.is_socket()


def test_removed_once(path):
    with berkeley.listen_unix(path) as listener:
        listener.close()
        with berkeley.listen_unix(path) as second:
            listener.close()
            exchange(second, path)


def test_of_threads_that_close_it_one_removes_the_file(path, monkeypatch):
    """The other would look at what has come to the place since."""
    looked_at = []
    real = os.lstat
    for _ in range(200):
        listener = berkeley.listen_unix(path)
        looked_at.clear()
        monkeypatch.setattr(os, "lstat", lambda name: looked_at.append(name) or real(name))
        threads = [threading.Thread(target=listener.close) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        monkeypatch.undo()
        assert looked_at == [str(path)]


def test_removed_with_its_last_file(path):
    listener = berkeley.listen_unix(path)
    with listener.makefile("rb", 0):
        listener.close()
        assert path.exists()
    assert not path.exists()


def test_copies_remove_nothing(path):
    with berkeley.listen_unix(path) as listener:
        with listener.dup() as copy:
            assert (type(copy), copy.path) == (berkeley.UnixListener, None)
        if not (child := os.fork()):
            try:
                listener.close()
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        exchange(listener, path)
        with socket.socket(fileno=listener.detach()):
            listener.close()
            assert path.exists()


# --- long paths


@pytest.fixture(params=["directory", "name", "both"])
def long(request, tmp_path):
    folder, name = {"directory": ("d" * 200, "sock"), "name": (".", "n" * 240), "both": ("d" * 200, "n" * 240)}[
        request.param
    ]
    (tmp_path / folder).mkdir(exist_ok=True)
    return tmp_path / folder / name


@pytest.mark.parametrize("kind", KINDS)
def test_long_paths(long, kind):
    with berkeley.listen_unix(long, type=kind, mode=0o640) as listener:
        assert listener.path == str(long)
        assert listener.getsockname().startswith("/proc/self/fd/")
        assert os.listdir(long.parent) == [long.name]
        assert stat.S_IMODE(long.lstat().st_mode) == 0o640
        exchange(listener, long, kind)
        with berkeley.connect_unix(long, type=kind) as client:
            assert client.getpeername() == listener.getsockname()
        with pytest.raises(OSError) as caught:
            berkeley.listen_unix(long)
        assert (caught.value.errno, caught.value.filename) == (errno.EADDRINUSE, str(long))
        os.rename(long, long.with_name("moved"))
    assert os.listdir(long.parent) == ["moved"]
    os.rename(long.with_name("moved"), long)
    with berkeley.listen_unix(long) as listener:
        exchange(listener, long)
    assert os.listdir(long.parent) == []


def test_lengths_around_the_limit(path):
    for length in range(104, 112):
        name = str(path).ljust(length, "x")
        with berkeley.listen_unix(name) as listener:
            assert (listener.getsockname() == name) is (length <= 107)
            exchange(listener, name)
        assert not os.path.exists(name)


def test_errors_name_the_long_path(long):
    with pytest.raises(FileNotFoundError) as caught:
        berkeley.connect_unix(long)
    assert caught.value.filename == caught.value.address == str(long)
    missing = long.parent / "missing" / long.name
    for call in (berkeley.listen_unix, berkeley.connect_unix):
        with pytest.raises(FileNotFoundError) as caught:
            call(missing)
        assert caught.value.filename == caught.value.address == str(missing)
    long.touch()
    with pytest.raises(ConnectionRefusedError) as caught:
        berkeley.connect_unix(long)
    assert caught.value.filename == caught.value.address == str(long)
    assert pickle.loads(pickle.dumps(caught.value)).address == str(long)


# --- connecting


def test_connecting_obeys_what_stands_for_the_class(path, made):
    with berkeley.listen_unix(path), berkeley.connect_unix(path, timeout=3) as client:
        assert [client] == made
        assert client.gettimeout() == 3


@pytest.fixture
def impl():
    return socket


def test_no_timeout_is_the_default_one(path):
    socket.setdefaulttimeout(7)
    try:
        with berkeley.listen_unix(path) as listener, berkeley.connect_unix(path) as client:
            assert (client.gettimeout(), listener.gettimeout()) == (7, 7)
    finally:
        socket.setdefaulttimeout(None)


@pytest.mark.parametrize("name", ["sock", "n" * 150])
def test_waiting_for_room(path, name):
    path = path.with_name(name)
    with (
        berkeley.listen_unix(path, backlog=0),
        berkeley.connect_unix(path),
        pytest.raises(TimeoutError, match=r"^timed out$") as caught,
    ):
        berkeley.connect_unix(path, timeout=0.01)
    error = caught.value
    assert (error.args, error.filename, error.address) == (("timed out",), None, str(path))


@pytest.mark.parametrize("name", ["sock", "n" * 150])
def test_a_deadline_that_is_over(path, name, monkeypatch):
    """Who looks whether a server is alive asks the kernel."""
    monkeypatch.chdir(path.parent)
    path = path.with_name(name)
    os.close(berkeley.listen_unix(path).detach())
    with berkeley.deadline(0), pytest.raises(TimeoutError, match=r"^timed out$") as caught:
        berkeley.listen_unix(path)
    assert (caught.value.filename, caught.value.address) == (None, str(path))


# --- what cannot be


@pytest.mark.parametrize("call", [berkeley.listen_unix, berkeley.connect_unix])
def test_bad_arguments(path, call):
    for bad in ("", b"", "\0abstract", b"\0abstract", "a\0b"):
        with pytest.raises(ValueError, match="no path of a file"):
            call(bad)
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW, 0):
        with pytest.raises(ValueError, match="SOCK_STREAM or SOCK_SEQPACKET"):
            call(path, type=kind)
    for bad in (None, 1, ["x"]):
        with pytest.raises(TypeError):
            call(bad)
    assert not path.exists()


@pytest.mark.parametrize(
    ("keywords", "error"),
    [({"mode": -1}, ValueError), ({"mode": 0o1000}, ValueError), ({"mode": "600"}, TypeError),
     ({"mode": 384.0}, TypeError), ({"backlog": "1"}, TypeError), ({"backlog": 2**40}, OverflowError)],
)  # fmt: skip
def test_bad_settings_leave_nothing(path, keywords, error):
    with pytest.raises(error):
        berkeley.listen_unix(path, **keywords)
    assert not path.exists()


def test_a_directory_that_is_not_ours(path):
    path.parent.chmod(0o500)
    try:
        if os.access(path.parent, os.W_OK):
            pytest.skip("this user may write everywhere")
        with pytest.raises(PermissionError) as caught:
            berkeley.listen_unix(path)
        assert caught.value.filename == str(path)
    finally:
        path.parent.chmod(0o700)
    with closing(berkeley.listen_unix(path)) as listener:
        path.parent.chmod(0o500)
        listener.close()  # the file stays, and closing is no error
        path.parent.chmod(0o700)
        assert path.exists()
