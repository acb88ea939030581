"""berkeley.connect(), and create_connection() with its two keywords: which addresses are tried when, what comes of it,
and that nothing stays open.

The fixture `full` is an address that never answers: a listener for which the kernel drops what comes. How networks
behave is in network/.
"""

import errno
import gc
import math
import os
import pickle
import signal
import sys
import time
from pathlib import Path

import pytest
from waits import LONG, SHORT, meanwhile

import berkeley
from berkeley import socket
from berkeley._beyond.attempts import interleaved

if sys.version_info < (3, 11):
    from exceptiongroup import ExceptionGroup

NOBODY = ("127.0.0.1", 1)  # tcpmux: nobody serves it
UNKNOWN = 12  # AF_DECnet, which Linux has no more


@pytest.fixture
def impl():
    """The fixtures of conftest.py are for ours alone here."""
    return socket


@pytest.fixture
def server():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        sock.settimeout(LONG)
        yield sock


@pytest.fixture
def here(server):
    return server.getsockname()


@pytest.fixture
def answers(monkeypatch):
    """Lets the resolver give these addresses."""

    def give(*addresses, kind=socket.SOCK_STREAM):
        rows = [address if len(address) == 5 else (socket.AF_INET, kind, 0, "", address) for address in addresses]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments: rows)
        return ("anything", 1)

    return give


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def failed(*arguments, function=berkeley.connect, **keywords):
    """The error, which has left no descriptor open."""
    before = descriptors()
    with pytest.raises(Exception) as caught:
        function(*arguments, **keywords)
    assert descriptors() == before
    return caught.value


# --- what is connected


@pytest.mark.parametrize("host", ["127.0.0.1", b"127.0.0.1", "localhost"])
def test_a_host(server, host):
    with berkeley.connect((host, server.getsockname()[1]), timeout=LONG) as client, server.accept()[0] as peer:
        assert type(client) is socket.socket
        assert (client.family, client.type) == (socket.AF_INET, socket.SOCK_STREAM)
        client.sendall(b"data")
        assert peer.recv(10) == b"data"


@pytest.mark.parametrize("form", [str, os.fsencode, Path])
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_SEQPACKET, socket.SOCK_DGRAM])
def test_a_unix_path(tmp_path, form, kind):
    path = str(tmp_path / "sock")
    with socket.socket(socket.AF_UNIX, kind) as server:
        server.bind(path)
        if kind != socket.SOCK_DGRAM:
            server.listen()
        with berkeley.connect(form(path), type=kind, timeout=LONG) as client:
            assert (client.getpeername(), client.type) == (path, kind)


def test_an_abstract_name():
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("")
        server.listen()
        with berkeley.connect(server.getsockname()) as client:
            assert client.getpeername() == server.getsockname()


def test_a_full_unix_listener(tmp_path):
    """Of which poll(2) does not tell when there is room."""
    path = str(tmp_path / "sock")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(0)
        with berkeley.connect(path):
            assert str(failed(path, timeout=SHORT)) == f"timed out connecting to {path!r}: timed out"
            with meanwhile(lambda: server.accept()[0].close()), berkeley.connect(path, timeout=LONG) as client:
                assert client.getpeername() == path


@pytest.mark.parametrize(("default", "timeout"), [(None, None), (None, LONG), (7.5, None), (7.5, LONG), (0, LONG)])
def test_the_timeout_is_that_of_a_new_socket(here, default, timeout):
    socket.setdefaulttimeout(default)
    try:
        with berkeley.connect(here, timeout=timeout) as client:
            assert client.gettimeout() == default
            assert os.get_blocking(client.fileno()) == (default is None)
    finally:
        socket.setdefaulttimeout(None)


def test_the_default_timeout_is_for_all_of_it(full):
    socket.setdefaulttimeout(SHORT)
    try:
        assert isinstance(failed(full), TimeoutError)
    finally:
        socket.setdefaulttimeout(None)


def test_the_class_that_a_program_has_put_there(here, record):
    made = record(socket)
    with berkeley.connect(here) as client:
        assert made == [client]


def test_the_family_and_the_type(here, answers, monkeypatch):
    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments: asked.append(arguments) or [])
    failed(("anything", 80), family=socket.AF_INET6, type=socket.SOCK_DGRAM)
    assert asked == [("anything", 80, socket.AF_INET6, socket.SOCK_DGRAM, 0, 0)]


