"""Names resolved within a time: a name server that never answers keeps nobody longer than asked."""

import threading

import pytest

import berkeley
from berkeley import socket

NUMERIC = ("127.0.0.1", 80)


# --- as berkeley.socket's


def test_without_a_timeout():
    assert berkeley.getaddrinfo(*NUMERIC) == socket.getaddrinfo(*NUMERIC)
    assert berkeley.getnameinfo(NUMERIC, 3) == socket.getnameinfo(NUMERIC, 3)
    for name in ("gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getfqdn"):
        assert getattr(berkeley, name)("localhost") == getattr(socket, name)("localhost")


def test_within_a_time():
    assert berkeley.getaddrinfo("localhost", 80, timeout=30) == socket.getaddrinfo("localhost", 80)
    assert berkeley.getnameinfo(NUMERIC, 0, timeout=30) == socket.getnameinfo(NUMERIC, 0)
    for name in ("gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getfqdn"):
        assert getattr(berkeley, name)("localhost", timeout=30) == getattr(socket, name)("localhost")
    with berkeley.deadline(30):
        assert socket.getservbyname("http") == 80
        assert socket.getservbyport(80, "tcp") == "http"
        assert socket.getprotobyname("icmp") == 1


ERRORS = {
    "getaddrinfo": lambda **within: berkeley.getaddrinfo("a" * 300 + ".", 80, **within),
    "service": lambda **within: berkeley.getaddrinfo("localhost", "no such service", **within),
    "gethostbyname": lambda **within: berkeley.gethostbyname(b"a" * 300, **within),
    "gethostbyname_ex": lambda **within: berkeley.gethostbyname_ex(b"a" * 300, **within),
    "getnameinfo": lambda **within: berkeley.getnameinfo(("192.0.2.1", 80), socket.NI_NAMEREQD | 1 << 20, **within),
}


@pytest.mark.parametrize("call", ERRORS.values(), ids=ERRORS)
def test_errors(call):
    found = []
    for within in ({}, {"timeout": 30}):
        with pytest.raises(OSError) as caught:
            call(**within)
        found.append((type(caught.value), caught.value.args))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "call",
    [
        lambda host: berkeley.getaddrinfo(host, 80),
        lambda host: berkeley.getaddrinfo(host, 80, timeout=30),
        berkeley.gethostbyname,
        berkeley.gethostbyname_ex,
        berkeley.gethostbyaddr,
    ],
)
@pytest.mark.parametrize("host", ["a..b", ".x", "é" * 64])
def test_what_idna_refuses_is_an_oserror_too(call, host):
    with pytest.raises(socket.gaierror, match="is no host name: ") as caught:
        call(host)
    assert isinstance(caught.value, berkeley.HostNameError)
    assert isinstance(caught.value, UnicodeError)
    assert isinstance(caught.value.__cause__, UnicodeError)
    assert caught.value.errno == socket.EAI_NONAME
    with pytest.raises(UnicodeError) as standard:
        socket.getaddrinfo(host, 80)
    assert not isinstance(standard.value, OSError)


@pytest.mark.parametrize("timeout", [-1, float("nan"), "1"])
def test_no_timeout(timeout):
    with pytest.raises((TypeError, ValueError)):
        berkeley.getaddrinfo("localhost", 80, timeout=timeout)


def test_over():
    with pytest.raises(TimeoutError, match=r"^timed out looking up 'localhost'$"):
        berkeley.getaddrinfo("localhost", 80, timeout=0)
    assert berkeley.getaddrinfo(*NUMERIC, timeout=0)  # nobody is asked


def test_many():
    hosts = ["localhost", "127.0.0.1", "a..b", b"a" * 300, None]
    found = dict(berkeley.getaddrinfo_as_completed(hosts, 80, type=socket.SOCK_STREAM))
    assert list(map(type, map(found.get, hosts))) == [list, list, berkeley.HostNameError, socket.gaierror, list]
    assert found["localhost"] == socket.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM)
    assert list(berkeley.getaddrinfo_as_completed([], 80)) == []


def test_many_that_are_late():
    """Also where answers keep coming; and a deadline bounds it where it is read."""
    found = [result for _, result in berkeley.getaddrinfo_as_completed(["localhost"] * 3000, 80, timeout=0.01)]
    assert len(found) == 3000
    assert isinstance(found[-1], TimeoutError)
    lookups = berkeley.getaddrinfo_as_completed(["localhost"] * 3, 80)
    with berkeley.deadline(0):
        assert {type(result) for _, result in lookups} == {TimeoutError}


