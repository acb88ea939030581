"""AF_SYSTEM, macOS's: its conversions."""

import fcntl
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel import outcome

from berkeley import socket
from berkeley.families import system

CONTROL = SimpleNamespace(proto=system.SYSPROTO_CONTROL, fileno=lambda: 3)
FORM = "bind(): PF_SYSTEM address must be a str or a pair (id, unit)"
numbers = st.integers(0, 0xFFFFFFFF)


@given(address=st.tuples(numbers, numbers))
def test_round_trip(address):
    assert system.unpack(CONTROL, system.pack(CONTROL, "bind", address)) == address


def test_struct():
    """struct sockaddr_ctl: sc_len, sc_family, ss_sysaddr (AF_SYS_CONTROL), sc_id, sc_unit, and 20 bytes reserved."""
    packed = system.pack(CONTROL, "bind", (0x01020304, 0x05060708))
    numbers = [(2, 2), (0x01020304, 4), (0x05060708, 4)]
    fields = [number.to_bytes(size, sys.byteorder) for number, size in numbers]
    assert packed == bytes([32, 32]) + b"".join(fields) + bytes(20)


def test_name(monkeypatch):
    def answer(fd, request, info):
        assert (fd, request) == (3, 0xC0644E03)
        assert info == bytes(4) + b"com.apple.net.utun_control".ljust(96, b"\0")
        return (7).to_bytes(4, sys.byteorder) + info[4:]

    monkeypatch.setattr(fcntl, "ioctl", answer)
    assert system.unpack(CONTROL, system.pack(CONTROL, "connect", "com.apple.net.utun_control")) == (7, 0)


@pytest.mark.parametrize(
    ("address", "error"),
    [
        (None, ("TypeError", None, FORM)),
        ([1, 2], ("TypeError", None, FORM)),
        ((1,), ("TypeError", None, FORM)),
        ((1, 2, 3), ("TypeError", None, FORM)),
        ((1, "2"), ("TypeError", None, FORM)),
        (b"name", ("TypeError", None, FORM)),
        ("a\0b", ("ValueError", None, "embedded null character")),
        ("a" * 97, ("ValueError", None, "provided string is too long")),
        ("no.such.control", ("OSError", None, "cannot find kernel control with provided name")),
    ],
    ids=repr,
)
def test_what_is_no_address(address, error):
    with socket.socket() as sock:  # on which the kernel knows no such ioctl
        assert outcome(system.pack, SimpleNamespace(proto=2, fileno=sock.fileno), "bind", address) == error


def test_other_protocols():
    other = SimpleNamespace(proto=1)
    assert outcome(system.pack, other, "bind", (1, 2)) == ("OSError", None, "bind(): unsupported PF_SYSTEM protocol")


@given(data=st.binary(max_size=130))
def test_whatever_the_kernel_gives_is_an_address(data):
    assert [type(number) for number in system.unpack(CONTROL, data)] == [int, int]
