"""The examples of the socket documentation, on the interpreter's module and on berkeley.

Left out are the sniffer with SIO_RCVALL, which needs Windows, and the CAN programs: families/test_can_examples.py.
"""

import array
import errno
import fcntl
import os
import re
import struct
from contextlib import suppress

import pytest

LOOPBACK = {"AF_INET": "127.0.0.1", "AF_INET6": "::1"}
WAYS = ["standard", "import", "run"]


@pytest.mark.parametrize("server_way", WAYS)
@pytest.mark.parametrize("client_way", WAYS)
def test_echo_over_ipv4(started, server_way, client_way):
    with started(server_way, "echo_server_ipv4.py") as server:
        port = server.stdout.readline().strip()
        with started(client_way, "echo_client_ipv4.py", "127.0.0.1", port) as client:
            assert client.stdout.read() == "answer b'a line for the echo'\n"
        assert re.fullmatch(r"client 127\.0\.0\.1 \d+\n", server.stdout.read())


@pytest.mark.parametrize("server_way", WAYS)
@pytest.mark.parametrize("client_way", WAYS)
def test_echo_over_the_first_family_there_is(started, server_way, client_way):
    with started(server_way, "echo_server_any.py") as server:
        port, family = server.stdout.readline().split()
        with started(client_way, "echo_client_any.py", LOOPBACK[family], port) as client:
            assert client.stdout.read() == "answer b'a line for the echo'\n"
        assert server.stdout.read().startswith(f"client {LOOPBACK[family]} ")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_the_echo_client_reaches_a_dual_stack_server(impl, started, way, host):
    with (
        dual_stack_server(impl) as listener,
        started(way, "echo_client_any.py", host, listener.getsockname()[1]) as client,
    ):
        connection, _ = listener.accept()
        with connection:
            connection.sendall(connection.recv(1024))
        assert client.stdout.read() == "answer b'a line for the echo'\n"


def dual_stack_server(impl):
    if not impl.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    return impl.create_server(("", 0), family=impl.AF_INET6, dualstack_ipv6=True)


@pytest.mark.parametrize(("host", "seen"), [("127.0.0.1", "::ffff:127.0.0.1"), ("::1", "::1")])
def test_a_dual_stack_server_sees_ipv4_clients_as_mapped_addresses(impl, host, seen):
    with dual_stack_server(impl) as listener, impl.create_connection((host, listener.getsockname()[1])):
        connection, address = listener.accept()
        with connection:
            assert connection.getpeername() == address
            assert address[0] == seen


def test_addresses_for_tcp(impl):
    assert impl.getaddrinfo("127.0.0.1", 80, proto=impl.IPPROTO_TCP) == [
        (impl.AF_INET, impl.SOCK_STREAM, 6, "", ("127.0.0.1", 80))
    ]
    assert impl.getaddrinfo("::1", 80, proto=impl.IPPROTO_TCP) == [
        (impl.AF_INET6, impl.SOCK_STREAM, 6, "", ("::1", 80, 0, 0))
    ]
    found = impl.getaddrinfo("localhost", 80, proto=impl.IPPROTO_TCP)
    assert {(kind, protocol, name) for _, kind, protocol, name, _ in found} == {(impl.SOCK_STREAM, 6, "")}
    assert {address[:2] for *_, address in found} & {("127.0.0.1", 80), ("::1", 80)}


def test_flags_of_the_type_act_and_do_not_stay(impl):
    with impl.socket(impl.AF_INET, impl.SOCK_STREAM | impl.SOCK_NONBLOCK) as sock:
        assert sock.type == impl.SOCK_STREAM
        assert sock.gettimeout() == 0
        assert fcntl.fcntl(sock, fcntl.F_GETFL) & os.O_NONBLOCK


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6"])
def test_udplite_coverage(impl, family):
    try:
        sock = impl.socket(getattr(impl, family), impl.SOCK_DGRAM, impl.IPPROTO_UDPLITE)
    except OSError as error:
        if error.errno not in (errno.EPROTONOSUPPORT, errno.EAFNOSUPPORT):
            raise
        pytest.skip(f"this kernel has no UDP-Lite over {family}")
    with sock:
        for option in impl.UDPLITE_SEND_CSCOV, impl.UDPLITE_RECV_CSCOV:
            sock.setsockopt(impl.IPPROTO_UDPLITE, option, 24)
            assert sock.getsockopt(impl.IPPROTO_UDPLITE, option) == 24


def test_functions_that_pass_descriptors(impl):
    def send(sock, message, descriptors):
        rights = impl.SOL_SOCKET, impl.SCM_RIGHTS, array.array("i", descriptors)
        return sock.sendmsg([message], [rights])

    def receive(sock, size, most):
        numbers = array.array("i")
        message, ancillary, _, _ = sock.recvmsg(size, impl.CMSG_LEN(most * numbers.itemsize))
        for level, kind, data in ancillary:
            if (level, kind) == (impl.SOL_SOCKET, impl.SCM_RIGHTS):
                whole = len(data) // numbers.itemsize * numbers.itemsize
                numbers.frombytes(data[:whole])
        return message, list(numbers)

    ours, theirs = impl.socketpair(impl.AF_UNIX, impl.SOCK_DGRAM)
    reader, writer = os.pipe()
    with ours, theirs:
        assert send(ours, b"two ends", [reader, writer]) == 8
        message, (reader_too, writer_too) = receive(theirs, 100, 2)
    assert message == b"two ends"
    os.write(writer_too, b"through the pipe")
    assert os.read(reader, 100) == b"through the pipe"
    for descriptor in reader, writer, reader_too, writer_too:
        os.close(descriptor)


