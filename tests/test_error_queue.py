"""Errors that come back for datagrams, and what else waits in their queue. Those of routers: network/."""

import errno
import os
import select
import struct
import time

import pytest
from waits import arrived, outcome, says

import berkeley
from berkeley import constants, socket
from berkeley._beyond import datagrams as module

IP, IPV6 = socket.IPPROTO_IP, socket.IPPROTO_IPV6
PORT_UNREACHABLE = {"icmp": (3, 3), "icmp6": (1, 4)}  # type and code: RFC 792, RFC 4443

WAYS = {
    "IPv4": (socket.AF_INET, "127.0.0.1", "icmp"),
    "IPv6": (socket.AF_INET6, "::1", "icmp6"),
    "IPv4 by AF_INET6": (socket.AF_INET6, "::ffff:127.0.0.1", "icmp"),
}


def opened(family=socket.AF_INET, kind=socket.SOCK_DGRAM, proto=0):
    sock = socket.socket(family, kind, proto)
    if family == socket.AF_INET6:
        sock.setsockopt(IPV6, socket.IPV6_V6ONLY, 0)
    return sock


@pytest.fixture(params=WAYS)
def way(request):
    """A socket with such a queue, an address where nobody is, and who will say so."""
    family, host, origin = WAYS[request.param]
    with opened(family) as sock:
        with opened(family) as other:
            other.bind((host, 0))
            closed = other.getsockname()
        sock.set_error_queue(True)
        yield sock, closed, origin


@pytest.fixture
def impl():
    """Only ours has them."""
    return socket


def test_a_port_that_is_closed(way):
    sock, closed, origin = way
    sock.set_datagram_info(True)
    before = time.time_ns()
    sock.sendto(b"anybody?", closed)
    arrived(sock, select.POLLERR)
    [error] = sock.recv_errors()
    assert (error.errno, error.origin) == (errno.ECONNREFUSED, origin)
    assert (error.type, error.code) == PORT_UNREACHABLE[origin]
    assert (error.info, error.ee_data, error.data, error.mtu) == (0, 0, b"anybody?", None)
    assert (error.destination, error.offender) == (closed, (closed[0], 0, *closed[2:]))
    assert before - 1_000_000 <= error.timestamp <= time.time_ns()
    assert sock.recv_errors() == []


def test_without_the_time(way):
    sock, closed, _ = way
    sock.sendto(b"", closed)
    arrived(sock, select.POLLERR)
    [error] = sock.recv_errors()
    assert (error.data, error.timestamp, error.other) == (b"", None, ())


def test_all_of_them_in_order(way):
    """An error that is pending ends a send, which is made again: it is in the queue all the same."""
    sock, closed, _ = way
    sent = [b"%d" % number for number in range(5)]
    for data in sent:
        if outcome(sock.sendto, data, closed) != len(data):
            sock.sendto(data, closed)
        arrived(sock, select.POLLERR)
    assert [error.data for error in sock.recv_errors()] == sent


def test_the_next_call_raises_it(way):
    sock, closed, _ = way
    sock.sendto(b"anybody?", closed)
    arrived(sock, select.POLLERR)
    with pytest.raises(ConnectionRefusedError):
        sock.recv(100)
    assert len(sock.recv_errors()) == 1


def test_or_not_once_they_are_read(way):
    sock, closed, _ = way
    sock.settimeout(0)
    sock.sendto(b"anybody?", closed)
    arrived(sock, select.POLLERR)
    assert len(sock.recv_errors()) == 1
    assert not says(sock, select.POLLERR)
    with pytest.raises(BlockingIOError):
        sock.recv(100)


def test_what_is_received_stays(way):
    """Errors and data are in queues of their own."""
    sock, closed, _ = way
    sock.sendto(b"anybody?", closed)
    arrived(sock, select.POLLERR)
    with opened(sock.family) as other:
        other.sendto(b"data", (closed[0], sock.getsockname()[1]))
    assert [error.data for error in sock.recv_errors()] == [b"anybody?"]
    assert sock.recv(100) == b"data"


