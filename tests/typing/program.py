"""What a program may do with the types of berkeley, and what it may not: read by the type checkers, never run.

Each `type: ignore` stands where both of them must refuse; one that is not needed is an error.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true

import asyncio
import io
import os
import selectors
import socket as standard
import ssl
from array import array
from pathlib import Path
from typing import Any, Literal

from typing_extensions import assert_type

import berkeley
from berkeley import constants, socket
from berkeley import socket as module


def sending(sock: socket.socket) -> None:
    for data in (b"bytes", bytearray(4), memoryview(b"view"), array("i", [1])):
        assert_type(sock.send(data), int)
    sock.sendall(b"", socket.MSG_NOSIGNAL | socket.MSG_MORE)
    assert_type(sock.sendto(b"", ("127.0.0.1", 9)), int)
    sock.sendto(b"", socket.MSG_DONTWAIT, ("::1", 9, 0, 0))
    sock.sendmsg([b"one", bytearray(3)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", [0]))], 0, "/run/path")
    with open(os.devnull, "rb") as file:
        assert_type(sock.sendfile(file, 0, None), int)
    assert_type(socket.send_fds(sock, [b"x"], [0, 1]), int)
    sock.send("text")  # type: ignore[arg-type]
    sock.sendall(None)  # type: ignore[arg-type]
    sock.sendto(b"")  # type: ignore[call-overload]
    sock.send(data=b"")  # type: ignore[call-arg]
    sock.sendmsg(1)  # type: ignore[arg-type]


def receiving(sock: socket.socket) -> None:
    assert_type(sock.recv(1, socket.MSG_PEEK), bytes)
    assert_type(sock.recvfrom(1), tuple[bytes, Any])
    assert_type(sock.recv_into(bytearray(8)), int)
    assert_type(sock.recvfrom_into(memoryview(bytearray(8)), 4), tuple[int, Any])
    assert_type(sock.recvmsg(1, socket.CMSG_SPACE(4)), tuple[bytes, list[tuple[int, int, bytes]], int, Any])
    assert_type(sock.recvmsg_into([bytearray(1)]), tuple[int, list[tuple[int, int, bytes]], int, Any])
    assert_type(socket.recv_fds(sock, 1, 2), tuple[bytes, list[int], int, Any])
    sock.recv("1")  # type: ignore[arg-type]
    sock.recv()  # type: ignore[call-arg]
    text: str = sock.recv(1)  # type: ignore[assignment]


def capturing() -> None:
    with berkeley.PacketRing("lo", filter=bytearray(8), retire=0.01, timeout=None) as ring:
        assert_type(ring, berkeley.PacketRing)
        for frame in ring:
            assert_type(frame, berkeley.PacketFrame)
            assert_type(frame.data, memoryview)
            assert_type(frame.vlan, tuple[int, int] | None)
            assert_type(frame.address, tuple[str, int, int, int, bytes])
            os.write(1, frame)
        assert_type(ring.statistics().drops, int)
        assert_type(ring.fileno(), int)
    berkeley.PacketRing(None, filter="text")  # type: ignore[arg-type]
    berkeley.PacketRing("lo", 3)  # type: ignore[call-arg]


def helpers(sock: socket.socket) -> None:
    assert_type(sock.recv_exactly(4), bytes)
    assert_type(sock.recv_until(b"\n", 100, partial=b"ab"), bytes)
    assert_type(sock.is_alive(), bool)
    assert_type(sock.cancel(), int)
    assert_type(sock.peer_credentials().uid, int)
    assert_type(sock.makefile("rb", resumable=True).readline(), bytes)
    assert_type(sock.makefile("rb", resumable=False), io.BufferedReader)
    assert_type(berkeley.listen_fds(), list[tuple[str, socket.socket]])
    with berkeley.listen_unix("/run/sock", mode=0o600) as listener, berkeley.connect_unix(b"/run/sock") as client:
        assert_type(listener, berkeley.UnixListener)
        assert_type(listener.accept()[0], socket.socket)
        assert_type(client, socket.socket)
    with berkeley.reserve_port() as port:
        assert_type(port, int)
        berkeley.wait_for_port("localhost", port, 1.5)
    try:
        sock.set_keepalive(60, 10, 3)
    except berkeley.IncompleteReadError as error:
        assert_type(error.partial, bytes)
    sock.makefile("r", resumable=True)  # type: ignore[call-overload]
    sock.recv_until("\n", 100)  # type: ignore[arg-type]
    sock.set_keepalive(60)  # type: ignore[call-arg]
    berkeley.listen_unix("/run/sock", 5)  # type: ignore[call-arg]


def datagrams(sock: socket.socket) -> None:
    room = sock.set_datagram_info(True)
    data, ancdata, flags, address = sock.recvmsg(2048, room)
    info = berkeley.DatagramInfo.of(ancdata, flags)
    assert_type(info, berkeley.DatagramInfo)
    assert_type(info.local_address, str | None)
    assert_type(info.timestamp, int | None)
    assert_type(info.descriptors, tuple[int, ...])
    answer = berkeley.DatagramInfo(local_address=info.local_address, ecn=2, other=[(1, 2, b"x")])
    sock.sendmsg([data], answer.ancdata(sock.family), 0, address)
    assert_type(berkeley.DatagramInfo.of(answer.ancdata(socket.AF_INET6)).ttl, int | None)
    sock.set_error_queue(True)
    for error in sock.recv_errors():
        assert_type(error, berkeley.DatagramError)
        assert_type(error.origin, str | int)
        assert_type(error.mtu, int | None)
        raise error.exception()
    info.ttl = 3  # type: ignore[misc]
    berkeley.DatagramInfo("::1")  # type: ignore[call-arg]
    berkeley.DatagramInfo(timestamp=1)  # type: ignore[call-arg]
    sock.set_datagram_info()  # type: ignore[call-arg]


def connecting() -> None:
    assert_type(berkeley.connect(("localhost", 80), timeout=2), socket.socket)
    berkeley.connect("/run/path", type=socket.SOCK_SEQPACKET)
    berkeley.connect(b"\0name", source_address=b"")
    berkeley.connect(Path("path"), happy_eyeballs_delay=None)
    options = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096), (socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")]
    berkeley.connect(("::1", "http"), keepalive=(60, 10, 3), nodelay=True, bind_to_device="lo", options=options)
    berkeley.connect(("::1", b"http"), keepalive=True, source_address=("::1", 0), family=socket.AF_INET6)
    berkeley.connect("localhost", 80)  # type: ignore[call-arg]
    berkeley.connect(("localhost", 80), keepalive=60)  # type: ignore[arg-type]
    berkeley.connect(("localhost", 80), options=(1, 2, 3))  # type: ignore[arg-type]
    socket.create_connection(("localhost", 80), happy_eyeballs_delay=0.25, deadline=5)


def connections() -> None:
    with socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        assert_type(server, socket.socket)
        connection, _peer = server.accept()
        assert_type(connection, socket.socket)
        assert_type(connection.dup(), socket.socket)
    assert_type(socket.create_connection(("localhost", "http"), 1.5, all_errors=True), socket.socket)
    assert_type(socket.socketpair(), tuple[socket.socket, socket.socket])
    assert_type(socket.fromfd(0, socket.AF_UNIX, socket.SOCK_STREAM), socket.socket)
    socket.create_connection("localhost:80")  # type: ignore[arg-type]
    socket.create_server(("", 0), socket.AF_INET)  # type: ignore[call-arg]
    socket.socket("AF_INET")  # type: ignore[arg-type]


class Derived(socket.socket):
    pass


def derived(sock: Derived) -> None:
    assert_type(sock.dup(), Derived)
    with sock as entered:
        assert_type(entered, Derived)


def attributes(sock: socket.socket) -> None:
    assert_type(sock.family, socket.AddressFamily)
    assert_type(sock.type, socket.SocketKind)
    assert_type(sock.proto, int)
    assert_type(sock.timeout, float | None)
    assert_type(sock.gettimeout(), float | None)
    sock.settimeout(None)
    sock.settimeout("1")  # type: ignore[arg-type]
    sock.family = socket.AF_INET  # type: ignore[misc]
    sock.nonsense  # type: ignore[attr-defined]


def options(sock: socket.socket) -> None:
    assert_type(sock.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE), int)
    assert_type(sock.getsockopt(socket.SOL_TCP, socket.TCP_INFO, 256), bytes)
    sock.setsockopt(socket.SOL_UDP, constants.UDP_SEGMENT, 1200)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
    sock.setsockopt(socket.SOL_ALG, socket.ALG_SET_AEAD_AUTHSIZE, None, 16)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, "lo")  # type: ignore[call-overload]
    sock.setsockopt(socket.SOL_ALG, socket.ALG_SET_AEAD_AUTHSIZE, None)  # type: ignore[call-overload]


def files(sock: socket.socket, mode: str) -> None:
    assert_type(sock.makefile("rb", 0), socket.SocketIO)
    assert_type(sock.makefile().readline(), str)
    assert_type(sock.makefile("rb").readline(), bytes)
    writer: io.BufferedWriter = sock.makefile("wb")
    both: io.BufferedRWPair = sock.makefile("rwb")
    sock.makefile("a")  # type: ignore[call-overload]


def resolving() -> None:
    for family, kind, proto, name, address in socket.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM):
        assert_type(kind, socket.SocketKind)
        assert_type(proto, int)
        assert_type(name, str)
        host: str = address[0]
    for row in socket.getaddrinfo(None, "http"):
        if row[0] == socket.AF_INET6:
            assert_type(row[0], Literal[socket.AddressFamily.AF_INET6])
    assert_type(socket.gethostbyaddr("::1"), tuple[str, list[str], list[str]])
    assert_type(socket.getnameinfo(("::1", 80), 0), tuple[str, str])
    assert_type(socket.if_nameindex(), list[tuple[int, str]])
    assert_type(socket.inet_pton(socket.AF_INET6, "::1"), bytes)
    socket.getaddrinfo("localhost")  # type: ignore[call-arg]
    socket.inet_aton(b"127.0.0.1")  # type: ignore[arg-type]
    try:
        socket.gethostbyname("localhost")
    except (socket.gaierror, socket.herror, socket.timeout) as error:
        assert_type(error.errno, int | None)


def numbers() -> None:
    assert_type(socket.AF_INET, Literal[socket.AddressFamily.AF_INET])
    assert_type(socket.MSG_PEEK | socket.MSG_WAITALL, socket.MsgFlag)
    assert_type(socket.AI_PASSIVE, Literal[socket.AddressInfo.AI_PASSIVE])
    # Those that came with Python 3.12 to 3.15 too, on each version.
    for number in (socket.SO_BINDTOIFINDEX, socket.ETHERTYPE_IPV6, socket.HCI_CHANNEL_USER, socket.IPV6_HDRINCL):
        assert_type(number, int)
    assert_type(socket.has_ipv6, bool)
    address: str = socket.BDADDR_ANY
    beyond: int = constants.AF_XDP
    socket.AF_XDP  # type: ignore[attr-defined]
    constants.NO_SUCH_NAME  # type: ignore[attr-defined]
    number = constants.BDADDR_ANY + 1  # type: ignore[operator]


async def standard_library(sock: socket.socket, context: ssl.SSLContext) -> None:
    """What wants a standard socket takes ours."""
    loop = asyncio.get_running_loop()
    assert_type(await loop.sock_recv(sock, 1), bytes)
    await loop.sock_connect(sock, ("127.0.0.1", 9))
    await asyncio.start_server(lambda reader, writer: None, sock=sock)
    assert_type(context.wrap_socket(sock), ssl.SSLSocket)
    selectors.DefaultSelector().register(sock, selectors.EVENT_READ)
    accepted: standard.socket = sock
    ours: socket.socket = standard.socket()  # type: ignore[assignment]


def package() -> None:
    berkeley.install()
    assert_type(berkeley.is_installed(), bool)
    berkeley.uninstall()
    berkeley.register_family(45, lambda sock, caller, address: bytes(address), lambda sock, raw: raw)
    berkeley.register_family(45, len, len)  # type: ignore[arg-type]
    berkeley.instal()  # type: ignore[attr-defined]
    assert_type(berkeley.__version__, str)
    assert_type(module.socket(), socket.socket)
