"""Views of the slots of a `berkeley.DatagramBatch`: each is what it was, as long as it lives."""

import gc
import os
import threading
import time
import weakref

import pytest
from sleeping import shown, sleeps

import berkeley
from berkeley import socket

COUNT, SIZE = 8, 100
TEXTS = [b"%d" % number * (number + 1) for number in range(COUNT)]


@pytest.fixture
def batch():
    with berkeley.DatagramBatch(COUNT, SIZE) as batch:
        yield batch


@pytest.fixture
def full(batch):
    for text in TEXTS:
        batch.append(text)
    return batch


def test_nothing_is_received_while_there_is_a_view(unconnected, batch):
    here, there = unconnected
    here.sendto(b"first", there.getsockname())
    there.recvmmsg_into(batch)
    view = batch[0].data
    part = view[1:]
    del view
    here.sendto(b"second", there.getsockname())
    for use in (lambda: there.recvmmsg_into(batch), batch.clear, batch.close):
        with pytest.raises(BufferError, match="view of a slot"):
            use()
    assert part == b"irst"
    del part
    assert there.recvmmsg_into(batch) == 1
    assert batch[0].data == b"second"


def test_a_view_outlives_the_batch(unconnected):
    here, there = unconnected
    here.sendto(b"data", there.getsockname())
    batch = berkeley.DatagramBatch(COUNT, SIZE)
    there.recvmmsg_into(batch)
    slot, view = batch[0], batch[0].data
    del batch
    gc.collect()
    assert view == slot.data == b"data"
    assert slot.address == here.getsockname()


def test_each_is_of_its_slot(full):
    assert [bytes(slot.data) for slot in full] == TEXTS
    views = [slot.data for slot in full]
    assert views == TEXTS
    assert [slot.data for slot in full] == views == TEXTS
    for view in views:
        assert (view.ndim, view.shape, view.strides, view.itemsize) == (1, (len(view),), (1,), 1)
        assert view.contiguous
        assert not view.readonly


KEEPERS = {
    "itself": lambda view: view,
    "a part": lambda view: view[:],
    "a cast": lambda view: view.cast("b"),
    "a buffer": lambda view: memoryview(view),
    "a weak reference's": weakref.ref,
}


@pytest.mark.parametrize("keep", KEEPERS.values(), ids=KEEPERS)
def test_what_is_kept_does_not_turn(full, keep):
    """A view that nobody has is used for the next slot."""
    kept = [keep(slot.data) for slot in full]
    for one, text in zip(kept, TEXTS, strict=True):
        view = one() if isinstance(one, weakref.ref) else one
        assert view is None or view.tobytes() == text


def test_one_that_was_released(full):
    for slot, text in zip(full, TEXTS, strict=True):
        with slot.data as view:
            assert view == text
        with pytest.raises(ValueError, match="released"):
            view.tobytes()
        del view
        assert slot.data == text


def test_of_no_bytes(full):
    full[0].data = b""
    assert (full[0].data, full[1].data, full[0].data.nbytes) == (b"", TEXTS[1], 0)


def test_written_through(full):
    for slot in full:
        view = slot.data
        view[0:1] = b"x"
    assert [bytes(slot) for slot in full] == [b"x" + text[1:] for text in TEXTS]


def test_the_end_of_a_block_frees_it_with_the_last_view(full):
    with full:
        view = full[3].data
    assert view == TEXTS[3]
    assert repr(full) == "<berkeley.DatagramBatch, closed>"
    with pytest.raises(ValueError, match="closed"):
        full[3].data  # noqa: B018


def test_an_exception_is_not_hidden_by_a_view(full):
    kept = []

    def fail():
        with full:
            kept.append(full[0].data)
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fail()
    assert kept == TEXTS[:1]


@pytest.mark.skipif(not shown(), reason="the kernel does not show in which system call a thread is")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_child_has_what_a_call_had(unconnected, batch):
    """Forked while another thread receives into the batch."""
    _, there = unconnected
    thread = threading.Thread(target=there.recvmmsg_into, args=(batch,))
    thread.start()
    while not sleeps(thread.native_id, there.fileno()):
        time.sleep(0.001)
    child = os.fork()
    if child == 0:
        batch.append(b"mine")
        os._exit(batch[0].data != b"mine")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    there.sendto(b"theirs", there.getsockname())
    thread.join()
    assert batch[0].data == b"theirs"


def test_what_a_batch_refuses_leaves_it_as_it_was(full, unconnected):
    _, there = unconnected
    left, right = socket.socketpair()
    with left, right, pytest.raises(ValueError, match="SOCK_STREAM"):
        left.recvmmsg_into(full)
    assert [bytes(slot) for slot in full] == TEXTS
    there.setblocking(False)
    with pytest.raises(BlockingIOError):
        there.recvmmsg_into(full)
    assert len(full) == 0


def test_a_batch_keeps_no_socket_that_it_has_nothing_of(batch):
    sock = socket.socket(type=socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.sendto(b"data", sock.getsockname())
    sock.recvmmsg_into(batch)
    gone = weakref.ref(sock)
    sock.close()
    del sock
    assert gone() is not None
    batch.clear()
    assert gone() is None


@pytest.mark.parametrize("index", [COUNT, -COUNT - 1, 1 << 70])
def test_no_such_slot(full, index):
    with pytest.raises(IndexError):
        full[index]


def test_slots_by_place(full):
    assert [full[place] for place in range(-COUNT, COUNT)] == [*full, *full]
    assert full[2:4] == [full[2], full[3]]
    with pytest.raises(TypeError):
        full["0"]


def test_no_class_of_its_own():
    with pytest.raises(TypeError, match="not an acceptable base type"):
        type("Own", (berkeley.DatagramBatch,), {})
