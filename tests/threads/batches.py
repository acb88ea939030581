"""Many datagrams for one call: AF_UNIX datagrams, none of which is lost, and a batch that all threads use at once."""

import os
import re
import tempfile
from contextlib import ExitStack
from errno import EAGAIN, ECANCELED, ENOBUFS, EPERM, ETOOMANYREFS
from itertools import chain, count
from struct import Struct, pack, unpack
from threading import Lock
from zlib import crc32

from crew import TIMED_OUT, attempt
from lists import change, close_all

from berkeley import DatagramBatch, DatagramInfo, constants, socket

HEADER = Struct("=BIBI")  # the sender, its number, the file whose descriptor goes along, the checksum of the rest
SIZE, COUNT = 1000, 6
ROOM = socket.CMSG_SPACE(4) + socket.CMSG_SPACE(16)  # for a descriptor and a timestamp
NOT_NOW = {EAGAIN, TIMED_OUT, ECANCELED}
# A receiver that is full; too many descriptors on their way (unix(7)).
REFUSED = {*NOT_NOW, ENOBUFS, ETOOMANYREFS}
TIMEOUTS = [None, 0, 0.0005, 0.002]


def pair(closing):
    """Two sockets, each connected to the other, which have names: there are addresses to decode."""
    pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    for sock in pair:
        closing.enter_context(sock).bind("")
        sock.setsockopt(socket.SOL_SOCKET, constants.SO_TIMESTAMPNS, 1)
    return pair


class Mail:
    """Makes messages, and looks at those that came. The files are those whose descriptors go along."""

    def __init__(self, closing):
        self.files = [closing.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
        self.numbers = [count() for _ in range(3)]

    def made(self, sender, random):
        """(data, ancdata)"""
        file = random.randrange(6)
        payload = random.randbytes(random.randrange(SIZE - HEADER.size))
        data = HEADER.pack(sender, next(self.numbers[sender]), file, crc32(payload)) + payload
        if file >= len(self.files):
            return data, []
        return data, [(socket.SOL_SOCKET, socket.SCM_RIGHTS, pack("i", self.files[file].fileno()))]

    def read(self, data, fds):
        """(sender, number)"""
        sender, number, file, checksum = HEADER.unpack_from(data)
        assert crc32(data[HEADER.size :]) == checksum
        files = [self.files[file].fileno()] if file < len(self.files) else []
        assert [os.fstat(fd).st_ino for fd in fds] == [os.fstat(fd).st_ino for fd in files]
        return sender, number


# --- each thread has its own


def batches(crew, random):
    """Three threads send: from a list that another changes, from one of its own, from a batch. Three receive."""
    with ExitStack() as closing:
        near, far = pair(closing)
        mail = Mail(closing)
        changing, left, reading = [], [1, 2, 3], [1, 2, 3]
        sent = [0] * 3
        received, unread = [[] for _ in reading], []

        def send_changing(random):
            sent[0] += attempt(REFUSED, near.sendmmsg, changing) or 0

        def send_all(messages):
            while messages:
                messages = messages[attempt(REFUSED, near.sendmmsg, messages) or 0 :]

        def send_list(random):
            messages = [mail.made(1, random) for _ in range(random.randrange(1, 20))]
            send_all(messages)
            sent[1] += len(messages)

        def send_batch(random):
            with DatagramBatch(COUNT, SIZE) as batch:
                for _ in range(random.randrange(1, COUNT + 1)):
                    data, ancdata = mail.made(2, random)
                    batch.append(data, random.choice([None, far.getsockname()]), ancdata)
                send_all(batch[:])
                sent[2] += len(batch)

        def receive_list(random):
            for data, ancdata, _, address in far.recvmmsg(random.randrange(1, COUNT), SIZE, ROOM):
                assert address == near.getsockname()
                fds = [fd for _, kind, rights in ancdata if kind == socket.SCM_RIGHTS for fd in unpack("i", rights)]
                yield mail.read(data, fds)
                close_all(fds)

        def receive_batch(info_of):
            batch = DatagramBatch(COUNT, SIZE, ancbufsize=ROOM)

            def receive(random):
                assert far.recvmmsg_into(batch) == len(batch)
                for slot in batch:
                    info = info_of(slot)
                    assert slot.address == near.getsockname()
                    assert info.timestamp is not None
                    yield mail.read(bytes(slot), info.descriptors)
                    close_all(slot.take_descriptors())
                far.recvmmsg_into(batch)
                unread.extend(HEADER.unpack_from(slot.data)[:2] for slot in batch)  # nobody takes their descriptors

            return receive

        def sending(send):
            def job(random):
                while crew.going():
                    send(random)
                left.pop()

            return job

        def receiving(receive, rows):
            def job(random):
                over = False
                while not over:
                    over = not left
                    attempt(NOT_NOW, lambda: rows.extend(receive(random)))
                reading.pop()

            return job

        def disturb(random):
            """Until all that receive have come back, also when the time is over."""
            while crew.going() or reading:
                change(random, changing, lambda: mail.made(0, random))
                random.choice([near, far]).settimeout(random.choice(TIMEOUTS))
                if random.random() < 0.1:
                    random.choice([near, far]).cancel()

        ways = [
            receive_list,
            receive_batch(lambda slot: slot.info),
            receive_batch(lambda slot: DatagramInfo.of(slot.ancdata, slot.flags)),
        ]
        crew.work(*map(sending, [send_changing, send_list, send_batch]), *map(receiving, ways, received), disturb)
        far.settimeout(0)
        while attempt(NOT_NOW, lambda: received[0].extend(receive_list(random)) or True):
            pass
        found = [*chain(*received), *unread]
        own = sorted(row for row in found if row[0] != 0)
        assert own == [(sender, number) for sender in (1, 2) for number in range(sent[sender])]
        assert len(found) - len(own) == sent[0]


# --- all have one

# What else is said, and to whom.
SAID = {
    BufferError: r"the batch is in use: \d+ views of its slots, or calls that send them",
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
                    assert re.fullmatch(SAID[type(error)], str(error)), error

            return crew.again(work)

        every = ["receive", "read", "assign", "append", "empty", "send", "send_batch"]
        crew.work(doing("receive"), doing("receive"), *(doing(way) for way in every[1:4]), *[doing(*every)] * 3)
        for shared in both:
            shared.drained()
            shared.batch.close()
