"""Sockets that a supervisor hands over: by the environment that sd_listen_fds(3) describes, and by systemd's tool."""

import fcntl
import os
import shutil
import subprocess
import sys

import pytest

import berkeley
from berkeley import socket

SUPERVISOR = "systemd-socket-activate"


@pytest.fixture
def activated(python, tmp_path):
    """Runs a program with sockets at 3 and on, and the variables; gives what subprocess.run() gives."""

    def run(program, *files, pid=None, **variables):
        # A shell puts them at 3 and on, from numbers that are not among those, and keeps its pid.
        copies = [fcntl.fcntl(file.fileno(), fcntl.F_DUPFD_CLOEXEC, 100) for file in files]
        moves = " ".join(f"{number}<&{copy}" for number, copy in enumerate(copies, 3))
        settings = "".join(f"export {name}={value!r}; " for name, value in variables.items())
        pid = "$$" if pid is None else pid
        command = f'export LISTEN_PID={pid}; {settings}exec "$0" -X dev -c "$1" {moves}'
        try:
            return subprocess.run(
                ["bash", "-c", command, sys.executable, program],
                pass_fds=copies,
                capture_output=True,
                text=True,
                timeout=40,
                cwd=tmp_path,
            )
        finally:
            for copy in copies:
                os.close(copy)

    return run


TELL = """
import os
import berkeley
found = berkeley.listen_fds()
for name, sock in found:
    print(name, sock.fileno(), sock.family.name, sock.type.name, sock.get_inheritable(), type(sock).__name__)
print(berkeley.listen_fds(), [name for name in os.environ if name.startswith("LISTEN_")])
for _, sock in found:
    sock.close()
"""


def test_sockets_of_all_kinds(activated, tmp_path):
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        berkeley.listen_unix(tmp_path / "sock", type=socket.SOCK_SEQPACKET) as unix,
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp,
    ):
        done = activated(TELL, tcp, unix, udp, LISTEN_FDS="3", LISTEN_FDNAMES="web:local:web", LISTEN_PIDFDID="7")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "web 3 AF_INET SOCK_STREAM False socket",
        "local 4 AF_UNIX SOCK_SEQPACKET False socket",
        "web 5 AF_INET6 SOCK_DGRAM False socket",
        "[] []",
    ]


def test_without_names(activated):
    with socket.create_server(("127.0.0.1", 0)) as tcp:
        done = activated(TELL, tcp, LISTEN_FDS="1")
    assert done.stdout.splitlines() == ["unknown 3 AF_INET SOCK_STREAM False socket", "[] []"]


@pytest.mark.parametrize("pid", ["1", "0"])
def test_those_of_another_process(activated, pid):
    with socket.create_server(("127.0.0.1", 0)) as tcp:
        done = activated(TELL, tcp, pid=pid, LISTEN_FDS="1")
    assert (done.stdout, done.stderr) == ("[] []\n", "")


def test_they_serve(activated):
    program = """
import berkeley
[(name, listener)] = berkeley.listen_fds()
with listener, listener.accept()[0] as sock:
    sock.sendall(b"hello from " + name.encode())
"""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname(), timeout=30) as client,
    ):
        done = activated(program, listener, LISTEN_FDS="1", LISTEN_FDNAMES="web")
        assert (done.returncode, done.stderr) == (0, "")
        assert client.recv(100) == b"hello from web"


def test_what_is_no_socket(activated, tmp_path):
    """All of them stay open, and the numbers are the program's."""
    program = """
import os, berkeley
try:
    berkeley.listen_fds()
except OSError as error:
    print(error, [os.path.exists(f"/proc/self/fd/{number}") for number in (3, 4)])
"""
    with socket.create_server(("127.0.0.1", 0)) as tcp, (tmp_path / "file").open("w") as file:
        done = activated(program, tcp, file, LISTEN_FDS="2")
    assert (done.stdout, done.stderr) == ("[Errno 88] Socket operation on non-socket [True, True]\n", "")


def test_what_is_not_open(activated):
    with socket.create_server(("127.0.0.1", 0)) as tcp:
        done = activated("import berkeley; berkeley.listen_fds()", tcp, LISTEN_FDS="9")
    assert done.stderr.splitlines()[-1] == "OSError: [Errno 9] Bad file descriptor"


def test_a_number_alone_is_not_believed(activated):
    """Nothing is made of it before there is a descriptor."""
    program = """
import os, resource, tracemalloc
import berkeley
limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
os.environ["LISTEN_FDS"] = str(limit - 3)
berkeley.listen_fds
tracemalloc.start()
try:
    berkeley.listen_fds()
except OSError as error:
    print(error, tracemalloc.get_traced_memory()[1] < 100_000)
"""
    with socket.create_server(("127.0.0.1", 0)) as tcp:
        done = activated(program, tcp, LISTEN_FDS="1")
    assert (done.stdout, done.stderr) == ("[Errno 9] Bad file descriptor True\n", "")


@pytest.fixture
def variables(monkeypatch):
    def put(**variables):
        for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return put


@pytest.mark.parametrize("missing", [{}, {"LISTEN_FDS": "1"}, {"LISTEN_PID": str(os.getpid())}])
def test_no_variables(variables, missing):
    variables(**missing)
    assert berkeley.listen_fds() == []
    assert "LISTEN_FDS" not in os.environ


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [({"LISTEN_PID": "x"}, "LISTEN_PID is 'x': not a number"), ({"LISTEN_FDS": "-1"}, "LISTEN_FDS is '-1'"),
     ({"LISTEN_FDS": ""}, "LISTEN_FDS is ''"), ({"LISTEN_FDS": "\u0661"}, "LISTEN_FDS is"),
     ({"LISTEN_FDNAMES": "a:b"}, "LISTEN_FDNAMES is 'a:b': not 1 names"),
     ({"LISTEN_FDS": str(10**12)}, "LISTEN_FDS is '1000000000000': no process has descriptors beyond"),
     ({"LISTEN_FDS": "9" * 20}, "LISTEN_FDS is '9{20}': no process has"),
     ({"LISTEN_FDS": "9" * 5000}, "Exceeds the limit")],
)  # fmt: skip
def test_variables_that_make_no_sense(variables, wrong, complaint):
    variables(**{"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", **wrong})
    with pytest.raises(ValueError, match=f"^{complaint}"):
        berkeley.listen_fds()


@pytest.mark.skipif(not shutil.which(SUPERVISOR), reason=f"no {SUPERVISOR}: Debian has it in the package systemd")
def test_systemd(tmp_path):
    """It listens, and begins the program with the first connection."""
    program = """
import berkeley
[(name, listener)] = berkeley.listen_fds()
with listener, listener.accept()[0] as sock:
    sock.sendall(f"{name} {listener.getsockname()} {sock.peer_credentials().pid}".encode())
"""
    path = tmp_path / "sock"
    log = tmp_path / "log"
    command = [SUPERVISOR, f"--listen={path}", "--fdname=web", "--setenv=PYTHONPATH", sys.executable, "-c", program]
    environment = {"PYTHONPATH": os.pathsep.join(sys.path), **os.environ}
    with log.open("w") as errors, subprocess.Popen(command, env=environment, stderr=errors) as process:
        try:
            for line in iter(lambda: log.read_text(), None):
                if "Listening on" in line:
                    break
                assert process.poll() is None, line
            with berkeley.connect_unix(path, timeout=30) as client:
                assert client.recv(100).decode() == f"web {path} {os.getpid()}", log.read_text()
            assert process.wait(30) == 0, log.read_text()
        finally:
            process.kill()