# --- which address is tried when


def test_families_by_turns():
    def rows(text):
        return [(each, 1, 6, "", index) for index, each in enumerate(text)]

    def order(text):
        return [row[4] for row in interleaved(rows(text))]

    assert order("") == []
    assert order("6666") == [0, 1, 2, 3]
    assert order("6644") == [0, 2, 1, 3]
    assert order("466666") == [0, 1, 2, 3, 4, 5]
    assert order("666446") == [0, 3, 1, 4, 2, 5]


@pytest.mark.parametrize("delay", [0.25, None])
def test_the_order(made, answers, delay):
    rows = [(socket.AF_INET6, 1, 0, "", ("::1", port)) for port in (1, 2)]
    rows += [(socket.AF_INET, 1, 0, "", ("127.0.0.1", port)) for port in (1, 2)]
    error = failed(answers(*rows), happy_eyeballs_delay=delay)
    ports = [address[:2] for address in (each.address for each in error.__cause__.exceptions)]
    six, four = [("::1", 1), ("::1", 2)], [("127.0.0.1", 1), ("127.0.0.1", 2)]
    assert ports == ([*six, *four] if delay is None else [six[0], four[0], six[1], four[1]])
    assert [sock.fileno() for sock in made] == [-1] * 4


@pytest.mark.parametrize("function", [berkeley.connect, socket.create_connection])
def test_a_silent_address_does_not_hold_up_the_next(here, full, record, answers, function):
    made = record(socket)
    began = time.monotonic()
    with function(answers(full, here), happy_eyeballs_delay=SHORT) as client:
        assert SHORT <= time.monotonic() - began < LONG
        assert client.getpeername() == here
        assert [sock.fileno() for sock in made] == [-1, client.fileno()]


@pytest.mark.parametrize("delay", [LONG * 2, math.inf, None])
def test_a_refused_address_makes_way_at_once(here, answers, delay):
    with berkeley.connect(answers(NOBODY, NOBODY, here), happy_eyeballs_delay=delay) as client:
        assert client.getpeername() == here


def test_a_refusal_makes_way_while_others_wait(here, full, answers):
    with berkeley.connect(answers(full, NOBODY, here), happy_eyeballs_delay=0.3) as client:
        assert client.getpeername() == here


