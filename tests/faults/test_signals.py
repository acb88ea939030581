"""Signals in the middle of a call (PEP 475): it goes on, within its deadline, or ends with the handler's error."""

import errno
import os
import select
import signal
import time
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import pytest
from blocking import fill, take
from sleeping import acting, handling, shown

pytestmark = pytest.mark.skipif(not shown(), reason="the kernel has no /proc/self/task/*/syscall")

LATE = b"late"
PAYLOAD = bytes(range(256)) * 65536  # more than any socket here holds


class Stop(Exception):  # noqa: N818
    """What handlers raise."""


def stop():
    raise Stop


@dataclass
class Scene:
    """A socket, a call on it that waits, and what ends the wait; `peers` are the other sockets there are."""

    sock: Any
    call: Any
    release: Any
    peers: tuple = ()
    answer: Any = None


# --- the calls


def received(call):
    """The call waits for data, of which there is none."""

    def prepare(socket):
        a, b = socket.socketpair()
        return Scene(a, lambda: call(a), lambda: b.send(LATE), (b,), LATE)

    return prepare


def filled(receive):
    buffer = bytearray(100)
    count = receive(buffer)
    return bytes(buffer[: count[0] if isinstance(count, tuple) else count])


def sent(call, answer):
    """The call waits for room, of which there is none. What the peer gets in the end is checked too."""

    def prepare(socket):
        a, b = socket.socketpair()
        a.setblocking(False)
        size = fill(a.send)

        def release():
            assert take(b, size) == b"-" * size

        return Scene(a, lambda: call(a), release, (b,), answer)

    return prepare


def sent_datagram(socket):
    a, b = (socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2))
    b.bind("")
    address = b.getsockname()
    a.connect(address)  # poll(2) looks at the peer's queue only then
    a.setblocking(False)
    fill(lambda data: a.sendto(data[:1], address))
    return Scene(a, lambda: a.sendto(LATE, address), lambda: b.recv(1), (b,), len(LATE))


def sent_file(socket):
    scene = sent(None, 4)(socket)

    def call():
        with open("/proc/self/exe", "rb") as file:
            return scene.sock.sendfile(file, count=4)

    scene.call = call
    return scene


def sent_whole(socket):
    a, b = socket.socketpair()

    def release():
        assert take(b, len(PAYLOAD)) == PAYLOAD

    return Scene(a, lambda: a.sendall(PAYLOAD), release, (b,), None)


def accepted(family):
    def prepare(socket):
        listener = socket.socket(getattr(socket, family))
        listener.bind(("127.0.0.1", 0) if family == "AF_INET" else "")
        listener.listen()
        client = socket.socket(listener.family)

        def call():
            sock, address = listener.accept()
            sock.close()
            return address

        scene = Scene(listener, call, lambda: client.connect(listener.getsockname()), (client,))
        if family == "AF_INET":
            client.bind(("127.0.0.1", 0))
            scene.answer = client.getsockname()
        else:
            scene.answer = ""
        return scene

    return prepare


def connected(socket):
    """TCP: while the queue of the listener is full, the kernel drops what asks to connect, and it asks again."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    crowd = []
    while True:
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(listener.getsockname())
        if not writable(client, 0):
            client.close()
            break
        crowd.append(client)
    sock = socket.socket()

    def release():
        for _ in crowd:
            listener.accept()[0].close()

    return Scene(sock, lambda: sock.connect(listener.getsockname()), release, (listener, *crowd))


def connected_unix(socket):
    """A blocking connect waits for room in the listener's queue (a timed one fails at once)."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("")
    listener.listen(0)
    crowd = []
    while True:
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
        if client.connect_ex(listener.getsockname()):
            client.close()
            break
        crowd.append(client)
    sock = socket.socket(socket.AF_UNIX)

    def release():
        for _ in crowd:
            listener.accept()[0].close()

    return Scene(sock, lambda: sock.connect(listener.getsockname()), release, (listener, *crowd))


def writable(sock, milliseconds):
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLOUT)
    return bool(poll.poll(milliseconds))


