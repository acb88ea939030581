"""Families that have no file: pairs (family, bytes), and what a program registers."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel import CALLS, outcome

import berkeley
from berkeley import families, socket

NUMBER = 77  # of no family: the kernel's numbers end at 46


@pytest.fixture
def forgotten():
    """What is registered for NUMBER is gone afterwards."""
    yield
    families._codecs.pop(NUMBER, None)


def claimed():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        return socket.socket(NUMBER, socket.SOCK_DGRAM, 0, fileno=other.detach())


def test_the_pair_of_a_known_family_does_what_its_own_form_does():
    """The object is of a family nobody knows, its descriptor of AF_UNIX: what the kernel gets tells."""
    with claimed() as sock, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as peer:
        sock.bind((socket.AF_UNIX, b"\0berkeley-unknown-%d" % id(sock)))
        assert sock.getsockname() == b"\0berkeley-unknown-%d" % id(sock)
        peer.bind("")
        sock.sendto(b"one", (socket.AF_UNIX, bytearray(peer.getsockname())))
        sock.connect((int(socket.AF_UNIX), memoryview(peer.getsockname())))
        sock.send(b"two")
        sock.connect((socket.AF_UNSPEC, b""))
        with pytest.raises(OSError):
            sock.getpeername()
        assert peer.recvfrom(10) == (b"one", sock.getsockname())
        assert peer.recvfrom(10) == (b"two", sock.getsockname())


@pytest.mark.parametrize(
    ("address", "error", "text"),
    [
        (None, OSError, "bad family"),
        ("x", OSError, "bad family"),
        ((NUMBER,), OSError, "bad family"),
        ([NUMBER, b""], OSError, "bad family"),
        ((NUMBER, b"", 0), OSError, "bad family"),
        (("x", b""), OSError, "bad family"),
        ((NUMBER, "x"), TypeError, "the bytes of an address must be bytes-like, not str"),
        ((NUMBER, 5), TypeError, "the bytes of an address must be bytes-like, not int"),
        ((-1, b""), OverflowError, "family must be 0-65535."),
        ((65536, b""), OverflowError, "family must be 0-65535."),
        ((NUMBER, bytes(127)), ValueError, "an address has at most 126 bytes after its family, not 127"),
    ],
    ids=repr,
)
def test_what_is_no_address(address, error, text):
    with claimed() as sock:
        for method, *before in CALLS:
            if (method, address) != ("sendmsg", None):
                kind, _, said = outcome(getattr(sock, method), *before, address)
                assert (kind, said) == (error.__name__, f"{method}(): {text}")


@given(family=st.integers(0, 0xFFFF), data=st.binary(max_size=126))
def test_round_trip(family, data):
    pack, unpack = families.lookup(NUMBER)
    packed = pack(None, "bind", (family, data))
    assert packed == family.to_bytes(2, sys.byteorder) + data
    assert unpack(None, packed) == (family, data)


def test_a_registered_family(forgotten):
    """Its functions are asked, with the socket and the name of the method; what they raise comes through."""
    asked = []

    def pack(sock, caller, address):
        asked.append((sock, caller))
        if not isinstance(address, str):
            raise TypeError(f"{caller}(): an address of family 77 is a string")
        return socket.AF_UNIX.to_bytes(2, sys.byteorder) + b"\0" + address.encode()

    berkeley.register_family(NUMBER, pack, lambda sock, raw: f"unpacked {raw[2:]!r}")
    with claimed() as sock:
        sock.bind("berkeley-registered")
        assert sock.getsockname() == b"\0berkeley-registered"  # which is of AF_UNIX
        assert outcome(sock.connect, 5) == ("TypeError", None, "connect(): an address of family 77 is a string")
        assert asked == [(sock, "bind"), (sock, "connect")]
        _, unpack = families.lookup(NUMBER)
        assert unpack(sock, b"\x4d\0data") == "unpacked b'data'"


@pytest.mark.parametrize(
    ("packed", "error", "text"),
    [
        ("text", TypeError, "the address of family 77 was packed to str, not bytes"),
        (None, TypeError, "the address of family 77 was packed to NoneType, not bytes"),
        (bytearray(2), TypeError, "the address of family 77 was packed to bytearray, not bytes"),
        (bytes(129), ValueError, "the address of family 77 was packed to 129 bytes: a struct sockaddr has at most 128"),
    ],
    ids=repr,
)
def test_a_registered_function_that_gives_no_struct(forgotten, packed, error, text):
    berkeley.register_family(NUMBER, lambda sock, caller, address: packed, lambda sock, raw: raw)
    with claimed() as sock:
        for method, *before in CALLS:
            assert outcome(getattr(sock, method), *before, "x") == (error.__name__, None, text)


def test_a_struct_as_short_and_as_long_as_there_is(forgotten):
    berkeley.register_family(NUMBER, lambda sock, caller, size: bytes(size), lambda sock, raw: raw)
    with claimed() as sock:
        for size in (0, 1, 2, 128):
            assert outcome(sock.bind, size)[0] == "OSError"  # the kernel's answer


def test_registering_again_replaces(forgotten):
    berkeley.register_family(NUMBER, lambda *_: b"", lambda sock, raw: "first")
    berkeley.register_family(NUMBER, lambda *_: b"", lambda sock, raw: "second")
    assert families.lookup(NUMBER)[1](None, b"") == "second"


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ((2, print, print), ValueError, "berkeley converts the addresses of family 2 (AF_INET) itself"),
        ((socket.AF_CAN, print, print), ValueError, "berkeley converts the addresses of family 29 (AF_CAN) itself"),
        ((0, print, print), ValueError, "an address family is a number from 1 to 65535, not 0"),
        ((65536, print, print), ValueError, "an address family is a number from 1 to 65535, not 65536"),
        (("77", print, print), TypeError, "'str' object cannot be interpreted as an integer"),
        ((NUMBER, b"", print), TypeError, "a function is needed to convert addresses, not bytes"),
        ((NUMBER, print, None), TypeError, "a function is needed to convert addresses, not NoneType"),
    ],
    ids=repr,
)
def test_what_cannot_be_registered(arguments, error, text):
    assert outcome(berkeley.register_family, *arguments) == (error.__name__, None, text)
