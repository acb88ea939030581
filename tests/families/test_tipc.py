"""AF_TIPC, within one node."""

import errno
import socket
import sys
from contextlib import ExitStack
from select import select
from struct import Struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel import Index, claimed, opened, outcomes, refusals
from layouts import layout

from berkeley import constants
from berkeley import socket as ours
from berkeley.families import tipc

SERVICE = 18888
# <linux/tipc.h>, struct tipc_subscr: the range watched, the time (ms), what to tell, a handle of eight bytes.
SUBSCRIPTION = Struct("=5I8s")
# struct tipc_event: what happened, the range found, reference and node of the socket; the subscription.
EVENT = Struct("=5I28s")
# struct tipc_group_req: the group, the member's number in it, scope, flags.
GROUP = Struct("=4I")

word = st.integers(0, 0xFFFFFFFF)
scope = st.integers(0, 0x7F)
SCOPES = ["TIPC_ZONE_SCOPE", "TIPC_CLUSTER_SCOPE", "TIPC_NODE_SCOPE"]


@pytest.fixture
def make(impl):
    """Makes sockets of a type, by its name."""
    with ExitStack() as stack:
        yield lambda kind: stack.enter_context(opened(impl, "AF_TIPC", getattr(impl, kind)))


@pytest.fixture
def topology(impl, make):
    """A connection to the service that tells of services."""
    sock = make("SOCK_SEQPACKET")
    sock.connect((impl.TIPC_ADDR_NAME, impl.TIPC_TOP_SRV, impl.TIPC_TOP_SRV, 0))
    return sock


@pytest.mark.parametrize("kind", ["SOCK_RDM", "SOCK_DGRAM"])
def test_datagrams_to_each_type_of_address(impl, make, kind):
    receiver, sender = make(kind), make(kind)
    receiver.bind((impl.TIPC_ADDR_NAMESEQ, SERVICE, 10, 20))
    own = receiver.getsockname()
    assert (own[0], own[3]) == (impl.TIPC_ADDR_ID, 0)
    addresses = [
        (impl.TIPC_ADDR_NAME, SERVICE, 15, 0),
        (impl.TIPC_ADDR_NAME, SERVICE, 20, 0, impl.TIPC_NODE_SCOPE),
        (impl.TIPC_ADDR_NAMESEQ, SERVICE, 0, 12),
        own,
        own[:4],
    ]
    for number, address in enumerate(addresses):
        message = b"message %d" % number
        assert sender.sendto(message, address) == len(message)
        received, source = receiver.recvfrom(100)
        assert (received, source[:4]) == (message, sender.getsockname()[:4])
    receiver.sendto(b"answer", source)
    assert sender.recvmsg(100)[::3] == (b"answer", (*own[:4], source[4]))


@pytest.mark.parametrize("scope", SCOPES)
def test_names_given_and_taken_back(impl, make, scope):
    scope = getattr(impl, scope)
    server, client = make("SOCK_RDM"), make("SOCK_RDM")
    server.bind((impl.TIPC_ADDR_NAME, SERVICE, 5, 0, scope))
    client.sendto(b"x", (impl.TIPC_ADDR_NAME, SERVICE, 5, 0))
    assert server.recv(10) == b"x"
    server.bind((impl.TIPC_ADDR_NAMESEQ, SERVICE, 5, 5, -scope))
    with pytest.raises(OSError, match="No route to host"):
        client.sendto(b"y", (impl.TIPC_ADDR_NAME, SERVICE, 5, 0))


def test_multicast(impl, make):
    sender, *receivers = make("SOCK_RDM"), make("SOCK_RDM"), make("SOCK_RDM")
    for number, receiver in enumerate(receivers):
        receiver.bind((impl.TIPC_ADDR_NAME, SERVICE, number, 0))
    sender.sendto(b"all of you", (impl.TIPC_ADDR_NAMESEQ, SERVICE, 0, 1))
    assert [receiver.recv(100) for receiver in receivers] == [b"all of you"] * 2


@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_SEQPACKET"])
def test_connections(impl, make, kind):
    listener, client = make(kind), make(kind)
    listener.bind((impl.TIPC_ADDR_NAMESEQ, SERVICE, 1, 9))
    listener.listen()
    # The kernel answers a client when its server accepts it, not before.
    client.setblocking(False)
    assert client.connect_ex((impl.TIPC_ADDR_NAME, SERVICE, 7, 0)) == errno.EINPROGRESS
    server, address = listener.accept()
    select([], [client], [])
    client.setblocking(True)
    with server:
        assert address[:4] == client.getsockname()[:4]
        assert client.getpeername()[:4] == server.getsockname()[:4]
        assert server.getpeername()[:4] == client.getsockname()[:4]
        client.sendall(b"question")
        assert server.recv(100) == b"question"
        server.sendall(b"answer")
        assert client.recv(100) == b"answer"
        server.shutdown(impl.SHUT_RDWR)
        assert client.recv(100) == b""


