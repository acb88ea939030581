"""Unix servers that begin at the same moment: the lock by which one gets the path, and what has the lock's name."""

import errno
import fcntl
import os
import signal
import stat
import subprocess
import sys
import threading
from contextlib import ExitStack

import pytest
from unix_servers import exchange, leave_stale

import berkeley
from berkeley import socket

pytestmark = pytest.mark.usefixtures("nothing_stays_open")


@pytest.fixture
def path(tmp_path):
    yield tmp_path / "sock"
    assert [*tmp_path.rglob(".*.berkeley-lock")] == []


@pytest.fixture
def lock(path):
    return path.with_name(".sock.berkeley-lock")


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


def test_a_lock_that_was_left(path, lock):
    """By a server that was killed while it began: nobody holds it."""
    lock.touch()
    with berkeley.listen_unix(path):
        assert not lock.exists()


def test_a_lock_that_is_held(path, lock):
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(OSError, match=r"Address already in use: '.*/sock'$"):
            berkeley.listen_unix(path)
    assert not path.exists()
    lock.unlink()


NO_LOCKS = {
    "FIFO": os.mkfifo,
    "directory": os.mkdir,
    "symbolic link": lambda lock: os.symlink("nothing", lock),
    "socket": lambda lock: os.mknod(lock, stat.S_IFSOCK | 0o600),
}


@pytest.mark.parametrize("make", NO_LOCKS.values(), ids=NO_LOCKS)
def test_what_is_no_lock_stays(path, lock, make):
    """And nobody waits for it, as for a FIFO that nobody reads."""
    make(lock)
    with pytest.raises(FileExistsError, match=r"the lock '.*berkeley-lock' is no regular file: '.*/sock'$") as caught:
        berkeley.listen_unix(path)
    assert caught.value.filename == caught.value.address == str(path)
    assert not path.exists()
    os.rename(lock, lock.with_name("other"))
    berkeley.listen_unix(path).close()


def test_a_fifo_that_somebody_reads_is_no_lock(path, lock):
    os.mkfifo(lock)
    with open(os.open(lock, os.O_RDONLY | os.O_NONBLOCK)), pytest.raises(FileExistsError):
        berkeley.listen_unix(path)
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
