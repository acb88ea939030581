"""Batches of datagrams under asyncio, whichever its event loop."""

import asyncio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .._native import DatagramBatch
    from .._standard.sock import socket


async def receive_batches(sock: "socket", batch: "DatagramBatch", flags: int = 0) -> "AsyncIterator[DatagramBatch]":
    """Yield the batch each time that recvmmsg(2) has filled it: `async for` over the datagrams that come.

    The socket must not block (`sock.setblocking(False)`), else ValueError; it is waited for by the event loop's
    add_reader(), so that nobody else may wait for it meanwhile. Other tasks have a turn between two batches. What
    recvmmsg_into() raises ends it: BufferError where a view of a slot lives on.
    """
    if sock.gettimeout() != 0:
        raise ValueError("the socket must be non-blocking")
    loop = asyncio.get_running_loop()
    while True:
        try:
            sock.recvmmsg_into(batch, flags)
        except BlockingIOError:
            await _readable(loop, sock)
        else:
            yield batch
            await asyncio.sleep(0)


async def _readable(loop: asyncio.AbstractEventLoop, sock: "socket") -> None:
    ready = loop.create_future()
    number = sock.fileno()  # of a socket that is closed meanwhile, it is not known any more
    loop.add_reader(number, _tell, ready)
    try:
        await ready
    finally:
        loop.remove_reader(number)


def _tell(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)
