import asyncio
import socket
from contextlib import contextmanager
from threading import Thread

import pytest
import websockets.asyncio.client
import websockets.asyncio.server
import websockets.sync.client
import websockets.sync.server
from web import LARGE
from websockets.exceptions import ConnectionClosed

pytestmark = pytest.mark.tried("websockets")
LIMITS = {"max_size": 2 * len(LARGE)}


def echo(channel):
    for message in channel:
        channel.send(message)


async def echo_later(channel):
    async for message in channel:
        await channel.send(message)


@contextmanager
def served(serve, *arguments, **options):
    """A server with a thread for each connection: its socket."""
    with serve(echo, *arguments, **LIMITS, **options) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.socket
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("secure", [False, True], ids=["ws", "wss"])
def test_threads(secure, certified, trusting):
    """With threads, client and server, over TCP and TLS: messages of up to 4 MiB, a timeout, a close."""
    options = {"ssl": trusting} if secure else {}
    with served(websockets.sync.server.serve, "localhost", 0, ssl=certified if secure else None) as listener:
        uri = f"{'wss' if secure else 'ws'}://localhost:{listener.getsockname()[1]}"
        with websockets.sync.client.connect(uri, **LIMITS, **options) as channel:
            assert isinstance(channel.socket, socket.socket)
            for message in ("short", LARGE):
                channel.send(message)
                assert channel.recv() == message
            with pytest.raises(TimeoutError):
                channel.recv(timeout=0.05)
        with pytest.raises(ConnectionClosed):
            channel.recv()


def test_threads_unix(short_path):
    """With threads, over a Unix socket."""
    path = f"{short_path}/websockets.sock"
    with (
        served(websockets.sync.server.unix_serve, path),
        websockets.sync.client.unix_connect(path, **LIMITS) as channel,
    ):
        channel.send(LARGE)
        assert channel.recv() == LARGE


@pytest.mark.parametrize("secure", [False, True], ids=["ws", "wss"])
def test_asyncio(secure, certified, trusting):
    """With asyncio, client and server, over TCP and TLS: 20 channels, messages of 4 MiB in all."""

    async def messages(uri, **options):
        async with websockets.asyncio.client.connect(uri, **LIMITS, **options) as channel:
            for message in ("short", LARGE[: len(LARGE) // 20]):
                await channel.send(message)
                assert await channel.recv() == message

    async def run():
        where = {"host": "localhost", "port": 0, "ssl": certified if secure else None}
        async with websockets.asyncio.server.serve(echo_later, **where, **LIMITS) as server:
            port = server.sockets[0].getsockname()[1]
            options = {"ssl": trusting} if secure else {}
            uri = f"{'wss' if secure else 'ws'}://localhost:{port}"
            await asyncio.gather(*(messages(uri, **options) for _ in range(20)))

    asyncio.run(run())


def test_refused(refused):
    """A connection refused, with threads and with asyncio."""

    async def run():
        with pytest.raises(ConnectionRefusedError):
            await websockets.asyncio.client.connect(f"ws://127.0.0.1:{refused}")

    with pytest.raises(ConnectionRefusedError):
        websockets.sync.client.connect(f"ws://127.0.0.1:{refused}")
    asyncio.run(run())
