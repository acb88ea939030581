"""The system calls behind each operation, counted by strace: what is ready takes one, in timeout mode too."""

import json
import re
import shutil
import struct
import subprocess
import sys
from dataclasses import asdict, dataclass

import pytest

STREAM = "a, b = socket.socketpair()"
DATAGRAM = (
    "a, b = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]; a.bind(('127.0.0.1', 0));"
    "b.bind(('127.0.0.1', 0)); there = b.getsockname(); a.connect(there); b.connect(a.getsockname())"
)
LISTENER = "a = socket.create_server(('127.0.0.1', 0)); there = a.getsockname()"
TICK = struct.pack("ll", 0, 1000)  # a struct timeval
ARRIVED = "os.write(b.fileno(), b'some data')"
CALLER = "b = socket.socket(); b.connect(there)"


@dataclass(frozen=True)
class Operation:
    """Statements that run again and again: `before`, then `code`, whose system calls are counted."""

    name: str
    setup: str
    before: str
    code: str
    calls: tuple[str, ...]

    def __str__(self):
        return self.name


# Once on a blocking socket a, once on one with a timeout: with data or a connection there, both take these calls.
READY = [
    Operation("send", STREAM, "", "a.send(b'data')", ("sendto",)),
    Operation("sendall", STREAM, "", "a.sendall(b'data')", ("sendto",)),
    Operation("sendmsg", STREAM, "", "a.sendmsg([b'some', b'data'])", ("sendmsg",)),
    Operation("send_fds", STREAM, "", "socket.send_fds(a, [b'data'], [0])", ("sendmsg",)),
    Operation("recv", STREAM, ARRIVED, "a.recv(100)", ("recvfrom",)),
    Operation("recv_into", STREAM + "; buffer = bytearray(100)", ARRIVED, "a.recv_into(buffer)", ("recvfrom",)),
    Operation("recvmsg", STREAM, ARRIVED, "a.recvmsg(100, 100)", ("recvmsg",)),
    Operation("recvmsg_into", STREAM + "; buffer = bytearray(9)", ARRIVED, "a.recvmsg_into([buffer])", ("recvmsg",)),
    Operation("sendto", DATAGRAM, "", "a.sendto(b'data', there)", ("sendto",)),
    Operation("recvfrom", DATAGRAM, ARRIVED, "a.recvfrom(100)", ("recvfrom",)),
    Operation("recvfrom_into", DATAGRAM + "; buffer = bytearray(9)", ARRIVED, "a.recvfrom_into(buffer)", ("recvfrom",)),
    Operation("file read", STREAM + "; file = a.makefile('rb', 0)", ARRIVED, "file.read(9)", ("recvfrom",)),
    Operation("file write", STREAM + "; file = a.makefile('wb', 0)", "", "file.write(b'data')", ("sendto",)),
    Operation("peek", STREAM, ARRIVED, "a.recv(1, socket.MSG_PEEK)", ("recvfrom",)),
    Operation("getsockopt", STREAM, "", "a.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)", ("getsockopt",)),
]

# What the standard module does with more system calls than these, or with more when the socket has a timeout.
LEAN = [
    Operation("accept", LISTENER, CALLER, "kept.append(a.accept())", ("accept4",)),
    Operation("dup", STREAM, "", "kept.append(a.dup())", ("fcntl",)),
]

ONCE = [
    Operation("socket", "", "", "kept.append(socket.socket())", ("socket",)),
    Operation("socket under a default timeout", "", "socket.setdefaulttimeout(60)",
              "kept.append(socket.socket()); socket.setdefaulttimeout(None)", ("socket",)),
    Operation("socketpair", "", "", "kept.append(socket.socketpair())", ("socketpair",)),
    # Whatever the caller says it is, the descriptor is made sure to be a socket.
    Operation("fromfd", STREAM, "", "kept.append(socket.fromfd(a.fileno(), 1, 1))", ("fcntl", "getsockname")),
    Operation("close", "", "a = socket.socket()", "a.close()", ("close",)),
    Operation("detach", "", "a = socket.socket()", "kept.append(a.detach())", ()),
    Operation("create_connection", LISTENER, "", "kept.append(socket.create_connection(there))", ("socket", "connect")),
    Operation("settimeout from none", STREAM, "a.settimeout(None)", "a.settimeout(60)", ("ioctl",)),
    Operation("settimeout from another", STREAM + "; a.settimeout(60)", "", "a.settimeout(50); a.settimeout(60)", ()),
    Operation("attributes", STREAM, "", "a.family, a.type, a.proto, a.fileno(), a.gettimeout(), a.getblocking()", ()),
    Operation("recv of nothing", STREAM, "", "a.recv(0)", ()),
    Operation("numeric getaddrinfo", "", "", "socket.getaddrinfo('127.0.0.1', 80, type=socket.SOCK_STREAM)", ()),
    Operation("numeric getnameinfo", "", "", "socket.getnameinfo(('127.0.0.1', 80), 3)", ()),
    Operation("recv that would block", STREAM + "; a.setblocking(False)", "",
              "try: a.recv(1)\nexcept BlockingIOError: pass", ("recvfrom",)),
    Operation("recv that times out", STREAM + "; a.settimeout(0.001)", "",
              "try: a.recv(1)\nexcept TimeoutError: pass", ("recvfrom", "rt_sigprocmask", "ppoll")),
    # Asked at first, and not again for a while.
    Operation("datagram that does not come", DATAGRAM + f"; a.setsockopt(1, socket.SO_RCVTIMEO, {TICK!r})", "",
              "try: a.recv(1)\nexcept BlockingIOError: pass", ("recvfrom",)),
    Operation("accept that times out", LISTENER + "; a.settimeout(0.001)", "",
              "try: a.accept()\nexcept TimeoutError: pass", ("accept4", "rt_sigprocmask", "ppoll")),
]  # fmt: skip

