"""Sends a file over UDP, and says how fast: the kernel cuts what is sent into datagrams, and joins what is received.

    python examples/udp_file.py receive --port 5009 copy
    python examples/udp_file.py send original --port 5009

The file arrives whole or not at all: datagrams have numbers, the receiver tells which it has not, these are sent again,
and a digest of all decides. What is under way at once is bounded by a window, which grows until something is lost, and
is halved then. A receiver takes one file, from whom it hears first. The exit status is 1 where that fails: nobody
answers, for one; and 130 after SIGINT (Ctrl-C) or SIGTERM.
"""

import argparse
import array
import collections
import contextlib
import hashlib
import itertools
import mmap
import os
import secrets
import signal
import struct
import sys
import time

import berkeley
from berkeley import socket

# Each datagram begins so: what it is, of which transfer, the number of the call that has sent it, and its own number.
HEAD = struct.Struct("!BIII")
BEGIN, DATA, END, BYE, HAVE, VERDICT = range(6)
OFFER = struct.Struct("!QI")  # what a BEGIN says: the file's bytes, and those in each datagram
MOST_GAPS = 100  # a HAVE tells of so many, the first ones, and is short enough for any network
LARGEST_DATAGRAM, LARGEST_JOINED = 65507, 65535
MOST_DATAGRAMS = 2**32 - 1
BURST = 64  # as many datagrams as every kernel cuts in one call
SLOTS = 16
RECEIVE_BUFFER = 4 * 1024 * 1024  # the kernel gives as much as /proc/sys/net/core/rmem_max says, twice
AGAIN_SECONDS, STAY_SECONDS = 0.2, 1
LOST = 2**32 - 1
DIFFERENT = "what has arrived is not what was sent: the digests differ"


def main():
    for number in signal.SIGINT, signal.SIGTERM:
        signal.signal(number, signal.default_int_handler)  # raises KeyboardInterrupt
    arguments = command_line()
    try:
        arguments.do(arguments)
    except OSError as error:
        sys.exit(f"{error.filename or f'{arguments.host} port {arguments.port}'}: {error.strerror or error}")
    except KeyboardInterrupt:
        sys.exit(130)


def command_line():
    parser = argparse.ArgumentParser(description="Sends a file over UDP, and says how fast.")
    commands = parser.add_subparsers(required=True, metavar="send|receive")
    sending = commands.add_parser("send", help="send a file", description="Sends a file.")
    receiving = commands.add_parser("receive", help="receive a file", description="Receives a file.")
    sending.add_argument("file", help="to be sent")
    receiving.add_argument("file", help="to be written")
    sending.add_argument("--host", default="127.0.0.1", help="the receiver's address or name (%(default)s)")
    receiving.add_argument("--host", default="127.0.0.1", help="address or name to listen at (%(default)s)")
    sending.add_argument("--port", type=int, required=True, help="the receiver's")
    receiving.add_argument("--port", type=int, default=0, help="the kernel chooses one if it is 0 (%(default)s)")
    for command, do in (sending, send), (receiving, receive):
        command.add_argument("--patience", type=float, default=5, help="seconds to wait for the other (%(default)s)")
        command.set_defaults(do=do)
    sending.add_argument("--segment", type=int, default=1400, help="bytes of each datagram (%(default)s)")
    arguments = parser.parse_args()
    if arguments.do is send and not HEAD.size < arguments.segment <= LARGEST_DATAGRAM:
        parser.error(f"--segment must be more than {HEAD.size}, and {LARGEST_DATAGRAM} at most")
    return arguments


def udp_socket(arguments):
    """A socket of the host's family, and the address."""
    family, kind, protocol, _, address = socket.getaddrinfo(arguments.host, arguments.port, type=socket.SOCK_DGRAM)[0]
    return socket.socket(family, kind, protocol), address


def rate(size, start):
    seconds = time.monotonic() - start
    return f"{size:,} bytes in {seconds:.3f} s, {size / seconds / 1e6:.1f} MB/s"


# --- send


def send(arguments):
    sock, address = udp_socket(arguments)
    with sock, open(arguments.file, "rb", buffering=0) as file:
        sock.connect(address)  # where nobody listens, a call says so
        Sender(sock, file.fileno(), arguments).run()


