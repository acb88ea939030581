"""TLS within deadlines, one a function: `python tls_deadlines.py NAME`, where berkeley is installed."""

import gc
import http.client
import signal
import socket
import ssl
import sys
import threading
import time
import weakref
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from tls_bounds import ends_late, is_as_before, receive_within, with_peer
from tls_ends import GUARD, LOOPBACK, SHORT, TEXT, client_context, error_of, meanwhile, tls_pair

import berkeley


def reading():
    with tls_pair() as (one, _), one.makefile("rb") as file:
        for call in (
            lambda: one.recv(4),
            lambda: one.recv_into(bytearray(4)),
            lambda: one.read(4),
            lambda: one.read(4, bytearray(4)),
            lambda: one.recv_exactly(4),
            file.readline,
        ):
            with ends_late():
                call()
            is_as_before(one)


def what_comes_in_time():
    with tls_pair() as (one, other), berkeley.deadline(GUARD):
        for size in (1, 20_000):
            with meanwhile(other.sendall, TEXT[:size]):
                assert one.recv_exactly(size) == TEXT[:size]
            is_as_before(one)


def a_byte_now_and_then():
    """Parts of a record that come too slowly; what comes after the deadline is not lost."""
    with with_peer() as (one, peer):
        record = peer.record(b"hello")

        def trickle():
            for number in range(len(record)):
                time.sleep(SHORT / 2)
                peer.sock.sendall(record[number : number + 1])

        with meanwhile(trickle):
            with ends_late(4 * SHORT):
                one.recv(5)
            assert one.recv(5) == b"hello"


def writing():
    with tls_pair() as (one, other):
        sent = 0
        with ends_late():
            while True:
                sent += one.send(TEXT[:16384])
        is_as_before(one)
        # The same again, as TLS wants it: the part that was under way is not sent twice.
        with meanwhile(one.sendall, TEXT[:16384]):
            assert other.recv_exactly(sent + 16384) == TEXT[:16384] * (sent // 16384 + 1)
        with ends_late():
            one.sendall(TEXT * 64)


def handshakes():
    with socket.create_server(LOOPBACK) as silent:
        with socket.create_connection(silent.getsockname()) as sock, ends_late():
            client_context().wrap_socket(sock, server_hostname="localhost")
        with client_context().wrap_socket(socket.socket(), server_hostname="localhost") as sock, ends_late():
            sock.connect(silent.getsockname())


def unwrapping():
    with with_peer() as (one, _):
        with ends_late():
            one.unwrap()
        is_as_before(one)


def over():
    """As of other sockets: who is late is not given more."""
    with tls_pair() as (one, other):
        other.sendall(b"data")
        assert one.recv(1) == b"d"
        with ends_late(0):
            one.recv(3)
        assert one.recv(3) == b"ata"


def timeouts_of_the_program():
    """The nearer of both; and one that is set meanwhile stays."""
    with tls_pair() as (one, _):
        one.settimeout(SHORT)
        start = time.monotonic()
        try:
            with berkeley.deadline(GUARD):
                one.recv(1)
        except TimeoutError:
            assert SHORT <= time.monotonic() - start < GUARD
        is_as_before(one, SHORT)
        one.settimeout(GUARD)
        timer = threading.Timer(SHORT, one.settimeout, [GUARD / 2])
        timer.start()
        with ends_late(4 * SHORT):
            one.recv(1)
        timer.join()
        is_as_before(one, GUARD / 2)


def non_blocking():
    with tls_pair() as (one, _):
        one.setblocking(False)
        for seconds in (0, GUARD):
            with berkeley.deadline(seconds):
                try:
                    one.recv(1)
                except ssl.SSLWantReadError:
                    pass
                else:
                    raise AssertionError
        is_as_before(one, 0)


def a_handshake_that_blocks():
    """On a socket that does not: for as long as it takes, but no longer than the deadline."""
    with socket.create_server(LOOPBACK) as silent, socket.create_connection(silent.getsockname()) as sock:
        sock.setblocking(False)
        with client_context().wrap_socket(sock, server_hostname="localhost", do_handshake_on_connect=False) as one:
            with ends_late():
                one.do_handshake(block=True)
            is_as_before(one, 0)


def interrupts_at_any_moment():
    """Signals whose handler raises, as fast as they come, leave the socket as it was."""

    class Stop(BaseException):
        pass

    def stop(*_):
        raise Stop

    signal.signal(signal.SIGALRM, stop)
    ended = 0
    with with_peer() as (one, peer):
        peer.sock.sendall(b"".join(peer.record(bytes(1000)) for _ in range(100)))
        receive_within(one, GUARD)  # what that imports, it imports now
        for turn in range(2000):
            try:
                try:
                    signal.setitimer(signal.ITIMER_REAL, 1e-6 + turn % 500 * 1e-7)
                    with berkeley.deadline(GUARD):
                        one.recv(1)
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except Stop:
                ended += 1
            is_as_before(one)
    assert ended


def timeouts_make_no_cycles():
    """What a TimeoutError holds goes with it."""

    class Kept:
        pass

    with tls_pair() as (one, _):
        one.settimeout(SHORT)
        for seconds in (None, SHORT / 2):
            gc.collect()
            gc.disable()
            kept = Kept()
            try:
                with berkeley.deadline(seconds):
                    one.recv(1)
            except TimeoutError as error:
                error.kept = kept
            there = weakref.ref(kept)
            del kept
            assert there() is None
            gc.enable()


def handlers():
    """What a signal's handler raises is raised, a TimeoutError too."""

    def stop(*_):
        raise TimeoutError("by the handler")

    signal.signal(signal.SIGALRM, stop)
    with tls_pair() as (one, _):
        for seconds in (None, GUARD):
            signal.setitimer(signal.ITIMER_REAL, SHORT)
            error = error_of(receive_within, one, seconds)
            assert str(error) == "by the handler", error
            is_as_before(one)


def https():
    """A header, and a body, a byte at a time."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n" + bytes(20)
    for slow_from in (5, len(answer) - 19):
        with tls_pair() as (one, other):

            def trickle(slow_from=slow_from, other=other):
                other.sendall(answer[:slow_from])
                for number in range(slow_from, len(answer)):
                    time.sleep(SHORT)
                    other.sendall(answer[number : number + 1])

            connection = http.client.HTTPSConnection("localhost", context=client_context())
            connection.sock = one
            with meanwhile(trickle), ends_late(6 * SHORT):
                connection.request("GET", "/")
                connection.getresponse().read()


if __name__ == "__main__":
    globals()[sys.argv[1]]()
    print("done")
