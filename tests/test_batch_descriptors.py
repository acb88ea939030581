"""Descriptors that come into a `berkeley.DatagramBatch`: whoever takes none loses none."""

import gc
import os
import struct

import pytest

import berkeley
from berkeley import constants, socket


def descriptors():
    return len(os.listdir("/proc/self/fd"))


@pytest.fixture
def passing():
    """Passes a descriptor; gives the socket to receive it from, and how many there are now."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with here, there, open(os.devnull) as file:
        yield lambda: socket.send_fds(here, [b"fd"], [file.fileno()]), there


@pytest.mark.parametrize("end", ["clear", "close", "reuse", "drop"])
def test_descriptors_that_nobody_takes_are_closed(passing, end):
    send, there = passing
    batch = berkeley.DatagramBatch(4, 10, ancbufsize=socket.CMSG_SPACE(4))
    before = descriptors()
    send()
    send()
    assert there.recvmmsg_into(batch) == 2
    assert descriptors() == before + 2
    if end == "reuse":
        send()
        there.recvmmsg_into(batch)
        assert descriptors() == before + 1
    elif end == "drop":
        del batch
        gc.collect()
    else:
        getattr(batch, end)()
    assert descriptors() == before + (end == "reuse")


def test_descriptors_that_are_taken(passing):
    send, there = passing
    batch = berkeley.DatagramBatch(4, 10, ancbufsize=socket.CMSG_SPACE(4))
    send()
    there.recvmmsg_into(batch)
    [fd] = batch[0].take_descriptors()
    assert struct.unpack("i", batch[0].ancdata[0][2]) == batch[0].info.descriptors == (fd,)
    assert batch[0].take_descriptors() == []
    send()
    there.recvmmsg_into(batch)
    [other] = batch[0].take_descriptors()
    batch.close()
    for taken in (fd, other):
        assert not os.get_inheritable(taken)
        os.close(taken)


def test_to_look_at_descriptors_takes_none(passing):
    send, there = passing
    before = descriptors()
    with berkeley.DatagramBatch(4, 10, ancbufsize=socket.CMSG_SPACE(4)) as batch:
        for _ in range(2):
            send()
            there.recvmmsg_into(batch)
            [fd] = batch[0].info.descriptors
            assert batch[0].ancdata
            os.fstat(fd)
    assert descriptors() == before


@pytest.fixture
def telling(passing):
    """The socket is told of the sender's process too: it gets a descriptor of that."""
    send, there = passing
    try:
        there.setsockopt(socket.SOL_SOCKET, constants.SO_PASSPIDFD, 1)
    except OSError as error:
        pytest.skip(f"no SO_PASSPIDFD (Linux 6.5): {error.strerror}")
    return send, there


def test_descriptors_of_the_sender_that_nobody_takes_are_closed(telling):
    send, there = telling
    before = descriptors()
    with berkeley.DatagramBatch(4, 10, ancbufsize=64) as batch:
        for _ in range(3):
            send()
            there.recvmmsg_into(batch)
            assert descriptors() == before + 2
    assert descriptors() == before


def test_descriptors_of_the_sender_that_are_taken(telling):
    send, there = telling
    before = descriptors()
    with berkeley.DatagramBatch(4, 10, ancbufsize=64) as batch:
        send()
        there.recvmmsg_into(batch)
        info = batch[0].info
        assert sorted(batch[0].take_descriptors()) == sorted(info.descriptors)
    assert len(info.descriptors) == 2
    assert info.pidfd in info.descriptors
    with open(f"/proc/self/fdinfo/{info.pidfd}") as file:
        assert f"Pid:\t{os.getpid()}\n" in file.read()
    for fd in info.descriptors:
        os.close(fd)
    assert descriptors() == before