RECEIVING = {
    "recv": received(lambda sock: sock.recv(100)),
    "large recv": received(lambda sock: sock.recv(200_000)),
    "recv_into": received(lambda sock: filled(sock.recv_into)),
    "recvfrom": received(lambda sock: sock.recvfrom(100)[0]),
    "recvfrom_into": received(lambda sock: filled(sock.recvfrom_into)),
    "recvmsg": received(lambda sock: sock.recvmsg(100)[0]),
    "recvmsg_into": received(lambda sock: filled(lambda buffer: sock.recvmsg_into([buffer]))),
}
SENDING = {
    "send": sent(lambda sock: sock.send(LATE), len(LATE)),
    "sendall": sent(lambda sock: sock.sendall(LATE), None),
    "sendmsg": sent(lambda sock: sock.sendmsg([LATE]), len(LATE)),
    "sendfile": sent_file,
}
CALLS = {
    **RECEIVING,
    **SENDING,
    "sendall in parts": sent_whole,
    "sendto": sent_datagram,
    "accept": accepted("AF_INET"),
    "unix accept": accepted("AF_UNIX"),
    "connect": connected,
}


@pytest.fixture
def stage(impl, closing):
    """Sets a scene, and clears it away after the test."""

    def stage(prepare):
        scene = prepare(impl)
        closing(scene.sock, *scene.peers)
        return scene

    return stage


# --- handlers that return


@pytest.mark.parametrize("timeout", [None, 60])
@pytest.mark.parametrize("name", CALLS)
def test_a_call_goes_on_after_handlers(stage, name, timeout):
    scene = stage(CALLS[name])
    scene.sock.settimeout(timeout)
    with handling() as send, acting(scene.sock.fileno(), [send, send, send, scene.release]):
        assert scene.call() == scene.answer


@pytest.mark.parametrize("impl", ["berkeley"], indirect=True)
def test_a_unix_connect_goes_on_after_handlers(stage):
    """The kernel does not go on with it, as with TCP's. The standard module takes it for connected."""
    scene = stage(connected_unix)
    with handling() as send, acting(scene.sock.fileno(), [send, scene.release]):
        scene.call()
    assert scene.sock.getpeername() == scene.peers[0].getsockname()


@pytest.mark.parametrize("name", CALLS)
def test_handlers_do_not_move_the_deadline(stage, name):
    scene = stage(CALLS[name])
    scene.sock.settimeout(0.2)
    with handling() as send, acting(scene.sock.fileno(), repeat(send)):
        began = time.monotonic()
        with pytest.raises(TimeoutError, match=r"^timed out$"):
            scene.call()
        assert 0.2 <= time.monotonic() - began < 5


def test_progress_does_not_move_the_deadline_of_sendall(stage):
    scene = stage(sent_whole)
    scene.sock.settimeout(0.2)
    got = bytearray()
    with acting(scene.sock.fileno(), repeat(lambda: got.extend(scene.peers[0].recv(64)))):
        began = time.monotonic()
        with pytest.raises(TimeoutError, match=r"^timed out$"):
            scene.call()
        assert 0.2 <= time.monotonic() - began < 5
    scene.sock.close()
    got += take(scene.peers[0], len(PAYLOAD))
    assert PAYLOAD.startswith(bytes(got))


# accept(2) has no flag for a single call that must not wait: docs/differences.md.
SHARED = {
    "recv": RECEIVING["recv"],
    "recvmsg_into": RECEIVING["recvmsg_into"],
    "send": SENDING["send"],
}


@pytest.mark.parametrize("name", SHARED)
def test_the_deadline_holds_where_others_made_the_descriptor_block(stage, closing, forked, name):
    """The mode belongs to the open file, which others share (dup(2), fork(2))."""
    scene = stage(SHARED[name])
    scene.sock.settimeout(0.1)
    [other] = closing(scene.sock.dup())
    other.setblocking(True)
    assert forked(times_out, scene.call)


def times_out(call):
    signal.alarm(3)  # as SIGALRM is not handled here, it ends this process
    try:
        call()
    except TimeoutError:
        return True


# --- handlers that raise


