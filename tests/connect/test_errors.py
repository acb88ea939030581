"""What an error says; and that nothing stays open."""

import errno
import gc
import math
import pickle
import sys
import time

import pytest
from connects import NOBODY, UNKNOWN, failed
from waits import LONG, SHORT

import berkeley
from berkeley import socket

if sys.version_info < (3, 11):
    from exceptiongroup import ExceptionGroup


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
        ({"keepalive": (60, 10, 0)}, ValueError, "count must be 1 to 127, not 0"),
        ({"keepalive": (60, 40000, 3)}, ValueError, "interval must be 1 to 32767, not 40000"),
        ({"bind_to_device": ""}, ValueError, "interface"),
        ({"bind_to_device": "sixteen-bytes-00"}, ValueError, "interface"),
        ({"source_address": ("::1", 0), "family": int(socket.AF_INET)}, ValueError, "source_address"),
        ({"source_address": "127.0.0.1"}, TypeError, "source_address"),
        ({"source_address": ["127.0.0.1", 0]}, TypeError, "source_address"),
        ({"source_address": ("127.0.0.1",)}, TypeError, "source_address"),
        ({"source_address": ("127.0.0.1", "0")}, TypeError, "source_address"),
        ({"source_address": (None, 0)}, TypeError, "source_address"),
        ({"source_address": ("127.0.0.1", 70000)}, ValueError, "port must be 0 to 65535, not 70000"),
        ({"keepalive": (1.5, 1, 1)}, TypeError, "float"),
        ({"options": [("a", 2, 3)]}, TypeError, "option ('a', 2, 3) is not what setsockopt() takes"),
        ({"options": [(1, 2.5, 3)]}, TypeError, "setsockopt"),
        ({"options": [(1, 2, "text")]}, TypeError, "setsockopt"),
        ({"options": [(1, 2, None)]}, TypeError, "setsockopt"),
        ({"options": [(1, 2, 3, 4)]}, TypeError, "a length goes with None"),
        ({"options": [(1, 2, None, None)]}, TypeError, "setsockopt"),
        ({"options": [(1, 2, 1 << 31)]}, ValueError, "no int of C"),
        ({"options": [(1 << 40, 2, b"")]}, ValueError, "no int of C"),
        ({"bind_to_device": "lo\0x"}, ValueError, "interface"),
        ({"bind_to_device": 5}, TypeError, "int"),
        ({"family": "AF_INET"}, TypeError, "str"),
        ({"type": "SOCK_STREAM"}, TypeError, "str"),
    ],
)
def test_bad_arguments(python, keywords, error, text):
    """Nothing was looked up or opened."""
    program = f"""
import sys
import berkeley
from math import nan
events = []
sys.addaudithook(lambda name, arguments: events.append(name) if name.startswith("socket.") else None)
try:
    berkeley.connect(("localhost", 1), **{keywords!r})
except {error.__name__} as error:
    assert {text!r} in str(error), error
else:
    assert False
assert events == [], events
"""
    done = python("-c", program)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("port", [-1, 65536, 70000, "65536", b"70000", 10**30])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_port_that_is_none(made, host, port):
    """To getaddrinfo(3), 70000 is another name of 4464."""
    error = failed((host, port))
    assert (type(error), str(error)) == (ValueError, f"port must be 0 to 65535, not {port!r}")
    assert made == []


@pytest.mark.parametrize("address", [5, None, ("127.0.0.1",), ("127.0.0.1", 1, 2), []])
def test_bad_addresses(address):
    assert isinstance(failed(address), TypeError)


@pytest.mark.parametrize(
    "keywords", [{"family": socket.AF_INET}, {"keepalive": True}, {"nodelay": False}, {"bind_to_device": "lo"}]
)
def test_what_is_not_for_unix_paths(keywords):
    assert isinstance(failed("/nonexistent/path", **keywords), ValueError)


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
