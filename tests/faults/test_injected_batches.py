"""System calls that fail while many datagrams move, by strace's hand: none is lost, and none goes twice."""

import errno

import pytest
from injecting import Operation, failure, outcome

import berkeley
from berkeley import constants

pytestmark = pytest.mark.parametrize("impl", ["berkeley"], indirect=True)

MOVED = [b"first", b"", b"third"]


def ready(socket):
    """What is sent, is there."""
    here, there = socket.socketpair(type=socket.SOCK_DGRAM)
    for data in MOVED:
        there.send(data)
    return here, there


def with_batch(socket):
    return *ready(socket), berkeley.DatagramBatch(4, 100)


def with_full_batch(socket):
    here, there, batch = with_batch(socket)
    for data in MOVED:
        batch.append(data)
    return here, there, batch


def received(sock, batch):
    sock.recvmmsg_into(batch)
    return [bytes(slot) for slot in batch]


def sent(call, there):
    """What the call gives, and all that has come of it."""
    count, come = call(), []
    there.setblocking(False)
    while isinstance(data := outcome(there.recv, (100,)), bytes):
        come.append(data)
    return count, come


MOVING = [
    Operation("recvmmsg", ready, lambda a, b: [data for data, *_ in a.recvmmsg(4, 100)], "recvmmsg", MOVED),
    Operation("recvmmsg_into", with_batch, lambda a, b, batch: received(a, batch), "recvmmsg", MOVED),
    Operation("sendmmsg", ready, lambda a, b: sent(lambda: a.sendmmsg(MOVED), b), "sendmmsg", (3, MOVED)),
    Operation(
        "sendmmsg of a batch",
        with_full_batch,
        lambda a, b, batch: sent(lambda: a.sendmmsg(batch), b),
        "sendmmsg",
        (3, MOVED),
    ),
    Operation(
        "send_segments by itself",
        ready,
        lambda a, b: sent(lambda: a.send_segments(b"12345", 2), b),
        "sendmsg",
        (5, [b"12", b"34", b"5"]),
    ),
]
ONCE = {"recvmmsg": 1, "sendmmsg": 1, "sendmsg": 3}  # how often the call is made, undisturbed
TIMED = [operation.timed() for operation in MOVING]


@pytest.mark.parametrize("operation", MOVING + TIMED, ids=str)
def test_an_interrupted_call_is_made_again(inject, operation):
    answer, left, calls = inject(operation, (operation.call, "EINTR", 1))
    assert (answer, left) == (operation.answer, [])
    assert calls.count(operation.call) == ONCE[operation.call] + 1


@pytest.mark.parametrize("operation", TIMED, ids=str)
def test_a_call_that_would_block_waits_and_is_made_again(inject, operation):
    answer, left, calls = inject(operation, (operation.call, "EAGAIN", 1), ("ppoll", "EINTR", 1))
    assert (answer, left) == (operation.answer, [])
    assert (calls.count(operation.call), calls.count("ppoll")) == (ONCE[operation.call] + 1, 2)


@pytest.mark.parametrize("error", ["EAGAIN", "ENOMEM", "ENOBUFS", "ENOSYS"])
@pytest.mark.parametrize("operation", MOVING, ids=str)
def test_a_failed_call_takes_nothing(inject, operation, error):
    """What was there is there for the next one. (ENOSYS: a sandbox that does not know the call, seccomp(2).)"""

    def act(*prepared):
        return outcome(operation.act, prepared), operation.act(*prepared)

    twice = Operation(operation.name, operation.prepare, act, operation.call)
    answer, left, calls = inject(twice, (operation.call, error, 1))
    assert (answer, left) == ((failure(error), operation.answer), [])
    assert calls.count(operation.call) == ONCE[operation.call] + 1


# --- more than one call takes


def udp(socket):
    here, there = (socket.socket(type=socket.SOCK_DGRAM) for _ in range(2))
    there.bind(("127.0.0.1", 0))
    here.connect(there.getsockname())
    there.settimeout(30)
    return here, there


MANY = Operation("sendmmsg of many", udp, lambda a, b: a.sendmmsg([b""] * 1100), "sendmmsg", 1100)


def never_waiting(operation):
    def prepare(socket):
        here, *others = operation.prepare(socket)
        here.setblocking(False)
        return here, *others

    return Operation(operation.name + ", never waiting", prepare, operation.act, operation.call, operation.answer)


@pytest.mark.parametrize("error", ["ENOMEM", "ENOBUFS", "EPERM", "EAGAIN"])
@pytest.mark.parametrize("operation", [MANY, never_waiting(MANY)], ids=str)
def test_what_fails_after_the_first_ones_the_next_call_tells(inject, operation, error):
    answer, left, calls = inject(operation, (operation.call, error, 2))
    assert (answer, left) == (1024, [])
    assert calls.count(operation.call) == 2


@pytest.mark.parametrize(("operation", "error"), [(MANY, "EINTR"), (MANY.timed(), "EINTR"), (MANY.timed(), "EAGAIN")])
def test_what_goes_on_after_the_first_ones(inject, operation, error):
    answer, left, calls = inject(operation, (operation.call, error, 2))
    assert (answer, left) == (1100, [])
    assert (calls.count(operation.call), calls.count("ppoll")) == (3, error == "EAGAIN")


# --- segments

SIZE, SEGMENTS, AT_ONCE = 200, 100, 64
WHOLE = [bytes([number]) * SIZE for number in range(SEGMENTS)]


