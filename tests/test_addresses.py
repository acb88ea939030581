"""Socket addresses through the kernel and back: bind, connect, sendto, recvfrom, in every form a family takes."""

import ctypes
import os
import socket
from importlib import import_module
from pathlib import Path

import pytest

OURS = import_module("berkeley.socket")


class Text(str):
    """A str that is not exactly one."""


class Pair(tuple):
    """A tuple that is not exactly one."""


class Index:
    def __index__(self):
        return 0


def opened(module, family, kind=socket.SOCK_DGRAM, proto=0):
    try:
        if family == "AF_INET6":  # the kernel may have it, and the loopback interface no address of it
            with module.socket(module.AF_INET6) as probe:
                probe.bind(("::1", 0))
        return module.socket(getattr(module, family), kind, proto)
    except OSError as error:
        pytest.skip(f"no {family} socket of this kind here: {error.strerror}")


# --- AF_INET, AF_INET6


@pytest.mark.parametrize(
    ("host", "name"),
    [("127.0.0.1", "127.0.0.1"), (b"127.0.0.1", "127.0.0.1"), (bytearray(b"127.0.0.1"), "127.0.0.1"), ("", "0.0.0.0"),
     (Text("127.0.0.2"), "127.0.0.2"), ("127.3", "127.0.0.3"), ("localhost", "127.0.0.1"), ("0.0.0.0", "0.0.0.0"),
     ("<broadcast>", "255.255.255.255"), (b"<broadcast>", "255.255.255.255"), ("255.255.255.255", "255.255.255.255")],
)  # fmt: skip
@pytest.mark.parametrize("proto", ["IPPROTO_UDP", "IPPROTO_UDPLITE"])
def test_ipv4_hosts(impl, host, name, proto):
    with opened(impl, "AF_INET", proto=getattr(impl, proto)) as sock:
        sock.bind(Pair((host, 0)))
        assert sock.getsockname()[0] == name
        assert type(sock.getsockname()) is tuple
        assert sock.getsockname()[1] > 0


@pytest.mark.parametrize(
    ("address", "name"),
    [(("::1", 0), "::1"), (("::1", 0, 0), "::1"), (("::1", 0, 0, 0), "::1"), (("0:0::0:1", Index()), "::1"),
     (("", 0), "::"), (("::", 0, 5), "::"), ((b"::1", 0, 0xFFFFF, 0), "::1"),
     (("::ffff:7f00:1", 0), "::ffff:127.0.0.1")],
)  # fmt: skip
def test_ipv6_hosts(impl, address, name):
    with opened(impl, "AF_INET6") as sock:
        sock.bind(address)
        host, port, flowinfo, scope = sock.getsockname()
        assert (host, flowinfo, scope) == (name, 0, 0)
        assert 0 < port < 65536


@pytest.mark.parametrize(("family", "host"), [("AF_INET", "127.0.0.1"), ("AF_INET6", "::1")])
@pytest.mark.parametrize("proto", ["IPPROTO_UDP", "IPPROTO_UDPLITE"])
def test_datagrams_over_ip(impl, family, host, proto):
    with opened(impl, family, proto=getattr(impl, proto)) as a, opened(impl, family, proto=getattr(impl, proto)) as b:
        a.bind((host, 0))
        b.bind((host, 0))
        assert a.sendto(b"there", b.getsockname()) == 5
        assert b.recvfrom(10) == (b"there", a.getsockname())
        b.connect(a.getsockname())
        assert b.getpeername() == a.getsockname()
        assert b.sendmsg([b"ba", b"ck"], (), 0, a.getsockname()[:2]) == 4
        assert a.recvmsg(10) == (b"back", [], 0, b.getsockname())


def test_flow_and_scope(impl):
    with opened(impl, "AF_INET6") as sock:
        index = impl.if_nametoindex(impl.if_nameindex()[0][1])
        sock.connect(("::1", 9, 0, index))
        assert sock.getpeername()[:3] == ("::1", 9, 0)


# --- AF_UNIX