@pytest.mark.parametrize("timeout", [None, 0, 30])
def test_it_never_waits(way, timeout):
    sock = way[0]
    sock.settimeout(timeout)
    began = time.monotonic()
    assert sock.recv_errors() == []
    with berkeley.deadline(0):
        assert sock.recv_errors() == []
    assert time.monotonic() - began < 10


def test_it_never_waits_where_an_error_is_pending_alone():
    """poll(2) then says that something is there, and the queue is empty."""
    with opened() as sock, opened() as other:
        other.bind(("127.0.0.1", 0))
        sock.connect(other.getsockname())
        other.close()
        sock.settimeout(30)
        sock.send(b"anybody?")
        arrived(sock, select.POLLERR)
        began = time.monotonic()
        assert sock.recv_errors() == []
        assert time.monotonic() - began < 10
        with pytest.raises(ConnectionRefusedError):
            sock.recv(1)


def test_off(way):
    sock, closed, _ = way
    sock.set_error_queue(False)
    sock.settimeout(0)
    sock.sendto(b"anybody?", closed)
    with pytest.raises(BlockingIOError):
        sock.recv(1)
    assert sock.recv_errors() == []


def test_the_exception(way):
    sock, closed, _ = way
    sock.sendto(b"anybody?", closed)
    arrived(sock, select.POLLERR)
    [error] = sock.recv_errors()
    raised = error.exception()
    assert type(raised) is ConnectionRefusedError
    assert (raised.errno, raised.strerror, raised.address) == (
        errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED), closed
    )  # fmt: skip


# --- what else is in the queue


@pytest.mark.parametrize("timeout", [None, 30])
def test_zero_copy(tcp, timeout):
    """The kernel says which of the sends it has done with: the first and the last of them."""
    here, there = tcp
    here.settimeout(timeout)
    try:
        here.setsockopt(socket.SOL_SOCKET, constants.SO_ZEROCOPY, 1)
        for _ in range(3):
            here.send(bytes(20000), constants.MSG_ZEROCOPY)
    except OSError as error:
        pytest.skip(f"this kernel has no MSG_ZEROCOPY: {error.strerror}")
    there.recv_exactly(60000)
    numbers = []
    while len(numbers) < 3:
        arrived(here, select.POLLERR)
        for entry in here.recv_errors():
            assert (entry.errno, entry.origin, entry.data) == (0, "zerocopy", b"")
            numbers += range(entry.info, entry.ee_data + 1)
            with pytest.raises(ValueError, match="zerocopy"):
                entry.exception()
    assert numbers == [0, 1, 2]


TX_SOFTWARE = (
    constants.SOF_TIMESTAMPING_TX_SOFTWARE | constants.SOF_TIMESTAMPING_SOFTWARE | constants.SOF_TIMESTAMPING_OPT_ID
)


def test_transmit_timestamps(udp):
    here, there = udp
    here.setsockopt(socket.SOL_SOCKET, constants.SO_TIMESTAMPING, TX_SOFTWARE)
    before = time.time_ns()
    here.send(b"x" * 60000)
    here.send(b"second")
    entries = []
    while len(entries) < 2:
        arrived(here, select.POLLERR)
        entries += here.recv_errors()
    assert [(entry.errno, entry.origin, entry.ee_data) for entry in entries] == [
        (errno.ENOMSG, "timestamping", 0), (errno.ENOMSG, "timestamping", 1)
    ]  # fmt: skip
    assert all(before - 1_000_000 <= entry.timestamp <= time.time_ns() for entry in entries)
    # The packet as it went out, headers included.
    assert entries[0].data.endswith(b"x" * 60000)
    assert entries[1].data.endswith(b"second")
    assert len(there.recv(65535)) == 60000


def test_transmit_timestamps_of_packets():
    try:
        sock = opened(socket.AF_PACKET)
    except PermissionError:
        pytest.skip("AF_PACKET wants root")
    with sock:
        sock.setsockopt(socket.SOL_SOCKET, constants.SO_TIMESTAMPING, TX_SOFTWARE)
        sock.sendto(b"data", (socket.if_indextoname(1), 0x88B5))
        arrived(sock, select.POLLERR)
        [entry] = sock.recv_errors()
        assert (entry.errno, entry.origin) == (errno.ENOMSG, "timestamping")
        assert entry.data.endswith(b"data")
        assert time.time_ns() - entry.timestamp < 60e9


