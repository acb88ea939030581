"""The buffers that data is received into and sent from: each kind there is, and what is none."""

import array
import ctypes
import mmap
import threading

import pytest

WRITABLE = {
    "bytearray": lambda: bytearray(12),
    "memoryview": lambda: memoryview(bytearray(12)),
    "part": lambda: memoryview(bytearray(20))[4:16],
    "of four bytes": lambda: memoryview(bytearray(12)).cast("I"),
    "two-dimensional": lambda: memoryview(bytearray(12)).cast("B", (3, 4)),
    "array": lambda: array.array("i", [0, 0, 0]),
    "ctypes": lambda: (ctypes.c_char * 12)(),
    "mmap": lambda: mmap.mmap(-1, 12),
}
READABLE = {
    **WRITABLE,
    "bytes": lambda: b"abcdefghijkl",
    "bytes of a subclass": lambda: type("Bytes", (bytes,), {})(b"abcdefghijkl"),
    "read-only": lambda: memoryview(bytearray(12)).toreadonly(),
    "read-only mmap": lambda: mmap.mmap(-1, 12, access=mmap.ACCESS_READ),
}
NEITHER = {
    "str": (lambda: "text", TypeError),
    "None": (lambda: None, TypeError),
    "int": (lambda: 5, TypeError),
    "list": (lambda: [1, 2], TypeError),
    "every second": (lambda: memoryview(bytearray(24))[::2], BufferError),
    "backwards": (lambda: memoryview(bytearray(12))[::-1], BufferError),
    "released": (lambda: released(), ValueError),
}


def released():
    view = memoryview(bytearray(12))
    view.release()
    return view


@pytest.mark.parametrize("make", WRITABLE.values(), ids=WRITABLE)
def test_buffers_to_receive_into(pair, make):
    here, there = pair
    for name in ("recv_into", "recvfrom_into"):
        for options, count in (({}, 12), ({"nbytes": 0}, 12), ({"nbytes": 5}, 5), ({"nbytes": 12, "flags": 0}, 12)):
            buffer = make()
            here.send(b"hello, world")
            result = getattr(there, name)(buffer=buffer, **options)
            assert (result if name == "recv_into" else result[0]) == count
            assert bytes(buffer)[:count] == b"hello, world"[:count]
            assert bytes(buffer)[count:] == bytes(12 - count)
            if count < 12:
                assert there.recv(20) == b"hello, world"[count:]


@pytest.mark.parametrize("make", READABLE.values(), ids=READABLE)
def test_buffers_to_send(pair, make):
    here, there = pair
    buffer = make()
    for send in (here.send, here.sendall, lambda data: here.sendmsg([data])):
        assert send(buffer) in (12, None)
        assert there.recv(20) == bytes(buffer)


@pytest.mark.parametrize(("make", "error"), NEITHER.values(), ids=NEITHER)
def test_what_is_no_buffer(pair, make, error):
    here, there = pair
    for receive in (here.recv_into, here.recvfrom_into):
        with pytest.raises(TypeError, match=r"argument 1 must be read-write bytes-like object, not \w+$"):
            receive(make())
    for send in (here.send, here.sendall, lambda data: here.sendto(data, "name")):
        with pytest.raises(error):
            send(make())
    there.setblocking(False)
    with pytest.raises(BlockingIOError):
        there.recv(1)


@pytest.mark.parametrize("kind", ["bytes", "read-only", "read-only mmap"])
def test_what_cannot_be_written_to(pair, kind):
    for receive in (pair[0].recv_into, pair[0].recvfrom_into):
        with pytest.raises(TypeError, match=r"argument 1 must be read-write bytes-like object, not [a-z.]+$"):
            receive(READABLE[kind]())


def resize(buffer, thread):
    """Change the buffer's length, for as long as the thread lives."""
    while thread.is_alive():
        buffer.append(0)
        buffer.pop()


@pytest.mark.parametrize("name", ["recv_into", "recvfrom_into", "recvmsg_into"])
def test_a_buffer_in_use_cannot_be_resized(pair, name):
    here, there = pair
    buffer = bytearray(5)
    argument = [buffer] if name == "recvmsg_into" else buffer
    thread = threading.Thread(target=getattr(there, name), args=(argument,))
    thread.start()
    with pytest.raises(BufferError):
        resize(buffer, thread)
    here.send(b"hello")
    thread.join()
    assert buffer.startswith(b"hello")
    buffer.append(0)


@pytest.mark.parametrize("name", ["send", "sendall", "sendmsg"])
def test_a_buffer_being_sent_cannot_be_resized(pair, name):
    here, there = pair
    buffer = bytearray(1 << 22)  # more than the kernel takes while nobody reads

    def send():
        getattr(here, name)([buffer] if name == "sendmsg" else buffer)
        here.close()

    thread = threading.Thread(target=send)
    thread.start()
    with pytest.raises(BufferError):
        resize(buffer, thread)
    while there.recv(1 << 16):
        pass
    thread.join()
    buffer.append(0)