@pytest.fixture
def directory(tmp_path, monkeypatch):
    """The current one: paths of sockets are short."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("address", "name"),
    [("plain", "plain"), (b"bytes", "bytes"), (bytearray(b"bytearray"), "bytearray"), (memoryview(b"view"), "view"),
     (Text("text"), "text"), ("caf\u00e9", "caf\u00e9"), ("\udcff", "\udcff"), (b"\xff", "\udcff"),
     ("x" * 107, "x" * 107)],
)  # fmt: skip
def test_paths(impl, directory, address, name):
    with impl.socket(impl.AF_UNIX) as server, impl.socket(impl.AF_UNIX) as client:
        server.bind(address)
        assert server.getsockname() == name
        assert os.listdir(b".") == [os.fsencode(name)]
        server.listen()
        client.connect(address)
        assert client.getpeername() == name
        with server.accept()[0] as peer:
            assert (peer.getsockname(), peer.getpeername(), client.getsockname()) == (name, "", "")


@pytest.mark.parametrize("address", [b"\0", b"\0berkeley\0nul", b"\0" + b"x" * 107, "\0berkeley-text", "\0caf\u00e9"])
def test_abstract_names(impl, address):
    with impl.socket(impl.AF_UNIX, impl.SOCK_DGRAM) as here, impl.socket(impl.AF_UNIX, impl.SOCK_DGRAM) as there:
        there.bind(address)
        assert there.getsockname() == os.fsencode(address)
        here.sendto(b"data", address)
        assert there.recvfrom(10)[0] == b"data"


@pytest.mark.parametrize("nothing", ["", b"", bytearray()])
def test_autobind(impl, nothing):
    with impl.socket(impl.AF_UNIX, impl.SOCK_DGRAM) as sock:
        assert sock.getsockname() == ""
        sock.bind(nothing)
        assert sock.getsockname()[:1] == b"\0"
        assert len(sock.getsockname()) == 6


def test_senders_on_unix(impl, directory):
    kind = impl.SOCK_DGRAM
    with impl.socket(impl.AF_UNIX, kind) as server, impl.socket(impl.AF_UNIX, kind) as client:
        server.bind("server")
        client.sendto(b"data", "server")
        assert server.recvfrom(10) == (b"data", None)
        client.bind("client")
        client.sendto(b"data", "server")
        assert server.recvfrom(10) == (b"data", "client")


@pytest.mark.parametrize("address", ["x" * 108, b"x" * 108, "\u00e9" * 54, b"\0" + b"x" * 108, "\0" + "x" * 500])
def test_too_long(impl, directory, address):
    with impl.socket(impl.AF_UNIX, impl.SOCK_DGRAM) as sock:
        for call in (sock.bind, sock.connect, sock.connect_ex):
            with pytest.raises(OSError, match=r"^AF_UNIX path too long$") as caught:
                call(address)
            assert caught.value.errno is None
    assert os.listdir() == []


@pytest.mark.parametrize("address", [b"a\0b", "a\0", bytearray(b"\x01\0")])
def test_embedded_nul(directory, address):
    expected = pytest.raises(ValueError, match=r"^embedded null byte in AF_UNIX path$")
    with OURS.socket(OURS.AF_UNIX, OURS.SOCK_DGRAM) as sock, expected:
        sock.bind(address)
    assert os.listdir() == []


def test_a_path_as_long_as_the_struct(impl, directory):
    """108 bytes without a NUL, which the kernel takes and Python's bind() does not give."""
    struct = impl.AF_UNIX.to_bytes(2, "little") + b"y" * 108
    with impl.socket(impl.AF_UNIX) as sock:
        assert ctypes.CDLL(None).bind(sock.fileno(), struct, len(struct)) == 0
        assert sock.getsockname() == "y" * 108


# --- AF_PACKET, AF_VSOCK


ETH_P_802_EX1 = 0x88B5  # for experiments on one network


