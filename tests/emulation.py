"""What QEMU's emulation of a processor does not hand on between a program and the kernel.

Where BERKELEY_EMULATED is set, conftest.py makes this a plugin of pytest. Each row of LIMITS is tried, with the
interpreter's own module: what this QEMU cannot do, the tests that need it are skipped for; what it can, is tested.
"""

import array
import ctypes
import errno
import re
import socket
import struct
from functools import partial

import pytest

libc = ctypes.CDLL(None)

SO_ATTACH_FILTER, SO_INCOMING_CPU, IPV6_HDRINCL = 26, 49, 36
SOL_UDPLITE, UDPLITE_SEND_CSCOV = 136, 10
IPPROTO_MPTCP, SOL_MPTCP, MPTCP_INFO = 262, 284, 1


def filter_is_given_back():
    program = struct.pack("HBBI", 0x06, 0, 0, 0xFFFF)
    here = ctypes.create_string_buffer(program, len(program))
    there, length = ctypes.create_string_buffer(len(program)), ctypes.c_uint32(1)
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(here)))
        libc.getsockopt(sock.fileno(), socket.SOL_SOCKET, SO_ATTACH_FILTER, there, ctypes.byref(length))
    return there.raw == program


def can_set(of, level, name, *value):
    with socket.socket(*of) as sock:
        return sock.setsockopt(level, name, *value) is None


def can_get(of, level, name):
    with socket.socket(*of) as sock:
        return bool(sock.getsockopt(level, name, 100))


def number_is_cut():
    with socket.socket() as sock:
        return sock.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE, 1) == struct.pack("i", socket.SOCK_STREAM)[:1]


def empty_message_arrives():
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with here, there:
        here.sendmsg([])
        return there.recv(1, socket.MSG_DONTWAIT) == b""


def truncation_is_told():
    here, there = socket.socketpair()
    with here, there:
        here.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [here.fileno()]))])
        return there.recvmsg(1, socket.CMSG_LEN(0))[2] == socket.MSG_CTRUNC


TCP = (socket.AF_INET, socket.SOCK_STREAM)
RAW6 = (socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
UDPLITE = (socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_UDPLITE)
MPTCP = (*TCP, IPPROTO_MPTCP)

# What QEMU does not do, how that is tried, and the tests that need it.
LIMITS = [
    ("give back a filter", filter_is_given_back, r"test_options.py::test_(a_filter|socket_without_a_filter)"),
    (
        "set SO_INCOMING_CPU",
        partial(can_set, TCP, socket.SOL_SOCKET, SO_INCOMING_CPU, 1),
        r"test_options.py::test_numbers_that_fit_an_int",
    ),
    (
        "set an option to no value",
        partial(can_set, TCP, socket.SOL_SOCKET, socket.SO_BINDTODEVICE, None, 0),
        r"test_options.py::test_setting_to_a_null_pointer",
    ),
    (
        "cut an option's number in the processor's order",
        number_is_cut,
        r"test_options.py::test_an_option_as_bytes_is_as_long_as_the_kernel_has_it.*-[13]\]",
    ),
    (
        "set IPV6_HDRINCL",
        partial(can_set, RAW6, socket.IPPROTO_IPV6, IPV6_HDRINCL, 1),
        r"test_raw.py::test_a_header_of_ones_own_over_ipv6",
    ),
    (
        "set UDP-Lite's options",
        partial(can_set, UDPLITE, SOL_UDPLITE, UDPLITE_SEND_CSCOV, 8),
        r"test_udplite.py::test_coverage",
    ),
    (
        "tell of MPTCP",
        partial(can_get, MPTCP, SOL_MPTCP, MPTCP_INFO),
        r"test_mptcp.py::test_connections\[.*-False\]",
    ),
    (
        "send a message without buffers",
        empty_message_arrives,
        r"test_messages.py::test_no_buffers|test_ancillary.py::test_afalg_sends_the_buffers",
    ),
    (
        "say MSG_CTRUNC",
        truncation_is_told,
        r"test_messages.py::test_(descriptors_that_do_not_fit.*-(15|16|19|2[0-7])\]|several_control_messages)",
    ),
]


def pytest_collection_modifyitems(items):
    for what, can, tests in LIMITS:
        chosen = [item for item in items if re.search(tests, item.nodeid)]
        if chosen and not possible(can):
            for item in chosen:
                item.add_marker(pytest.mark.skip(reason=f"QEMU does not {what}"))


def possible(can):
    """What the kernel lacks or forbids is no matter of QEMU's: the tests themselves tell of it."""
    try:
        return can()
    except OSError as error:
        return error.errno in (errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.EPERM, errno.EACCES)
