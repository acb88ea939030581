"""The module's functions: texts and packed addresses, byte order, names and services, interfaces. Nothing is asked of
a name server."""

import socket as standard

import pytest
from drive import each, same
from hypothesis import example, given
from hypothesis import strategies as st
from values import BROKEN, SMALL, Index, Octets, Text, Whole, anything, buffers, fresh, no_text, numbers, wide

FULL_WIDTH = "\uff11\uff12\uff17.0.0.1"  # IDNA makes digits of these
HOSTS = [
    "127.0.0.1", "::1", "127.1", "0x7f000001", "2130706433", "", None, b"127.0.0.1", b"::1", "fe80::1%lo", "::1%1",
    "::1%nosuch", "::ffff:127.0.0.1", "0.0.0.0", "::", "255.255.255.255", "<broadcast>", FULL_WIDTH, "127.0.0.1\n",
    Text("127.0.0.1"), Octets(b"::1"), "[::1]", "1.2.3.256", "a..b", "x" * 64, "x" * 300, ".", "\udcff", "é" * 70,
    *fresh(host_bytearray=lambda: bytearray(b"127.0.0.1"), host_view=lambda: memoryview(b"127.0.0.1")),
]  # fmt: skip
PORTS = [
    0, 80, 65535, 65536, 99999, -1, 2**31, 2**32, 2**63, 2**64, -(2**64), True, Whole(80), Index(80), "80", b"80", "",
    b"", " 80", "080", "+80", "0x50", "65536", "99999", "-1", "http", b"http", "nosuch", None, "é", "\udcff",
    Text("80"), Octets(b"80"), 80.0, standard.SOCK_STREAM,
]  # fmt: skip
FLAGS = [
    0, standard.AI_PASSIVE, standard.AI_CANONNAME, standard.AI_NUMERICSERV, standard.AI_V4MAPPED, standard.AI_ALL,
    standard.AI_ADDRCONFIG,
]  # fmt: skip

sampled = st.sampled_from
ints = numbers | wide
families = sampled([0, standard.AF_INET, 10, 1, 17, 99, -1]) | anything
types = sampled([0, standard.SOCK_STREAM, 2, 3, 5, 99, -1, 1 | standard.SOCK_NONBLOCK]) | anything
protocols = sampled([0, 6, 17, 132, 136, 255, 1, 33, -1]) | anything
flags = sampled(FLAGS).map(lambda flag: flag | standard.AI_NUMERICHOST)
hosts = sampled(HOSTS) | no_text
ports = sampled(PORTS) | anything


@each
@given(host=hosts, port=ports, family=families, type=types, proto=protocols, flags=flags)
def test_getaddrinfo(host, port, family, type, proto, flags):
    for function in ("getaddrinfo", "_socket.getaddrinfo"):
        same(None, function, host, port, family, type, proto, flags)
        same(None, function, host, port, flags=flags)
        same(None, function, host=host, port=port, type=type, flags=flags)


@each
@given(
    host=sampled(["127.0.0.1", "::1", None]),
    port=ports,
    option=sampled(["family", "type", "proto", "flags"]),
    value=anything,
)
def test_odd_hints(host, port, option, value):
    for function in ("getaddrinfo", "_socket.getaddrinfo"):
        same(None, function, host, port, **{option: value})


@each
@given(
    address=st.tuples(hosts, ports)
    | st.tuples(
        hosts, ports, sampled([0, 1, 2**20 - 1, 2**20, -1, 2**32]) | numbers, sampled([0, 1, -1, 2**32]) | numbers
    )
    | st.lists(hosts | ports, max_size=5).map(tuple)
    | anything,
    flags=sampled([0, 1, 2, 8, 16, -1, 2**20]).map(lambda flag: flag | standard.NI_NUMERICHOST) | anything,
)
def test_getnameinfo(address, flags):
    """Numeric, or flags that are none."""
    if isinstance(flags, int) and not flags & standard.NI_NUMERICHOST and -(2**31) <= flags < 2**31:
        flags |= int(standard.NI_NUMERICHOST)
    same(None, "getnameinfo", address, flags)


