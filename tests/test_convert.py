"""Addresses as text and packed, byte order, sizes of control messages, interfaces: as the interpreter's own module."""

import ipaddress
import re
import socket
import struct
import sys
from importlib import import_module

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

OURS = import_module("berkeley.socket")

octets = st.integers(0, 300).map(str) | st.sampled_from(["0x7f", "017", "0", "-1", "", "1e3", "4294967295", "65535"])
ipv4_like = st.lists(octets, max_size=5).map(".".join) | st.ip_addresses(v=4).map(str)
ipv6_like = st.ip_addresses(v=6).map(str) | st.text("0123456789abcdefF:.%", max_size=45)
strange = st.sampled_from(["1.2.3.4 trailing", "1.2.3.4\n", " 1.2.3.4", "127.1", "::ffff:1.2.3.4", "::1%1", "\udcff"])
texts = ipv4_like | ipv6_like | strange


# What no function of numbers or texts takes in the same way.
WRONG = [None, 1.5, "1", b"1", [1], object(), -(1 << 200)]


def outcome(module, function, *arguments):
    """What the call gives, or what it raises; without the texts on numbers and types, which vary with the version."""
    try:
        result = getattr(module, function)(*arguments)
    except (TypeError, OverflowError) as error:
        return type(error), None
    except Exception as error:
        return type(error), getattr(error, "errno", None), str(error)
    return type(result), result


def same(function, *arguments):
    assert outcome(OURS, function, *arguments) == outcome(socket, function, *arguments)


@given(text=texts)
@example("255.255.255.255")
@example("é")
def test_text_to_packed(text):
    same("inet_aton", text)
    for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
        same("inet_pton", family, text)


@given(address=st.ip_addresses(), make=st.sampled_from([bytes, bytearray, memoryview]))
def test_packed_to_text(address, make):
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    same("inet_ntop", family, make(address.packed))
    same("inet_ntoa", make(address.packed))
    assert ipaddress.ip_address(OURS.inet_ntop(family, address.packed)) == address
    assert OURS.inet_pton(family, str(address)) == address.packed


@given(packed=st.binary(max_size=20), family=st.sampled_from([0, socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, -1]))
def test_packed_of_any_length(packed, family):
    same("inet_ntop", family, packed)
    same("inet_ntoa", packed)


@pytest.mark.parametrize("value", [*WRONG, memoryview(bytes(8))[::2], bytearray(b"1.2.3.4")])
def test_wrong_types(value):
    for function in ("inet_aton", "inet_ntoa", "htonl", "ntohl", "htons", "ntohs", "if_indextoname", "CMSG_LEN"):
        ours, standard = outcome(OURS, function, value), outcome(socket, function, value)
        assert ours[0] is standard[0], (function, ours)
    for function in ("inet_pton", "inet_ntop"):
        assert outcome(OURS, function, socket.AF_INET, value)[0] is outcome(socket, function, socket.AF_INET, value)[0]
        assert outcome(OURS, function, value, "::1")[0] is outcome(socket, function, value, "::1")[0]


@pytest.mark.parametrize(
    ("function", "arguments", "error"),
    [
        ("inet_aton", ("300.1",), OSError("illegal IP address string passed to inet_aton")),
        ("inet_pton", (socket.AF_INET6, "1.2.3.4"), OSError("illegal IP address string passed to inet_pton")),
        ("inet_ntoa", (b"123",), OSError("packed IP wrong length for inet_ntoa")),
        ("inet_ntop", (socket.AF_INET, b"123"), ValueError("invalid length of packed IP address string")),
        ("inet_ntop", (1, b"123"), ValueError("unknown address family 1")),
        ("CMSG_LEN", (-1,), OverflowError("CMSG_LEN() argument out of range")),
        ("CMSG_SPACE", (1 << 64,), OverflowError("Python int too large to convert to C ssize_t")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_messages(impl, function, arguments, error):
    with pytest.raises(type(error), match=f"^{re.escape(str(error))}$"):
        getattr(impl, function)(*arguments)


@pytest.mark.parametrize("text", ["1.2.3.4\0", "\0", "::1\0junk"])
def test_embedded_nul(impl, text):
    with pytest.raises(ValueError, match=r"^embedded null character$"):
        impl.inet_aton(text)
    with pytest.raises(ValueError, match=r"^embedded null character$"):
        impl.inet_pton(impl.AF_INET6, text)


# --- byte order


class Index:
    def __init__(self, number):
        self.number = number

    def __index__(self):
        return self.number


edges = st.sampled_from([0, 1, 0xFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 32, 1 << 64, -1])


@given(number=edges | st.integers(-(1 << 16), 1 << 33))
@example(True)
def test_byte_order(number):
    for function in ("htons", "ntohs", "htonl", "ntohl"):
        same(function, number)


@given(number=st.integers(0, 0xFFFF))
def test_byte_order_of_shorts(number):
    assert OURS.htons(number) == OURS.ntohs(number) == struct.unpack("=H", struct.pack("!H", number))[0]


@given(number=st.integers(0, 0xFFFFFFFF))
def test_byte_order_of_longs(number):
    assert OURS.htonl(number) == OURS.ntohl(number) == struct.unpack("=I", struct.pack("!I", number))[0]


@pytest.mark.parametrize("function", ["htons", "ntohs", "htonl", "ntohl"])
def test_index_objects_are_numbers_only_where_the_standard_has_them(function):
    same(function, Index(258))


# --- control messages


@given(length=edges | st.integers(-10, 0x80000010))
def test_sizes_of_control_messages(length):
    same("CMSG_LEN", length)
    same("CMSG_SPACE", length)


@given(length=st.integers(0, 1 << 20))
def test_sizes_hold_header_data_and_padding(length):
    assert OURS.CMSG_LEN(length) == OURS.CMSG_LEN(0) + length
    assert OURS.CMSG_LEN(length) <= OURS.CMSG_SPACE(length) < OURS.CMSG_LEN(length) + struct.calcsize("P")


# --- interfaces


def test_interfaces():
    assert OURS.if_nameindex() == socket.if_nameindex()
    for index, name in OURS.if_nameindex():
        assert OURS.if_nametoindex(name) == OURS.if_nametoindex(name.encode()) == index
        assert OURS.if_indextoname(index) == name


@pytest.mark.parametrize("name", ["", "no-such-interface", "x" * 300, "\udcff", b"\xff", None, 1, bytearray(b"lo")])
def test_no_such_interface(name):
    same("if_nametoindex", name)


@pytest.mark.parametrize("index", [0, -1, 0xFFFFFFFF, 0x80000000, 1 << 32, 1 << 64, "1", None, 1.0])
def test_no_such_index(index):
    # Up to Python 3.12 the standard module takes the low 32 bits of larger numbers.
    if sys.version_info >= (3, 13) or not isinstance(index, int) or index < 1 << 32:
        same("if_indextoname", index)
    else:
        assert outcome(OURS, "if_indextoname", index)[0] is OverflowError


def test_embedded_nul_in_an_interface(impl):
    for name in ("lo\0", b"lo\0"):
        with pytest.raises(ValueError, match=r"^embedded null byte$"):
            impl.if_nametoindex(name)


def test_the_name_of_an_interface_is_a_path_in_bytes_or_str(impl):
    index, name = impl.if_nameindex()[0]

    class Path:
        def __fspath__(self):
            return name

    assert impl.if_nametoindex(Path()) == index
