"""Sockets that are closed while threads wait for them, and others that take the numbers of their descriptors."""

from errno import EAGAIN, EBADF, ECANCELED, ECONNRESET, EPIPE
from itertools import count

from crew import TIMED_OUT, attempt

from berkeley import socket

PAIRS = 3
WAITERS = 4
TIMEOUTS = [None, None, 0.0005, 60]
NAMES = count()


class Pair:
    """Messages that come out of it have its name: a call that is made on another's descriptor gets another name."""

    def __init__(self, random):
        self.name = b"%d" % next(NAMES)
        self.one, self.other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.one.settimeout(random.choice(TIMEOUTS))

    def close(self):
        self.one.close()
        self.other.close()


def waking(crew, random):
    """Who waits for a socket that is closed, or whose calls are cancelled, is woken, and gets nothing of another's."""
    pairs = [Pair(random) for _ in range(PAIRS)]
    waiting = [True] * WAITERS

    def wait(number):
        def job(random):
            while crew.going():
                pair = random.choice(pairs)
                receive = random.choice([pair.one.recv, lambda size, one=pair.one: one.recvmsg(size)[0]])
                data = attempt({EBADF, ECANCELED, TIMED_OUT}, receive, 100)
                assert data in (None, b"", pair.name), (data, pair.name)
            waiting[number] = False

        return job

    def feed(random):
        pair = random.choice(pairs)
        attempt({EAGAIN, EBADF, ECONNRESET, EPIPE}, pair.other.send, pair.name, socket.MSG_DONTWAIT)

    def cancel(random):
        random.choice(pairs).one.cancel()

    def replace(random):
        """Until all that wait have come back, also when the time is over."""
        while crew.going() or any(waiting):
            place = random.randrange(PAIRS)
            old, pairs[place] = pairs[place], Pair(random)
            old.close()

    crew.work(*map(wait, range(WAITERS)), crew.again(feed), crew.again(feed), crew.again(cancel), replace)
    for pair in pairs:
        pair.close()