# Names that a resolver refuses or finds without asking a server.
NAMES = ["127.0.0.1", "127.1", "localhost", b"127.0.0.1", "a..b", "x" * 64 + ".é", "\udcff", "l\0"]


@pytest.mark.parametrize("function", ["gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getfqdn"])
@each
@given(name=sampled(NAMES) | no_text)
@example("::")
def test_hosts(function, name):
    same(None, function, name)


services = (
    sampled(["http", "domain", "nosuch", "", "h\0", "é", "\udcff", Text("http"), b"http", "ssh", "80"]) | anything
)
protocol_names = (
    sampled(["tcp", "udp", "nosuch", "", None, b"tcp", "t\0", "\udcff", "é", Text("tcp"), "icmp", "ipv6"]) | anything
)


@each
@given(service=services, protocol=protocol_names, port=sampled([0, 22, 53, 80, 65535, 65536, -1, 64999]) | anything)
def test_services(service, protocol, port):
    same(None, "getservbyname", service)
    same(None, "getservbyname", service, protocol)
    same(None, "getservbyport", port)
    same(None, "getservbyport", port, protocol)
    same(None, "getprotobyname", protocol)


octets = st.integers(0, 300).map(str) | sampled(["0x7f", "017", "0", "-1", "", "1e3", "4294967295"])
texts = (
    st.lists(octets, max_size=5).map(".".join)
    | st.ip_addresses().map(str)
    | st.text("0123456789abcdefF:.%", max_size=45)
    | sampled(["1.2.3.4 x", "1.2.3.4\n", "é", "\udcff", "1.2.3.4\0", "::1\0", b"1.2.3.4", "::1%lo"])
)
packed = st.ip_addresses().map(lambda address: address.packed) | st.binary(max_size=20) | buffers


@each
@given(text=texts | anything, data=packed | anything, family=sampled([2, 10, 1, 0, -1, standard.AF_INET]) | numbers)
def test_addresses(text, data, family):
    same(None, "inet_aton", text)
    same(None, "inet_pton", family, text)
    same(None, "inet_ntoa", data)
    same(None, "inet_ntop", family, data)


@pytest.mark.parametrize("function", ["htons", "ntohs", "htonl", "ntohl"])
@each
@given(value=ints | st.integers(0, 2**32))
def test_byte_order(function, value):
    same(None, function, value)


@each
@given(
    name=sampled(["lo", "nosuch", "", b"lo", "x" * 40, "é", "\udcff", "l\0o", Text("lo"), *BROKEN]) | anything,
    index=sampled([0, 1, 2, 999]) | ints,
)
def test_interfaces(name, index):
    same(None, "if_nametoindex", name)
    same(None, "if_indextoname", index)


def test_without_arguments():
    for function in ("if_nameindex", "gethostname", "has_dualstack_ipv6", "getdefaulttimeout"):
        same(None, function)
        same(None, function, 1)


FUNCTIONS = [
    "CMSG_LEN", "CMSG_SPACE", "close", "create_connection", "create_server", "dup", "fromfd", "getaddrinfo",
    "getdefaulttimeout", "getfqdn", "gethostbyaddr", "gethostbyname", "gethostbyname_ex", "gethostname", "getnameinfo",
    "getprotobyname", "getservbyname", "getservbyport", "has_dualstack_ipv6", "htonl", "htons", "if_indextoname",
    "if_nameindex", "if_nametoindex", "inet_aton", "inet_ntoa", "inet_ntop", "inet_pton", "ntohl", "ntohs", "recv_fds",
    "send_fds", "setdefaulttimeout", "sethostname", "socket", "socketpair",
]  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS)
def test_counts_of_arguments(function):
    """Too few, too many, unknown keywords: a TypeError in both. None of these calls goes through, but for no fault."""
    if function not in ("getfqdn", "if_nameindex", "gethostname"):
        same(None, function)
    same(None, function, *[Index(LookupError("argument"))] * 12)
    same(None, function, nothing=SMALL)
