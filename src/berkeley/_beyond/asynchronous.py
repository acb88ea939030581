"""Batches of datagrams under asyncio, whichever its event loop."""

import asyncio
import errno
import os
import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .._native import DatagramBatch
    from .._standard.sock import socket


async def receive_batches(sock: "socket", batch: "DatagramBatch", flags: int = 0) -> "AsyncIterator[DatagramBatch]":
    """Yield the batch each time that recvmmsg(2) has filled it: `async for` over the datagrams that come.

    The socket must not block (`sock.setblocking(False)`), else ValueError. Other tasks have a turn between two batches.
    What recvmmsg_into() raises ends it: BufferError where a view of a slot lives on. An event loop is not told that a
    socket is closed: cancel the task that waits, then close.
    """
    if sock.gettimeout() != 0:
        raise ValueError("the socket must be non-blocking")
    if sock.fileno() < 0:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    # The loop knows the number of an epoll(7) of our own. The socket's can be another's once it is closed, and others
    # may wait for it as well.
    with select.epoll() as waiting:
        waiting.register(sock, select.EPOLLIN)
        while True:
            try:
                sock.recvmmsg_into(batch, flags)
            except BlockingIOError:
                await _readable(waiting.fileno())
            else:
                yield batch
                await asyncio.sleep(0)


async def _readable(number: int) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(number, _tell, ready)
    try:
        await ready
    finally:
        loop.remove_reader(number)


def _tell(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)
