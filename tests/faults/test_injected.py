"""System calls that fail, by strace's hand: the error that comes out, the calls that are made again, and no leak."""

import errno
import sysconfig

import pytest
from injecting import Operation, failure

# --- what operations are made of


def module(socket):
    return (socket,)


def stream(socket):
    a, b = socket.socketpair()
    b.send(b"data")
    return a, b


def datagram(socket):
    a = socket.socket(type=socket.SOCK_DGRAM)
    a.bind(("127.0.0.1", 0))
    a.sendto(b"data", a.getsockname())
    return a, a.getsockname()


def unbound(socket):
    return (socket.socket(),)


def listener(socket):
    return socket.create_server(("127.0.0.1", 0)), socket


def called(socket):
    a = socket.create_server(("127.0.0.1", 0))
    b = socket.socket()
    b.connect(a.getsockname())
    return a, b


def calling(socket):
    a = socket.create_server(("127.0.0.1", 0))
    return socket.socket(), a.getsockname(), a


def hasty(socket):
    prepared = calling(socket)
    prepared[0].setblocking(False)
    return prepared


def with_file(socket):
    return *stream(socket), open("/proc/self/exe", "rb")


def filled(receive):
    buffer = bytearray(9)
    count = receive(buffer)
    return bytes(buffer[: count[0] if isinstance(count, tuple) else count])


# What a signal may interrupt, and what may find nothing there: here the data is there, and the room.
PLAIN = [
    Operation("recv", stream, lambda a, b: a.recv(9), "recvfrom", b"data"),
    Operation("large recv", stream, lambda a, b: a.recv(200_000), "recvfrom", b"data"),
    Operation("recv_into", stream, lambda a, b: filled(a.recv_into), "recvfrom", b"data"),
    Operation("recvfrom", datagram, lambda a, there: a.recvfrom(9)[0], "recvfrom", b"data"),
    Operation("recvfrom_into", datagram, lambda a, there: filled(a.recvfrom_into), "recvfrom", b"data"),
    Operation("recvmsg", datagram, lambda a, there: a.recvmsg(9, 100)[0], "recvmsg", b"data"),
    Operation("recvmsg_into", stream, lambda a, b: filled(lambda to: a.recvmsg_into([to], 100)), "recvmsg", b"data"),
    Operation("send", stream, lambda a, b: a.send(b"some"), "sendto", 4),
    Operation("sendall", stream, lambda a, b: a.sendall(b"some"), "sendto"),
    Operation("sendto", datagram, lambda a, there: a.sendto(b"some", there), "sendto", 4),
    Operation("sendmsg", stream, lambda a, b: a.sendmsg([b"so", b"me"]), "sendmsg", 4),
    Operation("accept", called, lambda a, b: a.accept()[0].close(), "accept4"),
]
# Where it fails, the file goes by send(2).
SENDFILE = Operation("sendfile", with_file, lambda a, b, file: a.sendfile(file, 0, 4), "sendfile", 4)
MOVING = [*PLAIN, SENDFILE]

# What is called once, whatever it answers: a signal comes out as InterruptedError.
ONCE = [
    Operation("socket", module, lambda socket: socket.socket().close(), "socket"),
    Operation("socketpair", module, lambda socket: [sock.close() for sock in socket.socketpair()], "socketpair"),
    Operation("bind", unbound, lambda a: a.bind(("127.0.0.1", 0)), "bind"),
    Operation("listen", unbound, lambda a: a.listen(), "listen"),
    Operation("shutdown", stream, lambda a, b: a.shutdown(1), "shutdown"),
    Operation("dup", stream, lambda a, b: a.dup().close(), "fcntl"),
    Operation("getsockname", stream, lambda a, b: a.getsockname(), "getsockname"),
    Operation("getpeername", stream, lambda a, b: a.getpeername(), "getpeername"),
    Operation("getsockopt", stream, lambda a, b: a.getsockopt(1, 3), "getsockopt"),
    Operation("getsockopt of bytes", stream, lambda a, b: a.getsockopt(1, 3, 4), "getsockopt"),
    Operation("setsockopt", stream, lambda a, b: a.setsockopt(1, 9, 1), "setsockopt"),
    Operation("settimeout", stream, lambda a, b: a.settimeout(1), "ioctl"),
    Operation("gethostname", module, lambda socket: socket.gethostname(), "uname"),
    Operation("if_nameindex", module, lambda socket: socket.if_nameindex(), "socket"),
]
CLOSING = [
    Operation("close", stream, lambda a, b: a.close(), "close"),
    Operation("module close", module, lambda socket: socket.close(0), "close"),
]
CONNECTING = [
    Operation("connect", calling, lambda a, there, b: a.connect(there), "connect"),
    Operation("create_connection", listener, lambda a, socket: socket.create_connection(a.getsockname()), "connect"),
]

