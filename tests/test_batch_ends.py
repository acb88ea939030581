"""`berkeley.DatagramBatch`, where objects come to their end: code of a program that runs meanwhile, and cycles."""

import threading

import berkeley


def test_what_an_assignment_ends_may_look_at_the_slot(python):
    """What it replaces is not there any more."""
    program = """
import berkeley

batch = berkeley.DatagramBatch(1, 10)
batch.append(b"data")
slot = batch[0]
seen = []

class Ending:
    def __del__(self):
        seen.append((slot.address, slot.ancdata))

for name in "address", "ancdata":
    setattr(slot, name, [Ending()])
    setattr(slot, name, None)
slot.address, slot.ancdata = [Ending()], [Ending()]
batch.clear()
batch.append(b"more", "there", ())
slot.ancdata = [Ending()]
batch.clear()
batch.append(b"more", "there", ())
print(seen)
"""
    done = python("-c", program)
    new = ("there", ())
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{[(None, ()), (None, None), new, new, new]}\n", "")


def test_what_an_append_ends_may_append():
    batch = berkeley.DatagramBatch(2, 10)

    class Ending:
        def __del__(self):
            batch.append(b"second")

    batch.append(b"", Ending())
    batch.clear()
    batch.append(b"first")
    assert [bytes(slot) for slot in batch] == [b"first", b"second"]


def test_a_slot_in_a_cycle_with_its_view(python):
    """Which end in any order."""
    program = """
import ctypes, gc, sys
import berkeley

behind = type(None).__basicsize__
def memory():
    return ctypes.string_at(id(None) + behind, 512)

gc.disable()
before = memory()
for _ in range(3):
    batch = berkeley.DatagramBatch(2, 10)
    for slot in (batch.append(b"data"), batch.append(b"data"), *batch)[2:]:
        slot.ancdata = [slot.data, memoryview(slot)[1:]]
    del batch, slot
    gc.collect()
# Before 3.12 what is behind None counts references.
print([place for place in range(512) if sys.version_info >= (3, 12) and before[place] != memory()[place]])
"""
    done = python("-c", program)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


def test_closed_by_many_threads():
    for _ in range(50):
        batch = berkeley.DatagramBatch(1, 10)
        start = threading.Barrier(8)
        outcomes = []

        def close(batch=batch, start=start, outcomes=outcomes):
            start.wait()
            try:
                outcomes.append(batch.close())
            except RuntimeError as error:
                outcomes.append(str(error))

        threads = [threading.Thread(target=close) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(outcomes) <= {None, "another call receives into this batch"}
        assert None in outcomes