class Sender:
    def __init__(self, sock, file, arguments):
        self.sock, self.file, self.patience = sock, file, arguments.patience
        self.size = os.fstat(file).st_size
        self.segment, self.payload = arguments.segment, arguments.segment - HEAD.size
        self.total = -(-self.size // self.payload)
        self.transfer = secrets.randbits(32)
        self.buffer = memoryview(bytearray(BURST * self.segment))
        self.digest = hashlib.sha256()
        self.arrived = self.next = 0  # all before the one have arrived; the other was never sent
        self.lost, self.again = collections.deque(), 0
        self.call, self.sent_by = 0, array.array("I", bytes(4 * self.total))
        self.under_way, self.flight = collections.deque(), 0  # (call, datagrams), and the sum of these
        self.window, self.growing, self.halved = BURST, True, 0

    def run(self):
        start = time.monotonic()
        offer = OFFER.pack(self.size, self.payload)
        self.ask(BEGIN, offer, HAVE)
        while self.arrived < self.total:
            self.fill_window()
            # Nothing for a while? What is said of another call tells of all that were before it.
            for call, number, rest in self.heard(HAVE) or self.ask(BEGIN, offer, HAVE):
                self.learn(call, number, struct.unpack(f"!{len(rest) // 4}I", rest))
        _, right, _ = self.ask(END, self.digest.digest(), VERDICT)[0]
        with contextlib.suppress(OSError):  # it has left already
            self.sock.send(HEAD.pack(BYE, self.transfer, 0, 0))
        if not right:
            sys.exit(DIFFERENT)
        print("sent", rate(self.size, start))
        print(f"{self.total} datagrams, {self.again} of them again;", end=" ")
        print("cut by", "the kernel" if self.sock.segments_in_kernel() else "this program")

    def ask(self, what, content, wanted):
        """Say it, again and again, until there is an answer: what heard() gives."""
        self.call += 1
        with berkeley.deadline(self.patience):
            while True:
                self.sock.send(HEAD.pack(what, self.transfer, self.call, 0) + content)
                if said := self.heard(wanted):
                    return said

    def heard(self, wanted):
        """What has come of this kind and transfer, after some waiting: a list of (call, number, the rest)."""
        try:
            with berkeley.deadline(AGAIN_SECONDS):
                messages = self.sock.recvmmsg(BURST, 2048)
        except TimeoutError:
            return []
        heads = [(HEAD.unpack_from(data), data[HEAD.size :]) for data, *_ in messages if len(data) >= HEAD.size]
        return [(call, number, rest) for (*head, call, number), rest in heads if head == [wanted, self.transfer]]

    def fill_window(self):
        while self.flight < self.window:
            if self.lost:
                numbers = [self.lost.popleft() for _ in range(min(BURST, len(self.lost)))]
                data = b"".join(map(self.read, numbers))
                self.again += len(numbers)
            elif self.next < self.total:
                numbers = range(self.next, min(self.next + BURST, self.total))
                data = os.pread(self.file, len(numbers) * self.payload, self.next * self.payload)
                self.digest.update(data)
                self.next = numbers.stop
            else:
                return
            self.burst(numbers, data)

    def read(self, number):
        return os.pread(self.file, self.payload, number * self.payload).ljust(self.payload, b"\0")

    def burst(self, numbers, data):
        """Send them by one call. If the last one of the file is shorter, it has what was in the buffer after it."""
        self.call += 1
        with memoryview(data) as data:
            for place, number in enumerate(numbers):
                part = data[place * self.payload : (place + 1) * self.payload]
                start = place * self.segment
                HEAD.pack_into(self.buffer, start, DATA, self.transfer, self.call, number)
                self.buffer[start + HEAD.size : start + HEAD.size + len(part)] = part
                self.sent_by[number] = self.call
        self.under_way.append((self.call, len(numbers)))
        self.flight += len(numbers)
        # What does not go now is lost, as others are.
        self.sock.send_segments(self.buffer[: len(numbers) * self.segment], self.segment)

    def learn(self, call, arrived, gaps):
        """What a HAVE says: all before `arrived` is there, and which of what was sent by then is not."""
        heard = 0
        while self.under_way and self.under_way[0][0] <= call:
            heard += self.under_way.popleft()[1]
        self.flight -= heard
        self.arrived = max(self.arrived, arrived)
        # Datagrams come in the order in which they were sent, or nearly.
        missing = [
            number
            for first, end in itertools.zip_longest(gaps[::2], gaps[1::2], fillvalue=self.next)
            for number in range(first, min(end, self.next))
            if self.sent_by[number] < call
        ]
        if missing and max(self.sent_by[number] for number in missing) > self.halved:
            self.window, self.growing, self.halved = max(self.window // 2, BURST), False, self.call
        elif not missing:
            self.window += heard if self.growing else BURST * heard // self.window
        for number in missing:
            self.sent_by[number] = LOST
        self.lost += missing


# --- receive


def receive(arguments):
    sock, address = udp_socket(arguments)
    with sock:
        batch = berkeley.DatagramBatch(SLOTS, LARGEST_JOINED, ancbufsize=socket.CMSG_SPACE(4))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        joined = sock.set_coalescing(True)
        sock.bind(address)
        arguments.host, arguments.port = sock.getsockname()[:2]
        print("listening on", arguments.host, arguments.port, flush=True)
        transfer, size, payload = first_offer(sock, batch)
        sock.settimeout(arguments.patience)
        with written(arguments.file, size) as content:
            Receiver(sock, batch, content, transfer, payload).run()
        print("joined by the kernel" if joined else "not joined by the kernel")


def first_offer(sock, batch):
    """The first transfer that is offered, the file's size, the bytes in each datagram. Only that peer is heard then."""
    while True:
        sock.recvmmsg_into(batch)
        for slot in batch:
            if len(slot) >= HEAD.size + OFFER.size:
                kind, transfer, _, _ = HEAD.unpack_from(slot)
                size, payload = OFFER.unpack_from(slot, HEAD.size)
                if kind == BEGIN and payload > 0 and size <= payload * MOST_DATAGRAMS:
                    sock.connect(slot.address)
                    return transfer, size, payload


@contextlib.contextmanager
def written(path, size):
    """The bytes of a file of that size, in place. It has its name once it is whole, and is gone if it never is."""
    part = f"{path}.part"
    with contextlib.ExitStack() as undo, open(part, "w+b") as file:
        undo.callback(os.unlink, part)
        if size:
            os.posix_fallocate(file.fileno(), 0, size)
        yield memoryview(mmap.mmap(file.fileno(), size) if size else b"")
        os.replace(part, path)
        undo.pop_all()


class Receiver:
    def __init__(self, sock, batch, content, transfer, payload):
        self.sock, self.batch, self.content = sock, batch, content
        self.transfer, self.payload = transfer, payload
        self.total = -(-len(content) // payload)
        self.have = bytearray(self.total)  # 1 for each that is here
        self.arrived = self.end = 0  # all before the one are here, and none from the other on
        self.call = 0  # the last of the sender's that is heard of
        self.digest, self.digest_sent = hashlib.sha256(), None
        self.left = False  # has the sender?

    def run(self):
        start = time.monotonic()
        self.tell(HAVE, self.arrived)
        while self.arrived < self.total or self.digest_sent is None:
            self.hear()
            self.tell(HAVE, self.arrived, self.gaps())
        right = self.digest.digest() == self.digest_sent
        result = rate(len(self.content), start)
        with contextlib.suppress(OSError), berkeley.deadline(STAY_SECONDS):
            self.tell(VERDICT, right)
            while not self.left:
                self.hear()  # the question again: the verdict was lost
                self.tell(VERDICT, right)
        if not right:
            sys.exit(DIFFERENT)
        print("received", result)

    def hear(self):
        """Take what has come. No view of it stays in a variable: the batch could not be filled again."""
        self.sock.recvmmsg_into(self.batch)
        before = self.arrived
        for slot in self.batch:
            for message in slot.segments():
                self.take(message)
        if before < self.total:
            place = self.have.find(0, before)
            self.arrived = self.total if place < 0 else place
        self.digest.update(self.content[before * self.payload : self.arrived * self.payload])

    def take(self, message):
        if len(message) < HEAD.size:
            return
        kind, transfer, call, number = HEAD.unpack_from(message)
        if transfer != self.transfer:
            return
        self.call = max(self.call, call)
        if kind == DATA:
            if len(message) == HEAD.size + self.payload and number < self.total and not self.have[number]:
                room = self.content[number * self.payload : (number + 1) * self.payload]
                room[:] = message[HEAD.size : HEAD.size + len(room)]
                self.have[number] = 1
                self.end = max(self.end, number + 1)
        elif kind == END:
            self.digest_sent = bytes(message[HEAD.size :])
        elif kind == BYE:
            self.left = True

    def gaps(self):
        """The first that is missing, the first after it that is not, and so on; last, where none is any more."""
        found, place = [], self.arrived
        while place < self.end and len(found) < 2 * MOST_GAPS:
            there = self.have.find(1, place)
            found += place, there
            place = self.have.find(0, there, self.end)
            if place < 0:
                break
        return [*found, self.end]

    def tell(self, what, number, numbers=()):
        self.sock.send(HEAD.pack(what, self.transfer, self.call, number) + struct.pack(f"!{len(numbers)}I", *numbers))


if __name__ == "__main__":
    main()