def test_a_message_scattered_over_buffers(impl):
    first, second, third = bytearray(b"...."), bytearray(b"__________"), bytearray(b"++++++++++")
    ours, theirs = impl.socketpair()
    with ours, theirs:
        assert ours.send(b"over the hills and far") == 22
        received = theirs.recvmsg_into([first, memoryview(second)[1:9], third])
    assert received == (22, [], 0, None)
    assert (first, second, third) == (b"over", b"_ the hil_", b"ls and far")


def test_an_address_left_in_time_wait_is_taken_again_with_reuseaddr(impl):
    with impl.socket() as listener:
        # Linux asks it of the former socket too: its connections in TIME_WAIT keep the option they had.
        listener.setsockopt(impl.SOL_SOCKET, impl.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        address = listener.getsockname()
        with impl.create_connection(address) as client:
            # Who closes first keeps the address in TIME_WAIT (RFC 9293, section 3.3.2).
            listener.accept()[0].close()
            assert client.recv(1) == b""
    with impl.socket() as again:
        with pytest.raises(OSError, match="in use") as caught:
            again.bind(address)
        assert caught.value.errno == errno.EADDRINUSE
        again.setsockopt(impl.SOL_SOCKET, impl.SO_REUSEADDR, 1)
        again.bind(address)
        assert again.getsockname() == address


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview, lambda data: array.array("i", data)])
def test_options_as_int_and_as_buffer(impl, make):
    with impl.socket() as sock:
        sock.setsockopt(impl.SOL_SOCKET, impl.SO_KEEPALIVE, 1)
        assert sock.getsockopt(impl.SOL_SOCKET, impl.SO_KEEPALIVE) == 1
        linger = struct.pack("ii", 1, 7)
        sock.setsockopt(impl.SOL_SOCKET, impl.SO_LINGER, make(linger))
        assert sock.getsockopt(impl.SOL_SOCKET, impl.SO_LINGER, len(linger)) == linger


def test_an_option_without_a_value(impl):
    # An empty value ends a binding to a device, if there is one (socket(7)).
    with impl.socket() as sock:
        sock.setsockopt(impl.SOL_SOCKET, impl.SO_BINDTODEVICE, None, 0)
        assert sock.getsockopt(impl.SOL_SOCKET, impl.SO_BINDTODEVICE, 16) == b""
        # To end one takes CAP_NET_RAW, as to make one does up to Linux 5.6.
        with suppress(PermissionError):
            sock.setsockopt(impl.SOL_SOCKET, impl.SO_BINDTODEVICE, b"lo")
            assert sock.getsockopt(impl.SOL_SOCKET, impl.SO_BINDTODEVICE, 16) == b"lo\0"
            sock.setsockopt(impl.SOL_SOCKET, impl.SO_BINDTODEVICE, None, 0)
            assert sock.getsockopt(impl.SOL_SOCKET, impl.SO_BINDTODEVICE, 16) == b""


@pytest.mark.parametrize("name", ["123.45.67.89", "7.10.0.5", "100.50.200.5"])
def test_ipv4_addresses_as_text_and_packed(impl, name):
    packed = bytes(map(int, name.split(".")))
    assert impl.inet_aton(name) == impl.inet_pton(impl.AF_INET, name) == packed
    assert impl.inet_ntoa(packed) == impl.inet_ntop(impl.AF_INET, bytearray(packed)) == name
    assert impl.gethostbyname(name) == name


def test_an_ipv6_address_as_text_and_packed(impl):
    packed = bytes.fromhex("5aef002b" + "00" * 11 + "08")
    assert impl.inet_pton(impl.AF_INET6, "5aef:2b::8") == packed
    assert impl.inet_ntop(impl.AF_INET6, packed) == "5aef:2b::8"


def test_protocols_and_services_by_name(impl):
    assert impl.getprotobyname("icmp") == impl.IPPROTO_ICMP
    assert impl.getservbyname("http", "tcp") == 80
    assert impl.getservbyport(80, "tcp") == "http"


@pytest.mark.parametrize(("blocking", "timeout"), [(True, None), (False, 0.0)])
def test_blocking_modes_are_timeouts(impl, blocking, timeout):
    with impl.socket() as one, impl.socket() as other:
        one.setblocking(blocking)
        other.settimeout(timeout)
        assert one.gettimeout() == other.gettimeout() == timeout
        assert one.getblocking() is other.getblocking() is blocking


def test_a_detached_descriptor_is_closed_by_the_module(impl):
    descriptor = impl.socket().detach()
    impl.close(descriptor)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_a_descriptor_tells_what_it_is(impl):
    with impl.socket(impl.AF_INET6, impl.SOCK_DGRAM) as sock:
        again = impl.socket(fileno=sock.fileno())
        assert (again.family, again.type, again.proto) == (impl.AF_INET6, impl.SOCK_DGRAM, impl.IPPROTO_UDP)
        again.detach()
