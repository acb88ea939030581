"""The other end of what is measured: plain descriptors, and processes that read or write without end."""

import contextlib
import os
import signal
import socket


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


def echo(descriptor):
    """Start a process that sends back what it receives; give its number."""
    return _process(descriptor, _answer)


def flood(descriptor, size):
    """Start a process that sends datagrams of a size for as long as somebody receives; give its number."""
    return _process(descriptor, lambda: _send_all(size))


def end(process):
    """End a process of these, whatever it waits for."""
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def _process(descriptor, work):
    pid = os.fork()
    if pid:
        return pid
    try:
        # Of all the parent's descriptors it may keep only this one, or the end would never come.
        os.dup2(descriptor, 0)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.set_blocking(0, True)
        # Not where the measured process is, if there is another processor.
        os.sched_setaffinity(0, set(range(os.cpu_count())) - os.sched_getaffinity(0) or {0})
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


def _answer():
    while data := os.read(0, 65536):
        os.write(0, data)


def _send_all(size):
    # The kernel cuts them apart (UDP_SEGMENT, udp(7)), so that no receiver is faster than this sender.
    option, together = 103, 32
    with socket.socket(fileno=os.dup(0)) as sock:
        sock.setsockopt(socket.IPPROTO_UDP, option, size)
    packets = bytes(size * together)
    while True:
        with contextlib.suppress(BlockingIOError):
            os.write(0, packets)
