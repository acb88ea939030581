"""Who keeps which block of a packet ring: frames, views, threads, forked children."""

import gc
import os
import queue
import struct
import sysconfig
import threading
from itertools import islice

import pytest
from waits import SHORT, arrived
from wires import LEFT, TEST, descriptors, mapped, number, opened, promiscuity, send

from berkeley import constants, socket


def test_many_times_round(left):
    with opened() as ring:
        for start in range(0, 1000, 10):
            send(left, 10, start)
            assert [number(frame.data) for frame in islice(ring, 10)] == list(range(start, start + 10))
        assert ring.statistics().drops == 0


def test_frames_that_are_kept_keep_no_block(left):
    kept = []
    with opened(blocks=3) as ring:
        for start in range(50):
            send(left, 2, start * 2)
            kept += islice(ring, 2)
        assert ring.statistics().drops == 0
    assert [number(frame.data) for frame in kept] == list(range(100))
    assert {frame.length for frame in kept} == {1019}
    assert {frame.address[1:] for frame in kept} == {(TEST, socket.PACKET_HOST, constants.ARPHRD_ETHER, LEFT)}


def test_views_keep_blocks(left):
    with opened(blocks=2) as ring:
        send(left, 1)
        first = next(ring).data
        send(left, 1, start=1)
        second = next(ring).data
        for _ in range(2):
            with pytest.raises(BufferError, match="views of frames keep the block"):
                next(ring)
        send(left, 1, start=2)
        assert ring.statistics()[1] == 1
        assert [number(first), number(second)] == [0, 1]
        first.release()
        send(left, 1, start=3)
        assert number(next(ring).data) == 3
        assert number(second) == 1


def test_a_view_of_a_view_keeps_the_block(left):
    with opened(blocks=1) as ring:
        send(left, 1)
        part = memoryview(next(ring).data)[14:19].cast("B")
        with pytest.raises(BufferError):
            next(ring)
        assert int(bytes(part)) == 0
        del part
        send(left, 1, start=1)
        assert number(next(ring).data) == 1


def test_a_view_of_a_frame_whose_block_has_gone(left):
    with opened(blocks=2) as ring:
        send(left, 1)
        frame = next(ring)
        for start in range(1, 5):
            send(left, 1, start)
            assert number(next(ring).data) == start
        view = frame.data
        assert (number(view), number(frame)) == (0, 0)
        for start in range(5, 10):
            send(left, 1, start)
            assert number(next(ring).data) == start
        del frame
        assert number(view) == 0


def test_views_outlive_the_ring(left):
    before = mapped()
    with opened() as ring:
        send(left, 2)
        one, two = (frame.data for frame in islice(ring, 2))
        assert mapped() == before + 1
    del ring
    assert (number(one), number(two)) == (0, 1)
    one.release()
    assert mapped() == before + 1
    assert number(two) == 1
    del two
    assert mapped() == before


def test_frames_outlive_the_ring(left):
    before = mapped()
    with opened() as ring:
        send(left, 2)
        frames = list(islice(ring, 2))
    assert mapped() == before
    assert [number(frame.data) for frame in frames] == [0, 1]
    assert frames[0].address == ("", TEST, socket.PACKET_HOST, constants.ARPHRD_ETHER, LEFT)


def test_a_closed_ring_captures_nothing_more(left):
    """A view keeps the kernel's socket, which would go on and take the processor's time."""
    with opened(blocks=2) as ring:
        send(left, 1)
        view = next(ring).data
        fd = os.dup(ring.fileno())
    with socket.socket(fileno=fd) as sock:
        counts = sock.getsockopt(constants.SOL_PACKET, constants.PACKET_STATISTICS, 12)
        send(left, 5, start=1)
        counts = sock.getsockopt(constants.SOL_PACKET, constants.PACKET_STATISTICS, 12)
    assert struct.unpack("@III", counts) == (0, 0, 0)
    assert number(view) == 0


def test_nothing_is_left(left):
    gc.collect()
    before = mapped(), descriptors()
    for _ in range(50):
        with opened() as ring:
            send(left, 1)
            next(ring)
    del ring
    assert (mapped(), descriptors()) == before


def test_dropped_unclosed():
    before = mapped(), descriptors()
    ring = opened()
    with pytest.warns(ResourceWarning, match=r"unclosed <socket\.socket fd="):
        ring = None
    assert ring is None
    assert (mapped(), descriptors()) == before


