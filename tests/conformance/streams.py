"""What every stream of bytes does, TLS included. A maker gives two connected sockets, both blocking."""

import errno
import io
import ssl
import time

import pytest
from kit import GUARD, SHORT, WOULD_BLOCK, Task, connected, data, fill, receive, runs_out, write_on

MIB = 2**20


# --- data


def basic_transfer(make):
    """A MiB goes there, and comes back from there."""
    with connected(make) as (a, b):
        sending = Task(a.sendall, data(0, MIB))
        there = receive(b, MIB)
        assert sending.result() is None
        assert there == data(0, MIB)
        sending = Task(b.sendall, there)
        assert receive(a, MIB) == there
        sending.result()


def transfer_under_timeouts(make):
    """The same with timeouts that do not run out."""
    with connected(make) as (a, b):
        for sock in (a, b):
            sock.settimeout(GUARD)
        sending = Task(a.sendall, data(7, MIB))
        assert receive(b, MIB) == data(7, MIB)
        sending.result()


def ping_pong(make):
    """A number goes back and forth, one more each time."""
    rounds = 200

    def answer():
        for _ in range(rounds):
            b.sendall((int.from_bytes(receive(b, 4), "big") + 1).to_bytes(4, "big"))

    with connected(make) as (a, b):
        answering = Task(answer)
        number = 0
        for _ in range(rounds):
            a.sendall(number.to_bytes(4, "big"))
            number = int.from_bytes(receive(a, 4), "big")
        answering.result()
        assert number == rounds


def sizes(make):
    """Whatever the sizes of sends and receives, the bytes are those that were sent, in their order."""
    with connected(make) as (a, b):
        start = 0
        for sent in (1, 2, 250, 1023, 1024, 1025, 4096, 16384, 16385, 40000):
            for size in (1 if sent < 300 else 300, 1023, 1024, 1025, sent, 2 * sent):
                a.sendall(memoryview(data(start, sent)))
                parts = b""
                while len(parts) < sent:
                    part = b.recv(min(size, sent - len(parts)))
                    assert 0 < len(part) <= size
                    parts += part
                assert parts == data(start, sent)
                start += sent


def receive_into(make):
    """recv_into() fills the buffer from its start, to its end or up to the given count, and leaves the rest alone."""
    with connected(make) as (a, b):
        for count, expected in ((0, b"abcd"), (3, b"abc."), (4, b"abcd")):
            buffer = bytearray(b"....")
            a.sendall(b"abcd")
            got = b.recv_into(buffer, count)
            assert buffer == expected[:got] + b"...."[got:]
            assert receive(b, 4 - got) == b"abcd"[got:]


def files(make):
    """Lines go through makefile() in both directions; the files outlive the sockets."""
    with connected(make) as (a, b):
        writer, reader = a.makefile("w", encoding="utf-8"), b.makefile("r", encoding="utf-8")
        a.close()
        b.close()
        with reader:
            with writer:
                writer.writelines(f"line {number}\n" for number in range(1000))
            assert reader.readlines() == [f"line {number}\n" for number in range(1000)]


def send_file(make):
    """sendfile() sends a file from an offset, and leaves the file's position after what went out."""
    with connected(make) as (a, b):
        file = io.BytesIO(data(0, 100_000))
        sending = Task(a.sendfile, file, 11)
        assert receive(b, 100_000 - 11) == data(11, 100_000 - 11)
        assert sending.result() == 100_000 - 11
        assert file.tell() == 100_000


def names(make):
    """Each end is the other's peer."""
    with connected(make) as (a, b):
        assert (a.getsockname(), a.getpeername()) == (b.getpeername(), b.getsockname())
        assert a.family == b.family
        assert a.type == b.type == make.socket.SOCK_STREAM


# --- deadlines


def past_deadline(make):
    """A negative timeout is refused, and the one before stays."""
    with connected(make) as (a, b):
        for before in (None, 0, GUARD):
            a.settimeout(before)
            for past in (-1, -1e-9, float("-inf")):
                with pytest.raises((ValueError, OverflowError)):
                    a.settimeout(past)
            assert a.gettimeout() == before
        b.sendall(b"data")
        assert receive(a, 4) == b"data"


def present_deadline_of_reads(make):
    """With the timeout 0 a read takes what is there, and does not wait for more."""
    with connected(make) as (a, b):
        a.settimeout(0)
        for _ in range(2):
            for call in _reads(a):
                with pytest.raises(WOULD_BLOCK):
                    call()
            b.sendall(b"data")
            assert _soon(lambda: a.recv(4), WOULD_BLOCK) == b"data"


def present_deadline_of_writes(make):
    """With the timeout 0 a write puts what there is room for, and all of that arrives."""
    with connected(make) as (a, b):
        a.settimeout(0)
        sent = fill(a)
        a.settimeout(GUARD)
        _arrives(a, b, sent)


def future_deadline_of_reads(make):
    """A read without data ends in a TimeoutError, not before its time; what comes later is not lost."""
    with connected(make) as (a, b):
        a.settimeout(SHORT)
        for call in _reads(a):
            with runs_out(a):
                call()
        a.settimeout(GUARD)
        b.sendall(b"late")
        assert receive(a, 4) == b"late"


