"""TLS within deadlines, where threads share a socket, one a function: `python tls_threads.py NAME`."""

import errno
import os
import ssl
import sys
import threading
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from tls_bounds import LATE, ends_late, is_as_before, receive_within, with_peer
from tls_ends import GUARD, SHORT, TEXT, error_of, meanwhile, tls_pair

import berkeley
from berkeley import _native


def two_threads():
    """Of a reader without a deadline and a writer with one, on one socket, the reader goes on.

    It does when a part of a record wakes it while the descriptor does not block, whichever of the two began first.
    """
    for reader_first in (True, False):
        with with_peer() as (one, peer):
            record = peer.record(b"hello")
            reader, got = _thread(one.recv, 5)
            timer = threading.Timer(2 * SHORT, peer.sock.sendall, [record[:9]])
            timer.start()
            if reader_first:
                reader.start()
                time.sleep(SHORT)
            else:
                threading.Timer(SHORT, reader.start).start()
            with ends_late(6 * SHORT):
                _fill(one)
            timer.join()
            assert not got, got
            peer.sock.sendall(record[9:])
            reader.join(GUARD)
            assert got == [b"hello"], got
            is_as_before(one)


def two_threads_with_a_timeout():
    """The other's own timeout is whole."""
    with with_peer(10 * SHORT) as (one, _):
        reader, got = _thread(one.recv, 5)
        threading.Timer(SHORT, reader.start).start()
        with ends_late(3 * SHORT):
            _fill(one)
        start = time.monotonic()
        reader.join(GUARD)
        assert time.monotonic() - start >= 6 * SHORT
        assert isinstance(got[0], TimeoutError), got
        is_as_before(one, 10 * SHORT)


def narrowed_as_it_begins():
    """What another's deadline has left, which `_ssl` reads in place of the socket's timeout, is not its time."""
    read = ssl.SSLSocket.read.__wrapped__
    for timeout in (None, 8 * SHORT):
        with with_peer(timeout) as (one, peer):
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
            is_as_before(one, timeout)


def _thread(call, *arguments):
    """A thread that makes the call, once it is started; and what comes of it, in a list: its result or its error."""
    came = []

    def run():
        try:
            came.append(call(*arguments))
        except Exception as error:
            came.append(error)

    return threading.Thread(target=run, daemon=True), came


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
        with ends_late(6 * SHORT):
            one.recv(1)
        assert seen == [None, None, True, False, GUARD, False, None], seen
        is_as_before(one)


def forks():
    """A child has none of the calls of other threads: its socket's timeout is the program's."""
    with with_peer() as (one, _):
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
                with ends_late():
                    one.send(b"x" * 100)
                    one.recv(1)
                is_as_before(one, GUARD)
                code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        reader.join()
        assert one.gettimeout() is None


def _receive_late(sock):
    with ends_late(20 * SHORT):
        sock.recv(1)


def closed_meanwhile():
    """Where another thread closes the socket, it is as without a deadline: the one or the other of these."""
    with with_peer() as (one, _):
        threading.Timer(SHORT, one.close).start()
        try:
            outcome = receive_within(one, 4 * SHORT)
        except OSError as error:
            outcome = error.errno or type(error)
        # To Python 3.12 and those before, a descriptor that is not open is the connection's end.
        assert outcome in (TimeoutError, errno.EBADF, *([b""] if sys.version_info < (3, 13) else [])), outcome
        assert one.fileno() == -1


def the_mode_is_put_back():
    """Where another thread closes the socket, or takes its descriptor: for who shares that."""
    for end in ("close", "detach"):
        with with_peer() as (one, _):
            shared = os.dup(one.fileno())
            reader, got = _thread(receive_within, one, 8 * SHORT)
            reader.start()
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


if __name__ == "__main__":
    globals()[sys.argv[1]]()
    print("done")
