"""IPPROTO_SCTP: one-to-one and one-to-many. sctp(7), RFC 6458."""

from functools import partial
from struct import Struct

import pytest

from berkeley import constants

# <linux/sctp.h>, struct sctp_initmsg: streams out and in, attempts, time.
INITMSG = Struct("4H")
# struct sctp_sndinfo: stream, flags, the payload's protocol, context, association.
SNDINFO = Struct("HHIIi")
# struct sctp_rcvinfo: stream, number in it, flags, the payload's protocol, two more numbers, context, association.
RCVINFO = Struct("HHHIIIIi")
# struct sctp_assoc_change: type, flags, length, state, error, streams out and in, association.
ASSOC_CHANGE = Struct("HHIHHHHi")
# struct sctp_event_subscribe, of which only the second is wanted.
ASSOCIATIONS = b"\0\1"


@pytest.fixture
def make(impl, bound):
    return partial(bound, proto=impl.IPPROTO_SCTP)


@pytest.fixture
def connected(impl, make):
    """A client and the server's socket, one to one."""
    listener, client = make(impl.SOCK_STREAM), make(impl.SOCK_STREAM)
    client.setsockopt(constants.SOL_SCTP, constants.SCTP_INITMSG, INITMSG.pack(7, 7, 0, 0))
    listener.listen()
    client.settimeout(10)
    client.connect(listener.getsockname())
    server, address = listener.accept()
    with server:
        assert address == client.getsockname()
        yield client, server


def test_one_to_one(impl, connected):
    client, server = connected
    assert (server.type, server.proto) == (impl.SOCK_STREAM, impl.IPPROTO_SCTP)
    assert (client.getpeername(), server.getpeername()) == (server.getsockname(), client.getsockname())
    for data in (b"messages", b"stay apart"):
        client.send(data)
    assert [server.recv(100) for _ in range(2)] == [b"messages", b"stay apart"]
    server.sendall(bytes(5000))
    data, _ancillary, flags, _address = client.recvmsg(4000)
    assert (len(data), flags & impl.MSG_EOR) == (4000, 0)
    data, _ancillary, flags, _address = client.recvmsg(4000)
    assert (len(data), flags & impl.MSG_EOR) == (1000, impl.MSG_EOR)
    server.shutdown(impl.SHUT_WR)
    assert client.recv(100) == b""


def test_streams(connected):
    """Which one a message is of, and what its protocol is called, go with it."""
    client, server = connected
    server.setsockopt(constants.SOL_SCTP, constants.SCTP_RECVRCVINFO, 1)
    for stream in (6, 0, 3):
        info = SNDINFO.pack(stream, 0, 0xCAFE, 0, 0)
        client.sendmsg([b"on ", b"%d" % stream], [(constants.SOL_SCTP, constants.SCTP_SNDINFO, info)])
    for stream in (6, 0, 3):
        data, [(level, kind, info)], _flags, _address = server.recvmsg(100, 100)
        assert (data, level, kind) == (b"on %d" % stream, constants.SOL_SCTP, constants.SCTP_RCVINFO)
        assert RCVINFO.unpack(info)[:4:3] == (stream, 0xCAFE)
    with pytest.raises(OSError, match="Invalid argument"):
        client.sendmsg([b"x"], [(constants.SOL_SCTP, constants.SCTP_SNDINFO, SNDINFO.pack(7, 0, 0, 0, 0))])


def test_one_to_many(impl, make):
    server, *clients = (make(impl.SOCK_SEQPACKET) for _ in range(3))
    server.listen()
    for client in clients:
        client.sendto(b"hello", server.getsockname())
    senders = set()
    for _ in clients:
        data, address = server.recvfrom(100)
        assert data == b"hello"
        senders.add(address)
        server.sendto(b"and to you", address)
    assert senders == {client.getsockname() for client in clients}
    for client in clients:
        assert client.recvfrom(100) == (b"and to you", server.getsockname())


def test_notifications(impl, make):
    """Associations that begin and end are told in messages of their own."""
    server, client = make(impl.SOCK_SEQPACKET), make(impl.SOCK_STREAM)
    server.setsockopt(constants.SOL_SCTP, constants.SCTP_EVENTS, ASSOCIATIONS)
    server.listen()
    client.connect(server.getsockname())
    client.close()
    for state in (constants.SCTP_COMM_UP, constants.SCTP_SHUTDOWN_COMP):
        data, _ancillary, flags, address = server.recvmsg(200)
        assert flags & constants.MSG_NOTIFICATION
        assert ASSOC_CHANGE.unpack_from(data)[:4:3] == (constants.SCTP_ASSOC_CHANGE, state)
        assert address[0] == server.getsockname()[0]


@pytest.mark.parametrize("family", ["AF_INET"], indirect=True)
def test_several_addresses(impl, make):
    """Of one socket, which is reached by each: they are given by an option, as struct sockaddr_in."""
    server, client = make(impl.SOCK_SEQPACKET), make(impl.SOCK_SEQPACKET)
    port = server.getsockname()[1]
    second = Struct("=H2s4s8x").pack(impl.AF_INET, port.to_bytes(2, "big"), impl.inet_aton("127.0.0.2"))
    server.setsockopt(constants.SOL_SCTP, constants.SCTP_SOCKOPT_BINDX_ADD, second)
    server.listen()
    client.sendto(b"to the second", ("127.0.0.2", port))
    assert server.recv(100) == b"to the second"