def test_a_late_answer_is_taken(answers, full):
    """Though others were begun since: here the first has room again when its SYN is sent a second time."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        with berkeley.connect(listener.getsockname()):
            began = time.monotonic()
            with meanwhile(lambda: listener.accept()[0].close()):
                address = answers(listener.getsockname(), full, full)
                with berkeley.connect(address, timeout=LONG, happy_eyeballs_delay=SHORT) as client:
                    assert client.getpeername() == listener.getsockname()
            assert time.monotonic() - began < LONG


def test_each_in_turn_without_a_delay(here, full, answers):
    error = failed(answers(full, here), happy_eyeballs_delay=None, timeout=SHORT)
    silent, untried = (":".join(map(str, address)) for address in (full, here))
    assert str(error) == f"timed out connecting to anything:1 ({silent}: timed out; {untried}: not tried)"


# --- options


def seen_by_connect(record, *options):
    """The values that the options have when connect() is called, in a list to come."""
    values = []

    def connect(sock, address):
        values.append([sock.getsockopt(*option) for option in options])
        return socket.SocketType.connect(sock, address)

    record(socket, connect=connect)
    return values


def test_keepalive(here, record):
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE)]
    options += [(socket.IPPROTO_TCP, each) for each in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)]
    values = seen_by_connect(record, *options)
    for keepalive in None, False, True, (61, 11, 4):
        berkeley.connect(here, keepalive=keepalive).close()
    default = values[0][1:]
    assert values == [[0, *default], [0, *default], [1, *default], [1, 61, 11, 4]]


def test_nodelay(here, record):
    values = seen_by_connect(record, (socket.IPPROTO_TCP, socket.TCP_NODELAY))
    for nodelay in None, True, False:
        berkeley.connect(here, nodelay=nodelay).close()
    assert [bool(value) for [value] in values] == [False, True, False]


def test_options(here, record):
    values = seen_by_connect(record, (socket.SOL_SOCKET, socket.SO_PRIORITY), (socket.IPPROTO_IP, socket.IP_TOS))
    options = [
        (socket.SOL_SOCKET, socket.SO_PRIORITY, 3),
        (socket.IPPROTO_IP, socket.IP_TOS, 0x20),
        # Not of this family, whose sockets refuse it.
        (socket.IPPROTO_IPV6, socket.IPV6_TCLASS, 0x20),
    ]
    berkeley.connect(here, options=iter(options)).close()
    assert values[0][1] == 0x20
    with pytest.raises(OSError, match=r"Protocol not available|not supported"), socket.socket() as sock:
        sock.setsockopt(*options[2])


@pytest.mark.parametrize("device", ["lo", b"lo"])
def test_device(here, record, device):
    values = seen_by_connect(record, (socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16))
    berkeley.connect(here, bind_to_device=device).close()
    assert values == [[b"lo\0"]]


def test_a_device_that_is_not_here(here):
    error = failed(here, bind_to_device="nosuch0")
    assert error.errno == errno.ENODEV
    assert "No such device: setsockopt(" in str(error)


def test_source_address(here):
    with berkeley.connect(here, source_address=("127.0.0.3", 0)) as client:
        assert client.getsockname()[0] == "127.0.0.3"


def test_a_source_path(tmp_path):
    path, own = str(tmp_path / "sock"), str(tmp_path / "own")
    with socket.create_server(path, family=socket.AF_UNIX), berkeley.connect(path, source_address=own) as client:
        assert client.getsockname() == own


@pytest.mark.parametrize(
    ("source", "family"),
    [
        ("127.0.0.1", socket.AF_INET),
        ("::1", socket.AF_INET6),
        ("fe80::1%lo", socket.AF_INET6),
        ("", 0),
        ("localhost", 0),
    ],
)
def test_only_addresses_of_the_source_s_family(monkeypatch, source, family):
    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments: asked.append(arguments[2]) or [])
    failed(("anything", 80), source_address=(source, 0))
    assert asked == [family]


def test_a_source_that_is_not_here(here):
    error = failed(here, source_address=("192.0.2.1", 0))
    assert error.errno == errno.EADDRNOTAVAIL
    assert str(error).endswith("Cannot assign requested address: bind(('192.0.2.1', 0))")


# --- errors


def test_the_answers(answers):
    error = failed(answers(NOBODY, ("127.0.0.2", 1)))
    assert type(error) is ConnectionRefusedError
    said = "could not connect to anything:1 (127.0.0.1:1: Connection refused; 127.0.0.2:1: Connection refused)"
    assert str(error) == f"[Errno {errno.ECONNREFUSED}] {said}"
    assert error.address == ("anything", 1)
    assert isinstance(error.__cause__, ExceptionGroup)
    assert error.__cause__.message == said
    assert [(type(each), each.address) for each in error.__cause__.exceptions] == [
        (ConnectionRefusedError, NOBODY),
        (ConnectionRefusedError, ("127.0.0.2", 1)),
    ]
    assert pickle.loads(pickle.dumps(error)).address == ("anything", 1)


def test_a_path_that_is_not_there():
    error = failed("/nonexistent/path")
    assert type(error) is FileNotFoundError
    assert str(error) == "[Errno 2] could not connect to '/nonexistent/path': No such file or directory"
    assert error.address == "/nonexistent/path"


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        # This machine has no such family: that tells nothing of the host.
        ([(UNKNOWN, 1, 0, "", ("x", 1)), NOBODY], errno.ECONNREFUSED),
        ([NOBODY, (UNKNOWN, 1, 0, "", ("x", 1))], errno.ECONNREFUSED),
        ([(UNKNOWN, 1, 0, "", ("x", 1))], errno.EAFNOSUPPORT),
        # They do not agree.
        ([(socket.AF_UNIX, 1, 0, "", "/nonexistent/path"), NOBODY], None),
    ],
)
def test_the_class_where_answers_differ(answers, rows, code):
    error = failed(answers(*rows))
    assert type(error) is (type(OSError(code, "")) if code else OSError)
    assert error.errno == code
    assert len(error.__cause__.exceptions) == len(rows)


@pytest.mark.parametrize("shown", ["[::1]:1", "[fe80::1%7]:1", "[fe80::1]:1"])
def test_how_addresses_are_shown(answers, shown):
    host, _, scope = shown[1:-3].partition("%")
    row = (UNKNOWN, 1, 0, "", (host, 1, 0, int(scope or 0)))
    assert f"({shown}: Address family not supported" in str(failed(answers(row)))


@pytest.mark.parametrize("host", ["two\nlines", b"bytes", None])
def test_one_line(answers, host):
    answers(NOBODY)
    assert "\n" not in str(failed((host, 1)))


def test_the_deadline(full, answers):
    began = time.monotonic()
    error = failed(answers(NOBODY, full), timeout=SHORT)
    assert SHORT <= time.monotonic() - began < LONG
    assert type(error) is TimeoutError
    assert [type(each) for each in error.__cause__.exceptions] == [ConnectionRefusedError, TimeoutError]


def test_a_deadline_around_it(full):
    with berkeley.deadline(SHORT):
        assert type(failed(full)) is TimeoutError
        assert type(failed(full, timeout=LONG)) is TimeoutError
    assert type(failed(("localhost", 1), timeout=LONG)) is ConnectionRefusedError


@pytest.mark.parametrize("address", [NOBODY, "/nonexistent/path", ("localhost", 1)])
def test_no_time_at_all(made, address):
    error = failed(address, timeout=0)
    assert type(error) is TimeoutError
    assert error.address == address
    assert made == []


@pytest.mark.parametrize(
    ("address", "kind"),
    [((b"a" * 300, 1), socket.gaierror), (("127.0.0.1", "no-such-service"), socket.gaierror)],
)
def test_a_name_without_an_address(made, address, kind):
    error = failed(address, timeout=LONG)
    assert type(error) is kind
    assert error.address == address
    assert made == []


def test_what_is_no_name(made):
    error = failed(("a..b", 1))
    assert isinstance(error, (socket.gaierror, UnicodeError))
    assert error.address == ("a..b", 1)


def test_an_empty_list(answers, made):
    error = failed(answers())
    assert type(error) is OSError
    assert str(error) == "anything:1 has no address: getaddrinfo returns an empty list"
    assert made == []


@pytest.mark.parametrize(
    ("keywords", "error", "text"),
    [
        ({"timeout": -1}, ValueError, "Timeout value out of range"),
        ({"timeout": math.nan}, ValueError, "NaN"),
        ({"timeout": "5"}, TypeError, "str"),
        ({"happy_eyeballs_delay": -0.1}, ValueError, "happy_eyeballs_delay"),
        ({"happy_eyeballs_delay": math.nan}, ValueError, "happy_eyeballs_delay"),
        ({"options": (1, 2, 3)}, TypeError, "tuple"),
        ({"options": [(1, 2)]}, TypeError, "tuple"),
        ({"options": [[1, 2, 3]]}, TypeError, "tuple"),
        ({"options": 5}, TypeError, "iterable"),
        ({"keepalive": (1, 2)}, TypeError, "keepalive"),
        ({"keepalive": 60}, TypeError, "keepalive"),
        ({"keepalive": (60, 10, 0)}, ValueError, "keepalive"),
        ({"keepalive": (60, 40000, 3)}, ValueError, "40000"),
        ({"bind_to_device": ""}, ValueError, "interface"),
        ({"bind_to_device": "sixteen-bytes-00"}, ValueError, "interface"),
        ({"source_address": ("::1", 0), "family": socket.AF_INET}, ValueError, "source_address"),
    ],
)
def test_bad_arguments(made, keywords, error, text):
    found = failed(NOBODY, **keywords)
    assert type(found) is error
    assert text in str(found)
    assert made == []


@pytest.mark.parametrize("address", [5, None, ("127.0.0.1",), ("127.0.0.1", 1, 2), []])
def test_bad_addresses(address):
    assert isinstance(failed(address), TypeError)


@pytest.mark.parametrize(
    "keywords", [{"family": socket.AF_INET}, {"keepalive": True}, {"nodelay": False}, {"bind_to_device": "lo"}]
)
def test_what_is_not_for_unix_paths(keywords):
    assert isinstance(failed("/nonexistent/path", **keywords), ValueError)


@pytest.mark.parametrize("option", [(1, 2, "text"), ("level", 2, 3), (1, 2, None, None)])
def test_an_option_of_the_wrong_type(here, full, answers, option):
    assert isinstance(failed(answers(full, here), options=[option]), TypeError)


@pytest.mark.parametrize("keywords", [{}, {"timeout": 0.02}])
def test_no_reference_cycle_is_left(full, answers, keywords):
    address = answers(NOBODY, full) if keywords else NOBODY
    gc.collect()
    gc.disable()
    try:
        try:
            berkeley.connect(address, **keywords)
        except OSError:
            pass
        assert gc.collect() == 0
    finally:
        gc.enable()


# --- interruptions


class Stop(BaseException):
    """Like KeyboardInterrupt: no Exception."""


def stop(*arguments):
    raise Stop


@pytest.mark.parametrize("method", ["settimeout", "bind", "connect", "setsockopt", "getsockopt", "gettimeout"])
def test_an_interrupt_leaves_nothing_open(record, full, answers, method):
    made = record(socket, **{method: stop})
    keywords = {"keepalive": True, "source_address": ("127.0.0.1", 0)}
    with pytest.raises(Stop):
        berkeley.connect(answers(NOBODY), **keywords)
    assert [sock.fileno() for sock in made] == [-1]


def test_an_interrupt_in_a_later_attempt(record, full, answers):
    def connect(sock, address):
        if address == NOBODY:
            raise Stop
        return socket.SocketType.connect(sock, address)

    made = record(socket, connect=connect)
    with pytest.raises(Stop):
        berkeley.connect(answers(full, full, NOBODY), happy_eyeballs_delay=0.01)
    assert [sock.fileno() for sock in made] == [-1] * 3


def test_a_handler_that_raises_ends_the_wait(full, answers, made):
    count = len(made)
    with pytest.raises(Stop), meanwhile(stop):
        berkeley.connect(answers(full, full), timeout=LONG, happy_eyeballs_delay=0.01)
    assert [sock.fileno() for sock in made[count:]] == [-1, -1]


def test_a_handler_that_returns_does_not(full):
    handled = []
    began = time.monotonic()
    with meanwhile(lambda: handled.append(True)):
        assert isinstance(failed(full, timeout=4 * SHORT), TimeoutError)
    assert handled
    assert time.monotonic() - began >= 4 * SHORT


# A socket that has just been made, and is nobody's yet, is closed by being forgotten.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_interrupts_at_any_moment(full, here, answers):
    """Signals whose handler raises, as fast as they come: whatever they meet, nothing stays open."""
    address = answers(NOBODY, full, here)
    before = descriptors()
    previous = signal.signal(signal.SIGALRM, stop)
    ended = 0
    try:
        for turn in range(200):
            try:
                try:
                    signal.setitimer(signal.ITIMER_REAL, 1e-6 + turn * 4e-6)
                    berkeley.connect(address, happy_eyeballs_delay=0, timeout=LONG).close()
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except Stop:
                ended += 1
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert ended
    assert descriptors() == before


# --- audit events (PEP 578): each in an interpreter of its own, since a hook cannot be removed

HOOKED = """
import os, sys
import berkeley
from berkeley import socket
full = socket.create_server(("127.0.0.1", 0), backlog=0)
waiting = [socket.socket() for _ in range(3)]
for each in waiting:
    each.setblocking(False)
    each.connect_ex(full.getsockname())
