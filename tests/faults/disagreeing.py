"""Sockets in states in which poll(2) says "ready" and a call still says EAGAIN; what makes the call succeed in the end.

Each function gives a Scene; `disagreements.py` has the table.
"""

import ctypes
import os
import select
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from blocking import fill, take

from berkeley import constants as names

DATA = b"late\n"
BULK = bytes(range(256)) * 4096
SMALL = 2048  # bytes of a buffer
LOOPBACK = {names.AF_INET: "127.0.0.1", names.AF_INET6: "::1"}


@dataclass
class Scene:
    """A socket; `release` is called with what is being sent, and gets the call to succeed; it is None where nothing
    can. Receiving calls carry the flags and give `data` then; sends go to `address`, `peers` are kept open.
    """

    sock: Any
    release: Callable | None
    events: int = select.POLLIN
    flags: int = 0
    data: bytes | None = DATA  # None: whatever comes
    address: Any = None
    bulk: bool = False  # do the calls that send all have more to send than the buffers hold?
    peers: Any = ()


def until(condition):
    """Wait until it is so: for what the kernel does on its own, soon."""
    poll = select.poll()
    for _ in range(5000):
        if condition():
            return
        poll.poll(1)
    raise AssertionError("it does not come to this state")


def shows(sock, events):
    poll = select.poll()
    poll.register(sock, events)
    return any(shown & events for _fd, shown in poll.poll(0))


def alone():
    """An address of this machine, and a packet protocol on `lo`, for this process: others do the same meanwhile."""
    number = os.getpid()
    return "127.{1}.{2}.{3}".format(*number.to_bytes(4, "big")), ("lo", 0x9000 + number % 0x6000)


def bound(socket, family, kind, proto=0):
    sock = socket.socket(family, kind, proto)
    sock.bind((LOOPBACK[family], 0) if family in LOOPBACK else "")
    return sock


def connected(socket, family, room=65536):
    """Two ends of a TCP connection, the second with so much room for what it receives."""
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        listener.bind((LOOPBACK[family], 0))
        listener.listen()
        client = socket.create_connection(listener.getsockname()[:2])
        return client, listener.accept()[0]


# --- something waits in the error queue


def deaf(socket, family):
    """A datagram socket that hears itself alone: to all others the kernel answers that nobody is there."""
    sock = bound(socket, family, socket.SOCK_DGRAM)
    sock.connect(sock.getsockname())
    return sock


def ask_for_errors(sock):
    inet = sock.family == names.AF_INET
    sock.setsockopt(*((names.IPPROTO_IP, names.IP_RECVERR) if inet else (names.IPPROTO_IPV6, names.IPV6_RECVERR)), 1)


def ask_for_stamps(sock):
    sock.setsockopt(
        names.SOL_SOCKET,
        names.SO_TIMESTAMPING,
        names.SOF_TIMESTAMPING_TX_SOFTWARE
        | names.SOF_TIMESTAMPING_SOFTWARE
        | names.SOF_TIMESTAMPING_OPT_ID
        | names.SOF_TIMESTAMPING_OPT_TSONLY,
    )


def ask_for_completions(sock):
    sock.setsockopt(names.SOL_SOCKET, names.SO_ZEROCOPY, 1)


# What puts something into the error queue: how it is asked for, and the flags of a send that does so.
STAMP = (ask_for_stamps, 0)
COMPLETION = (ask_for_completions, names.MSG_ZEROCOPY)


def unreachable(socket, family):
    nobody = deaf(socket, family)
    sock = bound(socket, family, socket.SOCK_DGRAM)
    ask_for_errors(sock)
    sock.sendto(b"?", nobody.getsockname())
    until(lambda: sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))  # told once; the queue keeps it
    peer = socket.socket(family, socket.SOCK_DGRAM)
    return Scene(sock, lambda _sent: peer.sendto(DATA, sock.getsockname()), peers=(nobody, peer))


def datagram_error(socket, family, kind, proto=0):
    ask, flags = kind
    peer = bound(socket, family, socket.SOCK_DGRAM, proto)
    sock = bound(socket, family, socket.SOCK_DGRAM, proto)
    ask(sock)
    sock.sendto(bytes(5000), flags, peer.getsockname())
    until(lambda: peer.recv(5000) and shows(sock, select.POLLERR))
    return Scene(sock, lambda _sent: peer.sendto(DATA, sock.getsockname()), peers=peer)


def stream_error(socket, family, kind):
    ask, flags = kind
    sock, peer = connected(socket, family, SMALL)
    ask(sock)
    sock.send(b"-", flags)
    peer.recv(1)
    until(lambda: shows(sock, select.POLLERR))
    return Scene(sock, lambda _sent: peer.send(DATA), peers=peer)