def test_pairs(impl, make):
    make("SOCK_STREAM")
    first, second = impl.socketpair(impl.AF_TIPC, impl.SOCK_SEQPACKET)
    with first, second:
        first.send(b"whole message")
        assert second.recv(100) == b"whole message"


def test_topology(impl, make, topology):
    """What is published and withdrawn in a range is told to who subscribed."""
    watched = SUBSCRIPTION.pack(SERVICE, 0, 99, impl.TIPC_WAIT_FOREVER & 0xFFFFFFFF, impl.TIPC_SUB_PORTS, b"a handle")
    topology.send(watched)
    server = make("SOCK_RDM")
    server.bind((impl.TIPC_ADDR_NAMESEQ, SERVICE, 40, 50))
    _kind, node, reference, *_ = server.getsockname()
    expected = (40, 50, reference, node, watched)
    assert EVENT.unpack(topology.recv(100)) == (impl.TIPC_PUBLISHED, *expected)
    server.close()
    assert EVENT.unpack(topology.recv(100)) == (impl.TIPC_WITHDRAWN, *expected)


def test_subscription_that_ends(impl, topology):
    topology.send(SUBSCRIPTION.pack(SERVICE, 0, 9, 20, impl.TIPC_SUB_SERVICE, b"brief"))
    event, *_found, subscription = EVENT.unpack(topology.recv(100))
    assert (event, SUBSCRIPTION.unpack(subscription)[0]) == (impl.TIPC_SUBSCR_TIMEOUT, SERVICE)


def test_options(impl, make):
    sock = make("SOCK_RDM")
    sock.setsockopt(impl.SOL_TIPC, impl.TIPC_IMPORTANCE, impl.TIPC_HIGH_IMPORTANCE)
    assert sock.getsockopt(impl.SOL_TIPC, impl.TIPC_IMPORTANCE) == impl.TIPC_HIGH_IMPORTANCE
    sock.setsockopt(impl.SOL_TIPC, impl.TIPC_CONN_TIMEOUT, 4321)
    assert sock.getsockopt(impl.SOL_TIPC, impl.TIPC_CONN_TIMEOUT) == 4321


def test_messages_that_come_back(impl, make):
    """What cannot be delivered returns to its sender with the reason, if it asked for it."""
    sender, gone = make("SOCK_RDM"), make("SOCK_RDM")
    address = gone.getsockname()
    gone.close()
    sender.setsockopt(impl.SOL_TIPC, impl.TIPC_DEST_DROPPABLE, 0)
    sender.sendto(b"is anyone there?", address)
    data, ancillary, _flags, _address = sender.recvmsg(100, 200)
    reason = Struct("=II").pack(constants.TIPC_ERR_NO_PORT, 16)
    assert data == b""
    assert ancillary[:2] == [
        (impl.SOL_TIPC, constants.TIPC_ERRINFO, reason),
        (impl.SOL_TIPC, constants.TIPC_RETDATA, b"is anyone there?"),
    ]


def test_groups(impl, make):
    """Members learn of each other, and from which of them a message is."""
    members = [make("SOCK_RDM"), make("SOCK_RDM")]
    for number, member in enumerate(members):
        request = GROUP.pack(SERVICE, number, impl.TIPC_CLUSTER_SCOPE, constants.TIPC_GROUP_MEMBER_EVTS)
        member.setsockopt(impl.SOL_TIPC, constants.TIPC_GROUP_JOIN, request)
    for member, other in zip(members, reversed(members), strict=True):
        # That another has joined is told by a message without data and out of band.
        data, _ancillary, flags, address = member.recvmsg(100)
        assert (data, flags & impl.MSG_OOB) == (b"", impl.MSG_OOB)
        assert address[:4] == other.getsockname()[:4]
    members[0].send(b"to the group")
    assert members[1].recvfrom(100) == (b"to the group", (*members[0].getsockname()[:4], address[4]))


