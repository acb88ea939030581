"""`berkeley.DatagramBatch`: slots made once, filled in place, and sent."""

import gc
import os
import struct
import threading
import time
import weakref

import pytest
from waits import LONG, SHORT, late

import berkeley
from berkeley import socket

COUNT, SIZE = 8, 100


@pytest.fixture
def batch():
    with berkeley.DatagramBatch(COUNT, SIZE) as batch:
        yield batch


# --- what it is


def test_what_it_is(batch):
    assert (batch.count, batch.size, batch.ancbufsize, len(batch)) == (COUNT, SIZE, 0, 0)
    assert COUNT * SIZE < batch.nbytes < 2 * COUNT * (SIZE + 256)
    assert repr(batch) == "<berkeley.DatagramBatch, 0 of 8 slots of 100 bytes>"
    assert list(batch) == batch[:] == []
    for index in (0, -1):
        with pytest.raises(IndexError):
            batch[index]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((0, 1), ValueError),
        ((1025, 1), ValueError),
        ((1, -1), ValueError),
        ((1, 1 << 31), ValueError),
        ((1 << 70, 1), OverflowError),
        (("1", 1), TypeError),
        ((1,), TypeError),
    ],
)
def test_no_batch(arguments, error):
    with pytest.raises(error):
        berkeley.DatagramBatch(*arguments)
    with pytest.raises(ValueError, match="ancillary"):
        berkeley.DatagramBatch(1, 1, ancbufsize=-1)


def test_its_numbers_are_fixed(batch):
    for name in ("count", "size", "ancbufsize", "nbytes"):
        with pytest.raises(AttributeError):
            setattr(batch, name, 5)
    with pytest.raises(RuntimeError, match="once"):
        batch.__init__(1, 1)
    with pytest.raises(TypeError):
        berkeley.DatagramSlot()


def test_one_that_was_never_made():
    batch = berkeley.DatagramBatch.__new__(berkeley.DatagramBatch)
    with pytest.raises(ValueError, match="never made"):
        len(batch)
    with socket.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(ValueError, match="never made"):
        sock.recvmmsg_into(batch)


def test_closed(batch, unconnected):
    slot_before = None
    batch.append(b"data")
    slot_before = batch[0]
    batch.close()
    batch.close()
    for use in (
        lambda: len(batch),
        lambda: batch.append(b""),
        batch.clear,
        lambda: unconnected[0].recvmmsg_into(batch),
        lambda: unconnected[0].sendmmsg(batch),
        lambda: slot_before.data,
        lambda: slot_before.address,
        lambda: unconnected[0].sendmmsg([slot_before]),
    ):
        with pytest.raises(ValueError, match="closed"):
            use()


# --- received into


@pytest.mark.parametrize("timeout", [None, 0, LONG])
def test_received(unconnected, batch, timeout):
    here, there = unconnected
    there.settimeout(timeout)
    sent = [b"first", b"", bytes(range(100)), b"x" * 101]
    assert here.sendmmsg([(data, (), there.getsockname()) for data in sent]) == 4
    assert there.recvmmsg_into(batch) == len(batch) == 4
    assert [bytes(slot) for slot in batch] == [data[:SIZE] for data in sent]
    assert [len(slot) for slot in batch] == [5, 0, 100, 100]
    assert [slot.address for slot in batch] == [here.getsockname()] * 4
    assert [slot.flags for slot in batch] == [0, 0, 0, socket.MSG_TRUNC]
    assert [slot.ancdata for slot in batch] == [[]] * 4
    assert repr(batch[0]) == f"<berkeley.DatagramSlot, 5 bytes, address={here.getsockname()!r}>"
    assert bytes(batch[-2]) == bytes(range(100))
    assert batch[1:3] == list(batch)[1:3]