@pytest.mark.parametrize("timeout", [None, 60])
@pytest.mark.parametrize("name", RECEIVING)
def test_what_a_handler_raises_ends_a_receiving_call(stage, name, timeout):
    scene = stage(RECEIVING[name])
    scene.sock.settimeout(timeout)
    with handling(stop) as send, acting(scene.sock.fileno(), [send]), pytest.raises(Stop):
        scene.call()
    scene.release()
    assert scene.call() == LATE


@pytest.mark.parametrize("timeout", [None, 60])
@pytest.mark.parametrize("name", SENDING)
def test_what_a_handler_raises_ends_a_sending_call(stage, name, timeout):
    """Nothing of the call's data went out, and nothing of what went out before is lost."""
    scene = stage(SENDING[name])
    scene.sock.settimeout(timeout)
    with handling(stop) as send, acting(scene.sock.fileno(), [send]), pytest.raises(Stop):
        scene.call()
    scene.release()
    scene.sock.close()
    assert scene.peers[0].recv(100) == b""


@pytest.mark.parametrize("timeout", [None, 60])
def test_what_a_handler_raises_ends_sendall_in_the_middle(stage, timeout):
    """What went out is the beginning of the data."""
    scene = stage(sent_whole)
    scene.sock.settimeout(timeout)
    with handling(stop) as send, acting(scene.sock.fileno(), [send]), pytest.raises(Stop):
        scene.call()
    scene.sock.close()
    got = take(scene.peers[0], len(PAYLOAD))
    assert 0 < len(got) < len(PAYLOAD)
    assert PAYLOAD.startswith(got)


@pytest.mark.parametrize("timeout", [None, 60])
@pytest.mark.parametrize("name", ["accept", "unix accept"])
def test_what_a_handler_raises_ends_accept(stage, name, timeout):
    scene = stage(CALLS[name])
    scene.sock.settimeout(timeout)
    with handling(stop) as send, acting(scene.sock.fileno(), [send]), pytest.raises(Stop):
        scene.call()
    scene.release()
    assert scene.call() == scene.answer


@pytest.mark.parametrize(("method", "timeout"), [("connect", None), ("connect_ex", 60)])
def test_a_connect_goes_on_in_the_kernel_after_a_handler_raised(stage, method, timeout):
    scene = stage(connected)
    scene.sock.settimeout(timeout)
    listener = scene.peers[0]
    with handling(stop) as send, acting(scene.sock.fileno(), [send]), pytest.raises(Stop):
        getattr(scene.sock, method)(listener.getsockname())
    scene.release()
    assert writable(scene.sock, 30_000)
    assert scene.sock.getpeername() == listener.getsockname()


def test_a_unix_connect_can_be_tried_again_after_a_handler_raised(stage):
    scene = stage(connected_unix)
    with handling(stop) as send, acting(scene.sock.fileno(), [send]), pytest.raises(Stop):
        scene.call()
    scene.release()
    scene.call()
    assert scene.sock.getpeername() == scene.peers[0].getsockname()


# --- sockets closed in the middle


@pytest.mark.parametrize("timeout", [None, 60])
def test_a_handler_that_closes_the_socket_ends_the_call(impl, closing, timeout):
    """Another socket has its number by then: that one's data is not touched."""
    a, _ = closing(*impl.socketpair())
    other, sender = closing(*impl.socketpair())
    sender.send(b"private")
    a.settimeout(timeout)
    number = a.fileno()

    def replace():
        a.close()
        closing(impl.socket(fileno=os.dup2(other.fileno(), number)))

    with handling(replace) as send, acting(number, [send]), pytest.raises(OSError) as caught:
        a.recv(100)
    assert caught.value.errno == errno.EBADF
    assert other.recv(100) == b"private"


def test_a_thread_that_closes_the_socket_ends_the_call(impl, closing):
    """It does not go on with the socket that has the number by then."""
    a, b = closing(*impl.socketpair())
    other, sender = closing(*impl.socketpair())
    sender.send(b"private")
    a.settimeout(60)
    number = a.fileno()

    def replace():
        a.close()
        closing(impl.socket(fileno=os.dup2(other.fileno(), number)))
        b.close()  # poll(2) still holds the old socket, and sees its end

    with acting(number, [replace]), pytest.raises(OSError) as caught:
        a.recv(100)
    assert caught.value.errno == errno.EBADF
    assert other.recv(100) == b"private"
