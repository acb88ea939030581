"""Many datagrams for one call, by lists and batches: none is lost, and no descriptor that goes along stays open."""

import os
import tempfile
from contextlib import ExitStack
from errno import EAGAIN, ECANCELED, ENOBUFS, ETOOMANYREFS
from itertools import chain, count
from struct import Struct, pack, unpack
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
        self.files = [closing.enter_context(file) for file in map(tempfile.TemporaryFile, ["w+b"] * 3)]
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