def test_no_more_than_it_holds(unconnected, batch):
    here, there = unconnected
    here.sendmmsg([(b"%d" % number, (), there.getsockname()) for number in range(10)])
    assert there.recvmmsg_into(batch) == COUNT
    assert there.recvmmsg_into(batch) == 2
    assert [bytes(slot) for slot in batch] == [b"8", b"9"]
    with pytest.raises(IndexError):
        batch[2]


def test_in_place(unconnected, batch):
    """A view is of the slot's memory, and can be written."""
    here, there = unconnected
    here.sendto(b"data", there.getsockname())
    there.recvmmsg_into(batch)
    view = batch[0].data
    assert (view.nbytes, view.format, view.readonly, view.contiguous) == (4, "B", False, True)
    view[0] = ord("D")
    assert batch[0].data == b"Data"
    assert memoryview(batch[0]) == view


def test_late(unconnected, batch):
    """And then it holds nothing."""
    here, there = unconnected
    here.sendto(b"data", there.getsockname())
    there.recvmmsg_into(batch)
    slot = batch[0]
    there.settimeout(SHORT)
    with late():
        there.recvmmsg_into(batch)
    assert len(batch) == 0
    with pytest.raises(ValueError, match="no datagram"):
        bytes(slot)
    there.settimeout(None)
    with late(), berkeley.deadline(SHORT):
        there.recvmmsg_into(batch)


def test_a_slot_is_a_place(unconnected, batch):
    """What is at it now, whatever was."""
    here, there = unconnected
    with socket.socket(type=socket.SOCK_DGRAM) as third:
        third.bind(("127.0.0.1", 0))
        for sender, data in ((here, b"first"), (third, b"second")):
            sender.sendto(data, there.getsockname())
            there.recvmmsg_into(batch)
            slot = batch[0]
            assert (bytes(slot), slot.address) == (data, sender.getsockname())
        slot.address = ("127.0.0.1", 9)
        assert slot.address == ("127.0.0.1", 9)
        here.sendto(b"third", there.getsockname())
        there.recvmmsg_into(batch)
        assert slot.address == here.getsockname()


def test_ancillary_data(unconnected):
    here, there = unconnected
    there.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTTL, 1)
    batch = berkeley.DatagramBatch(2, 10, ancbufsize=socket.CMSG_SPACE(4))
    here.sendto(b"data", there.getsockname())
    there.recvmmsg_into(batch)
    assert batch[0].ancdata == [(socket.IPPROTO_IP, socket.IP_TTL, struct.pack("i", 64))]


def test_not_a_batch(unconnected):
    for value in (None, bytearray(10), [bytearray(10)]):
        with pytest.raises(TypeError, match=r"DatagramBatch"):
            unconnected[0].recvmmsg_into(value)


def test_two_threads_on_one_batch(unconnected, batch):
    here, there = unconnected
    outcomes = []

    def receive():
        try:
            outcomes.append(there.recvmmsg_into(batch))
        except RuntimeError as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=receive) for _ in range(2)]
    for thread in threads:
        thread.start()
    while not outcomes:
        time.sleep(SHORT / 10)
    for use in (lambda: batch.append(b"data"), batch.clear, batch.close):
        with pytest.raises(RuntimeError, match="another call receives"):
            use()
    here.sendto(b"data", there.getsockname())
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ["1", "another call receives into this batch"]


def test_what_the_kernel_knows(unconnected):
    here, there = unconnected
    batch = berkeley.DatagramBatch(4, 100, ancbufsize=there.set_datagram_info(True))
    info = berkeley.DatagramInfo(ttl=7, ecn=2)
    assert here.sendmmsg([(b"data", info, there.getsockname()), (b"x" * 101, (), there.getsockname())]) == 2
    assert there.recvmmsg_into(batch) == 2
    first, second = (slot.info for slot in batch)
    assert (first.local_address, first.ttl, first.ecn, first.truncated) == ("127.0.0.1", 7, 2, False)
    assert (second.ttl, second.ecn, second.truncated) == (64, 0, True)
    assert first.timestamp <= second.timestamp
    batch.clear()
    batch.append(b"more", here.getsockname(), info)
    assert there.sendmmsg(batch) == 1


