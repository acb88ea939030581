"""`berkeley.receive_batches`: datagrams under asyncio, many at once."""

import asyncio

import pytest

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


def test_a_socket_that_blocks(udp):
    async def receive():
        async for _ in berkeley.receive_batches(udp[0], berkeley.DatagramBatch(4, 100)):
            pass

    with pytest.raises(ValueError, match="non-blocking"):
        asyncio.run(receive())
