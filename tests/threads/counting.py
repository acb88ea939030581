"""The count of a socket's files: it closes with the last of them, once, whoever closes what first."""

from contextlib import ExitStack
from threading import Barrier

from crew import THREADS

from berkeley import socket

FILES = 3
MODES = ["rb", "wb", "rwb", "r", "w"]


def in_rounds(crew, start, work, check):
    """In each round one thread calls `start()`, all of them `work(random)`, and one of them `check()`."""
    barrier = Barrier(THREADS)
    going = [True]

    def job(random):
        leader = barrier.wait() == 0
        while going[0]:
            if leader:
                start()
            barrier.wait()
            work(random)
            barrier.wait()
            if leader:
                check()
                going[0] = crew.going()
            barrier.wait()

    crew.work(*[job] * THREADS)


def files(crew, _):
    """All make files and close them, one closes the socket in between: then it is closed."""
    sock = peer = None
    turns = []

    def start():
        nonlocal sock, peer
        sock, peer = socket.socketpair()
        turns[:] = range(THREADS)

    def work(random):
        number = turns.pop()
        with ExitStack() as closing:
            for _ in range(FILES):
                closing.enter_context(sock.makefile(random.choice(MODES), random.choice([None, 2])))
            if number == 3:
                sock.close()

    def check():
        assert sock._io_refs == 0
        assert sock.fileno() == -1
        assert peer.recv(1) == b""
        peer.close()

    in_rounds(crew, start, work, check)


def one_file(crew, _):
    """All close the same file: that is one file less, and not more."""
    sock = peer = shared = other = None

    def start():
        nonlocal sock, peer, shared, other
        sock, peer = socket.socketpair()
        shared, other = sock.makefile("rb", 0), sock.makefile("rb", 0)
        sock.close()

    def work(_):
        shared.close()

    def check():
        assert sock._io_refs == 1
        peer.send(b"still open")
        assert other.read(100) == b"still open"
        other.close()
        assert sock.fileno() == -1
        peer.close()

    in_rounds(crew, start, work, check)