def future_deadline_of_writes(make):
    """A write without room ends in a TimeoutError, not before its time; what went before is not lost."""
    with connected(make) as (a, b):
        a.settimeout(SHORT)
        sent = 0
        with runs_out(a):
            while True:
                sent += a.send(data(sent, 65536))
        a.settimeout(GUARD)
        _arrives(a, b, sent)


def tiny_deadline(make):
    """The shortest timeout is a timeout: no error of a non-blocking socket, and what is there is read."""
    with connected(make) as (a, b):
        a.settimeout(1e-9)
        assert a.gettimeout() > 0
        with runs_out(a):
            a.recv(4)
        b.sendall(b"data")
        assert _soon(lambda: a.recv(4), TimeoutError) == b"data"


def far_deadline(make):
    """A timeout of more milliseconds than an int holds is no short one."""
    with connected(make) as (a, b):
        a.settimeout(2**31 / 1000 + 1)
        reading = Task(a.recv, 4)
        reading.sleeps(a.fileno())
        b.sendall(b"data")
        assert reading.result() == b"data"


def deadline_met(make):
    """Data that comes while a read waits ends the wait."""
    with connected(make) as (a, b):
        for timeout in (None, GUARD):
            a.settimeout(timeout)
            reading = Task(a.recv, 4)
            reading.sleeps(a.fileno())
            b.sendall(b"data")
            assert reading.result() == b"data"


def deadline_changed_between_calls(make):
    """Each call goes by the timeout of its own time."""
    with connected(make) as (a, b):
        for _ in range(2):
            a.settimeout(SHORT)
            with runs_out(a):
                a.recv(4)
            a.setblocking(False)
            with pytest.raises(WOULD_BLOCK):
                a.recv(4)
            a.settimeout(SHORT / 2)
            with runs_out(a):
                a.recv(4)
            a.settimeout(None)
            reading = Task(a.recv, 4)
            reading.sleeps(a.fileno())
            b.sendall(b"data")
            assert reading.result() == b"data"


def deadline_changed_during_a_call(make):
    """A call that waits keeps the deadline that it began with."""
    with connected(make) as (a, _):
        a.settimeout(5 * SHORT)
        reading = Task(a.recv, 4)
        reading.sleeps(a.fileno())
        a.settimeout(10 * GUARD)
        assert isinstance(reading.ended(), TimeoutError)


# --- the end


def end_of_stream(make):
    """What was sent before closing arrives; then comes the end, again and again."""
    with connected(make) as (a, b):
        a.sendall(data(0, 10_000))
        a.close()
        assert receive(b, 20_000) == data(0, 10_000)
        for timeout in (None, GUARD, 0):
            b.settimeout(timeout)
            assert b.recv(1) == b""
            assert b.recv_into(bytearray(1)) == 0


def writing_to_a_closed_peer(make):
    """Sooner or later it is an error (EPIPE or ECONNRESET; SSLEOFError), and no signal ends the process."""
    with connected(make) as (a, b):
        b.close()
        a.settimeout(GUARD)
        with pytest.raises((BrokenPipeError, ConnectionResetError, ssl.SSLEOFError)):
            a.sendall(data(0, 16 * MIB))


def use_after_close(make):
    """A closed socket refuses everything (EBADF), but for closing it again."""
    with connected(make) as (a, _):
        a.close()
        a.close()
        assert a.fileno() == -1
        for call in (lambda: a.recv(1), lambda: a.send(b"-"), a.getsockname, lambda: a.settimeout(1), a.listen):
            with pytest.raises(OSError) as caught:
                call()
            assert caught.value.errno == errno.EBADF


def close_during_a_read(make):
    """A read that waits when its socket is closed ends by its timeout, and the process lives on."""
    with connected(make) as (a, _):
        a.settimeout(5 * SHORT)
        reading = Task(a.recv, 4)
        reading.sleeps(a.fileno())
        a.close()
        # Before Python 3.13, ssl takes every error of the system without a word of TLS for the end of the stream.
        assert isinstance(reading.ended(), OSError) or reading.value == b""


def close_during_a_write(make):
    """The same for a write."""
    with connected(make) as (a, _):
        a.settimeout(5 * SHORT)
        writing = Task(write_on, a)
        writing.sleeps(a.fileno())
        a.close()
        assert isinstance(writing.ended(), OSError)


# --- helpers


def _reads(sock):
    return lambda: sock.recv(4), lambda: sock.recv_into(bytearray(4))


def _soon(call, error):
    """The call's result, as soon as it no longer raises the error."""
    over = time.monotonic() + GUARD
    while True:
        try:
            return call()
        except error:
            assert time.monotonic() < over


def _arrives(a, b, sent):
    """All that `a` has sent arrives at `b`, with one more send after it."""
    receiving = Task(receive, b, sent + 65536)
    a.sendall(data(sent, 65536))
    assert receiving.result() == data(0, sent + 65536)
