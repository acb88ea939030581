"""Sockets that end in odd ways: hooks that refuse, cycles, finalizers, threads, forks, the end of the interpreter."""

import gc
import os
import re
import socket as standard
import struct
import sys
import sysconfig
import textwrap
import threading
from contextlib import contextmanager
from itertools import count

import pytest
from blocking import take
from figures import descriptors
from refusals import REFUSED, Refused, called, refusing
from sleeping import acting, shown

from berkeley import socket as berkeley

# --- audit hooks that refuse

# The standard module leaves these open.
LEAKY = {"accept", "dup", "fromfd", "socketpair"}


@pytest.mark.parametrize("name", REFUSED)
def test_audit_hooks_that_refuse(impl, forked, name):
    left, said = forked(refuse, impl, REFUSED[name])
    assert said == ["Refused"] * 20
    assert left == 0 or (impl is standard and name in LEAKY)


def refuse(socket, call):
    listener, client = called(socket)
    before = len(descriptors())
    said = []
    for _ in range(20):
        try:
            with refusing():
                call(socket, listener, client)
        except Refused as error:
            said.append(type(error).__name__)
        if call is REFUSED["accept"]:
            # Its connection went with it.
            client.close()
            client = socket.socket()
            client.connect(listener.getsockname())
    gc.collect()
    return len(descriptors()) - before, said


# --- signals, where their handlers run between two steps

STEPS = {
    "accept": lambda socket, listener, client: listener.accept(),
    "dup": lambda socket, listener, client: client.dup(),
    "fromfd": lambda socket, listener, client: socket.fromfd(client.fileno(), 2, 1),
    "socketpair": lambda socket, listener, client: socket.socketpair(),
}


@pytest.mark.parametrize("name", STEPS)
def test_what_is_interrupted_is_closed_once(forked, name):
    """Not again when the socket that had the descriptor goes: the number may be another's by then."""
    steps, closed_twice = forked(interrupt, STEPS[name])
    assert steps > 5
    assert closed_twice == []


def interrupt(call):
    """Do it with an error after ever more steps: (how many there are, those that closed a descriptor twice)."""
    closed_twice = []
    listener = berkeley.create_server(("127.0.0.1", 0))
    for step in count():
        client = berkeley.create_connection(listener.getsockname())
        others = []
        try:
            with error_after(step):
                call(berkeley, listener, client)
            return step, closed_twice
        except Refused:
            # What was closed is opened by others, while this error still holds the frames that had it.
            others = [os.open(os.devnull, os.O_RDONLY) for _ in range(3)]
        for fd in others:
            try:
                os.close(fd)
            except OSError:
                closed_twice.append(step)
    return None


@contextmanager
def error_after(step):
    """Raises Refused at an event of the profiler: where a call begins or ends, as a signal's handler might."""
    left = iter(range(step))

    def profile(frame, event, argument):
        if next(left, None) is None:
            raise Refused

    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(None)


# --- objects


def test_create_connection_makes_no_cycle(impl, closing, monkeypatch):
    """One address of the host refuses, the next answers: the first one's error does not stay."""
    listener, _client = closing(*called(impl))
    [dead] = closing(impl.socket())
    dead.bind(("127.0.0.1", 0))
    rows = [(2, 1, 6, "", sock.getsockname()) for sock in (dead, listener)]
    monkeypatch.setattr(impl, "getaddrinfo", lambda *arguments: rows)
    gc.collect()
    gc.disable()
    try:
        closing(impl.create_connection(("two.addresses", 1)))
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_the_second_of_a_pair_is_refused(forked):
    """Both descriptors are closed, and nobody is told of a socket left open."""
    assert forked(refuse_second) == ([], [])


def refuse_second():
    events = []

    def hook(event, arguments):
        if event == "socket.__new__":
            events.append(event)
            if len(events) == 2:
                raise Refused

    told = []
    sys.unraisablehook = lambda warned: told.append(str(warned.exc_value))
    before = descriptors()
    sys.addaudithook(hook)
    try:
        berkeley.socketpair()
    except Refused:
        pass
    return sorted(set(descriptors()) - set(before)), told


@pytest.mark.skipif(not shown(), reason="the kernel has no /proc/self/task/*/syscall")
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_finalizer_that_lingers_lets_others_run(impl, closing):
    """With SO_LINGER close(2) waits until the peer has all the data: another thread is to read it."""
    listener, client = closing(*called(impl))
    [server] = closing(listener.accept()[0])
    client.setblocking(False)
    size = 0
    while True:
        try:
            size += client.send(bytes(1 << 20))
        except BlockingIOError:
            break
    client.setblocking(True)
    client.setsockopt(impl.SOL_SOCKET, impl.SO_LINGER, struct.pack("ii", 1, 3))
    reading = []
    forgotten = impl.socket(fileno=client.detach())
    with acting(forgotten.fileno(), [lambda: reading.append(True), lambda: take(server, size)]):
        del forgotten
        read = list(reading)
    assert read


# --- threads and processes


def test_threads_that_close_each_others_sockets(forked):
    assert forked(close_in_threads) == 0