@given(
    address=st.one_of(
        st.tuples(st.just(ours.TIPC_ADDR_NAMESEQ), word, word, word, scope),
        st.tuples(st.just(ours.TIPC_ADDR_ID), word, word, st.just(0), scope),
        st.builds(lambda *ends: (ours.TIPC_ADDR_NAME, *ends[:2], *ends[1:]), word, word, scope),
    )
)
def test_round_trip(address):
    assert tipc.unpack(None, tipc.pack(None, "bind", address)) == address


@pytest.mark.filterwarnings("ignore:integer value out of range:DeprecationWarning")
@given(words=st.tuples(word, word, word))
@pytest.mark.parametrize(("scope", "kept"), [((), 2), ((-2,), 0xFFFFFFFE), ((0x1FF,), 0xFFFFFFFF), ((1 << 70,), 0)])
def test_scopes(words, scope, kept):
    packed = tipc.pack(None, "bind", (ours.TIPC_ADDR_NAMESEQ, *words, *scope))
    assert tipc.unpack(None, packed) == (ours.TIPC_ADDR_NAMESEQ, *words, kept)


def test_third_number_of_a_name_and_of_a_socket():
    for kind in (ours.TIPC_ADDR_NAME, ours.TIPC_ADDR_ID):
        assert tipc.pack(None, "bind", (kind, 1, 2, 3)) == tipc.pack(None, "bind", (kind, 1, 2, 0))


@pytest.mark.parametrize("kind", [0, 4, 0xFF])
def test_type_of_address_that_nobody_knows(kind):
    raw = Struct("HBb3I").pack(ours.AF_TIPC, kind, 1, 2, 3, 4)
    assert tipc.unpack(None, raw) == (ours.AF_TIPC, raw[2:])


def test_struct_cut_short():
    whole = tipc.pack(None, "bind", (ours.TIPC_ADDR_NAMESEQ, 1, 2, 3, 4))
    assert tipc.unpack(None, whole[:2]) == (ours.AF_TIPC, b"")
    assert tipc.unpack(None, whole[:12]) == (ours.TIPC_ADDR_NAMESEQ, 1, 2, 0, 4)
    assert tipc.unpack(None, whole * 2) == (ours.TIPC_ADDR_NAMESEQ, 1, 2, 3, 4)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (ours.TIPC_ADDR_NAMESEQ, {"addr.nameseq.type": 0x11, "addr.nameseq.lower": 0x12, "addr.nameseq.upper": 0x13}),
        (ours.TIPC_ADDR_NAME, {"addr.name.name.type": 0x11, "addr.name.name.instance": 0x12, "addr.name.domain": 0}),
        (ours.TIPC_ADDR_ID, {"addr.id.node": 0x11, "addr.id.ref": 0x12}),
    ],
)
def test_struct(tmp_path, kind, fields):
    values = {"family": ours.AF_TIPC, "addrtype": kind, "scope": 3, **fields}
    struct = layout(tmp_path, "linux/tipc.h", "struct sockaddr_tipc", *values)
    packed = tipc.pack(None, "bind", (kind, 0x11, 0x12, 0x13, 3))
    assert len(packed) == struct[""]
    for name, value in values.items():
        offset, size = struct[name]
        assert int.from_bytes(packed[offset : offset + size], sys.byteorder) == value


@pytest.mark.parametrize(
    "address",
    [
        None, "x", [1, 2, 3, 4], (), (1, 2, 3), (1, 2, 3, 4, 5, 6), ("1", 2, 3, 4), (1, None, 3, 4), (1, 2.0, 3, 4),
        (1, 2, 3, 4, "5"), (0, 1, 2, 3), (0, 1, 2, "3"), (4, 1, 2, 3), (258, 1, 2, 3), (-1, 1, 2, 3),
        (2, -1, 1 << 70, 3), (Index(), 1, 2, 3), (2, 1, 2, 3, -1), (2, Index(), 2, 3, 1 << 40),
        ((1 << 32) + 2, 1, 2, 3), (2, 1, 2, 3, None),
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_address(address):
    with claimed(ours, "AF_TIPC", ours.SOCK_RDM) as sock, claimed(socket, "AF_TIPC", ours.SOCK_RDM) as other:
        assert outcomes(sock, address) == outcomes(other, address)


def test_what_the_kernel_lacks():
    kinds = [ours.SOCK_STREAM, ours.SOCK_DGRAM, ours.SOCK_RAW, ours.SOCK_RDM, ours.SOCK_SEQPACKET]
    assert refusals(ours, "AF_TIPC", kinds, [0, 1]) == refusals(socket, "AF_TIPC", kinds, [0, 1])
