"""Options in each form that getsockopt() and setsockopt() take, and the three modes with timeouts at their edges."""

import array
import ctypes
import errno
import os
import struct

import pytest

from berkeley import constants
from berkeley import socket as ours


@pytest.fixture
def sock(impl):
    with impl.socket() as made:
        yield made


@pytest.fixture
def default_timeout(impl):
    """Sets the module's default timeout, for one test."""
    yield impl.setdefaulttimeout
    impl.setdefaulttimeout(None)


SOCK_DGRAM = ours.SOCK_DGRAM
SOL_SOCKET, SO_REUSEADDR, SO_LINGER, SO_TYPE = ours.SOL_SOCKET, ours.SO_REUSEADDR, ours.SO_LINGER, ours.SO_TYPE
SO_GET_FILTER = constants.SO_GET_FILTER
SO_BINDTODEVICE, SO_INCOMING_CPU = ours.SO_BINDTODEVICE, ours.SO_INCOMING_CPU


class Index:
    def __init__(self, number):
        self.number = number

    def __index__(self):
        return self.number


# --- getsockopt


def test_an_option_as_a_number(impl, sock):
    assert sock.getsockopt(SOL_SOCKET, SO_TYPE) == sock.getsockopt(SOL_SOCKET, SO_TYPE, 0) == impl.SOCK_STREAM
    assert type(sock.getsockopt(SOL_SOCKET, SO_TYPE)) is int
    assert sock.getsockopt(Index(SOL_SOCKET), Index(SO_REUSEADDR), Index(0)) == 0


@pytest.mark.parametrize("size", [1, 3, 4, 5, 8, 100, 1024])
def test_an_option_as_bytes_is_as_long_as_the_kernel_has_it(sock, size):
    value = sock.getsockopt(SOL_SOCKET, SO_TYPE, size)
    assert type(value) is bytes
    assert value == struct.pack("i", 1)[:size]
    assert sock.getsockopt(SOL_SOCKET, SO_LINGER, size) == bytes(min(size, 8))


@pytest.mark.parametrize("count", [1, 3, 128, 129, 4000])
def test_a_filter(count):
    """Its length is in instructions for the kernel (struct sock_filter, 8 bytes), in bytes for us."""
    program = struct.pack("HBBI", 0x06, 0, 0, 0xFFFF) * count
    buffer = ctypes.create_string_buffer(program)
    # From Linux 6.18 on, only who has CAP_NET_ADMIN may filter TCP.
    with ours.socket(type=SOCK_DGRAM) as sock:
        sock.setsockopt(SOL_SOCKET, SO_GET_FILTER, struct.pack("HP", count, ctypes.addressof(buffer)))
        assert sock.getsockopt(SOL_SOCKET, SO_GET_FILTER) == count
        for size in (len(program), len(program) + 7, max(2000, len(program) + 8)):
            assert sock.getsockopt(SOL_SOCKET, SO_GET_FILTER, size) == program
        for size in (1, 8, len(program) - 1) if count > 1 else ():
            with pytest.raises(OSError, match="Invalid argument"):
                sock.getsockopt(SOL_SOCKET, SO_GET_FILTER, size)


def test_socket_without_a_filter():
    with ours.socket() as sock:
        assert sock.getsockopt(SOL_SOCKET, SO_GET_FILTER) == 0
        assert sock.getsockopt(SOL_SOCKET, SO_GET_FILTER, 100) == b""


@pytest.mark.parametrize("size", [1025, 2**20, 2**29])
def test_room_for_a_long_option(size):
    with ours.socket() as sock:
        assert sock.getsockopt(SOL_SOCKET, SO_TYPE, size) == struct.pack("i", 1)


@pytest.mark.parametrize("size", [-1, 2**29 + 1, 2**31 - 1, -(2**31)])
def test_lengths_there_are_not(sock, size):
    with pytest.raises(OSError, match=r"^getsockopt buflen out of range$"):
        sock.getsockopt(SOL_SOCKET, SO_TYPE, size)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [((), TypeError), ((1,), TypeError), ((1, 2, 3, 4), TypeError), (("1", 2), TypeError), ((1, 2.0), TypeError),
     ((1, None), TypeError), ((1, 2, "3"), TypeError), ((1, 2, None), TypeError), ((2**31, 1), OverflowError),
     ((1, -(2**31) - 1), OverflowError), ((1, 2, 2**70), OverflowError)],
)  # fmt: skip
def test_bad_arguments_of_getsockopt(sock, arguments, error):
    with pytest.raises(error):
        sock.getsockopt(*arguments)