def full_stream(socket, family, kind):
    scene = stream_error(socket, family, kind)
    sock, peer = scene.sock, scene.peers
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
    sock.setblocking(False)
    size, quiet = 0, time.monotonic()
    while time.monotonic() < quiet + 0.25:  # the peer's kernel makes room with its acknowledgements, up to 50 ms late
        if more := fill(sock.send):
            size, quiet = size + more, time.monotonic()
        select.poll().poll(5)

    def release(sent):
        assert take(peer, size + len(sent)) == b"-" * size + sent

    return Scene(sock, release, select.POLLOUT, bulk=True, peers=peer)


def connecting(socket, family, kind):
    """A connect(2) that goes on, as the listener's queue is full; the error queue is from an earlier connection."""
    scene = stream_error(socket, family, kind)
    unconnected = struct.pack("H26x", socket.AF_UNSPEC)
    assert ctypes.CDLL(None).connect(scene.sock.fileno(), unconnected, len(unconnected)) == 0
    listener = socket.socket(family)
    listener.bind((LOOPBACK[family], 0))
    listener.listen(0)
    first = socket.create_connection(listener.getsockname()[:2])
    accepted = []

    def release(_sent):
        """The next attempt of the kernel, after a second, finds room."""
        accepted.append(listener.accept())

    address = listener.getsockname()
    return Scene(scene.sock, release, select.POLLOUT, address=address, peers=(scene, listener, first, accepted))


def raw_stamp(socket, _family):
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, 253)  # for experiments (RFC 3692)
    host, _ = alone()
    sock.bind((host, 0))
    sock.connect((host, 0))
    sock.setblocking(False)
    try:
        while True:
            sock.recv(100)  # what others sent, before it had an address
    except BlockingIOError:
        sock.setblocking(True)
    ask_for_stamps(sock)
    sock.send(b"-")
    until(lambda: shows(sock, select.POLLERR))
    sock.recv(100)
    return Scene(sock, lambda _sent: sock.send(DATA), data=None)  # a header comes along


def packet_stamp(socket, _family):
    sock, peer = (socket.socket(names.AF_PACKET, socket.SOCK_DGRAM, 0) for _ in range(2))
    ask_for_stamps(sock)
    _, address = alone()
    sock.sendto(b"-", address)
    until(lambda: shows(sock, select.POLLERR))
    sock.bind(address)  # it receives from now on
    return Scene(sock, lambda _sent: peer.sendto(DATA, address), peers=peer)


def errors_wanted(socket, family):
    """MSG_ERRQUEUE beside ordinary data, with nothing in the error queue: an event of its own tells of that."""
    nobody = deaf(socket, family)
    sock = bound(socket, family, socket.SOCK_DGRAM)
    ask_for_errors(sock)
    sock.sendto(b"-", sock.getsockname())
    until(lambda: shows(sock, select.POLLIN))
    return Scene(sock, lambda _sent: sock.sendto(DATA, nobody.getsockname()), flags=names.MSG_ERRQUEUE, peers=nobody)


def stamps_wanted(socket, family):
    """The same on a connection, for a time stamp, which comes without data."""
    sock, peer = connected(socket, family)
    ask_for_stamps(sock)
    peer.send(b"-")
    until(lambda: shows(sock, select.POLLIN))
    return Scene(sock, lambda _sent: sock.send(b"-"), flags=names.MSG_ERRQUEUE, data=b"", peers=peer)


def no_such_queue(socket, _family):
    """A family without an error queue takes no notice of MSG_ERRQUEUE: nothing disagrees, data comes."""
    sock, peer = socket.socketpair()
    return Scene(sock, lambda _sent: peer.send(DATA), flags=names.MSG_ERRQUEUE, peers=peer)


# --- what waits is not what the call asks for


def behind_peek_offset(socket, family, kind):
    """SO_PEEK_OFF beyond what is there (socket(7))."""
    if family == names.AF_UNIX:
        sock, peer = socket.socketpair(family, kind)
    elif kind == names.SOCK_STREAM:
        sock, peer = connected(socket, family)
    else:
        sock, peer = bound(socket, family, kind), socket.socket(family, kind)
        peer.connect(sock.getsockname())
    sock.setsockopt(names.SOL_SOCKET, names.SO_PEEK_OFF, 4)
    peer.send(b"--")
    until(lambda: shows(sock, select.POLLIN))
    return Scene(sock, lambda _sent: peer.send(b"--" + DATA), flags=names.MSG_PEEK, peers=peer)


def shut_datagrams(socket, family):
    """shutdown(2) for receiving: a blocking recv(2) gives nothing at once, another EAGAIN. Datagrams still come."""
    sock, peer = bound(socket, family, socket.SOCK_DGRAM), socket.socket(family, socket.SOCK_DGRAM)
    sock.connect(sock.getsockname())
    sock.shutdown(socket.SHUT_RD)
    return Scene(sock, lambda _sent: sock.send(DATA), peers=peer)


def shut_unix(socket, _family):
    sock, peer = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.shutdown(socket.SHUT_RD)
    return Scene(sock, None, peers=peer)


