"""Sockets in states in which poll(2) says "ready" and a call still says EAGAIN; what makes the call succeed in the end.

Each maker gives a Scene. SITUATIONS names them all, with the calls that meet the state.
"""

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
    data: bytes = DATA
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


def raw_stamp(socket, _family):
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, 253)  # for experiments (RFC 3692)
    host, _ = alone()
    sock.bind((host, 0))
    sock.connect((host, 0))
    ask_for_stamps(sock)
    sock.send(b"-")
    until(lambda: shows(sock, select.POLLERR))
    sock.recv(100)
    return Scene(sock, lambda _sent: sock.send(DATA), data=None)


def packet_stamp(socket, _family):
    sock, peer = (socket.socket(names.AF_PACKET, socket.SOCK_DGRAM, 0) for _ in range(2))
    ask_for_stamps(sock)
    _, address = alone()
    sock.sendto(b"-", address)
    until(lambda: shows(sock, select.POLLERR))
    sock.bind(address)  # it receives from now on
    return Scene(sock, lambda _sent: peer.sendto(DATA, address), peers=peer)


def errors_wanted(socket, family):
    """MSG_ERRQUEUE beside ordinary data, with nothing in the error queue."""
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
    peer.send(bytes(1 << 16))
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
        data = select.poll()
        data.register(sock, select.POLLIN | select.POLLPRI)
        while not shows(sock, select.POLLPRI):
            data.poll(10)
            try:
                os.read(sock.fileno(), 1 << 16)
            except BlockingIOError:
                pass

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


# --- the table

FLAGGED = ["recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into", "recv_fds"]
RECEIVING = [*FLAGGED, "makefile read", "makefile readline"]
PACKETS = [name for name in RECEIVING if name != "recv_fds"]  # the kernel takes no MSG_CMSG_CLOEXEC there
URGENT = FLAGGED[:-1]
SENDING = ["send", "sendall", "sendto", "sendmsg", "makefile write"]
CONNECTING = ["connect", "connect_ex"]

INET, INET6, UNIX = names.AF_INET, names.AF_INET6, names.AF_UNIX
STREAM, DGRAM, SEQPACKET = names.SOCK_STREAM, names.SOCK_DGRAM, names.SOCK_SEQPACKET


@dataclass(frozen=True)
class Situation:
    """How the scene is made, and the calls that meet it.

    `lasts`: poll(2) and the call disagree until the release; else the first call puts an end to it, or they agree.
    `standard`: how the standard module's calls end under a timeout; None where they do not.
    """

    make: Callable
    arguments: tuple
    methods: list
    lasts: bool = True
    standard: str | None = "TimeoutError"


def both(name, make, methods, *more, **options):
    """A row for each of the internet families."""
    return {
        f"{name}, IPv4": Situation(make, (INET, *more), methods, **options),
        f"{name}, IPv6": Situation(make, (INET6, *more), methods, **options),
    }


SITUATIONS = {
    **both("an ICMP error", unreachable, RECEIVING),
    **both("a time stamp, UDP", datagram_error, RECEIVING, STAMP),
    **both("a completion, UDP", datagram_error, RECEIVING, COMPLETION),
    **both("a time stamp, UDP-Lite", datagram_error, RECEIVING, STAMP, names.IPPROTO_UDPLITE),
    **both("a time stamp, TCP", stream_error, RECEIVING, STAMP),
    **both("a completion, TCP", stream_error, RECEIVING, COMPLETION),
    "a time stamp, raw": Situation(raw_stamp, (INET,), RECEIVING),
    "a time stamp, packets": Situation(packet_stamp, (INET,), PACKETS),
    **both("a time stamp, TCP, full", full_stream, SENDING, STAMP),
    **both("a completion, TCP, full", full_stream, SENDING, COMPLETION),
    **both("a time stamp, TCP, full, a file", full_stream, ["sendfile"], STAMP, standard=None),
    **both("a completion, TCP, full, a file", full_stream, ["sendfile"], COMPLETION, standard=None),
    **both("errors wanted beside data", errors_wanted, FLAGGED),
    **both("time stamps wanted beside data", stamps_wanted, FLAGGED),
    "errors wanted where there are none": Situation(no_such_queue, (UNIX,), FLAGGED, lasts=False),
    **both("behind the offset for peeking, UDP", behind_peek_offset, FLAGGED, DGRAM),
    "behind the offset for peeking, TCP": Situation(behind_peek_offset, (INET, STREAM), FLAGGED),
    "behind the offset for peeking, AF_UNIX": Situation(behind_peek_offset, (UNIX, STREAM), FLAGGED),
    "behind the offset for peeking, AF_UNIX datagrams": Situation(behind_peek_offset, (UNIX, DGRAM), FLAGGED),
    "behind the offset for peeking, AF_UNIX seqpacket": Situation(behind_peek_offset, (UNIX, SEQPACKET), FLAGGED),
    **both("shut for receiving, UDP", shut_datagrams, RECEIVING),
    "shut for receiving, AF_UNIX datagrams": Situation(shut_unix, (UNIX,), RECEIVING),
    "packets in the ring": Situation(ring, (INET,), PACKETS),
    **both("a bad checksum", bad_checksum, RECEIVING, lasts=False),
    "an urgent byte alone, AF_UNIX": Situation(urgent_byte, (UNIX,), RECEIVING, lasts=False),
    "an urgent byte alone, AF_UNIX, peeking": Situation(urgent_byte, (UNIX, names.MSG_PEEK), FLAGGED),
    **both("an urgent byte announced", urgent_announced, URGENT, lasts=False),
    **both("an urgent byte awaited beside data", urgent_awaited, URGENT, lasts=False, standard="OSError"),
    "a full receiver": Situation(full_receiver, (UNIX,), ["sendto", "sendmsg"]),
    "a full receiver, connected elsewhere": Situation(full_receiver, (UNIX, True), ["sendto", "sendmsg"]),
    "a full receiver, descriptors": Situation(full_receiver, (UNIX,), ["send_fds"], standard="OSError"),
    "a congested netlink peer": Situation(congested, (UNIX,), ["sendto", "sendmsg"]),
    "a congested netlink peer, connected": Situation(congested, (UNIX, True), SENDING),
    "a full backlog, AF_UNIX": Situation(full_backlog, (UNIX, STREAM), CONNECTING, standard="BlockingIOError"),
    "a full backlog, AF_UNIX seqpacket": Situation(
        full_backlog, (UNIX, SEQPACKET), CONNECTING, standard="BlockingIOError"
    ),
}