# --- sent


def test_appended(unconnected, batch):
    here, there = unconnected
    batch.append(b"first", there.getsockname())
    batch.append(bytearray(b"second"), there.getsockname(), [(socket.IPPROTO_IP, socket.IP_TTL, struct.pack("i", 9))])
    batch.append(memoryview(b"third"), there.getsockname(), [])
    assert [slot.address for slot in batch] == [there.getsockname()] * 3
    assert here.sendmmsg(batch) == 3
    there.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTTL, 1)
    assert [data for data, *_ in there.recvmmsg(9, 10)] == [b"first", b"second", b"third"]
    assert here.sendmmsg(batch[1:]) == 2
    assert here.sendmmsg(batch) == 3
    here.connect(there.getsockname())
    batch.clear()
    batch.append(b"to the peer")
    assert here.sendmmsg(batch) == 1


def test_full(batch):
    for number in range(COUNT):
        batch.append(b"%d" % number)
    with pytest.raises(ValueError, match="full"):
        batch.append(b"more")
    batch.clear()
    with pytest.raises(ValueError, match="101 bytes for a slot of 100"):
        batch.append(bytes(SIZE + 1))
    with pytest.raises(TypeError):
        batch.append("text")
    assert len(batch) == 0


def test_answered(unconnected, batch):
    """What came goes back to where it came from, changed as it was."""
    here, there = unconnected
    here.sendmmsg([(b"question %d" % number, (), there.getsockname()) for number in range(3)])
    there.recvmmsg_into(batch)
    question = batch[0].data
    batch[0].data = b"answer to " + bytes(question)
    batch[1].data = batch[1].data[:4]
    assert there.sendmmsg(batch) == 3
    del question
    assert [data for data, *_ in here.recvmmsg(9, 100)] == [b"answer to question 0", b"ques", b"question 2"]


def test_a_part_of_itself(batch):
    batch.append(b"0123456789")
    batch[0].data = batch[0].data[2:8]
    assert batch[0].data == b"234567"
    batch.append(batch[0])
    batch.append(batch[1].data[1:])
    assert [bytes(slot) for slot in batch] == [b"234567", b"234567", b"34567"]


def test_to_another_family(unconnected, batch):
    here, there = unconnected
    here.sendto(b"data", there.getsockname())
    there.recvmmsg_into(batch)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other, pytest.raises(ValueError, match="family"):
        other.sendmmsg(batch)


def test_unix_addresses(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as here, socket.socket(socket.AF_UNIX, 2) as there:
        here.bind(str(tmp_path / "here"))
        there.bind(b"\0berkeley batch %d" % os.getpid())
        batch = berkeley.DatagramBatch(COUNT, SIZE)
        here.sendto(b"named", there.getsockname())
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as nameless:
            nameless.sendto(b"nameless", there.getsockname())
        assert there.recvmmsg_into(batch) == 2
        assert [slot.address for slot in batch] == [str(tmp_path / "here"), None]
        assert there.sendmmsg(batch[:1]) == 1
        assert here.recv(10) == b"named"


# --- what it keeps


def test_it_keeps_nothing_that_nobody_has():
    class Own(socket.socket):
        pass

    with Own(type=socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.batch = berkeley.DatagramBatch(2, 10)
        sock.sendto(b"data", sock.getsockname())
        sock.recvmmsg_into(sock.batch)
        there = weakref.ref(sock)
    del sock
    gc.collect()
    assert there() is None


def test_memory_is_given_back():
    def size():
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    before = size()
    for _ in range(200):
        with berkeley.DatagramBatch(64, 65535) as batch:
            batch.append(bytes(65535))
    assert size() - before < 1 << 25
