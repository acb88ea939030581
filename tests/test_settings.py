"""Settings of the process that change what the standard module does: berkeley.configure(), and `berkeley run`."""

import math
import os
import re
import subprocess
import sys

import pytest

import berkeley
from berkeley import socket
from berkeley._command.run import STARTUP

HOST = "host.invalid"
NONE = {"resolve_timeout": None, "happy_eyeballs": None, "keepalive": None, "pin": None}
ALIVE = {"resolve_timeout": 2, "happy_eyeballs": 0.5, "keepalive": (60, 10, 3), "pin": {HOST: ["::1", "127.0.0.5"]}}
VARIABLES = {
    "BERKELEY_RESOLVE_TIMEOUT": "2",
    "BERKELEY_HAPPY_EYEBALLS": "0.5",
    "BERKELEY_KEEPALIVE": "60,10,3",
    "BERKELEY_PIN": f"{HOST}=::1,127.0.0.5",
}


@pytest.fixture(autouse=True)
def no_settings():
    assert berkeley.configure() == NONE
    yield
    berkeley.configure(**NONE)
    assert not set_variables()


def set_variables():
    return {name: os.environ[name] for name in VARIABLES if name in os.environ}


def keepalive(sock):
    names = socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT
    on = sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    return tuple(sock.getsockopt(socket.IPPROTO_TCP, name) for name in names) if on else None


def test_those_before_are_returned():
    assert berkeley.configure(**ALIVE) == NONE
    assert berkeley.configure(keepalive=None) == ALIVE
    assert berkeley.configure(**ALIVE) == {**ALIVE, "keepalive": None}
    assert set_variables() == VARIABLES
    assert berkeley.configure(**NONE) == ALIVE


@pytest.mark.parametrize("value", [True, 0.25])
def test_the_advised_delay(value):
    berkeley.configure(happy_eyeballs=value)
    assert berkeley.configure(happy_eyeballs=False)["happy_eyeballs"] == 0.25
    assert berkeley.configure()["happy_eyeballs"] is None


# --- what they do


def test_keepalive():
    berkeley.configure(keepalive=(60, 10, 3))
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert keepalive(server) == (60, 10, 3)
        with socket.create_connection(server.getsockname()) as client, server.accept()[0] as accepted:
            assert keepalive(client) == keepalive(accepted) == (60, 10, 3)
            berkeley.configure(keepalive=None)
            assert keepalive(client) == (60, 10, 3)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK, socket.IPPROTO_TCP) as sock:
        assert keepalive(sock) is None


@pytest.mark.parametrize(
    ("family", "kind", "proto"),
    [
        (socket.AF_INET, socket.SOCK_DGRAM, 0),
        (socket.AF_UNIX, socket.SOCK_STREAM, 0),
        (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_MPTCP),
    ],
)
def test_keepalive_is_for_tcp(family, kind, proto):
    berkeley.configure(keepalive=(60, 10, 3))
    try:
        with socket.socket(family, kind, proto) as sock:
            assert not sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    except OSError as error:
        pytest.skip(f"no such socket: {error}")


def test_pin():
    berkeley.configure(pin={HOST: "127.0.0.5"})
    assert socket.gethostbyname(HOST) == "127.0.0.5"
    # A resolver of the program's own comes before, and may ask for it.
    previous = berkeley.set_resolver(lambda ask, host, *rest: ask(HOST, *rest))
    assert previous is None
    try:
        assert socket.gethostbyname("other.invalid") == "127.0.0.5"
    finally:
        berkeley.set_resolver(None)
    berkeley.configure(pin={})
    with pytest.raises(socket.gaierror):
        socket.gethostbyname(HOST)


def test_a_look_up_has_its_time():
    berkeley.configure(resolve_timeout=0)
    for call in (
        lambda: socket.getaddrinfo("localhost", 80),
        lambda: socket.getnameinfo(("127.0.0.1", 80), 0),
        lambda: socket.gethostbyaddr("127.0.0.1"),
    ):
        with pytest.raises(TimeoutError, match="timed out looking up"):
            call()
    assert socket.getaddrinfo("127.0.0.1", 80)  # which nobody is asked
    berkeley.configure(resolve_timeout=30)
    assert socket.gethostbyname("localhost").startswith("127.")
    with berkeley.deadline(0), pytest.raises(TimeoutError):
        socket.gethostbyname("localhost")