# The descriptor is there already when something fails: it is closed again.
HALF_DONE = [
    Operation("socketpair", module, lambda socket: socket.socketpair(), "ioctl").by_default_timed(),
    Operation("accept", called, lambda a, b: a.accept(), "ioctl").by_default_timed(),
    Operation("create_connection", listener, lambda a, socket: socket.create_connection(a.getsockname(), 60), "ioctl"),
    Operation("create_server", module, lambda socket: socket.create_server(("127.0.0.1", 0)), "bind"),
    Operation("fromfd", listener, lambda a, socket: socket.fromfd(a.fileno(), -1, -1), "getsockname"),
    Operation("fromfd of a type", listener, lambda a, socket: socket.fromfd(a.fileno(), 2, -1), "getsockopt"),
]


# --- the tests

only_berkeley = pytest.mark.parametrize("impl", ["berkeley"], indirect=True)
TIMED_PLAIN = [operation.timed() for operation in PLAIN]
# Blocking receives of datagrams ask what is there before they wait, to keep the interpreter lock, where there is one.
HAS_LOCK = not sysconfig.get_config_var("Py_GIL_DISABLED")
ASKING = [operation for operation in PLAIN if HAS_LOCK and operation.name in ("recvfrom", "recvfrom_into")]
TIMED_MOVING = [operation.timed() for operation in MOVING]


@pytest.mark.parametrize("operation", MOVING + TIMED_MOVING, ids=str)
def test_an_interrupted_call_is_made_again_once(inject, operation):
    answer, left, calls = inject(operation, (operation.call, "EINTR", 1))
    assert (answer, left) == (operation.answer, [])
    assert calls.count(operation.call) == 2


@only_berkeley
@pytest.mark.parametrize("operation", TIMED_MOVING, ids=str)
def test_a_call_that_would_block_waits_and_is_made_again(inject, operation):
    """The wait is interrupted too, and goes on. (The standard module waits first; so does sendfile, which has no flag
    for a single call that must not wait: if it would block all the same, a pause comes before the next wait.)"""
    answer, left, calls = inject(operation, (operation.call, "EAGAIN", 1), ("ppoll", "EINTR", 1))
    assert (answer, left) == (operation.answer, [])
    waits = ["ppoll", "ppoll", operation.call]
    ways = [[operation.call, *waits]]
    if operation.call == "sendfile":
        # A poll of more than a millisecond, as on a busy machine, counts as a wait: then there is no pause.
        ways = [[*waits, *pause, "ppoll", "sendfile"] for pause in (["ppoll"], [])]
    assert [call for call in calls if call in (operation.call, "ppoll")] in ways


@only_berkeley
@pytest.mark.parametrize("operation", TIMED_PLAIN, ids=str)
def test_a_wait_that_fails(inject, operation):
    answer, left, calls = inject(operation, (operation.call, "EAGAIN", 1), ("ppoll", "ENOMEM", 1))
    assert (answer, left) == (failure("ENOMEM"), [])
    assert calls.count(operation.call) == calls.count("ppoll") == 1


@pytest.mark.parametrize("error", ["EAGAIN", "ENOMEM", "ECONNRESET"])
@pytest.mark.parametrize("operation", PLAIN, ids=str)
def test_a_failed_call_is_not_made_again(inject, impl, operation, error):
    # EAGAIN is no failure to who only asks.
    asked = error == "EAGAIN" and impl.__name__ != "socket" and operation in ASKING
    answer, left, calls = inject(operation, (operation.call, error, "1+" if asked else 1))
    assert (answer, left) == (failure(error), [])
    assert calls.count(operation.call) == 1 + asked


