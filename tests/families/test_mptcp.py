"""IPPROTO_MPTCP: TCP over several paths, of which loopback is one. RFC 8684."""

import errno
from struct import Struct

import pytest
from kernel import opened

from berkeley import constants

HOSTS = {"AF_INET": "127.0.0.1", "AF_INET6": "::1"}
# <linux/mptcp.h>, the beginning of struct mptcp_info: six counts of a byte, and flags.
INFO = Struct("=6B2xI")


@pytest.fixture(params=HOSTS)
def family(request):
    return request.param


@pytest.fixture
def listener(impl, family):
    with opened(impl, family, impl.SOCK_STREAM, impl.IPPROTO_MPTCP) as sock:
        sock.bind((HOSTS[family], 0))
        sock.listen()
        yield sock


def fell_back(sock):
    """To TCP. Some kernels accept() such a connection as a socket of TCP alone, where the others set a flag."""
    try:
        *_counts, flags = INFO.unpack(sock.getsockopt(constants.SOL_MPTCP, constants.MPTCP_INFO, INFO.size))
    except OSError as error:
        return error.errno in (errno.ENOPROTOOPT, errno.EOPNOTSUPP)
    return bool(flags & constants.MPTCP_INFO_FLAG_FALLBACK)


@pytest.mark.parametrize(("proto", "fallback"), [("IPPROTO_MPTCP", False), ("IPPROTO_TCP", True)])
def test_connections(impl, family, listener, proto, fallback):
    """With a client of the same kind, and with one of TCP alone, to which the server falls back."""
    with impl.socket(getattr(impl, family), impl.SOCK_STREAM, getattr(impl, proto)) as client:
        client.settimeout(10)
        client.connect(listener.getsockname())
        server, address = listener.accept()
        with server:
            assert (server.family, server.proto) == (getattr(impl, family), impl.IPPROTO_MPTCP)
            assert address == server.getpeername() == client.getsockname()
            assert client.getpeername() == server.getsockname() == listener.getsockname()
            client.sendall(bytes(1 << 20))
            client.shutdown(impl.SHUT_WR)
            with server.makefile("rb") as received:
                assert received.read() == bytes(1 << 20)
            server.sendall(b"answer")
            assert client.recv(100) == b"answer"
            assert fell_back(server) is fallback


def test_options_of_tcp(impl, listener):
    with impl.socket(listener.family, impl.SOCK_STREAM, impl.IPPROTO_MPTCP) as client:
        client.setsockopt(impl.IPPROTO_TCP, impl.TCP_NODELAY, 1)
        assert client.getsockopt(impl.IPPROTO_TCP, impl.TCP_NODELAY) == 1
        client.connect(listener.getsockname())
        accepted, _address = listener.accept()
        with accepted, impl.socket(fileno=accepted.dup().detach()) as again:
            assert (again.type, again.proto) == (impl.SOCK_STREAM, impl.IPPROTO_MPTCP)