server = socket.create_server(("127.0.0.1", 0))
nobody, silent, there = ("127.0.0.1", 1), full.getsockname(), server.getsockname()
rows = [(socket.AF_INET, 1, 0, "", address) for address in (nobody, silent, there)]
def resolved(*arguments):
    sys.audit("socket.getaddrinfo", *arguments)
    return rows
socket.getaddrinfo = resolved
before = len(os.listdir("/proc/self/fd"))
events = []
def hook(name, arguments):
    if name.startswith("socket."):
        events.append((name[7:], arguments[1] if name == "socket.connect" else None))
        if refuses and name == refuses[0] and len(events) > refuses[1]:
            raise refuses[2]
sys.addaudithook(hook)
"""


def test_events(python):
    program = """
refuses = None
with berkeley.connect(("anything", 1), happy_eyeballs_delay=0.01) as client:
    assert client.getpeername() == there
expected = [("getaddrinfo", None)]
for address in nobody, silent, there:
    expected += [("__new__", None), ("connect", address)]
assert events == expected, events
"""
    done = python("-c", HOOKED + program)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("event", ["socket.getaddrinfo", "socket.__new__", "socket.connect"])
@pytest.mark.parametrize("error", ["RuntimeError('no')", "PermissionError('no')", "PermissionError(1, 'no')"])
@pytest.mark.parametrize("call", ["berkeley.connect", "socket.create_connection"])
def test_a_hook_that_refuses_ends_all(python, event, error, call):
    program = f"""