@only_berkeley
@pytest.mark.parametrize("operation", ASKING, ids=str)
def test_a_blocking_receive_of_datagrams_asks_first(inject, operation):
    answer, left, calls = inject(operation, (operation.call, "EAGAIN", 1))
    assert (answer, left) == (operation.answer, [])
    assert calls.count(operation.call) == 2


def test_sendfile_gives_way_to_send(inject):
    """Whatever the reason, nothing is lost: the file goes by send(2)."""
    answer, left, calls = inject(SENDFILE, ("sendfile", "EIO", 1))
    assert (answer, left) == (4, [])
    assert (calls.count("sendfile"), calls.count("sendto")) == (1, 1)


@pytest.mark.parametrize("error", ["EINTR", "EMFILE"])
@pytest.mark.parametrize("operation", ONCE, ids=str)
def test_what_is_called_once_is_not_called_again(inject, operation, error):
    answer, left, calls = inject(operation, (operation.call, error, 1))
    assert (answer, left) == (failure(error), [])
    assert calls.count(operation.call) == 1


@pytest.mark.parametrize(
    ("error", "answer"), [("EINTR", failure("EINTR")), ("EIO", failure("EIO")), ("ECONNRESET", None)]
)
@pytest.mark.parametrize("operation", CLOSING, ids=str)
def test_close_is_not_made_again(inject, operation, error, answer):
    """Linux frees the number whatever it answers; a reset peer is no error."""
    answered, _, calls = inject(operation, ("close", error, 1))
    assert answered == answer
    assert calls.count("close") == 1


@pytest.mark.parametrize("error", ["ECONNREFUSED", "EAGAIN", "ETIMEDOUT", "EADDRNOTAVAIL"])
@pytest.mark.parametrize("operation", CONNECTING, ids=str)
def test_a_connect_that_fails(inject, operation, error):
    answer, left, calls = inject(operation, ("connect", error, 1))
    assert (answer, left) == (failure(error), [])
    assert calls.count("connect") == 1


@pytest.mark.parametrize(("method", "answer"), [("connect", failure("EINTR")), ("connect_ex", errno.EINTR)])
def test_a_connect_that_never_waits_and_is_interrupted(inject, method, answer):
    operation = Operation(method, hasty, lambda a, there, b: getattr(a, method)(there), "connect")
    answered, left, calls = inject(operation, ("connect", "EINTR", 1))
    assert (answered, left) == (answer, [])
    assert calls.count("connect") == 1


def test_a_connect_under_a_timeout_whose_wait_is_interrupted(inject, impl):
    wait = "poll" if impl.__name__ == "socket" else "ppoll"
    answer, left, calls = inject(CONNECTING[0].timed(), (wait, "EINTR", 1))
    assert (answer, left) == (None, [])
    assert (calls.count("connect"), calls.count(wait)) == (1, 2)


def test_a_connect_under_a_timeout_whose_outcome_cannot_be_had(inject):
    answer, left, _ = inject(CONNECTING[0].timed(), ("getsockopt", "ENOBUFS", 1))
    assert (answer, left) == (failure("ENOBUFS"), [])


@only_berkeley
@pytest.mark.parametrize("operation", HALF_DONE, ids=str)
def test_what_is_half_done_is_undone(inject, operation):
    """(The standard module leaves descriptors open in some of these.)"""
    answer, left, _ = inject(operation, (operation.call, "ENOBUFS", 1))
    assert (answer[1], left) == (errno.ENOBUFS, [])


@only_berkeley
def test_the_second_of_a_pair_fails(inject):
    operation = Operation("socketpair", module, lambda socket: socket.socketpair(), "ioctl").by_default_timed()
    answer, left, _ = inject(operation, ("ioctl", "ENOBUFS", 2))
    assert (answer, left) == (failure("ENOBUFS"), [])


@only_berkeley
def test_a_mode_that_cannot_be_set_is_not_taken(inject):
    """(The standard module's timeout is the new one all the same.)"""

    def act(a, b):
        try:
            a.settimeout(60)
        except InterruptedError:
            return a.gettimeout(), a.getblocking()

    answer, left, _ = inject(Operation("settimeout", stream, act, "ioctl"), ("ioctl", "EINTR", 1))
    assert (answer, left) == ((None, True), [])