def ring(socket, _family):
    """Packets that are in the ring (packet(7), PACKET_RX_RING) do not come by recv(2)."""
    sock = socket.socket(names.AF_PACKET, socket.SOCK_DGRAM, 0)
    sock.setsockopt(names.SOL_PACKET, names.PACKET_RX_RING, struct.pack("IIII", 4096, 1, 2048, 2))
    _, address = alone()
    sock.bind(address)
    with socket.socket(names.AF_PACKET, socket.SOCK_DGRAM, 0) as peer:
        peer.sendto(b"-", address)
    until(lambda: shows(sock, select.POLLIN))
    return Scene(sock, None)


def bad_checksum(socket, family):
    """A datagram that turns out to be broken when it is copied: Linux looks at those of up to 76 bytes at once."""
    sock = bound(socket, family, socket.SOCK_DGRAM)
    host, port = sock.getsockname()[:2]
    with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_UDP) as raw:
        raw.sendto(struct.pack("!HHHH", port, port, 8 + 200, 0xBAD) + bytes(200), (host, 0))
    sock.setblocking(False)  # poll(2) looks itself, for a blocking one
    until(lambda: shows(sock, select.POLLIN))
    peer = socket.socket(family, socket.SOCK_DGRAM)
    return Scene(sock, lambda _sent: peer.sendto(DATA, (host, port)), peers=peer)


def urgent_byte(socket, _family, flags=0):
    """The one byte there is on a Unix stream came with MSG_OOB (unix(7)): others do not get it."""
    sock, peer = socket.socketpair()
    peer.send(b"u", socket.MSG_OOB)
    return Scene(sock, lambda _sent: peer.send(DATA), flags=flags, peers=peer)


def urgent_announced(socket, family):
    """TCP's header told of an urgent byte that is still in front of a closed window."""
    peer, sock = connected(socket, family, SMALL)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    before = peer.send(bytes(1 << 16))
    peer.send(b"u", socket.MSG_OOB)

    def announced():
        try:
            sock.recv(1, socket.MSG_OOB | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        except OSError:  # EINVAL: of nothing urgent
            return False
        raise AssertionError("the byte is there")

    until(announced)

    def release(_sent):
        """Read what is before it."""
        size = before
        data = select.poll()
        data.register(sock, select.POLLIN)
        while size:
            data.poll()
            size -= len(os.read(sock.fileno(), size))

    return Scene(sock, release, flags=socket.MSG_OOB, data=b"u", peers=peer)


def urgent_awaited(socket, family):
    """No urgent byte yet, and ordinary data waits: the kernel has EINVAL for who asks before it is there."""
    sock, peer = connected(socket, family)
    peer.send(b"-")
    until(lambda: shows(sock, select.POLLIN))
    return Scene(sock, lambda _sent: peer.send(b"u", socket.MSG_OOB), flags=socket.MSG_OOB, data=b"u", peers=peer)


# --- the receiver has no room, of which poll(2) knows nothing


def full_receiver(socket, _family, elsewhere=False):
    """An unconnected datagram socket, or one that is connected to another, and a receiver whose queue is full."""
    receiver, other = (bound(socket, socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2))
    address = receiver.getsockname()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.setblocking(False)
    fill(lambda data: sock.sendto(data[:1], address))
    if elsewhere:
        sock.connect(other.getsockname())
    return Scene(sock, lambda _sent: receiver.recv(1), select.POLLOUT, address=address, peers=(receiver, other))


def congested(socket, _family, peered=False):
    """netlink(7): a peer that does not read, and whose buffer is full."""
    receiver, sock = (socket.socket(names.AF_NETLINK, socket.SOCK_RAW, names.NETLINK_USERSOCK) for _ in range(2))
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    receiver.bind((0, 0))
    receiver.setblocking(False)
    sock.bind((0, 0))
    address = receiver.getsockname()
    sock.setblocking(False)
    fill(lambda data: sock.sendto(data[:16], address))
    if peered:
        sock.connect(address)

    def release(_sent):
        """It is congested until it has read all."""
        try:
            while True:
                receiver.recv(16)
        except BlockingIOError:
            pass

    return Scene(sock, release, select.POLLOUT, address=None if peered else address, peers=receiver)


def full_backlog(socket, _family, kind):
    """A listener that accepts nobody (unix(7)): connect(2) says EAGAIN, and has begun nothing."""
    listener = socket.socket(socket.AF_UNIX, kind)
    listener.bind("")
    listener.listen(0)
    first, sock = socket.socket(socket.AF_UNIX, kind), socket.socket(socket.AF_UNIX, kind)
    first.connect(listener.getsockname())
    accepted = []

    def release(_sent):
        accepted.append(listener.accept())

    return Scene(sock, release, select.POLLOUT, address=listener.getsockname(), peers=(listener, first, accepted))
