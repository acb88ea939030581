"""Waiting: timeouts, one deadline for each call, and descriptors that share their blocking mode."""

import os
import struct
import threading
import time

import pytest
from waits import RECEIVING


def for_ever(call, *arguments):
    while True:
        call(*arguments)


def fill(sock):
    """Send until no more can be sent; leaves the socket non-blocking."""
    sock.setblocking(False)
    with pytest.raises(BlockingIOError):
        for_ever(sock.send, bytes(1 << 16))


def read_file(sock):
    with sock.makefile("rb", 0) as file:
        return file.read(1)


def write_file(sock):
    with sock.makefile("wb", 0) as file:
        return file.write(b"x")


READING = {**RECEIVING, "makefile": read_file}
SENDING = {
    "send": lambda sock: sock.send(b"x"),
    "sendall": lambda sock: sock.sendall(b"x"),
    "sendmsg": lambda sock: sock.sendmsg([b"x"]),
    "makefile": write_file,
}
receiving = pytest.mark.parametrize("receive", READING.values(), ids=READING)
sending = pytest.mark.parametrize("send", SENDING.values(), ids=SENDING)


# --- timeouts


def check_times_out(call, sock, seconds):
    start = time.monotonic()
    with pytest.raises(TimeoutError, match=r"^timed out$") as caught:
        call(sock)
    assert caught.value.errno is None
    assert time.monotonic() - start >= seconds


@receiving
@pytest.mark.parametrize("seconds", [0.02, 1e-9])
def test_receiving_times_out(pair, receive, seconds):
    pair[0].settimeout(seconds)
    check_times_out(receive, pair[0], seconds)


@sending
def test_sending_times_out(pair, send):
    fill(pair[0])
    pair[0].settimeout(0.02)
    check_times_out(send, pair[0], 0.02)


def test_sendto_times_out(impl):
    with impl.socket(impl.AF_UNIX, impl.SOCK_DGRAM) as here, impl.socket(impl.AF_UNIX, impl.SOCK_DGRAM) as there:
        there.bind("")
        here.setblocking(False)
        with pytest.raises(BlockingIOError):
            for_ever(here.sendto, b"x", there.getsockname())
        here.connect(there.getsockname())  # or poll(2) says that there is room: it does not know for whom
        here.settimeout(0.02)
        check_times_out(lambda sock: sock.sendto(b"x", there.getsockname()), here, 0.02)


def test_accept_times_out(impl):
    with impl.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.02)
        check_times_out(lambda sock: sock.accept(), listener, 0.02)


@receiving
@pytest.mark.parametrize("timeout", [None, 30])
def test_what_comes_later_is_waited_for(pair, receive, timeout):
    here, there = pair
    here.settimeout(timeout)
    thread = threading.Thread(target=there.send, args=(b"x",))
    thread.start()
    assert receive(here) in (b"x", 1, (b"x", None), (1, None), (b"x", [], 0, None), (1, [], 0, None))
    thread.join()


@sending
@pytest.mark.parametrize("timeout", [None, 30])
def test_room_that_comes_later_is_waited_for(pair, send, timeout):
    here, there = pair
    fill(here)
    here.settimeout(timeout)
    thread = threading.Thread(target=there.recv, args=(1 << 24,))
    thread.start()
    assert send(here) in (1, None)
    thread.join()


# --- one deadline


def test_sendall_has_one_deadline_for_all_its_sends(pair):
    """The reader is slow, never stuck: each send finds room in time, and all of them together do not."""
    here, there = pair
    here.settimeout(0.1)
    over = threading.Event()

    def read():
        while not over.is_set():
            there.recv(16)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        check_times_out(lambda sock: sock.sendall(bytes(1 << 26)), here, 0.1)
    finally:
        over.set()
        here.close()
        reader.join()


@pytest.mark.parametrize("timeout", [None, 30])
def test_sendall_sends_all(pair, timeout):
    here, there = pair
    here.settimeout(timeout)
    data = os.urandom(1 << 20) * 4
    received = bytearray()

    def read():
        while block := there.recv(1 << 16):
            received.extend(block)

    reader = threading.Thread(target=read)
    reader.start()
    assert here.sendall(data) is None
    assert here.sendall(b"") is None
    here.close()
    reader.join()
    assert received == data


def test_sendall_that_cannot_wait(pair):
    here, there = pair
    here.setblocking(False)
    with pytest.raises(BlockingIOError):
        here.sendall(bytes(1 << 24))
    assert there.recv(1) == b"\0"


# --- descriptors that share their blocking mode: it belongs to the open file, which dup(2) and fork(2) share


# A call that waits for ever shall not hold up all tests.
soon = pytest.mark.timeout(5)


@soon
@receiving
def test_a_timeout_holds_when_another_makes_the_descriptor_block(pair, receive):
    pair[0].settimeout(0.02)
    with pair[0].dup() as other:
        other.setblocking(True)
        assert os.get_blocking(pair[0].fileno())
        check_times_out(receive, pair[0], 0.02)


@soon
@sending
def test_a_timeout_holds_for_sending_too(pair, send):
    fill(pair[0])
    pair[0].settimeout(0.02)
    with pair[0].dup() as other:
        other.setblocking(True)
        check_times_out(send, pair[0], 0.02)


@soon
def test_a_timeout_holds_for_sendfile(pair, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(1 << 20))
    fill(pair[0])
    pair[0].settimeout(0.02)
    with pair[0].dup() as other, path.open("rb") as file:
        other.setblocking(True)
        check_times_out(lambda sock: sock.sendfile(file), pair[0], 0.02)


@soon
def test_a_timeout_set_anew_holds_when_another_made_the_descriptor_block(pair):
    pair[0].settimeout(30)
    with pair[0].dup() as other:
        other.setblocking(True)
        pair[0].settimeout(0.02)
        check_times_out(RECEIVING["recv"], pair[0], 0.02)


@receiving
def test_a_socket_that_should_block_says_when_its_descriptor_does_not(pair, receive):
    with pair[0].dup() as other:
        other.setblocking(False)
        assert pair[0].gettimeout() is None
        if receive is read_file:
            assert receive(pair[0]) is None
        else:
            with pytest.raises(BlockingIOError):
                receive(pair[0])


def test_a_kernel_s_own_timeout_is_no_python_timeout(impl, pair):
    """SO_RCVTIMEO (socket(7)) has a blocking recv(2) fail with EAGAIN."""
    pair[0].setsockopt(impl.SOL_SOCKET, impl.SO_RCVTIMEO, struct.pack("ll", 0, 10_000))
    with pytest.raises(BlockingIOError):
        pair[0].recv(1)
