"""berkeley.connect() on a network that drops, delays and refuses, and with name servers that are slow or silent.

Each program runs in namespaces of its own (make.sh) and checks itself.
"""

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

HERE = Path(__file__).parent

START = f"""
import os, signal, socket as standard, sys, threading, time
import berkeley
from berkeley import socket
sys.path.append({str(HERE)!r})
from servers import answer_names, far, tell_of_the_late_address

if sys.version_info < (3, 11):
    import exceptiongroup  # takes tens of milliseconds, of the first error otherwise

HOST = ("host.example", 80)
SWALLOWED, WORKING, REFUSING, LATE = "2001:db8:dead::1", "192.0.2.2", "2001:db8::2", "192.0.2.3"

def timed(call, *arguments, **keywords):
    '''What comes of the call, and the seconds that it took.'''
    began = time.monotonic()
    try:
        result = call(*arguments, **keywords)
    except (OSError, KeyboardInterrupt) as error:
        result = error
    return result, time.monotonic() - began

def descriptors():
    return len(os.listdir("/proc/self/fd"))
"""


@pytest.fixture(scope="session")
def network(tmp_path_factory):
    """Runs a program in such a network."""
    for name, package in {"ip": "iproute2", "unshare": "util-linux"}.items():
        if not shutil.which(name):
            pytest.skip(f"no {name}: package {package}")
    directory = tmp_path_factory.mktemp("network")
    apart = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    command = [*apart, "sh", HERE / "make.sh", directory]
    made = subprocess.run([*command, "true"], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"no network of namespaces can be made here: {made.stderr.splitlines()[-1]}")

    def run(program):
        done = subprocess.run(
            [*command, sys.executable, "-X", "dev", "-W", "error", "-c", START + textwrap.dedent(program)],
            capture_output=True,
            text=True,
            timeout=50,
        )
        assert (done.returncode, done.stderr) == (0, "")

    return run


@pytest.mark.alone
def test_a_route_that_swallows(network):
    """The first address never answers: the second is connected after the delay. The standard module waits for it."""
    network(
        """
        answer_names({HOST[0]: [SWALLOWED, WORKING]})
        far(lambda: socket.create_server((WORKING, 80)))
        assert [row[4][0] for row in socket.getaddrinfo(*HOST, type=socket.SOCK_STREAM)] == [SWALLOWED, WORKING]
        before = descriptors()
        for call in berkeley.connect, lambda address: socket.create_connection(address, happy_eyeballs_delay=0.25):
            sock, seconds = timed(call, HOST)
            assert sock.getpeername() == (WORKING, 80)
            assert 0.25 <= seconds < 0.4, seconds
            sock.close()
        assert descriptors() == before
        sock, seconds = timed(standard.create_connection, HOST, timeout=1)
        assert sock.getpeername() == (WORKING, 80)
        assert seconds >= 1, seconds
        sock.close()
        """
    )


@pytest.mark.alone
def test_a_refused_address(network):
    """The next one is tried at once, whatever the delay."""
    network(
        """
        answer_names({HOST[0]: [REFUSING, WORKING]})
        far(lambda: socket.create_server((WORKING, 80)))
        sock, seconds = timed(berkeley.connect, HOST, happy_eyeballs_delay=30)
        assert sock.getpeername() == (WORKING, 80)
        assert seconds < 0.2, seconds
        sock.close()
        """
    )


@pytest.mark.alone
def test_an_address_that_answers_late(network):
    """It is taken, though others were begun since."""
    network(
        """
        far(lambda: socket.create_server((LATE, 80)))
        rows = [(socket.AF_INET, 1, 6, "", (LATE, 80))]
        rows += [(socket.AF_INET6, 1, 6, "", (f"{SWALLOWED}{each}", 80, 0, 0)) for each in range(3)]
        socket.getaddrinfo = lambda *arguments: rows
        before = descriptors()
        told = []
        def tell():
            told.append(time.monotonic())
            tell_of_the_late_address()
        threading.Timer(0.4, tell).start()
        sock, _ = timed(berkeley.connect, HOST, timeout=30, happy_eyeballs_delay=0.1)
        seconds = time.monotonic() - told[0]
        assert sock.getpeername() == (LATE, 80), sock
        assert seconds < 0.5, seconds  # it is the first SYN that was answered: the second goes out after 1 s
        sock.close()
        for thread in threading.enumerate()[1:]:
            thread.join()
        assert descriptors() == before
        """
    )