def test_options_that_the_kernel_does_not_have(sock):
    for call in (sock.getsockopt, lambda level, name: sock.setsockopt(level, name, 1)):
        with pytest.raises(OSError, match=r"\[Errno") as caught:
            call(SOL_SOCKET, 9999)
        assert caught.value.errno == errno.ENOPROTOOPT


# --- setsockopt


@pytest.mark.parametrize("value", [1, True, Index(1)])
def test_setting_to_a_number(sock, value):
    assert sock.setsockopt(SOL_SOCKET, SO_REUSEADDR, value) is None
    assert sock.getsockopt(SOL_SOCKET, SO_REUSEADDR) == 1


@pytest.mark.parametrize("value", [2**31 - 1, -1, -(2**31)])
def test_numbers_that_fit_an_int(sock, value):
    sock.setsockopt(SOL_SOCKET, SO_INCOMING_CPU, value)  # the kernel keeps whatever it is given
    assert sock.getsockopt(SOL_SOCKET, SO_INCOMING_CPU) == value


@pytest.mark.parametrize(
    "make",
    [bytes, bytearray, memoryview, lambda data: array.array("B", data), lambda data: array.array("i", data),
     lambda data: (ctypes.c_char * 8)(*data), lambda data: memoryview(bytearray(data)).cast("i")],
)  # fmt: skip
def test_setting_to_bytes(sock, make):
    sock.setsockopt(SOL_SOCKET, SO_LINGER, make(struct.pack("ii", 1, 7)))
    assert sock.getsockopt(SOL_SOCKET, SO_LINGER, 8) == struct.pack("ii", 1, 7)


def test_setting_to_a_null_pointer(sock):
    """SO_BINDTODEVICE takes "no device" as a length of 0; a pointer to nowhere is the kernel's to refuse."""
    assert sock.setsockopt(SOL_SOCKET, SO_BINDTODEVICE, None, 0) is None
    with pytest.raises(OSError, match="Bad address") as caught:
        sock.setsockopt(SOL_SOCKET, SO_REUSEADDR, None, 4)
    assert caught.value.errno == errno.EFAULT
    with pytest.raises(OSError, match="Invalid argument"):
        sock.setsockopt(SOL_SOCKET, SO_REUSEADDR, None, 0)


def test_bytes_that_are_too_short(sock):
    for value in (b"", b"1", bytearray(3)):
        with pytest.raises(OSError, match="Invalid argument") as caught:
            sock.setsockopt(SOL_SOCKET, SO_REUSEADDR, value)
        assert caught.value.errno == errno.EINVAL


@pytest.mark.parametrize(
    "arguments",
    [(), (1,), (1, 2), (1, 2, 3, 4, 5), ("1", 2, 1), (1, 2.0, 1), (1, 2, 1.0), (1, 2, "text"), (1, 2, None),
     (1, 2, [1]), (1, 2, 1, 4), (1, 2, b"1234", 4), (1, 2, None, "4"), (1, 2, None, None), (1, 2, None, 4.0)],
)  # fmt: skip
def test_bad_arguments_of_setsockopt(sock, arguments):
    with pytest.raises(TypeError):
        sock.setsockopt(*arguments)


def test_buffers_that_are_none(sock):
    with pytest.raises(BufferError):
        sock.setsockopt(SOL_SOCKET, SO_LINGER, memoryview(bytes(16))[::2])


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, 2**32, 2**70])
def test_numbers_that_do_not_fit(value):
    # The standard module says that it wants bytes.
    with ours.socket() as sock:
        with pytest.raises(OverflowError, match=r"maximum|minimum|too large"):
            sock.setsockopt(SOL_SOCKET, SO_REUSEADDR, value)
        with pytest.raises(OverflowError):
            sock.setsockopt(value, SO_REUSEADDR, 1)
        with pytest.raises(OverflowError):
            sock.setsockopt(SOL_SOCKET, value, 1)


