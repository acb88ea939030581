"""What datagram sockets do. Each call of a maker gives one, blocking, with an address of its own."""

import errno
from contextlib import contextmanager, suppress

import pytest
from kit import GUARD, SHORT, Task, data, runs_out


@contextmanager
def _two(make):
    with make() as a, make() as b:
        # Datagrams may be lost, where those of a stream may not: no call is to wait for one for ever.
        for sock in (a, b):
            sock.settimeout(GUARD)
        yield a, b


@contextmanager
def _connected(make):
    with _two(make) as (a, b):
        a.connect(b.getsockname())
        b.connect(a.getsockname())
        yield a, b


# --- boundaries


def boundaries(make):
    """What was sent as one is received as one, in the order of sending; more than its size is not received."""
    sizes = (1, 2, 1023, 1024, 1025, 1472, 1473, 8000)
    with _two(make) as (a, b):
        for size in sizes:
            assert a.sendto(data(size, size), b.getsockname()) == size
        for size in sizes:
            assert b.recv(9000) == data(size, size)


def ping_pong(make):
    """A datagram goes back and forth, one byte longer each time."""

    def answer():
        for _ in range(100):
            text, peer = b.recvfrom(1000)
            b.sendto(text + b"-", peer)

    with _two(make) as (a, b):
        answering = Task(answer)
        text = b""
        for _ in range(100):
            a.sendto(text + b"-", b.getsockname())
            text = a.recv(1000)
        answering.result()
        assert len(text) == 200


def truncation(make):
    """A receiver gets what it has room for; the rest of the datagram is gone, and the next is whole."""
    with _two(make) as (a, b):
        short = bytearray(b"......")
        calls = (
            lambda: b.recv(4),
            lambda: b.recvfrom(4)[0],
            lambda: short[: b.recv_into(short, 4)],
            lambda: short[: b.recvfrom_into(short, 4)[0]],
            lambda: b.recvmsg(4)[0],
        )
        for call in calls:
            a.sendto(b"truncated", b.getsockname())
            a.sendto(b"next", b.getsockname())
            assert call() == b"trun"
            assert b.recv(9) == b"next"
        assert short == b"trun.."


def truncation_shows(make):
    """recvmsg() tells a datagram that was cut (MSG_TRUNC) from one that fits; MSG_TRUNC asks for the real length."""
    cut = make.socket.MSG_TRUNC
    with _two(make) as (a, b):
        for _ in range(4):
            a.sendto(b"123456", b.getsockname())
        assert b.recvmsg(5)[:3] == (b"12345", [], cut)
        assert b.recvmsg(6)[:3] == (b"123456", [], 0)
        first, second = bytearray(2), bytearray(2)
        assert b.recvmsg_into([first, second])[:3] == (4, [], cut)
        assert first + second == b"1234"
        assert b.recv_into(bytearray(2), 0, cut | make.socket.MSG_PEEK) == 6


def empty(make):
    """A datagram of no bytes is one: it arrives, has a sender, and ends no stream."""
    with _two(make) as (a, b):
        for call in (lambda: b.recvfrom(10), lambda: b.recvfrom(0), lambda: b.recvmsg(10)[::3]):
            assert a.sendto(b"", b.getsockname()) == 0
            a.sendto(b"next", b.getsockname())
            assert call() == (b"", a.getsockname())
            assert b.recv(10) == b"next"


def no_room(make):
    """With no room at all, recvfrom() takes a datagram, and recv() leaves it where it is."""
    with _two(make) as (a, b):
        for text in (b"one", b"two"):
            a.sendto(text, b.getsockname())
        assert b.recv(0) == b""
        assert b.recvfrom(0) == (b"", a.getsockname())
        assert b.recv(3) == b"two"


def too_long(make):
    """A datagram that cannot be one is refused (EMSGSIZE), and nothing of it arrives."""
    with _two(make) as (a, b):
        with pytest.raises(OSError) as caught:
            a.sendto(bytes(2**24), b.getsockname())
        assert caught.value.errno == errno.EMSGSIZE
        a.sendto(b"next", b.getsockname())
        assert b.recv(9) == b"next"


def peeking(make):
    """MSG_PEEK leaves the datagram where it is."""
    with _two(make) as (a, b):
        a.sendto(b"data", b.getsockname())
        assert b.recv(2, make.socket.MSG_PEEK) == b"da"
        assert b.recvfrom(9, make.socket.MSG_PEEK) == b.recvfrom(9) == (b"data", a.getsockname())


def messages(make):
    """sendmsg() makes one datagram of its buffers, recvmsg_into() lays one into several."""
    with _two(make) as (a, b):
        assert a.sendmsg([b"so", bytearray(b"me"), memoryview(b"data")], [], 0, b.getsockname()) == 8
        first, second = bytearray(3), bytearray(10)
        assert b.recvmsg_into([first, second]) == (8, [], 0, a.getsockname())
        assert (first, second[:5]) == (b"som", b"edata")


# --- addresses


def senders(make):
    """Each datagram comes with the address of its sender, at which the sender can be reached."""
    with _two(make) as (a, b), make() as c:
        for sender in (a, c, a):
            sender.sendto(b"data", b.getsockname())
        assert [b.recvfrom(9)[1] for _ in range(3)] == [a.getsockname(), c.getsockname(), a.getsockname()]
        for receiver in (a, c):
            b.sendto(b"answer", receiver.getsockname())
            receiver.settimeout(GUARD)
            assert receiver.recvfrom(9) == (b"answer", b.getsockname())


