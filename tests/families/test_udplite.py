"""IPPROTO_UDPLITE: datagrams of which only a part need be whole. udplite(7), RFC 3828."""

import pytest


@pytest.fixture
def make(impl, bound):
    return lambda kind=impl.SOCK_DGRAM: bound(kind, impl.IPPROTO_UDPLITE)


def test_datagrams(impl, make):
    a, b = make(), make()
    assert a.proto == impl.IPPROTO_UDPLITE
    a.sendto(b"to an address", b.getsockname())
    assert b.recvfrom(100) == (b"to an address", a.getsockname())
    b.connect(a.getsockname())
    assert b.getpeername() == a.getsockname()
    b.sendmsg([b"to ", b"the peer"])
    assert a.recvmsg(100)[::3] == (b"to the peer", b.getsockname())


def test_coverage_that_is_sent(impl, make):
    """The datagram's header has it, in the place of UDP's length; 0 is all."""
    a, b, watching = make(), make(), make(impl.SOCK_RAW)
    port = a.getsockname()[1]
    for coverage in (24, 0):
        a.setsockopt(impl.IPPROTO_UDPLITE, impl.UDPLITE_SEND_CSCOV, coverage)
        assert a.getsockopt(impl.IPPROTO_UDPLITE, impl.UDPLITE_SEND_CSCOV) == coverage
        a.sendto(bytes(100), b.getsockname())
        assert len(b.recv(200)) == 100
        assert next(header_of(watching, port))[4:6] == coverage.to_bytes(2, "big")


def header_of(watching, port):
    """Of each datagram from a port its header: eight bytes, in IPv4 behind the network's (raw(7))."""
    while True:
        header = watching.recv(200)[-108:][:8]
        if header[:2] == port.to_bytes(2, "big"):
            yield header


def test_coverage_that_is_asked_for(impl, make):
    """What has less does not arrive."""
    a, b = make(), make()
    b.setsockopt(impl.IPPROTO_UDPLITE, impl.UDPLITE_RECV_CSCOV, 32)
    assert b.getsockopt(impl.IPPROTO_UDPLITE, impl.UDPLITE_RECV_CSCOV) == 32
    for coverage, data in ((8, b"too little"), (32, b"just enough"), (24, b"too little again"), (0, b"all")):
        a.setsockopt(impl.IPPROTO_UDPLITE, impl.UDPLITE_SEND_CSCOV, coverage)
        a.sendto(data.ljust(100), b.getsockname())
    assert [b.recv(200).rstrip() for _ in range(2)] == [b"just enough", b"all"]