# Large buffers for small data: no memory is fetched from the kernel and given back for each call.
LARGE = [
    Operation("recv", STREAM, ARRIVED, "a.recv(262144)", ("recvfrom",)),
    Operation("recvmsg", STREAM, ARRIVED, "a.recvmsg(262144)", ("recvmsg",)),
    Operation("recvfrom", DATAGRAM, ARRIVED, "a.recvfrom(262144)", ("recvfrom",)),
]
# Elsewhere these may come at any time from the allocators below.
MEMORY = {"brk", "mmap", "munmap", "mremap", "madvise"}

# A failing write marks where counting begins and ends: it has no effect, and the trace shows its text.
PROGRAM = """
import json, os, sys
from importlib import import_module

socket = import_module(sys.argv[1])

def mark(text):
    try:
        os.write(-1, text.encode())
    except OSError:
        pass

for number, operation in enumerate(json.load(sys.stdin)):
    names = {"socket": socket, "os": os, "kept": []}
    exec(operation["setup"], names)
    before, code = (compile(operation[part], part, "exec") for part in ("before", "code"))
    for repeat in range(15):
        exec(before, names)
        # The first times, memory is still being fetched.
        mark(f"begin {number}" if repeat >= 5 else "warm")
        exec(code, names)
        mark("end")
"""


def timed(operation, **changes):
    fields = {**asdict(operation), "setup": operation.setup + "; a.settimeout(60)", **changes}
    return Operation(**{**fields, "name": operation.name + " under a timeout"})


def trace(module, operations, directory):
    """The system calls of each operation: a list for each time it was repeated."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    probe = subprocess.run(["strace", "-qq", "-o", directory / "probe", "true"], capture_output=True, text=True)
    if probe.returncode:
        pytest.skip(f"strace may not trace here: {probe.stderr.strip()}")
    written = directory / "trace"
    command = ["strace", "-qq", "-s", "100", "-o", written, sys.executable, "-c", PROGRAM, module]
    data = json.dumps([asdict(operation) for operation in operations])
    result = subprocess.run(command, input=data, capture_output=True, text=True, cwd=directory, timeout=50)
    assert result.returncode == 0, result.stderr
    return read(written.read_text(), operations)


def read(text, operations):
    traced = {operation: [] for operation in operations}
    current = None
    for call, rest in re.findall(r"^(\w+)\((.*)", text, re.MULTILINE):
        if begin := re.match(r'-1, "begin (\d+)"', rest):
            current = []
            traced[operations[int(begin[1])]].append(current)
        elif rest.startswith('-1, "end"'):
            current = None
        elif current is not None:
            current.append(call)
    return traced


OURS = [*READY, *LEAN, *map(timed, READY), *map(timed, LEAN), *ONCE]


@pytest.fixture(scope="module")
def standard(tmp_path_factory):
    return trace("socket", READY, tmp_path_factory.mktemp("standard"))


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return trace("berkeley.socket", OURS, tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    return trace("berkeley.socket", LARGE, tmp_path_factory.mktemp("large"))


def without_memory(traced, operation):
    return [tuple(call for call in calls if call not in MEMORY) for calls in traced[operation]]


@pytest.mark.parametrize("operation", READY, ids=str)
def test_blocking_calls_of_the_standard_module(standard, operation):
    assert without_memory(standard, operation) == [operation.calls] * 10


@pytest.mark.parametrize("operation", OURS, ids=str)
def test_calls_of_berkeley(ours, operation):
    assert without_memory(ours, operation) == [operation.calls] * 10


@pytest.mark.parametrize("operation", LARGE, ids=str)
def test_a_large_buffer_for_small_data_moves_no_memory(large, operation):
    assert large[operation] == [list(operation.calls)] * 10
