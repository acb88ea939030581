"""One batch that all threads use at once: what is refused is refused clearly, and no datagram is lost."""

import re
from contextlib import ExitStack
from errno import EPERM
from struct import pack
from threading import Lock

from batches import COUNT, NOT_NOW, REFUSED, ROOM, pair
from crew import attempt

from berkeley import DatagramBatch, DatagramInfo, socket

# What else is said, and to whom.
SAID = {
    BufferError: r"the batch is in use by a view of a slot .*",
    RuntimeError: "another call receives into this batch",
    ValueError: f"there is no datagram in the slot|the batch is full: it has {COUNT} slots|the batch is closed",
}


class Shared:
    """A batch that is replaced now and then, a pair, and how many went from each socket to the other."""

    def __init__(self, closing, rights):
        self.pair = pair(closing)
        for sock in self.pair:
            sock.settimeout(0.002)
        self.rights = rights
        self.exchanging = Lock()
        self.current = self.made()
        self.sent, self.received = ({sock: [] for sock in self.pair} for _ in range(2))
        # What is in the memory is the program's to guard.
        self.content = Lock()

    def made(self):
        return DatagramBatch(COUNT, 100, ancbufsize=ROOM)

    @property
    def batch(self):
        with self.exchanging:
            return self.current

    def receive(self, random):
        sock = random.choice(self.pair)
        self.received[sock].append(attempt(NOT_NOW, sock.recvmmsg_into, self.batch) or 0)

    def read(self, random):
        for slot in self.batch:
            with self.content:
                assert bytes(slot) in (b"sent", b"appended", b"assigned", b"assi")
                assert b"".join(slot.segments()) in (b"sent", b"appended", b"assigned", b"assi")
            assert slot.address in [None, *(sock.getsockname() for sock in self.pair)]
            assert slot.flags == 0
            assert len(slot) in (4, 8)
            assert repr(slot).startswith("<berkeley.DatagramSlot, ")
            if not self.rights:  # whose descriptors it would take: two threads, the same ones
                assert slot.info.descriptors == ()
                assert isinstance(slot.ancdata, (list, tuple, DatagramInfo))

    def assign(self, random):
        slot = random.choice([*self.batch, None])
        if slot is not None:
            with self.content:
                slot.data = b"assigned" if random.random() < 0.5 else bytearray(b"assi")
            slot.address = random.choice([None, random.choice(self.pair).getsockname()])
            slot.ancdata = random.choice([(), [], DatagramInfo()])

    def append(self, random):
        with self.content:  # it may be a datagram of the same batch
            batch = self.batch
            data = random.choice([b"appended", bytearray(b"appended"), *batch[:1]])
            batch.append(data, random.choice([None, self.pair[0].getsockname()]), random.choice([(), []]))

    def empty(self, random):
        if random.random() < 0.1:
            self.batch.close()
            with self.exchanging:
                self.current = self.made()
        self.batch.clear()

    def send(self, random):
        here, there = random.sample(self.pair, 2)
        ancdata = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, pack("i", here.fileno()))] if self.rights else []
        self.sent[there].append(attempt(REFUSED, here.sendmmsg, [(b"sent", ancdata)] * 3) or 0)

    def send_batch(self, random):
        """To the peer, since a socket that is connected to another takes nothing from this one (EPERM)."""
        here, there = random.sample(self.pair, 2)
        with self.content:
            self.sent[there].append(attempt({*REFUSED, EPERM}, here.sendmmsg, self.batch, socket.MSG_DONTWAIT) or 0)

    def drained(self):
        """Was anything lost?"""
        for sock in self.pair:
            rows = True
            while rows:
                rows = attempt(NOT_NOW, sock.recvmmsg, 100, 100)
                self.received[sock].append(len(rows or ()))
            assert sum(self.received[sock]) == sum(self.sent[sock])


def one_batch(crew, _):
    """Eight threads do all that can be done with one batch; and with another, whose descriptors nobody takes."""
    with ExitStack() as closing:
        both = [Shared(closing, rights) for rights in (False, True)]

        def doing(*ways):
            def work(random):
                try:
                    getattr(random.choice(both), random.choice(ways))(random)
                except tuple(SAID) as error:
                    if not re.fullmatch(SAID[type(error)], str(error)):
                        raise

            return crew.again(work)

        every = ["receive", "read", "assign", "append", "empty", "send", "send_batch"]
        crew.work(doing("receive"), doing("receive"), *(doing(way) for way in every[1:4]), *[doing(*every)] * 3)
        for shared in both:
            shared.drained()
            shared.batch.close()
