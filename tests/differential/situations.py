"""Situations: what a call finds. Each makes its sockets anew; those that only help are the interpreter's own.

Names of AF_UNIX sockets are relative: the current directory is the test's.
"""

import os
import select
import socket as standard
import struct
from dataclasses import dataclass, field
from typing import Any

AF_INET, AF_INET6, AF_UNIX = map(int, (standard.AF_INET, standard.AF_INET6, standard.AF_UNIX))
STREAM, DATAGRAM, SEQPACKET = map(int, (standard.SOCK_STREAM, standard.SOCK_DGRAM, standard.SOCK_SEQPACKET))

KINDS = {
    "tcp": (AF_INET, STREAM),
    "tcp6": (AF_INET6, STREAM),
    "udp": (AF_INET, DATAGRAM),
    "udp6": (AF_INET6, DATAGRAM),
    "unix": (AF_UNIX, STREAM),
    "unix datagram": (AF_UNIX, DATAGRAM),
    "unix seqpacket": (AF_UNIX, SEQPACKET),
}
HOSTS = {AF_INET: ("127.0.0.1", 0), AF_INET6: ("::1", 0), AF_UNIX: "own"}
DATA = (b"hello", b"second message", b"third")


@dataclass
class Scene:
    """What there is: the socket under test, its peer, an address; and what the call was given."""

    sock: Any = None
    peer: Any = None
    address: Any = None
    given: tuple = field(default=())

    def drained(self):
        """What the peer has received: an AF_UNIX one, which has it at once."""
        if self.peer is None or self.peer.family != AF_UNIX or self.peer.fileno() < 0:
            return None
        data = []
        try:
            while not data or data[-1]:
                data.append(self.peer.recv(1 << 16, standard.MSG_DONTWAIT))
        except OSError as error:
            data.append(error.errno)
        return data


def nowhere(module, stack):
    """For functions of the module."""
    return Scene()


@dataclass(frozen=True)
class Situation:
    """A socket of a kind in a state, under a timeout."""

    kind: str
    state: str
    timeout: float | None = 0

    def __call__(self, module, stack):
        scene = Scene()
        STATES[self.state](scene, module, *KINDS[self.kind])
        if scene.sock.fileno() >= 0:
            scene.sock.settimeout(self.timeout)
        for sock in (scene.sock, scene.peer):
            if sock is not None:
                stack.callback(sock.close)
        return scene


@dataclass(frozen=True)
class Opened:
    """A new socket; with `claimed`, one that says it is of that family, on a descriptor that is not.

    The address of each family is read before the kernel refuses it: so a machine needs not have the family.
    """

    family: int
    kind: int
    proto: int = 0
    claimed: bool = False

    def __call__(self, module, stack):
        fd = stack.enter_context(standard.socket(AF_UNIX, STREAM)) if self.claimed else None
        sock = module.socket(self.family, self.kind, self.proto, fd and os.dup(fd.fileno()))
        stack.callback(sock.close)
        sock.setblocking(False)
        return Scene(sock)


# --- states


def new(scene, module, family, kind):
    scene.sock = module.socket(family, kind)
    scene.address = HOSTS[family]


def bound(scene, module, family, kind):
    new(scene, module, family, kind)
    scene.sock.bind(scene.address)
    scene.address = scene.sock.getsockname()


def listening(scene, module, family, kind):
    bound(scene, module, family, kind)
    if kind != DATAGRAM:
        scene.sock.listen()


def called(scene, module, family, kind):
    """A listener with a connection that waits."""
    listening(scene, module, family, kind)
    if kind != DATAGRAM:
        scene.peer = standard.socket(family, kind)
        scene.peer.connect(scene.address)


def connected(scene, module, family, kind):
    if family == AF_UNIX:
        scene.sock, peer = module.socketpair(family, kind)
        scene.peer = standard.socket(fileno=peer.detach())
        scene.address = ""
        return
    new(scene, module, family, kind)
    with standard.socket(family, kind) as other:
        other.bind(HOSTS[family])
        if kind == STREAM:
            other.listen()
        scene.sock.bind(HOSTS[family])
        scene.sock.connect(other.getsockname())
        if kind == STREAM:
            scene.peer = other.accept()[0]
        else:
            other.connect(scene.sock.getsockname())
            scene.peer = standard.socket(fileno=other.detach())
    scene.address = scene.peer.getsockname()


def sent(scene, module, family, kind):
    """Data has come: of a stream some bytes, else three messages."""
    connected(scene, module, family, kind)
    for message in DATA:
        scene.peer.send(message)
    if kind == STREAM:
        wait_for_bytes(scene.sock, sum(map(len, DATA)))
    else:
        arrived(scene.sock)


def ended(scene, module, family, kind):
    """The peer has sent, and sends no more."""
    connected(scene, module, family, kind)
    scene.peer.send(b"last")
    scene.peer.shutdown(standard.SHUT_WR)
    arrived(scene.sock, select.POLLRDHUP if kind != DATAGRAM else select.POLLIN)


def finished(scene, module, family, kind):
    """The socket itself sends no more."""
    connected(scene, module, family, kind)
    scene.sock.shutdown(standard.SHUT_WR)


def deserted(scene, module, family, kind):
    """The peer has closed."""
    connected(scene, module, family, kind)
    scene.peer.close()
    if kind != DATAGRAM:
        arrived(scene.sock)


def reset(scene, module, family, kind):
    """The peer has closed with a reset, or with data that it has not read."""
    connected(scene, module, family, kind)
    scene.sock.send(b"unread")
    scene.peer.setsockopt(standard.SOL_SOCKET, standard.SO_LINGER, struct.pack("ii", 1, 0))
    scene.peer.close()
    if kind != DATAGRAM:
        arrived(scene.sock, select.POLLHUP)


def full(scene, module, family, kind):
    """What was sent fills the buffers, unless the kernel drops datagrams."""
    connected(scene, module, family, kind)
    scene.sock.setsockopt(standard.SOL_SOCKET, standard.SO_SNDBUF, 4096)
    scene.peer.setsockopt(standard.SOL_SOCKET, standard.SO_RCVBUF, 4096)
    scene.sock.setblocking(False)
    for _ in range(100 if kind == DATAGRAM else 10_000):
        try:
            scene.sock.send(b"x" * 2000)
        except BlockingIOError:
            break


def closed(scene, module, family, kind):
    new(scene, module, family, kind)
    scene.sock.close()


def detached(scene, module, family, kind):
    connected(scene, module, family, kind)
    standard.close(scene.sock.detach())


STATES = {
    state.__name__: state
    for state in (
        new, bound, listening, called, connected, sent, ended, finished, deserted, reset, full, closed, detached
    )
}  # fmt: skip


def arrived(sock, events=select.POLLIN):
    """Wait until the kernel has delivered, on loopback at once or almost."""
    poll = select.poll()
    poll.register(sock, events)
    assert poll.poll(30_000)


def wait_for_bytes(sock, count):
    sock.setblocking(True)
    sock.recv(count, standard.MSG_PEEK | standard.MSG_WAITALL)
