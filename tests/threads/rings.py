"""Packet rings that many threads read, close and cancel, and frames and views that others drop. As root."""

import os
from collections import deque
from errno import EAGAIN, EBADF, ECANCELED
from itertools import count

from crew import TIMED_OUT, attempt

import berkeley
from berkeley import constants, socket

PROTOCOL = constants.ETH_P_802_EX1
# Others on this machine may send of that protocol too.
HEADER = bytes(6) + os.getpid().to_bytes(6, "big") + PROTOCOL.to_bytes(2, "big")
KEPT = 50
ENDS = {EAGAIN, EBADF, ECANCELED, TIMED_OUT}
NUMBERS = count()


def opened(random):
    timeout = random.choice([None, 0, 0.002, 60])
    blocks = random.randrange(1, 5)
    return berkeley.PacketRing("lo", protocol=PROTOCOL, block_size=4096, blocks=blocks, retire=0.001, timeout=timeout)


def whole(data):
    """Is it one frame, from its first byte to its last?"""
    body = bytes(data[14:])
    return body == body[:8] * 40


def rings(crew, random):
    """One thread at a time reads. No frame and no view changes, however long it is kept."""
    shared = [opened(random)]
    kept = deque()
    reading = [True] * 3
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sender.bind(("lo", 0))

    def read(number):
        def job(random):
            while crew.going():
                try:
                    frame = attempt(ENDS, next, shared[0])
                except (BufferError, RuntimeError):
                    continue
                if frame is not None and frame.data[:14] == HEADER:
                    assert frame.protocol == PROTOCOL
                    kept.append((frame, random.choice([frame.data, None])))
            reading[number] = False

        return job

    def drop(random):
        if len(kept) > random.randrange(KEPT):
            try:
                frame, view = kept.popleft()
            except IndexError:
                return  # another thread was faster
            assert whole(frame.data), bytes(frame)
            assert view is None or whole(view)
            assert (len(frame.data), frame.length) == (334, 334)

    def send(random):
        body = b"%08d" % next(NUMBERS)
        attempt(ENDS, sender.send, HEADER + body * 40, socket.MSG_DONTWAIT)

    def disturb(random):
        ring = shared[0]
        ring.cancel()
        attempt(ENDS, ring.statistics)

    def replace(random):
        """Until all that read have come back, also when the time is over."""
        while crew.going() or any(reading):
            old, shared[0] = shared[0], opened(random)
            old.close()

    crew.work(*map(read, range(3)), crew.again(drop), crew.again(drop), crew.again(send), crew.again(disturb), replace)
    shared[0].close()
    sender.close()
