"""What programs of deadlines over TLS share: how a call ends, and a peer whose records come as the test likes."""

import os
import ssl
import time
from contextlib import contextmanager

from tls_ends import SHORT, client_context, meanwhile, plain_pair, server_context

import berkeley

LATE = 0.3  # seconds: how long a call that another ends may last on a busy machine, beside its own time


@contextmanager
def ends_late(seconds=SHORT):
    """The block raises TimeoutError at its deadline."""
    start = time.monotonic()
    try:
        with berkeley.deadline(seconds):
            yield
    except TimeoutError:
        assert seconds <= time.monotonic() - start < seconds + LATE, time.monotonic() - start
    else:
        raise AssertionError("no TimeoutError")


def is_as_before(sock, timeout=None):
    assert sock.gettimeout() == timeout
    assert os.get_blocking(sock.fileno()) == (timeout is None)


class Peer:
    """The other end, whose records the test sends as it likes."""

    def __init__(self, sock):
        self.sock = sock
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = server_context().wrap_bio(self.incoming, self.outgoing, server_side=True)

    def handshake(self):
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.sock.sendall(self.outgoing.read())
                self.incoming.write(self.sock.recv(65536))
        self.sock.sendall(self.outgoing.read())

    def record(self, data):
        self.tls.write(data)
        return self.outgoing.read()


@contextmanager
def with_peer(timeout=None):
    """A client's socket past the handshake, and its peer."""
    with plain_pair() as (one, other):
        peer = Peer(other)
        one.settimeout(timeout)
        with meanwhile(peer.handshake):
            one = client_context().wrap_socket(one, server_hostname="localhost")
        with one:
            one.settimeout(SHORT)
            try:
                one.recv(1)  # the tickets of TLS 1.3
            except TimeoutError:
                one.settimeout(timeout)
            yield one, peer


def receive_within(sock, seconds):
    with berkeley.deadline(seconds):
        return sock.recv(1)
