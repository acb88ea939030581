"""What the kernel takes off a program's hands: each is used, on loopback, not only asked for."""

from collections.abc import Iterator
from typing import Any

from berkeley import constants, socket

from .limits import sysctl
from .loopback import tcp, udp
from .rows import Row, probed

_SIZE = 100  # bytes of a datagram


def rows() -> Iterator[Row]:
    yield probed("UDP_SEGMENT", segmentation)
    yield probed("UDP_GRO", coalescing)
    yield probed("SO_ZEROCOPY", zero_copy)
    yield probed("SO_TIMESTAMPNS", receive_stamps)
    yield probed("SO_TIMESTAMPING", send_stamps)
    yield probed("SO_BUSY_POLL", busy_polling, needs="CAP_NET_ADMIN")
    yield probed("kernel TLS", kernel_tls)
    yield fast_open()


def segmentation() -> str:
    with udp() as (near, far):
        near.setsockopt(socket.SOL_UDP, constants.UDP_SEGMENT, _SIZE)
        near.send(bytes(3 * _SIZE))
        size = len(far.recv(1000))
        if size != _SIZE:
            raise RuntimeError(f"accepted, but what was to be datagrams of {_SIZE} bytes came as one of {size}")
    return "one send becomes many datagrams"


def coalescing() -> str:
    with udp() as (near, far):
        near.setsockopt(socket.SOL_UDP, constants.UDP_SEGMENT, _SIZE)
        far.setsockopt(socket.SOL_UDP, constants.UDP_GRO, 1)
        near.send(bytes(3 * _SIZE))
        data, ancillary, _flags, _address = far.recvmsg(1000, socket.CMSG_SPACE(4))
        if len(data) != 3 * _SIZE or not _has(ancillary, socket.SOL_UDP, constants.UDP_GRO):
            raise RuntimeError(f"accepted, but of 3 datagrams of {_SIZE} bytes one receive gave {len(data)} bytes")
    return "one receive takes many datagrams"


def zero_copy() -> str:
    """Documentation/networking/msg_zerocopy.rst: the error queue tells when the pages are free again."""
    with tcp() as (near, _far):
        near.setsockopt(socket.SOL_SOCKET, constants.SO_ZEROCOPY, 1)
        near.send(bytes(_SIZE), constants.MSG_ZEROCOPY)
        near.recvmsg(0, 1000, socket.MSG_ERRQUEUE)
    return "MSG_ZEROCOPY: the kernel sends from the program's memory"


def receive_stamps() -> str:
    with udp() as (near, far):
        far.setsockopt(socket.SOL_SOCKET, constants.SO_TIMESTAMPNS, 1)
        near.send(bytes(_SIZE))
        _expect_stamp(far.recvmsg(1000, 1000), constants.SCM_TIMESTAMPNS)
    return "nanoseconds, of each datagram received"


def send_stamps() -> str:
    """Documentation/networking/timestamping.rst: stamps of what was sent come by the error queue."""
    with udp() as (near, _far):
        wanted = constants.SOF_TIMESTAMPING_TX_SOFTWARE | constants.SOF_TIMESTAMPING_SOFTWARE
        near.setsockopt(socket.SOL_SOCKET, constants.SO_TIMESTAMPING, wanted)
        near.send(bytes(_SIZE))
        _expect_stamp(near.recvmsg(1000, 1000, socket.MSG_ERRQUEUE), constants.SCM_TIMESTAMPING)
    return "nanoseconds, of each datagram sent (by the kernel; a card's: ethtool -T)"


def busy_polling() -> str:
    with udp() as (near, _far):
        near.setsockopt(socket.SOL_SOCKET, constants.SO_BUSY_POLL, 50)
    return "a receive may spin in place of sleeping"


def kernel_tls() -> str:
    """Documentation/networking/tls.rst."""
    with tcp() as (near, _far):
        near.setsockopt(socket.SOL_TCP, constants.TCP_ULP, b"tls")
    return "TCP_ULP: the kernel makes and reads TLS records"


def fast_open() -> Row:
    """tcp(7): the lowest bits of the parameter are who may."""
    row = sysctl("net.ipv4.tcp_fastopen", "data in the first packet, for nobody")
    if isinstance(row.value, int):
        who = " and ".join(name for bit, name in ((1, "clients"), (2, "listeners")) if row.value & bit)
        return row._replace(detail=f"data in a connection's first packet, for {who or 'nobody'}")
    return row


def _expect_stamp(message: tuple[Any, ...], kind: int) -> None:
    if not _has(message[1], socket.SOL_SOCKET, kind):
        raise RuntimeError("accepted, but no stamp came")


def _has(ancillary: list[tuple[int, int, bytes]], level: int, kind: int) -> bool:
    return any(item[:2] == (level, kind) for item in ancillary)
