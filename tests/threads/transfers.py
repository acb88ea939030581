"""Streams and messages, of which every byte is looked at."""

import os
import tempfile
from collections import Counter
from contextlib import ExitStack
from itertools import chain
from struct import Struct
from zlib import crc32

from crew import NOT_NOW, attempt
from ways import LARGEST, RECEIVES, SEND_ALLS, SENDS, packets, tcp, unix

from berkeley import socket

PERIOD = 65521  # of what a stream carries: no power of two, so that bytes out of place are seen
TIMEOUTS = [None, 0, 0.0005, 5]
PACKET = 4096
HEADER = Struct("=HII")  # of a packet: the writer, its number, the checksum of the rest


# --- one reader and one writer


def streams(crew, random):
    """Four streams, a reader and a writer each, by all methods."""
    transfer(crew, random, [unix, tcp, unix, tcp], [])


def modes(crew, random):
    """Three streams whose modes two other threads change all the time, and which they ask for all that can be asked."""
    transfer(crew, random, [unix, tcp, unix], [disturb, disturb])


class Stream:
    """A connection that carries the same bytes again and again, and what has gone through it."""

    def __init__(self, pair, pattern, file):
        self.near, self.far = pair
        self.pattern = pattern * 2
        self.file = file
        self.sent = self.received = 0

    def next(self, size):
        start = self.sent % PERIOD
        return self.pattern[start : start + size]

    def send_part(self, random):
        data = self.next(random.randrange(1, LARGEST))
        self.sent += attempt(NOT_NOW, random.choice(SENDS), self.near, data) or 0

    def send_whole(self, random):
        data = self.next(random.randrange(1, LARGEST))
        way = random.choice([*SEND_ALLS, self.send_file])
        way(self.near, data)
        self.sent += len(data)

    def send_file(self, sock, data):
        with open(self.file, "rb") as file:
            assert sock.sendfile(file, self.sent % PERIOD, len(data)) == len(data)

    def receive(self, random):
        """False at the end."""
        data = attempt(NOT_NOW, random.choice(RECEIVES), self.far, random.randrange(1, LARGEST))
        if data is not None:
            start = self.received % PERIOD
            assert data == self.pattern[start : start + len(data)], f"at {self.received}"
            self.received += len(data)
        return data != b""


def transfer(crew, random, kinds, disturbances):
    pattern = random.randbytes(PERIOD)
    with tempfile.NamedTemporaryFile() as file, ExitStack() as closing:
        file.write(pattern * 2)
        file.flush()
        streams = [Stream(kind(), pattern, file.name) for kind in kinds]
        sockets = [closing.enter_context(sock) for stream in streams for sock in (stream.near, stream.far)]

        def writing(stream):
            def job(random):
                while crew.going() or not stream.sent:
                    # Of the others nobody knows how much they sent when they fail, as they do when the mode changes.
                    whole = not disturbances and random.random() < 0.5
                    (stream.send_whole if whole else stream.send_part)(random)
                stream.near.shutdown(socket.SHUT_WR)

            return job

        def reading(stream):
            def job(random):
                while stream.receive(random):
                    pass

            return job

        jobs = [make(stream) for stream in streams for make in (writing, reading)]
        crew.work(*jobs, *(crew.again(lambda random, d=d: d(random.choice(sockets), random)) for d in disturbances))
        assert [stream.received for stream in streams] == [stream.sent for stream in streams]


def disturb(sock, random):
    change = random.randrange(4)
    if change == 0:
        sock.settimeout(random.choice(TIMEOUTS))
    elif change == 1:
        sock.setblocking(random.random() < 0.5)
    elif change == 2:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, random.randrange(5000, 200000))
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == socket.SOCK_STREAM
    assert sock.gettimeout() in TIMEOUTS
    assert sock.timeout in TIMEOUTS
    assert sock.getblocking() in (True, False)
    assert f"fd={sock.fileno()}, family={sock.family!s}, type={sock.type!s}, proto={sock.proto}" in repr(sock)
    assert type(sock.getsockname()) is type(sock.getpeername())


# --- two readers and two writers


def shared(crew, _):
    """Two threads at each end of a stream, and of a socket of packets: each byte and each packet arrives once."""
    with ExitStack() as closing:
        stream, packet = unix(), packets()
        for sock in (*stream, *packet):
            closing.enter_context(sock)
        # By writer, and by reader; a packet is (writer, number).
        bytes_sent, bytes_received = [0, 0], [Counter(), Counter()]
        packets_sent, packets_received = [0, 0], [[], []]

        def send_bytes(number, random):
            data = bytes([number]) * random.randrange(1, LARGEST)
            if random.random() < 0.3:
                random.choice(SEND_ALLS)(stream[0], data)
                bytes_sent[number] += len(data)
            else:
                bytes_sent[number] += random.choice(SENDS)(stream[0], data)

        def receive_bytes(number, random):
            data = random.choice(RECEIVES)(stream[1], random.randrange(1, LARGEST))
            bytes_received[number].update({value: data.count(value) for value in range(2)})
            return data

        def send_packet(number, random):
            payload = random.randbytes(random.randrange(PACKET - HEADER.size))
            header = HEADER.pack(number, packets_sent[number], crc32(payload))
            random.choice([*SENDS, *SEND_ALLS])(packet[0], header + payload)
            packets_sent[number] += 1

        def receive_packet(number, random):
            data = random.choice(RECEIVES)(packet[1], PACKET)
            if data:
                writer, index, checksum = HEADER.unpack_from(data)
                assert crc32(data[HEADER.size :]) == checksum
                packets_received[number].append((writer, index))
            return data

        def writing(sock, send, number, left):
            def job(random):
                send(number, random)
                while crew.going():
                    send(number, random)
                left.pop()
                if not left:
                    sock.shutdown(socket.SHUT_WR)

            return job

        def reading(receive, number):
            def job(random):
                while receive(number, random):
                    pass

            return job

        jobs = []
        for sock, send, receive in (stream[0], send_bytes, receive_bytes), (packet[0], send_packet, receive_packet):
            left = ["one", "another"]
            for number in range(2):
                jobs += [writing(sock, send, number, left), reading(receive, number)]
        crew.work(*jobs)
        received = sum(bytes_received, Counter())
        assert bytes_sent == [received[0], received[1]]
        assert sorted(chain(*packets_received)) == [(w, i) for w in range(2) for i in range(packets_sent[w])]


# --- descriptors


def rights(crew, _):
    """Descriptors through one socket, from three threads to three others: each is that of the file it was sent as."""
    with ExitStack() as closing:
        near, far = (closing.enter_context(sock) for sock in packets())
        files = [closing.enter_context(tempfile.TemporaryFile()) for _ in range(4)]
        inodes = [os.fstat(file.fileno()).st_ino for file in files]
        left = [1, 2, 3]

        def send(random):
            while crew.going():
                chosen = random.sample(range(4), random.randrange(1, 4))
                fds = [files[number].fileno() for number in chosen]
                sent = socket.send_fds(near, [bytes(chosen)], fds)
                assert sent == len(chosen)
            left.pop()
            if not left:
                near.shutdown(socket.SHUT_WR)

        def receive(_):
            while True:
                data, fds, flags, _ = socket.recv_fds(far, 4, 4)
                if not data:
                    break
                assert [os.fstat(fd).st_ino for fd in fds] == [inodes[number] for number in data]
                for fd in fds:
                    assert not os.get_inheritable(fd)
                    os.close(fd)
                assert flags & ~socket.MSG_EOR == 0

        crew.work(*[send, receive] * 3)