def cutting(socket):
    here, there = udp(socket)
    if not here.segments_in_kernel():
        pytest.skip("the kernel has no UDP_SEGMENT")
    return here, there


def summing_nothing(socket):
    """The kernel itself refuses then: udp(7)."""
    here, there = cutting(socket)
    here.setsockopt(socket.SOL_SOCKET, constants.SO_NO_CHECK, 1)
    return here, there


def cut(here, there):
    """The bytes sent, what has come, and whether the kernel cuts now."""
    count = outcome(here.send_segments, (b"".join(WHOLE), SIZE))
    come = [there.recv(1000) for _ in range(count // SIZE if isinstance(count, int) else 0)]
    there.setblocking(False)
    assert outcome(there.recv, (1000,))[0] == "BlockingIOError"  # no more of them
    return count, come == WHOLE[: len(come)], here.segments_in_kernel()


CUT = Operation("send_segments", cutting, cut, "sendmsg")
ALL = SIZE * SEGMENTS
FIRST = SIZE * AT_ONCE


@pytest.mark.parametrize(
    ("operation", "error", "time", "answer", "count"),
    [
        # EIO: a device that cannot sum them up (udp(7)). Each goes by itself then.
        (CUT, "EIO", 1, (ALL, True, False), 1 + SEGMENTS),
        (CUT.timed(), "EIO", 1, (ALL, True, False), 1 + SEGMENTS),
        (CUT, "EIO", 2, (ALL, True, False), 2 + SEGMENTS - AT_ONCE),
        (CUT, "EIO", "1+", (failure("EIO"), True, False), 2),
        (CUT, "EIO", "2+", (FIRST, True, False), 3),
        (Operation("send_segments by itself", summing_nothing, cut, "sendmsg"), "ENOBUFS", 11, (1800, True, False), 11),
        # All else says nothing of that.
        (CUT, "ENOBUFS", 1, (failure("ENOBUFS"), True, True), 1),
        (CUT, "ENOBUFS", 2, (FIRST, True, True), 2),
        (CUT, "EPERM", 2, (FIRST, True, True), 2),
        (CUT, "EAGAIN", 2, (FIRST, True, True), 2),
        (never_waiting(CUT), "EAGAIN", 2, (FIRST, True, True), 2),
        (CUT, "EINTR", 1, (ALL, True, True), 3),
        (CUT, "EINTR", 2, (ALL, True, True), 3),
        (CUT.timed(), "EINTR", 2, (ALL, True, True), 3),
        (CUT.timed(), "EAGAIN", 2, (ALL, True, True), 3),
    ],
    ids=str,
)
def test_segments(inject, operation, error, time, answer, count):
    answered, left, calls = inject(operation, ("sendmsg", error, time))
    assert (answered, left) == (answer, [])
    assert calls.count("sendmsg") == count


@pytest.mark.parametrize(
    ("times", "answer", "count"),
    [
        ("1", (failure("EMSGSIZE"), True, True), 2),
        ("1+", (failure("EINVAL"), True, True), 2),
        ("2", (FIRST, True, True), 2),
    ],
)
def test_an_argument_that_is_not_valid(inject, times, answer, count):
    """Linux before 6.14 says so of too long a segment, and each of all else: a try without segments tells which."""
    answered, left, calls = inject(CUT, ("sendmsg", "EINVAL", times))
    assert (answered, left) == (answer, [])
    assert calls.count("sendmsg") == count


def test_a_kernel_without_segments(inject):
    """An older one says so when it is asked for the option."""
    answer, left, calls = inject(CUT, ("getsockopt", "ENOPROTOOPT", "1+"))
    assert (answer, left) == ((ALL, True, False), [])
    assert calls.count("sendmsg") == SEGMENTS


@pytest.mark.parametrize(("error", "answer"), [("ENOPROTOOPT", False), ("ENOMEM", failure("ENOMEM"))])
def test_a_kernel_that_joins_nothing(inject, error, answer):
    operation = Operation("set_coalescing", udp, lambda a, b: a.set_coalescing(True), "setsockopt")
    assert inject(operation, ("setsockopt", error, 1))[:2] == (answer, [])


# --- the error queue


def refused(socket):
    """A socket whose error queue has two entries."""
    here, there = udp(socket)
    here.set_error_queue(True)
    there.close()
    here.send(b"first")
    with pytest.raises(ConnectionRefusedError):
        here.send(b"not sent")
    here.send(b"second")
    return (here,)


@pytest.mark.parametrize(
    ("time", "answer"),
    [
        (1, (failure("ENOMEM"), [b"first", b"second"])),
        (2, ([b"first"], [b"second"])),
        (3, ([b"first", b"second"], [])),
    ],
)
def test_errors_that_were_read_are_not_lost(inject, time, answer):
    def read(here):
        return [error.data for error in here.recv_errors()]

    operation = Operation("recv_errors", refused, lambda here: (outcome(read, (here,)), read(here)), "recvmsg")
    assert inject(operation, ("recvmsg", "ENOMEM", time))[:2] == (answer, [])


def test_an_error_queue_that_is_empty_is_asked_once(inject):
    operation = Operation("recv_errors", udp, lambda a, b: a.recv_errors(), "recvmsg")
    answer, left, calls = inject(operation, ("recvmsg", "EINTR", 1))
    assert (answer, left) == (("InterruptedError", errno.EINTR, 2), [])
    assert calls.count("recvmsg") == 1
