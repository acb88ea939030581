"""Unix servers at paths: what is replaced and what never is, permissions, removal, and paths of any length."""

import errno
import os
import pickle
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest
from unix_servers import exchange, leave_stale

import berkeley
from berkeley import socket

pytestmark = pytest.mark.usefixtures("nothing_stays_open")

KINDS = [socket.SOCK_STREAM, socket.SOCK_SEQPACKET]


@pytest.fixture
def path(tmp_path):
    yield tmp_path / "sock"
    assert [*tmp_path.rglob(".*.berkeley-lock")] == []


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
