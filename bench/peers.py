"""The other end of what is measured: plain descriptors, and processes that read or write without end."""

import contextlib
import os


def feed(descriptor, data, count):
    """Write `data` `count` times: packets on a datagram socket, a stretch of bytes on a stream."""
    for _ in range(count):
        os.write(descriptor, data)


def drain(descriptor):
    """Read all there is from a descriptor in non-blocking mode."""
    with contextlib.suppress(BlockingIOError):
        while os.read(descriptor, 1 << 20):
            pass


def sink(descriptor):
    """Start a process that reads from a descriptor until its end; give its number."""
    return _process(descriptor, _read_all)


def source(descriptor):
    """Start a process that writes to a descriptor for as long as somebody reads; give its number."""
    return _process(descriptor, _write_all)


def _process(descriptor, work):
    pid = os.fork()
    if pid:
        return pid
    try:
        # Of all the parent's descriptors it may keep only this one, or the end would never come.
        os.dup2(descriptor, 0)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.set_blocking(0, True)
        os.sched_setaffinity(0, range(os.cpu_count()))
        with contextlib.suppress(OSError):
            work()
    finally:
        os._exit(0)


def _read_all():
    while os.read(0, 1 << 20):
        pass


def _write_all():
    block = bytes(1 << 20)
    while True:
        os.write(0, block)