refuses = {event!r}, {0 if event == "socket.getaddrinfo" else 4}, {error}
try:
    {call}(("anything", 1), happy_eyeballs_delay=0.01)
except Exception as error:
    assert error is refuses[2], error
assert events[-1][0] == {event[7:]!r} and len(events) in (1, 5, 6), events
assert len(os.listdir("/proc/self/fd")) == before
"""
    done = python("-W", "error", "-c", HOOKED + program)
    assert (done.returncode, done.stderr) == (0, "")


# --- create_connection() with its keywords


@pytest.mark.parametrize("keywords", [{"deadline": LONG}, {"happy_eyeballs_delay": 0.25}])
@pytest.mark.parametrize(
    ("arguments", "default", "expected"), [((), None, None), ((), 3.5, 3.5), ((2,), None, 2.0), ((None,), 7, None)]
)
def test_the_timeout_stays_on_the_socket(here, keywords, arguments, default, expected):
    socket.setdefaulttimeout(default)
    try:
        with socket.create_connection(here, *arguments, **keywords) as client:
            assert client.gettimeout() == expected
    finally:
        socket.setdefaulttimeout(None)


def test_the_timeout_is_for_each_attempt(here, full, answers):
    with socket.create_connection(answers(full, full, here), SHORT, deadline=LONG) as client:
        assert client.getpeername() == here
    error = failed(answers(full, full), SHORT, deadline=LONG, all_errors=True, function=socket.create_connection)
    assert error.message == "create_connection failed"
    assert [(type(each), each.address) for each in error.exceptions] == [(TimeoutError, full)] * 2


def test_the_deadline_is_for_all(full, answers):
    error = failed(answers(NOBODY, full), LONG, deadline=SHORT, function=socket.create_connection)
    assert type(error) is TimeoutError
    assert error.address == full


@pytest.mark.parametrize("keywords", [{"deadline": LONG}, {"happy_eyeballs_delay": 0.25}])
def test_the_last_error_is_raised(answers, keywords):
    rows = [(socket.AF_UNIX, 1, 0, "", "/nonexistent/path"), NOBODY]
    error = failed(answers(*rows), function=socket.create_connection, **keywords)
    assert (type(error), str(error)) == (ConnectionRefusedError, "[Errno 111] Connection refused")
    assert error.address == NOBODY


@pytest.mark.parametrize(
    ("arguments", "keywords", "error"),
    [
        ((), {"deadline": -1}, ValueError),
        ((), {"deadline": "5"}, TypeError),
        ((), {"happy_eyeballs_delay": -1}, ValueError),
        ((0,), {"deadline": 5}, ValueError),
        ((-1,), {"deadline": 5}, ValueError),
        (("5",), {"deadline": 5}, TypeError),
        ((5, "127.0.0.1"), {"deadline": 5}, TypeError),
        ((), {"deadline": 0}, TimeoutError),
        ((5, ("::1", 0)), {"deadline": 5}, socket.gaierror),
    ],
)
def test_bad_arguments_of_create_connection(here, arguments, keywords, error):
    assert type(failed(here, *arguments, function=socket.create_connection, **keywords)) is error


def test_an_empty_list_of_create_connection(answers):
    error = failed(answers(), deadline=5, function=socket.create_connection)
    assert str(error) == "getaddrinfo returns an empty list"


def test_a_source_of_create_connection(here):
    with socket.create_connection(here, 5, ("127.0.0.3", 0), deadline=5) as client:
        assert client.getsockname()[0] == "127.0.0.3"