def test_what_is_no_fault_of_the_host():
    with pytest.raises(UnicodeError) as caught:
        berkeley.getaddrinfo("localhost", "\ud800")
    assert not isinstance(caught.value, OSError)


def test_more_than_there_are_turns():
    assert berkeley.set_lookup_limit(1) == 64
    try:
        hosts = [f"127.0.0.{number}" for number in range(20)]
        assert {host for host, rows in berkeley.getaddrinfo_as_completed(hosts, 80) if rows} == set(hosts)
        threads = [
            threading.Thread(target=berkeley.gethostbyname, args=("localhost",), kwargs={"timeout": 30})
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        assert berkeley.set_lookup_limit(64) == 1


def test_some_turns():
    with pytest.raises(ValueError, match="1 at least"):
        berkeley.set_lookup_limit(0)


# --- where the name server never answers

SILENT = """
import os, signal, sys, threading, time
from threading import Thread
import berkeley
from berkeley import _native, socket

server = socket.socket(type=socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
HOST = "host.example."

def wait_for(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end

def threads():
    return len(os.listdir("/proc/self/task"))

def late(call, seconds=.1, text="timed out looking up 'host.example.'"):
    start = time.monotonic()
    try:
        result = call()
    except TimeoutError as error:
        assert str(error) == text, error
    else:
        raise AssertionError(result)
    assert seconds <= time.monotonic() - start < 4, time.monotonic() - start

def interrupted(seconds=.1):
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, seconds)
"""

SCENARIOS = {
    "getaddrinfo": "late(lambda: berkeley.getaddrinfo(HOST, 80, timeout=.1))",
    "gethostbyname": "late(lambda: berkeley.gethostbyname(HOST, timeout=.1))",
    "gethostbyname_ex": "late(lambda: berkeley.gethostbyname_ex(HOST, timeout=.1))",
    "gethostbyaddr": """
late(lambda: berkeley.gethostbyaddr("192.0.2.1", timeout=.1), text="timed out looking up '192.0.2.1'")
late(lambda: berkeley.gethostbyaddr("2001:db8::1", timeout=.1), text="timed out looking up '2001:db8::1'")
""",
    "getnameinfo": """
late(lambda: berkeley.getnameinfo(("192.0.2.1", 1), 0, timeout=.1), text="timed out looking up '192.0.2.1'")
""",
    "getfqdn": """
start = time.monotonic()
assert berkeley.getfqdn(HOST, timeout=.1) == HOST
assert .1 <= time.monotonic() - start < 4
""",
    "in a deadline": """
def bounded(call):
    with berkeley.deadline(.1):
        call()
for call in (
    lambda: socket.getaddrinfo(HOST, 80),
    lambda: socket.create_connection((HOST, 80)),
    lambda: socket.socket().connect((HOST, 80)),
    lambda: socket.socket().bind((HOST, 80)),
    lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", (HOST, 80)),
):
    late(lambda: bounded(call))
""",
    "a setting": """
berkeley.configure(resolve_timeout=.1)
late(lambda: socket.getaddrinfo(HOST, 80))
late(lambda: socket.create_connection((HOST, 80)))
start = time.monotonic()
found = dict(berkeley.getaddrinfo_as_completed([HOST, "localhost", "h2.example."], 80, timeout=30))
assert .1 <= time.monotonic() - start < 4
assert type(found.pop("localhost")) is list
assert {type(error) for error in found.values()} == {TimeoutError}, found
assert found[HOST].address == (HOST, 80)
berkeley.configure(resolve_timeout=None)
""",
    "a setting, and turns": """
berkeley.set_lookup_limit(1)
berkeley.configure(resolve_timeout=.1)
hosts = [f"host{number}.example." for number in range(8)]    # who holds the turn has it for a second
start = time.monotonic()
found = dict(berkeley.getaddrinfo_as_completed(hosts, 80, timeout=30))
assert .1 <= time.monotonic() - start < 4, time.monotonic() - start
assert {host: (type(error), str(error)) for host, error in found.items()} == {
    host: (TimeoutError, f"timed out looking up '{host}'") for host in hosts}, found
start = time.monotonic()
assert [type(error) for _, error in berkeley.getaddrinfo_as_completed([HOST], 80, timeout=.05)] == [TimeoutError]
assert .05 <= time.monotonic() - start < 4
""",
    "Ctrl-C": """
start = time.monotonic()
interrupted()
try:
    berkeley.getaddrinfo(HOST, 80, timeout=30)
except KeyboardInterrupt:
    assert time.monotonic() - start < 4
else:
    raise AssertionError
""",
    "handlers": """
ran = []
signal.signal(signal.SIGALRM, lambda *_: ran.append(1))
signal.setitimer(signal.ITIMER_REAL, .05, .05)
late(lambda: berkeley.getaddrinfo(HOST, 80, timeout=.5), .5)
signal.setitimer(signal.ITIMER_REAL, 0)
assert len(ran) > 2
""",
    "many": """
hosts = [*(f"host{number}.example." for number in range(200)), "localhost"]
start, used = time.monotonic(), time.process_time()
found = dict(berkeley.getaddrinfo_as_completed(hosts[::-1], 80, timeout=.5))
assert time.monotonic() - start < 5
assert type(found.pop("localhost")) is list
assert {type(error) for error in found.values()} == {TimeoutError}
assert str(found["host7.example."]) == "timed out looking up 'host7.example.'"
assert time.process_time() - used < .4      # who waits for a turn sleeps
wait_for(lambda: threads() <= 66)
""",
    "many, looked at late": """
answers = berkeley.getaddrinfo_as_completed(["localhost"] * 3, 80)
found = [next(answers)]
wait_for(lambda: _native.lookups_ended() == 3)
with berkeley.deadline(0):
    found += answers
assert [type(rows) for _, rows in found] == [list] * 3, found
""",
    "a fork in the middle of many": """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)     # there are threads, which is what this is about
berkeley.set_lookup_limit(3)
answers = berkeley.getaddrinfo_as_completed(["localhost", HOST, "h2.example.", "h3.example."], 80)
assert next(answers)[0] == "localhost"
pid = os.fork()
found = dict(answers)
assert {host: type(error) for host, error in found.items()} == dict.fromkeys(
    [HOST, "h2.example.", "h3.example."], socket.gaierror), found
if pid == 0:
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
""",
    "turns": """
assert berkeley.set_lookup_limit(4) == 64
waiting = [Thread(target=lambda: late(lambda: berkeley.getaddrinfo(HOST, 80, timeout=.5), .5)) for _ in range(50)]
for thread in waiting: thread.start()
for thread in waiting: thread.join()
wait_for(lambda: threads() <= 5)  # before Python 3.13, a thread that was joined may still be on its way out
late(lambda: berkeley.getaddrinfo(HOST, 80, timeout=.1))
""",
    "interrupted while it waits for a turn": """
assert berkeley.set_lookup_limit(1) == 64
late(lambda: berkeley.getaddrinfo(HOST, 80, timeout=.1))
interrupted()
try:
    berkeley.getaddrinfo(HOST, 80, timeout=30)
except KeyboardInterrupt:
    pass
else:
    raise AssertionError
""",
    "fork": """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)     # there are threads, which is what this is about
late(lambda: berkeley.getaddrinfo(HOST, 80, timeout=.1))
berkeley.set_lookup_limit(2)
late(lambda: berkeley.getaddrinfo(HOST, 80, timeout=.1))
pid = os.fork()
if pid == 0:
    # It has all turns: the parent's look-ups are not its own.
    for _ in range(2):
        late(lambda: berkeley.getaddrinfo(HOST, 80, timeout=.1))
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
""",
    "a thread that cannot be made": """
import resource
berkeley.getaddrinfo("127.0.0.1", 80, timeout=10)
resource.setrlimit(resource.RLIMIT_AS, (1 << 20, resource.RLIM_INFINITY))
for _ in range(100):    # turns are given back
    try:
        berkeley.getaddrinfo(HOST, 80, timeout=.1)
    except socket.gaierror as error:
        assert error.errno == socket.EAI_AGAIN, error
    else:
        raise AssertionError
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, ) * 2)
late(lambda: berkeley.getaddrinfo(HOST, 80, timeout=.1))
""",
    "exit": """
start = time.monotonic()
late(lambda: berkeley.getaddrinfo(HOST, 80, timeout=.1))
""",
    "they end": """
try:
    socket.getaddrinfo(HOST, 80)     # 1 s: options timeout:1 attempts:1
except socket.gaierror:
    pass
for _ in range(10):
    late(lambda: berkeley.getaddrinfo(HOST, 80, timeout=.05), .05)
end = time.monotonic() + 20
while threads() > 1 and time.monotonic() < end:
    time.sleep(.05)
assert threads() == 1
""",
}  # fmt: skip


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_silent_name_server(python_without_names, scenario):
    done = python_without_names("-c", f"{SILENT}\n{scenario}\nprint('done')")
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