def test_dropped_unclosed_with_a_view(left):
    """It ends the capture as close() does: the view keeps the kernel's socket."""
    ring = opened(promiscuous=True)
    send(left, 1)
    view = next(ring).data
    fd = os.dup(ring.fileno())
    with pytest.warns(ResourceWarning, match=r"unclosed <socket\.socket fd="):
        ring = None
    assert ring is None
    assert promiscuity("right") == 0
    with socket.socket(fileno=fd) as sock:
        sock.getsockopt(constants.SOL_PACKET, constants.PACKET_STATISTICS, 12)
        send(left, 5, start=1)
        counts = sock.getsockopt(constants.SOL_PACKET, constants.PACKET_STATISTICS, 12)
    assert struct.unpack("@III", counts) == (0, 0, 0)
    assert number(view) == 0


def test_threads_take_and_drop_views(left):
    frames, failures = queue.SimpleQueue(), []

    def checked(item):
        if item is None:
            return False
        frame, count, view = item
        if number(frame.data) != count or number(view) != count or frame.length != 1019:
            failures.append(item)
        return True

    def check():
        while checked(frames.get()):  # nothing is kept while it waits: the ring may wait for that
            pass

    threads = [threading.Thread(target=check) for _ in range(4)]
    for thread in threads:
        thread.start()
    with opened(blocks=64) as ring:
        for start in range(0, 1000, 4):
            send(left, 4, start)
            for count in range(start, start + 4):
                while True:
                    try:
                        frame = next(ring)
                        break
                    except BufferError:
                        os.sched_yield()  # the others are late
                frames.put((frame, count, frame.data))
                frame = None
    for _ in threads:
        frames.put(None)
    for thread in threads:
        thread.join()
    assert failures == []


def test_memory_that_cannot_be_had(left):
    """Whichever allocation fails, no frame is lost, and none that is kept changes."""
    testcapi = pytest.importorskip("_testcapi", reason="this interpreter has no _testcapi to make allocations fail")
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        pytest.skip("this interpreter's own allocator crashes where memory runs out")
    kept, failed = [], 0
    with opened(blocks=128) as ring:
        for start in range(0, 60, 2):
            send(left, 2, start)
            arrived(ring)
            frame = None
            testcapi.set_nomemory(start // 2 % 6, start // 2 % 6 + 1)
            try:
                frame = next(ring)
            except MemoryError:
                failed += 1
            finally:
                testcapi.remove_mem_hooks()
            kept += [frame or next(ring), next(ring)]
        assert ring.statistics().drops == 0
    assert failed
    assert [number(frame.data) for frame in kept] == list(range(60))


# --- forked children


def test_fork(left):
    with opened(blocks=2) as ring:
        send(left, 1)
        view = next(ring).data
        child = os.fork()
        if child == 0:
            code = 1
            try:
                assert number(view) == 0
                with pytest.raises(RuntimeError, match="by the process that opened it"):
                    next(ring)
                del view
                ring.close()
                code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        send(left, 1, start=1)
        assert number(next(ring).data) == 1
        send(left, 1, start=2)
        with pytest.raises(BufferError):
            next(ring)  # the view's block is still not the kernel's
        assert number(view) == 0


def in_a_child(check):
    """What a forked child raises, or 0: its exit status, or the signal that ends it."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            check()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_child_reads_nothing_that_the_kernel_may_write(left):
    """It has frames left in a block that the parent hands back, and that is filled anew."""
    with opened(retire=SHORT) as ring:
        send(left, 3)
        first, second = next(ring), next(ring)
        view = first.data

        def check():
            for call in (lambda: next(ring), lambda: second.data, lambda: second.length, lambda: bytes(second)):
                with pytest.raises(RuntimeError, match="by the process that opened it"):
                    call()
            view.release()

        assert in_a_child(check) == 0
        assert [number(each) for each in (first, second, next(ring))] == [0, 1, 2]


def test_a_child_has_copies_of_frames(left):
    with opened() as ring:
        send(left, 2)
        kept = list(islice(ring, 2))
        send(left, 1, start=2)
        assert number(next(ring)) == 2

        def check():
            assert [number(each.data) for each in kept] == [0, 1]
            assert kept[0].length == 1019

        assert in_a_child(check) == 0


def test_a_child_drops_frames_and_the_ring(left):
    before = mapped()
    ring = opened(retire=SHORT)
    send(left, 3)
    kept = list(islice(ring, 2))

    def check():
        ring.close()
        kept.pop()
        assert mapped() == before + 1
        kept.clear()
        assert mapped() == before

    assert in_a_child(check) == 0
    with ring:
        assert [number(each) for each in (*kept, next(ring))] == [0, 1, 2]