@pytest.fixture
def attempts(monkeypatch):
    """Keeps the delays with which addresses are tried side by side."""
    from berkeley._beyond import attempts

    delays = []

    class Attempts(attempts.Attempts):
        def __init__(self, rows, prepare, delay, limit=None):
            delays.append(delay)
            super().__init__(rows, prepare, delay, limit)

    monkeypatch.setattr(attempts, "Attempts", Attempts)
    return delays


def test_addresses_are_tried_side_by_side(attempts):
    with socket.create_server(("127.0.0.1", 0)) as server:
        here = server.getsockname()
        for configured, keywords, delays in (
            (None, {}, []),
            (0.5, {}, [0.5]),
            (0.5, {"happy_eyeballs_delay": 0.1}, [0.1]),
            (0.5, {"timeout": 5}, [0.5]),
        ):
            berkeley.configure(happy_eyeballs=configured)
            with socket.create_connection(here, **keywords):
                assert attempts == delays
            attempts.clear()


def test_what_does_not_wait_is_as_it_was(attempts):
    """A connection that is not waited for is tried with one address, as the standard module has it."""
    berkeley.configure(happy_eyeballs=True)
    with socket.create_server(("127.0.0.1", 0)) as server:
        for timeout, default in ((0, None), (None, 0)):
            socket.setdefaulttimeout(default)
            try:
                with pytest.raises(BlockingIOError):
                    socket.create_connection(server.getsockname(), *([timeout] if default is None else []))
            finally:
                socket.setdefaulttimeout(None)
    assert attempts == []


def test_what_children_read_is_what_is_here():
    """Whatever kind of number it is; of an international name, the form in which resolvers are asked for it."""
    berkeley.configure(
        resolve_timeout=0.1 + 0.2,
        happy_eyeballs=math.inf,
        keepalive=(True, 2, 3),
        pin={"bücher.invalid": ["127.0.0.5", "::1"], "h\udcf6st.invalid": "::1"},
    )
    told = repr(berkeley.configure())
    done = on_berkeley("-c", TELL)
    assert (done.stdout, done.stderr) == (f"{told}\n", "")
    assert socket.gethostbyname("bücher.invalid") == "127.0.0.5"


def test_a_variable_that_is_none():
    """No setting counts then, and the program is told."""
    for name, text in (("RESOLVE_TIMEOUT", "inf"), ("HAPPY_EYEBALLS", "soon"), ("PIN", "x"), ("KEEPALIVE", "1,2")):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([STARTUP, *sys.path]), **VARIABLES}
        environment[f"BERKELEY_{name}"] = text
        done = subprocess.run([sys.executable, "-c", TELL], capture_output=True, text=True, env=environment)
        assert done.stdout == f"{NONE}\n"
        assert re.fullmatch(f"berkeley: BERKELEY_{name}={text}: .*\n", done.stderr)


# --- what is none


@pytest.mark.parametrize(
    "wrong",
    [
        {"resolve_timeout": -1},
        {"resolve_timeout": "2"},
        {"happy_eyeballs": -0.1},
        {"happy_eyeballs": "soon"},
        {"keepalive": (0, 10, 3)},
        {"keepalive": (60, 10, 128)},
        {"keepalive": (60, 10)},
        {"keepalive": 60},
        {"pin": {HOST: "localhost"}},
        {"pin": {HOST: []}},
        {"pin": HOST},
        {"pin": 5},
        {"pin": {5: "127.0.0.1"}},
        {"pin": {HOST: b"127.0.0.1"}},
        {"pin": {HOST: [b"127.0.0.1"]}},
        {"nothing": 1},
        # What a variable cannot hold, or a child would read otherwise.
        {"resolve_timeout": math.inf},
        {"resolve_timeout": 1e300},
        {"resolve_timeout": 10**400},
        {"happy_eyeballs": 10**400},
        {"keepalive": (1.5, 2, 3)},
        {"keepalive": (60, 10, 3.0)},
        {"keepalive": ("60", "10", "3")},
        {"pin": {"": "127.0.0.1"}},
        {"pin": {"a;b": "127.0.0.1"}},
        {"pin": {"a=b": "127.0.0.1"}},
        {"pin": {"a\0b": "127.0.0.1"}},
        {"pin": {"ü" * 64: "127.0.0.1"}},
        {"pin": {"\ud800": "127.0.0.1"}},
    ],
    ids=str,
)
def test_what_is_none_changes_nothing(wrong):
    with pytest.raises((ValueError, TypeError, socket.gaierror)):
        berkeley.configure(**{"resolve_timeout": 3, **wrong})
    assert berkeley.configure() == NONE
    assert not set_variables()


