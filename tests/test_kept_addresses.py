"""The address that a socket converted last is kept: what is kept is never what another address, or the kernel, says."""

import shutil
import subprocess
import sys
from contextlib import ExitStack

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from berkeley import socket as ours


class Text(str):
    """A str that is not exactly one."""


class Number(int):
    """An int that is not exactly one."""


class Changing:
    """An index that another number takes the place of."""

    def __init__(self, number):
        self.number = number

    def __index__(self):
        return self.number


FORMS = [
    lambda address: address,
    lambda address: (*address[:1], *address[1:]),
    lambda address: (Text(address[0]), *address[1:]),
    lambda address: (address[0].encode(), Number(address[1]), *address[2:]),
    lambda address: (bytearray(address[0].encode()), address[1]),
]


@settings(max_examples=30)
@given(
    steps=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(FORMS)), min_size=2, max_size=12),
    family=st.sampled_from([("AF_INET", "127.0.0.1"), ("AF_INET6", "::1")]),
)
def test_each_datagram_reaches_the_one_it_is_for(steps, family):
    assume(family[0] != "AF_INET6" or ours.has_dualstack_ipv6())
    kind = getattr(ours, family[0]), ours.SOCK_DGRAM
    with ExitStack() as stack:
        sender, *receivers = (stack.enter_context(ours.socket(*kind)) for _ in range(4))
        for sock in (sender, *receivers):
            sock.bind((family[1], 0))
            sock.setblocking(False)
        for number, (index, form) in enumerate(steps):
            sender.sendto(b"%d" % number, form(receivers[index].getsockname()))
            assert receivers[index].recvfrom(10) == (b"%d" % number, sender.getsockname())
            receivers[index].sendto(b"back", sender.getsockname())
            assert sender.recvfrom(10) == (b"back", receivers[index].getsockname())


@pytest.fixture
def sockets():
    with ExitStack() as stack:
        made = [stack.enter_context(ours.socket(ours.AF_INET, ours.SOCK_DGRAM)) for _ in range(3)]
        for sock in made:
            sock.bind(("127.0.0.1", 0))
            sock.setblocking(False)
        yield made


def test_a_tuple_that_was_received(sockets):
    here, there, other = sockets
    for sender in (there, other, there):
        sender.sendto(b"data", here.getsockname())
        data, address = here.recvfrom(10)
        assert (data, address) == (b"data", sender.getsockname())
        for _ in range(3):
            here.sendto(b"back", address)
            assert sender.recvfrom(10) == (b"back", here.getsockname())


def test_elements_that_change(sockets):
    here, there, other = sockets
    host, port = bytearray(b"127.0.0.1"), Changing(there.getsockname()[1])
    address = (host, port)
    for receiver in (there, other, there):
        port.number = receiver.getsockname()[1]
        here.sendto(b"data", address)
        assert receiver.recv(10) == b"data"
    host[:] = b"127.0.0.9"
    here.connect(address)
    assert here.getpeername()[0] == "127.0.0.9"


def test_a_path_that_changes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with ExitStack() as stack:
        here, first, second = (stack.enter_context(ours.socket(ours.AF_UNIX, ours.SOCK_DGRAM)) for _ in range(3))
        first.bind("1")
        second.bind("2")
        path = bytearray(b"1")
        for receiver, name in ((first, b"1"), (second, b"2"), (first, b"1")):
            path[:] = name
            here.sendto(b"data", path)
            assert receiver.recv(10, ours.MSG_DONTWAIT) == b"data"


def test_a_file_that_another_took_the_place_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with ExitStack() as stack:
        here, first, second = (stack.enter_context(ours.socket(ours.AF_UNIX, ours.SOCK_DGRAM)) for _ in range(3))
        here.bind("here")
        first.bind("there")
        first.sendto(b"data", "here")
        _, address = here.recvfrom(10)
        (tmp_path / "there").unlink()
        second.bind("there")
        here.sendto(b"back", address)
        assert second.recv(10, ours.MSG_DONTWAIT) == b"back"


# Numbers of which the kernel sees the low 32 bits: it answers in its own way, not with what the program wrote. From
# Python 3.15 on, they are warned of.
@pytest.mark.filterwarnings("ignore:integer value out of range:DeprecationWarning")
@pytest.mark.parametrize(
    ("family", "kind", "address", "name"),
    [
        ("AF_NETLINK", "SOCK_RAW", (77001, 1 << 32), (77001, 0)),
        ("AF_NETLINK", "SOCK_RAW", (77002 - (1 << 32), 0), (77002, 0)),
        ("AF_VSOCK", "SOCK_STREAM", (-1, (1 << 32) + 77003), (0xFFFFFFFF, 77003)),
        ("AF_VSOCK", "SOCK_STREAM", (-1, 77004), (0xFFFFFFFF, 77004)),
    ],
)
def test_what_the_kernel_has_made_of_an_address(impl, family, kind, address, name):
    try:
        sock = impl.socket(getattr(impl, family), getattr(impl, kind))
    except OSError:
        pytest.skip(f"no {family} here")
    with sock:
        sock.bind(address)
        assert sock.getsockname() == name


RENAMING = """
import sys, subprocess, time
from berkeley import socket

def run(*words):
    subprocess.run(["ip", "link", "set", *words], check=True)

def eventually(said):
    start = time.monotonic()
    while not said():
        assert time.monotonic() - start < 1.5, "stale for longer than a second"

run("lo", "up")
kind = socket.AF_PACKET, socket.SOCK_DGRAM
with socket.socket(*kind) as here, socket.socket(*kind) as there:
    there.bind(("lo", 0x88B5))
    old = ("lo", 0x88B5)
    here.sendto(b"one", old)
    assert there.recvfrom(10)[1][0] == "lo"
    assert there.getsockname()[0] == "lo"
    run("lo", "down")
    run("lo", "name", "renamed")
    run("renamed", "up")
    with socket.socket(*kind) as fresh:
        fresh.bind(("renamed", 0x88B5))
        assert fresh.getsockname()[0] == "renamed"
    here.sendto(b"two", ("renamed", 0x88B5))
    eventually(lambda: there.getsockname()[0] == "renamed")
    here.sendto(b"three", ("renamed", 0x88B5))

    def refused():
        try:
            here.sendto(b"x", old)
        except OSError as error:
            return error.errno == 19  # ENODEV
    eventually(refused)
"""

UNSHARE = ["unshare", "--net"]


@pytest.mark.alone
@pytest.mark.skipif(
    not shutil.which("ip") or subprocess.run([*UNSHARE, "true"], capture_output=True).returncode,
    reason="ip is not installed, or unshare cannot make a network namespace: not root",
)
def test_a_renamed_interface():
    subprocess.run([*UNSHARE, sys.executable, "-W", "error", "-c", RENAMING], check=True, timeout=50)


def test_a_socket_made_anew_forgets():
    """__init__() called again gives the same object another descriptor, here of another family."""
    with ours.socket(ours.AF_INET, ours.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", 9))
        address = sock.getpeername()
        ours.close(sock.detach())
        sock.__init__(ours.AF_INET6, ours.SOCK_DGRAM)
        with pytest.raises(ours.gaierror):
            sock.connect(address)
