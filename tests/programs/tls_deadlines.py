"""TLS within deadlines, one a function: `python tls_deadlines.py NAME`, where berkeley is installed."""

import errno
import gc
import http.client
import os
import signal
import socket
import ssl
import sys
import threading
import time
import warnings
import weakref
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from tls_ends import (
    GUARD,
    LOOPBACK,
    SHORT,
    TEXT,
    client_context,
    error_of,
    meanwhile,
    plain_pair,
    server_context,
    tls_pair,
)

import berkeley
from berkeley import _native

LATE = 0.3  # seconds: how long a call that another ends may last on a busy machine, beside its own time


@contextmanager
def _ends_late(seconds=SHORT):
    """The block raises TimeoutError at its deadline."""
    start = time.monotonic()
    try:
        with berkeley.deadline(seconds):
            yield
    except TimeoutError:
        assert seconds <= time.monotonic() - start < seconds + LATE, time.monotonic() - start
    else:
        raise AssertionError("no TimeoutError")


def _is_as_before(sock, timeout=None):
    assert sock.gettimeout() == timeout
    assert os.get_blocking(sock.fileno()) == (timeout is None)


class _Peer:
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
def _with_peer(timeout=None):
    """A client's socket past the handshake, and its peer."""
    with plain_pair() as (one, other):
        peer = _Peer(other)
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


# --- the programs


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
            with _ends_late():
                call()
            _is_as_before(one)


def what_comes_in_time():
    with tls_pair() as (one, other), berkeley.deadline(GUARD):
        for size in (1, 20_000):
            with meanwhile(other.sendall, TEXT[:size]):
                assert one.recv_exactly(size) == TEXT[:size]
            _is_as_before(one)


def a_byte_now_and_then():
    """Parts of a record that come too slowly; what comes after the deadline is not lost."""
    with _with_peer() as (one, peer):
        record = peer.record(b"hello")

        def trickle():
            for number in range(len(record)):
                time.sleep(SHORT / 2)
                peer.sock.sendall(record[number : number + 1])

        with meanwhile(trickle):
            with _ends_late(4 * SHORT):
                one.recv(5)
            assert one.recv(5) == b"hello"