@pytest.mark.alone
def test_all_is_within_the_deadline(network):
    network(
        """
        answer_names({HOST[0]: [SWALLOWED, REFUSING, SWALLOWED + "1"]}, 0.2)
        before = descriptors()
        for call in (
            lambda: berkeley.connect(HOST, timeout=1),
            lambda: socket.create_connection(HOST, deadline=1),
            lambda: socket.create_connection(HOST, timeout=5, deadline=1, happy_eyeballs_delay=0.25),
        ):
            error, seconds = timed(call)
            assert type(error) is TimeoutError
            assert 1 <= seconds < 1.05, seconds
        assert descriptors() == before
        error, seconds = timed(berkeley.connect, HOST, timeout=1)
        for text in f"[{SWALLOWED}]:80: timed out", f"[{REFUSING}]:80: Connection refused":
            assert text in str(error), error
        """
    )


@pytest.mark.alone
def test_a_silent_name_server(network):
    """It is given up at the deadline; the standard module's timeout does not count for it."""
    network(
        """
        answer_names({}, None)
        for timeout in 0.1, 0.5:
            for call in (
                lambda: berkeley.connect(HOST, timeout=timeout),
                lambda: socket.create_connection(HOST, deadline=timeout),
            ):
                error, seconds = timed(call)
                assert type(error) is TimeoutError
                assert str(error) == "timed out looking up 'host.example'", error
                assert timeout <= seconds < timeout + 0.05, seconds
        assert timed(berkeley.connect, HOST, timeout=0.1)[0].address == HOST
        error, seconds = timed(standard.create_connection, HOST, timeout=0.5)
        assert type(error) is standard.gaierror
        assert seconds > 5, seconds
        """
    )


@pytest.mark.alone
@pytest.mark.parametrize("server", ["{}, None", "{HOST[0]: [SWALLOWED]}"])
def test_an_interrupt(network, server):
    """Ctrl-C ends a look-up that stalls, and attempts that do, at once."""
    network(
        f"""
        answer_names({server})
        sent = []
        def interrupt():
            sent.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        before = descriptors()
        threading.Timer(0.5, interrupt).start()
        error, _ = timed(berkeley.connect, HOST, timeout=30)
        seconds = time.monotonic() - sent[0]
        assert type(error) is KeyboardInterrupt
        assert seconds < 0.05, seconds
        if {server!r} != "{{}}, None":
            assert descriptors() == before
        """
    )


@pytest.mark.alone
def test_a_slow_name_server(network):
    network(
        """
        answer_names({HOST[0]: [WORKING]}, 0.1)
        far(lambda: socket.create_server((WORKING, 80)))
        sock, seconds = timed(berkeley.connect, HOST, timeout=30)
        assert sock.getpeername() == (WORKING, 80)
        assert 0.1 <= seconds < 0.5, seconds
        sock.close()
        """
    )


def test_without_a_route(network):
    """What this machine has no way to says nothing of the host."""
    network(
        """
        answer_names({HOST[0]: ["2001:db9::1", WORKING]})
        error, _ = timed(berkeley.connect, HOST)
        assert type(error) is ConnectionRefusedError
        assert "[2001:db9::1]:80: Network is unreachable" in str(error), error
        """
    )


def test_bound_to_a_device_or_a_source(network):
    network(
        """
        far(lambda: socket.create_server((WORKING, 80)))
        with berkeley.connect((WORKING, 80), bind_to_device="near", source_address=("192.0.2.1", 0)) as sock:
            assert sock.getsockname()[0] == "192.0.2.1"
        error, _ = timed(berkeley.connect, (WORKING, 80), bind_to_device="lo", timeout=0.2)
        assert isinstance(error, OSError)
        """
    )