@pytest.mark.parametrize("more", [(), (0,), (0, 0), (0, 0, b""), (0, 772, bytearray(6))])
def test_packet(impl, more):
    loopback = impl.if_indextoname(1)
    with opened(impl, "AF_PACKET", impl.SOCK_DGRAM) as sock:
        sock.bind((loopback, ETH_P_802_EX1))
        assert sock.getsockname() == (loopback, ETH_P_802_EX1, 0, 772, bytes(6))
        sock.sendto(b"data", (loopback, ETH_P_802_EX1, *more))
        data, address = sock.recvfrom(10)
        assert data == b"data"
        assert address == (loopback, ETH_P_802_EX1, address[2], 772, bytes(6))
        # To whom it was addressed: without a hardware address, the standard module sends to whatever was in memory.
        assert impl.PACKET_HOST <= address[2] <= impl.PACKET_OUTGOING


def test_vsock(impl):
    with opened(impl, "AF_VSOCK", impl.SOCK_STREAM) as sock:
        sock.bind((impl.VMADDR_CID_ANY, impl.VMADDR_PORT_ANY))
        cid, port = sock.getsockname()
        assert cid == impl.VMADDR_CID_ANY
        assert 1023 < port < impl.VMADDR_PORT_ANY


# --- what is no address

INET = [None, "127.0.0.1", ["127.0.0.1", 0], (), ("127.0.0.1",), ("127.0.0.1", 0, 0), (None, 0), (1, 0),
        ("127.0.0.1", "0"), ("127.0.0.1", 0.0), ("127.0.0.1", None), ("127.0.0.1", -1), ("127.0.0.1", 65536),
        ("127.0.0.1", 1 << 70), ("::1", 0), ("127.0.0.1\0", 0),
        (b"\0", 0), ("\udcff", 0), (memoryview(b"127.0.0.1"), 0), ("127.0.0.1", [])]  # fmt: skip
INET6 = [None, "::1", ("::1",), ("::1", 0, 0, 0, 0), ("::1", 0, 1 << 20), ("::1", 0, -1), ("::1", 65536),
         ("::1", 0, 0.0), ("::1", 0, 0, "0"), ("::1", 0, 0, None),
         ("<broadcast>", 0), ("127.0.0.1", 0), ("::1%none", 0)]  # fmt: skip
UNIX = [None, 1, ("x",), ["x"], Path("x"), memoryview(b"abcd")[::2], 1.5, "\ud800", "no-such-directory/x"]
PACKET = [None, "lo", ["lo", 0], ("lo",), ("lo", 0, 0, 0, b"", 0), (b"lo", 0), (None, 0), ("no-such-interface", 0),
          ("lo", -1), ("lo", 65536), ("lo", 1 << 40), ("lo", "0"), ("lo", 0, 1 << 40),
          ("lo", 0, None), ("lo", 0, 0, 0, b"123456789"),
          ("lo", 0, 0, 0, "x"), ("lo", 0, 0, 0, None), ("lo\0", 0), ("\udcff", 0)]  # fmt: skip
VSOCK = [None, "x", [1, 2], (1,), (1, 2, 3), ("1", 2), (1.0, 2), (None, 2)]
WRONG = [("AF_INET", INET), ("AF_INET6", INET6), ("AF_UNIX", UNIX), ("AF_PACKET", PACKET),
         ("AF_VSOCK", VSOCK)]  # fmt: skip


@pytest.mark.parametrize(("family", "address"), [(family, each) for family, all in WRONG for each in all], ids=repr)
def test_what_is_no_address(directory, family, address):
    def outcomes(module):
        with opened(module, family, module.SOCK_STREAM if family == "AF_VSOCK" else module.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            return [outcome(getattr(sock, method), *before, address) for method, *before in METHODS
                    if (method, address) != ("sendmsg", None)]  # fmt: skip

    assert outcomes(OURS) == outcomes(socket)


METHODS = [("bind",), ("connect",), ("connect_ex",), ("sendto", b"x"), ("sendmsg", [b"x"], (), 0)]


def outcome(call, *arguments):
    try:
        return call(*arguments)
    except Exception as error:
        return type(error).__qualname__, getattr(error, "errno", None), str(error)