# --- berkeley run

TELL = "import berkeley; print(berkeley.configure())"
CHILD = f"import subprocess, sys; sys.exit(subprocess.run([sys.executable, '-c', {TELL!r}]).returncode)"
OPTIONS = ["--resolve-timeout", "2", "--happy-eyeballs", "--keepalive=60,10,3", "--pin", f"{HOST}=::1,127.0.0.5"]


def on_berkeley(*arguments, **variables):
    command = [sys.executable, "-m", "berkeley", "run", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **variables}, check=False)


@pytest.mark.parametrize("program", [TELL, CHILD], ids=["itself", "its child"])
def test_options(program):
    """Of a program, and of the children that it starts."""
    done = on_berkeley(*OPTIONS, "-c", program)
    assert (done.stdout, done.stderr) == (f"{ {**ALIVE, 'resolve_timeout': 2.0, 'happy_eyeballs': 0.25} }\n", "")


def test_variables():
    done = on_berkeley("-c", TELL, **VARIABLES)
    assert (done.stdout, done.stderr) == (f"{ {**ALIVE, 'resolve_timeout': 2.0} }\n", "")


def test_options_come_before_variables():
    done = on_berkeley("--pin", f"{HOST}=127.0.0.1", "--pin", "b.invalid=::1", "-c", TELL, **VARIABLES)
    expected = {**ALIVE, "resolve_timeout": 2.0, "pin": {HOST: ["127.0.0.1"], "b.invalid": ["::1"]}}
    assert (done.stdout, done.stderr) == (f"{expected}\n", "")


def test_options_of_the_program_are_its_own():
    done = on_berkeley("-c", "import sys; print(sys.argv)", "--pin", "x")
    assert done.stdout == "['-c', '--pin', 'x']\n"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--keepalive", "60,10"], "BERKELEY_KEEPALIVE=60,10: three numbers are wanted: idle,interval,count"),
        (["--keepalive", "0,10,3"], "BERKELEY_KEEPALIVE=0,10,3: idle must be 1 to 32767, not 0"),
        (["--resolve-timeout", "-1"], "BERKELEY_RESOLVE_TIMEOUT=-1: Timeout value out of range"),
        (["--resolve-timeout", "inf"], "BERKELEY_RESOLVE_TIMEOUT=inf: resolve_timeout must be seconds that a clock"),
        (["--resolve-timeout", "1e300"], "BERKELEY_RESOLVE_TIMEOUT=1e300: resolve_timeout must be seconds that a"),
        (["--keepalive", f"{10**30},1,1"], f"BERKELEY_KEEPALIVE={10**30},1,1: idle must be 1 to 32767"),
        (["--pin", f"{'ü' * 64}=127.0.0.1"], f"BERKELEY_PIN={'ü' * 64}=127.0.0.1: '{'ü' * 64}' is no host name"),
        (["--pin", HOST], f"BERKELEY_PIN={HOST}: HOST=ADDRESS is wanted, not '{HOST}'"),
        (["--pin", f"{HOST}=localhost"], f"BERKELEY_PIN={HOST}=localhost: "),
        (["--pin"], "Option '--pin' requires an argument."),
    ],
)
def test_options_that_are_none(options, text):
    done = on_berkeley(*options, *(["-c", TELL] if len(options) == 2 else []))
    assert done.returncode == 2
    assert f"Error: {text}" in done.stderr
    assert not done.stdout