def test_origins_that_nobody_knows():
    """And messages that none of the fields tells."""
    record = struct.pack("@IBBBxII", errno.EINVAL, 99, 1, 2, 3, 4)
    messages = [(IP, socket.IP_RECVERR, record), (IP, socket.IP_RECVERR, record[:15]), (1, 99, b"x")]
    with opened() as sock:
        error = module._decoded(sock, b"data", messages, None)
        assert error == (errno.EINVAL, 99, 1, 2, 3, 4, b"data", None, None, tuple(messages[1:]))
        nothing = module._decoded(sock, b"data", [], ("127.0.0.1", 1))
        assert nothing == (0, "none", 0, 0, 0, 0, b"data", ("127.0.0.1", 1), None, ())
    assert error.mtu is None
    assert error._replace(errno=errno.EMSGSIZE, info=1280).mtu == 1280


def test_the_time_that_was_asked_for():
    """SO_TIMESTAMPNS then tells of the same entry when it was read, where the card alone has taken the time."""
    told = (socket.SOL_SOCKET, constants.SO_TIMESTAMPNS, struct.pack("@2l", 7, 8))
    asked = (socket.SOL_SOCKET, constants.SO_TIMESTAMPING, struct.pack("@6l", 0, 0, 0, 0, 5, 6))
    with opened() as sock:
        assert module._decoded(sock, b"", [told, asked], None).timestamp == 5_000_000_006
        assert module._decoded(sock, b"", [told], None).timestamp == 7_000_000_008


# --- where there is none


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_SEQPACKET, socket.SOCK_STREAM])
def test_nothing_is_received_where_there_is_no_queue(kind):
    """AF_UNIX takes no notice of MSG_ERRQUEUE: it would give the datagram."""
    here, there = socket.socketpair(type=kind)
    with here, there:
        here.send(b"data")
        assert outcome(there.recv_errors) == "EOPNOTSUPP"
        assert there.recv(100, constants.MSG_ERRQUEUE) == b"data"


@pytest.mark.parametrize("family", ["AF_UNIX", "AF_NETLINK", "AF_PACKET"])
def test_families_without_such_errors(family):
    try:
        sock = opened(getattr(socket, family), socket.SOCK_DGRAM)
    except PermissionError:
        pytest.skip(f"{family} wants root")
    with sock:
        assert outcome(sock.set_error_queue, True) == "EOPNOTSUPP"
        assert outcome(sock.recv_errors) == ([] if family == "AF_PACKET" else "EOPNOTSUPP")


def test_other_protocols_of_the_internet():
    """SCTP and L2TP take no notice of the flag."""
    for protocol in (socket.IPPROTO_SCTP, constants.IPPROTO_L2TP):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, protocol, fileno=opened().detach()) as sock:
            assert outcome(sock.recv_errors) == "EOPNOTSUPP"


def test_raw_sockets():
    try:
        sock = opened(kind=socket.SOCK_RAW, proto=socket.IPPROTO_UDP)
    except PermissionError:
        pytest.skip("SOCK_RAW wants root")
    with sock, opened() as other:
        other.bind(("127.0.0.1", 0))
        [_, port] = other.getsockname()
        other.close()
        sock.set_error_queue(True)
        sock.sendto(struct.pack("!4H", 7, port, 12, 0) + b"data", ("127.0.0.1", 0))
        arrived(sock, select.POLLERR)
        [error] = sock.recv_errors()
        assert (error.origin, error.type, error.code) == ("icmp", 3, 3)
        assert error.data.endswith(b"data")


def test_a_stream(tcp):
    with pytest.raises(ValueError, match="stream"):
        tcp[0].set_error_queue(True)
    assert tcp[0].recv_errors() == []


def test_a_closed_socket():
    sock = opened()
    sock.close()
    assert outcome(sock.set_error_queue, True) == "EBADF"
    assert outcome(sock.recv_errors) == "EBADF"
