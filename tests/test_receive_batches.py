"""`berkeley.receive_batches`: datagrams under asyncio, many at once."""

import asyncio
import errno
import os

import pytest
from waits import LONG

import berkeley
from berkeley import socket


@pytest.fixture
def udp():
    with socket.socket(type=socket.SOCK_DGRAM) as here, socket.socket(type=socket.SOCK_DGRAM) as there:
        for sock in (here, there):
            sock.bind(("127.0.0.1", 0))
        there.setblocking(False)
        yield here, there


def test_received(udp):
    here, there = udp

    async def send():
        for number in range(10):
            here.sendto(b"%d" % number, there.getsockname())
            await asyncio.sleep(0.001)

    async def receive():
        received = []
        sending = asyncio.create_task(send())
        async for batch in berkeley.receive_batches(there, berkeley.DatagramBatch(4, 100)):
            received += [int(bytes(slot)) for slot in batch]
            if len(received) == 10:
                break
        await sending
        return received

    assert asyncio.run(receive()) == [*range(10)]


def test_others_have_a_turn(udp):
    """Also where datagrams keep coming."""
    here, there = udp
    turns = []

    async def count():
        while len(turns) < 10:
            turns.append(None)
            await asyncio.sleep(0)

    async def receive():
        counting = asyncio.create_task(count())
        here.sendto(b"again", there.getsockname())
        async for batch in berkeley.receive_batches(there, berkeley.DatagramBatch(4, 100)):
            if counting.done():
                break
            here.sendmmsg([(slot, (), there.getsockname()) for slot in batch])

    asyncio.run(receive())
    assert len(turns) == 10


def test_given_up(udp):
    """Nothing waits for the socket any more."""
    there = udp[1]

    async def receive():
        async for _ in berkeley.receive_batches(there, berkeley.DatagramBatch(4, 100)):
            pass

    async def main():
        for _ in range(2):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(receive(), 0.01)
        return asyncio.get_running_loop().remove_reader(there.fileno())

    assert asyncio.run(main()) is False


def test_closed_meanwhile(udp):
    """The number is another's then: whose reader is left alone, and told."""
    here, there = udp

    async def receive():
        async for _ in berkeley.receive_batches(there, berkeley.DatagramBatch(4, 100)):
            pass

    async def main():
        loop = asyncio.get_running_loop()
        receiving = asyncio.create_task(receive())
        await asyncio.sleep(0)
        number = there.fileno()
        there.close()
        with socket.socket(type=socket.SOCK_DGRAM) as other:
            assert other.fileno() == number
            other.bind(("127.0.0.1", 0))
            received = loop.create_future()
            loop.add_reader(other, lambda: received.done() or received.set_result(other.recv(10)))
            receiving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await receiving
            here.sendto(b"data", other.getsockname())
            assert await asyncio.wait_for(received, LONG) == b"data"
            assert loop.remove_reader(other)

    asyncio.run(main())


def test_readers_of_others(udp):
    """Another may wait for the same socket, before and after."""
    here, there = udp

    async def receive():
        async for batch in berkeley.receive_batches(there, berkeley.DatagramBatch(4, 100)):
            return [bytes(slot) for slot in batch]
        return None

    async def main():
        loop = asyncio.get_running_loop()
        told = asyncio.Event()
        loop.add_reader(there, told.set)
        receiving = asyncio.create_task(receive())
        await asyncio.sleep(0)
        here.sendto(b"data", there.getsockname())
        assert await asyncio.wait_for(receiving, LONG) == [b"data"]
        await asyncio.wait_for(told.wait(), LONG)
        assert loop.remove_reader(there)

    asyncio.run(main())


def test_nothing_is_left(udp):
    here, there = udp

    async def receive():
        async for batch in berkeley.receive_batches(there, berkeley.DatagramBatch(4, 100)):
            return len(batch)
        return None

    async def main():
        for _ in range(3):
            receiving = asyncio.create_task(receive())
            await asyncio.sleep(0)
            here.sendto(b"data", there.getsockname())
            assert await asyncio.wait_for(receiving, LONG) == 1

    before = os.listdir("/proc/self/fd")
    asyncio.run(main())
    assert os.listdir("/proc/self/fd") == before


def test_closed_before(udp):
    there = udp[1]
    there.close()

    async def receive():
        async for _ in berkeley.receive_batches(there, berkeley.DatagramBatch(4, 100)):
            pass

    with pytest.raises(OSError, match="Bad file descriptor") as caught:
        asyncio.run(receive())
    assert caught.value.errno == errno.EBADF


def test_a_socket_that_blocks(udp):
    async def receive():
        async for _ in berkeley.receive_batches(udp[0], berkeley.DatagramBatch(4, 100)):
            pass

    with pytest.raises(ValueError, match="non-blocking"):
        asyncio.run(receive())