def writing():
    with tls_pair() as (one, other):
        sent = 0
        with _ends_late():
            while True:
                sent += one.send(TEXT[:16384])
        _is_as_before(one)
        # The same again, as TLS wants it: the part that was under way is not sent twice.
        with meanwhile(one.sendall, TEXT[:16384]):
            assert other.recv_exactly(sent + 16384) == TEXT[:16384] * (sent // 16384 + 1)
        with _ends_late():
            one.sendall(TEXT * 64)


def handshakes():
    with socket.create_server(LOOPBACK) as silent:
        with socket.create_connection(silent.getsockname()) as sock, _ends_late():
            client_context().wrap_socket(sock, server_hostname="localhost")
        with client_context().wrap_socket(socket.socket(), server_hostname="localhost") as sock, _ends_late():
            sock.connect(silent.getsockname())


def unwrapping():
    with _with_peer() as (one, _):
        with _ends_late():
            one.unwrap()
        _is_as_before(one)


def over():
    """As of other sockets: who is late is not given more."""
    with tls_pair() as (one, other):
        other.sendall(b"data")
        assert one.recv(1) == b"d"
        with _ends_late(0):
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
        _is_as_before(one, SHORT)
        one.settimeout(GUARD)
        timer = threading.Timer(SHORT, one.settimeout, [GUARD / 2])
        timer.start()
        with _ends_late(4 * SHORT):
            one.recv(1)
        timer.join()
        _is_as_before(one, GUARD / 2)


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
        _is_as_before(one, 0)


def two_threads():
    """Of a reader without a deadline and a writer with one, on one socket, the reader goes on.

    It does when a part of a record wakes it while the descriptor does not block, whichever of the two began first.
    """
    for reader_first in (True, False):
        with _with_peer() as (one, peer):
            record = peer.record(b"hello")
            reader, got = _reader(one)
            timer = threading.Timer(2 * SHORT, peer.sock.sendall, [record[:9]])
            timer.start()
            if reader_first:
                reader.start()
                time.sleep(SHORT)
            else:
                threading.Timer(SHORT, reader.start).start()
            with _ends_late(6 * SHORT):
                _fill(one)
            timer.join()
            assert not got, got
            peer.sock.sendall(record[9:])
            reader.join(GUARD)
            assert got == [b"hello"], got
            _is_as_before(one)


def two_threads_with_a_timeout():
    """The other's own timeout is whole."""
    with _with_peer(10 * SHORT) as (one, _):
        reader, got = _reader(one)
        threading.Timer(SHORT, reader.start).start()
        with _ends_late(3 * SHORT):
            _fill(one)
        start = time.monotonic()
        reader.join(GUARD)
        assert time.monotonic() - start >= 6 * SHORT
        assert isinstance(got[0], TimeoutError), got
        _is_as_before(one, 10 * SHORT)


def narrowed_as_it_begins():
    """What another's deadline has left, which `_ssl` reads in place of the socket's timeout, is not its time."""
    read = ssl.SSLSocket.read.__wrapped__
    for timeout in (None, 8 * SHORT):
        with _with_peer(timeout) as (one, peer):
            begun, narrowed = threading.Event(), threading.Event()

            def read_late(sock, begun=begun, narrowed=narrowed):
                begun.set()
                assert narrowed.wait(GUARD)
                return read(sock, 5)

            def stay(sock, narrowed=narrowed):
                narrowed.set()
                time.sleep(SHORT)

            def narrow(one=one, begun=begun, stay=stay):
                assert begun.wait(GUARD)
                with berkeley.deadline(2 * SHORT):
                    _native.call_narrowed(stay, False, one)

            start = time.monotonic()
            with meanwhile(narrow):
                if timeout is None:
                    threading.Timer(4 * SHORT, peer.sock.sendall, [peer.record(b"hello")]).start()
                    assert _native.call_narrowed(read_late, False, one) == b"hello"
                else:
                    assert isinstance(error_of(_native.call_narrowed, read_late, False, one), TimeoutError)
                    assert timeout <= time.monotonic() - start < timeout + LATE
            _is_as_before(one, timeout)


def _reader(sock):
    got = []

    def receive():
        try:
            got.append(sock.recv(5))
        except Exception as error:
            got.append(error)

    return threading.Thread(target=receive, daemon=True), got


def _fill(sock):
    while True:
        sock.send(TEXT[:16384])


def what_others_see():
    """While a call is narrowed, the program's timeout is what it was, or what it sets."""
    with tls_pair() as (one, _):
        seen = []

        def look():
            seen.extend([one.gettimeout(), one.timeout, one.getblocking(), os.get_blocking(one.fileno())])
            one.settimeout(GUARD)
            seen.extend([one.gettimeout(), os.get_blocking(one.fileno())])
            one.settimeout(None)
            seen.append(one.gettimeout())

        threading.Timer(SHORT, look).start()
        with _ends_late(6 * SHORT):
            one.recv(1)
        assert seen == [None, None, True, False, GUARD, False, None], seen
        _is_as_before(one)


def a_handshake_that_blocks():
    """On a socket that does not: for as long as it takes, but no longer than the deadline."""
    with socket.create_server(LOOPBACK) as silent, socket.create_connection(silent.getsockname()) as sock:
        sock.setblocking(False)
        with client_context().wrap_socket(sock, server_hostname="localhost", do_handshake_on_connect=False) as one:
            with _ends_late():
                one.do_handshake(block=True)
            _is_as_before(one, 0)


def interrupts_at_any_moment():
    """Signals whose handler raises, as fast as they come, leave the socket as it was."""

    class Stop(BaseException):
        pass

    def stop(*_):
        raise Stop

    signal.signal(signal.SIGALRM, stop)
    ended = 0
    with _with_peer() as (one, peer):
        peer.sock.sendall(b"".join(peer.record(bytes(1000)) for _ in range(100)))
        _receive_within(one, GUARD)  # what that imports, it imports now
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
            _is_as_before(one)
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


def forks():
    """A child has none of the calls of other threads: its socket's timeout is the program's."""
    with _with_peer() as (one, _):
        reader = threading.Thread(target=_receive_late, args=[one])
        reader.start()
        while os.get_blocking(one.fileno()):
            time.sleep(SHORT / 10)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            code = 1
            try:
                assert one.gettimeout() is None
                one.settimeout(GUARD)
                with _ends_late():
                    one.send(b"x" * 100)
                    one.recv(1)
                _is_as_before(one, GUARD)
                code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        reader.join()
        assert one.gettimeout() is None


def _receive_late(sock):
    with _ends_late(20 * SHORT):
        sock.recv(1)


def closed_meanwhile():
    """Where another thread closes the socket, it is as without a deadline: the one or the other of these."""
    with _with_peer() as (one, _):
        threading.Timer(SHORT, one.close).start()
        try:
            outcome = _receive_within(one, 4 * SHORT)
        except OSError as error:
            outcome = error.errno or type(error)
        # To Python 3.12 and those before, a descriptor that is not open is the connection's end.
        assert outcome in (TimeoutError, errno.EBADF, *([b""] if sys.version_info < (3, 13) else [])), outcome
        assert one.fileno() == -1


def the_mode_is_put_back():
    """Where another thread closes the socket, or takes its descriptor: for who shares that."""
    for end in ("close", "detach"):
        with _with_peer() as (one, _):
            shared = os.dup(one.fileno())
            reader, got = _reader_within(one, 8 * SHORT)
            while os.get_blocking(shared):
                time.sleep(SHORT / 10)
            time.sleep(SHORT)  # it waits by now
            fd = getattr(one, end)()
            reader.join(GUARD)
            assert len(got) == 1, got
            assert os.get_blocking(shared)
            os.close(shared)
            if end == "detach":
                os.close(fd)


def _reader_within(sock, seconds):
    got = []

    def receive():
        try:
            got.append(_receive_within(sock, seconds))
        except Exception as error:
            got.append(error)

    reader = threading.Thread(target=receive, daemon=True)
    reader.start()
    return reader, got


def handlers():
    """What a signal's handler raises is raised, a TimeoutError too."""

    def stop(*_):
        raise TimeoutError("by the handler")

    signal.signal(signal.SIGALRM, stop)
    with tls_pair() as (one, _):
        for seconds in (None, GUARD):
            signal.setitimer(signal.ITIMER_REAL, SHORT)
            error = error_of(_receive_within, one, seconds)
            assert str(error) == "by the handler", error
            _is_as_before(one)


def _receive_within(sock, seconds):
    with berkeley.deadline(seconds):
        return sock.recv(1)


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
            with meanwhile(trickle), _ends_late(6 * SHORT):
                connection.request("GET", "/")
                connection.getresponse().read()


if __name__ == "__main__":
    globals()[sys.argv[1]]()
    print("done")