def test_vsock_options_have_64_bits(impl, sock):
    """vsock(7). The family is the socket's own account: the kernel's answers are TCP's, of 32."""
    vsock = impl.socket(impl.AF_VSOCK, impl.SOCK_STREAM, 0, sock.fileno())
    [first_half] = struct.unpack("Q", struct.pack("i4x", 1))
    assert vsock.getsockopt(SOL_SOCKET, SO_TYPE) == first_half
    for value in (2**63, -1, True):
        vsock.setsockopt(SOL_SOCKET, SO_REUSEADDR, value)
    with pytest.raises(OSError, match=r"^getsockopt string buffer not allowed$"):
        vsock.getsockopt(SOL_SOCKET, SO_TYPE, 4)
    with pytest.raises(TypeError):
        vsock.setsockopt(SOL_SOCKET, SO_REUSEADDR, b"1234")
    vsock.detach()


# --- modes

NANOSECOND = 1e-09


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [(None, None), (0, 0.0), (0.0, 0.0), (-0.0, 0.0), (False, 0.0), (True, 1.0), (5, 5.0), (2.5, 2.5), (Index(3), 3.0),
     (1e-10, NANOSECOND), (5e-324, NANOSECOND), (1.1e-9, 2 * NANOSECOND), (0.1, 0.1), (1e9, 1e9),
     (9223372036, 9223372036.0), (9223372036.5, 9223372036.5), (7093537819, 7093537819.0), (8328658927, 8328658927.0)],
)  # fmt: skip
def test_timeouts_there_are(impl, sock, default_timeout, timeout, seconds):
    assert sock.settimeout(timeout) is None
    default_timeout(timeout)
    with impl.socket() as other:
        for each in (sock, other):
            assert each.gettimeout() == each.timeout == seconds
            assert type(each.gettimeout()) is type(seconds)
            assert each.getblocking() is (seconds != 0)
            assert os.get_blocking(each.fileno()) is (seconds is None)
    assert impl.getdefaulttimeout() == seconds


@pytest.mark.parametrize(
    ("timeout", "error", "text"),
    [(-1, ValueError, "Timeout value out of range"), (-0.5, ValueError, "Timeout value out of range"),
     (-1e-10, ValueError, "Timeout value out of range"), (-5e-324, ValueError, "Timeout value out of range"),
     (-9223372036, ValueError, "Timeout value out of range"), (float("nan"), ValueError, r"NaN \(not a number\)"),
     (float("inf"), OverflowError, "time"), (-float("inf"), OverflowError, "time"), (1e10, OverflowError, "time"),
     (1e308, OverflowError, "time"), (9223372037, OverflowError, "timestamp"), (2**63, OverflowError, "timestamp"),
     (2**70, OverflowError, "timestamp"), ("1", TypeError, "integer|real"), (b"1", TypeError, "integer|real"),
     ([], TypeError, "integer|real"), (1j, TypeError, "integer|real")],
)  # fmt: skip
def test_timeouts_there_are_not(impl, sock, default_timeout, timeout, error, text):
    sock.settimeout(3)
    default_timeout(4)
    for call in (sock.settimeout, impl.setdefaulttimeout):
        with pytest.raises(error, match=text):
            call(timeout)
    assert (sock.gettimeout(), impl.getdefaulttimeout()) == (3, 4)


@pytest.mark.parametrize("flag", [True, 1, 2, -1])
def test_setblocking(sock, flag):
    for before in (None, 0, 5):
        sock.settimeout(before)
        sock.setblocking(flag)
        assert (sock.gettimeout(), sock.getblocking(), os.get_blocking(sock.fileno())) == (None, True, True)
        sock.setblocking(False)
        assert (sock.gettimeout(), sock.getblocking(), os.get_blocking(sock.fileno())) == (0.0, False, False)


def test_the_descriptor_s_mode_follows_each_change(sock):
    for timeout in (None, 5, 6, None, 0, 5, 0, None):
        sock.settimeout(timeout)
        assert os.get_blocking(sock.fileno()) is (timeout is None)


def test_getblocking_is_the_socket_s_own_opinion(sock):
    os.set_blocking(sock.fileno(), False)
    assert sock.getblocking() is True
    assert sock.gettimeout() is None


@pytest.mark.parametrize("before", [None, 0, 5])
def test_the_timeout_of_a_closed_socket_stays(before):
    # The standard module has changed it when it finds that the socket is closed.
    sock = ours.socket()
    sock.settimeout(before)
    sock.close()
    for change in (lambda: sock.settimeout(7), lambda: sock.settimeout(0), lambda: sock.setblocking(True)):
        with pytest.raises(OSError, match="Bad file descriptor"):
            change()
        assert sock.gettimeout() == before