def close_in_threads():
    """How many errors other than OSError there were, while sockets were closed under each other's calls."""
    slots = [None] * 4
    strange = []

    def work(number):
        try:
            for turn in range(400):
                index = (number + turn) % len(slots)
                try:
                    if turn % 3 == 0:
                        a, b = berkeley.socketpair()
                        a.settimeout(0.001)
                        b.settimeout(0.001)
                        slots[index] = (a, b)
                    elif turn % 3 == 1 and slots[index]:
                        slots[index][1].send(b"data")
                        slots[index][0].recv(9)
                        slots[index][0].sendmsg([bytearray(5000)] * 3)
                        slots[index][1].recvmsg_into([bytearray(5000)], 100)
                    elif slots[index]:
                        slots[index][0].close()
                        repr(slots[index][1])
                except OSError:
                    pass
        except BaseException as error:
            strange.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(strange)


FORK = """
import os, sys, threading
sys.path.insert(0, sys.argv[2])
from importlib import import_module
from sleeping import sleeps

socket = import_module(sys.argv[1])
a, b = socket.socketpair()
got = []
thread = threading.Thread(target=lambda: got.append(a.recv(100)))
thread.start()
while not sleeps(thread.native_id, a.fileno()):
    os.sched_yield()
child = os.fork()
if not child:
    c, d = socket.socketpair()
    c.send(b"child")
    assert d.recv(100) == b"child"
    a.close()
    b.close()
    sys.exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
b.send(b"parent")
thread.join()
assert got == [b"parent"]
"""


@pytest.mark.skipif(not shown(), reason="the kernel has no /proc/self/task/*/syscall")
@pytest.mark.parametrize("module", ["socket", "berkeley.socket"])
def test_a_fork_while_a_thread_is_in_recv(python, request, module):
    result = python("-W", "ignore::DeprecationWarning", "-c", FORK, module, request.path.parents[1])
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


# --- the interpreter's end

ENDS = {
    "global": "kept = socket.socket()",
    "in a cycle": "kept = [socket.socket()]; kept.append(kept)",
    "in a module": "import sys; sys.kept = socket.socketpair()",
    "with files": "kept = socket.socketpair()[0].makefile('rw')",
    "with a thread in recv": """
        import os, sys, threading
        sys.path.insert(0, sys.argv[2])
        from sleeping import sleeps
        a, b = socket.socketpair()
        thread = threading.Thread(target=lambda: a.recv(100), daemon=True)
        thread.start()
        while not sleeps(thread.native_id, a.fileno()):
            os.sched_yield()
    """,
    "used by another's finalizer": """
        class Late:
            def __del__(self):
                self.a.send(b"late")
                print(self.b.recv(100), self.a.family, self.a.getsockname())
                self.a.close()
                self.b.close()
        kept = Late()
        kept.a, kept.b = socket.socketpair()
    """,
}


@pytest.mark.skipif(not shown(), reason="the kernel has no /proc/self/task/*/syscall")
@pytest.mark.parametrize("name", ENDS)
def test_the_interpreter_ends_with_open_sockets(python, request, name):
    """With the same exit code and the same words as with the standard module; only the places of the code differ."""
    code = "from importlib import import_module; import sys; socket = import_module(sys.argv[1])\n"
    code += textwrap.dedent(ENDS[name])
    options = ("-X", "dev", "-c", code)
    ours = python(*options, "berkeley.socket", request.path.parents[1])
    theirs = python(*options, "socket", request.path.parents[1])
    assert ours.returncode == theirs.returncode == 0
    assert ours.stdout == theirs.stdout
    if name == "with a thread in recv" and sysconfig.get_config_var("Py_GIL_DISABLED"):
        # Its other end goes here, and late: the standard class cannot show itself any more, and so does not warn.
        assert theirs.stderr == ""
        assert "unclosed <socket.socket fd=" in ours.stderr
    else:
        assert words(ours.stderr) == words(theirs.stderr)


def words(text):
    return re.sub(r"^.*(?=ResourceWarning: )", "", text, flags=re.MULTILINE)


SUBINTERPRETER = """
import sys
{before}
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
code = '''
try:
    from berkeley import socket
except ImportError as error:
    assert str(error)
else:
    a, b = socket.socketpair()
    a.send(b"data")
    assert b.recv(9) == b"data"
    a.close()
    b.close()
'''
for _ in range(3):
    number = interpreters.create()
    failed = interpreters.run_string(number, code)
    assert failed is None, failed
    interpreters.destroy(number)
try:
    from berkeley import socket
except ImportError as error:
    assert str(error)
else:
    socket.create_server(("127.0.0.1", 0)).close()
"""


@pytest.mark.parametrize("before", ["", "from berkeley import socket"], ids=["first", "second"])
def test_a_subinterpreter(python, before):
    """Whatever interpreter imports it first: it works there, and elsewhere works or says why not."""
    result = python("-W", "ignore", "-c", SUBINTERPRETER.format(before=before))
    assert (result.returncode, result.stderr) == (0, "")