def connected(make):
    """A connected socket sends to its peer, and knows it."""
    with _connected(make) as (a, b):
        assert a.getpeername() == b.getsockname()
        assert a.send(b"one") == a.sendmsg([b"t", b"wo"]) == 3
        assert a.sendall(b"three") is None
        assert [b.recvfrom(9) for _ in range(3)] == [(text, a.getsockname()) for text in (b"one", b"two", b"three")]


def connected_to_one(make):
    """A connected socket receives from its peer alone."""
    with _connected(make) as (a, b), make() as stranger:
        # The kernel drops such datagrams (udp(7)), or refuses them to the sender (unix(7)).
        with suppress(PermissionError):
            stranger.sendto(b"unwanted", b.getsockname())
        a.send(b"wanted")
        assert b.recv(9) == b"wanted"
        b.settimeout(0)
        with pytest.raises(BlockingIOError):
            b.recv(9)


def connected_anew(make):
    """Connecting again changes the peer."""
    with _two(make) as (a, b), make() as c:
        for peer in (b, c, b):
            peer.settimeout(GUARD)
            a.connect(peer.getsockname())
            assert a.getpeername() == peer.getsockname()
            a.send(b"data")
            assert peer.recv(9) == b"data"


def without_a_peer(make):
    """A socket that is not connected has no peer, and send() has nowhere to send (ENOTCONN or EDESTADDRREQ)."""
    with _two(make) as (a, _):
        for call in (a.getpeername, lambda: a.send(b"data")):
            with pytest.raises(OSError) as caught:
                call()
            assert caught.value.errno in (errno.ENOTCONN, errno.EDESTADDRREQ)


def nobody_there(make):
    """That nobody receives at an address becomes known to a connected socket (ECONNREFUSED)."""

    def ask():
        a.send(b"data")  # unix(7): fails at once
        a.recv(9)  # udp(7): fails when the host has answered

    with _connected(make) as (a, b):
        b.close()
        with pytest.raises(ConnectionRefusedError):
            ask()


# --- deadlines


def present_deadline(make):
    """With the timeout 0 a receiver takes what is there, and does not wait for more."""
    with _two(make) as (a, b):
        b.settimeout(0)
        for call in _receivers(b):
            with pytest.raises(BlockingIOError):
                call()
            a.sendto(b"data", b.getsockname())
            call()


def future_deadline(make):
    """A receiver without a datagram ends in a TimeoutError, not before its time; what comes later is not lost."""
    with _two(make) as (a, b):
        for call in _receivers(b):
            b.settimeout(SHORT)
            with runs_out(b):
                call()
            a.sendto(b"late", b.getsockname())
            assert b.recv(9) == b"late"


def past_deadline(make):
    """A negative timeout is refused, and the one before stays."""
    with _two(make) as (a, b):
        with pytest.raises(ValueError):
            b.settimeout(-1)
        assert b.gettimeout() == GUARD
        a.sendto(b"data", b.getsockname())
        assert b.recv(9) == b"data"


def deadline_met(make):
    """A datagram that comes while a receiver waits ends the wait, an empty one too."""
    with _two(make) as (a, b):
        for timeout in (None, GUARD):
            for call in _receivers(b):
                for text in (b"data", b""):
                    b.settimeout(timeout)
                    waiting = Task(call)
                    waiting.sleeps(b.fileno())
                    a.sendto(text, b.getsockname())
                    waiting.result()


# --- several threads


def racy_senders(make):
    """Threads that send through one socket send whole datagrams."""
    with _two(make) as (a, b):
        target = b.getsockname()
        texts = [b"%d" % number * 100 for number in range(4)]
        senders = [Task(lambda text=text: [a.sendto(text, target) for _ in range(5)]) for text in texts]
        received = [b.recv(1000) for _ in range(20)]
        for sender in senders:
            sender.result()
        assert sorted(received) == sorted(texts * 5)


def racy_receivers(make):
    """Threads that receive from one socket get each datagram once, and whole."""
    with _two(make) as (a, b):
        receivers = [Task(lambda: [b.recvfrom(1000) for _ in range(5)]) for _ in range(4)]
        texts = [b"%02d" % number * 100 for number in range(20)]
        for text in texts:
            a.sendto(text, b.getsockname())
        received = [datagram for receiver in receivers for datagram in receiver.result()]
        assert sorted(received) == [(text, a.getsockname()) for text in texts]


def close_during_a_call(make):
    """A receiver that waits when its socket is closed ends by its timeout, and the process lives on."""
    with _two(make) as (_, b):
        b.settimeout(5 * SHORT)
        receiving = Task(b.recvfrom, 9)
        receiving.sleeps(b.fileno())
        b.close()
        assert isinstance(receiving.ended(), OSError)


def _receivers(sock):
    """The calls that receive a datagram."""
    return [
        lambda: sock.recv(9),
        lambda: sock.recvfrom(9),
        lambda: sock.recv_into(bytearray(9)),
        lambda: sock.recvfrom_into(bytearray(9)),
        lambda: sock.recvmsg(9),
        lambda: sock.recvmsg_into([bytearray(9)]),
    ]
