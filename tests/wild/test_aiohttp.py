import asyncio
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from web import LARGE

pytestmark = pytest.mark.tried("aiohttp")


async def answer(request):
    return web.Response(body=await request.read() or b"short")


async def chunks(request):
    response = web.StreamResponse()
    response.enable_chunked_encoding()
    await response.prepare(request)
    for start in range(0, len(LARGE), 100_000):
        await response.write(LARGE[start : start + 100_000])
    return response


async def messages(request):
    """A WebSocket, over which what comes goes back."""
    channel = web.WebSocketResponse(max_msg_size=0)
    await channel.prepare(request)
    async for message in channel:
        await channel.send_bytes(message.data)
    return channel


async def never(request):
    await asyncio.Event().wait()


@asynccontextmanager
async def served(site=web.TCPSite, **where):
    """A server of all that, and its address."""
    application = web.Application(client_max_size=2 * len(LARGE))
    application.router.add_get("/chunks", chunks)
    application.router.add_get("/messages", messages)
    application.router.add_get("/never", never)
    application.router.add_route("*", "/", answer)
    runner = web.AppRunner(application, handler_cancellation=True)
    await runner.setup()
    try:
        await site(runner, **where).start()
        yield runner.addresses[0]
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_client_and_server(scheme, trusting, certified):
    """Client and server, HTTP and HTTPS: 40 requests over a pool of 4 connections, 4 MiB both ways, chunks."""

    async def keep(session, context, parameters):
        connections.append(parameters)

    async def run():
        where = {"host": "localhost", "port": 0, "ssl_context": certified if scheme == "https" else None}
        pool = {"connector": aiohttp.TCPConnector(limit=4, ssl=trusting), "trace_configs": [tracing]}
        async with served(**where) as address, aiohttp.ClientSession(**pool) as session:
            url = f"{scheme}://localhost:{address[1]}"

            async def fetched(path, **options):
                async with session.request("POST" if options else "GET", url + path, **options) as response:
                    return await response.read()

            assert await asyncio.gather(*(fetched("/") for _ in range(40))) == [b"short"] * 40
            assert len(connections) == 4
            assert await fetched("/", data=LARGE) == LARGE
            assert await fetched("/chunks") == LARGE

    connections, tracing = [], aiohttp.TraceConfig()
    tracing.on_connection_create_end.append(keep)
    asyncio.run(run())


def test_messages():
    """WebSocket, client and server: messages of up to 4 MiB, and a close."""

    async def run():
        async with served(host="127.0.0.1", port=0) as (host, port), aiohttp.ClientSession() as session:
            async with session.ws_connect(f"http://{host}:{port}/messages", max_msg_size=0) as channel:
                for content in (b"short", LARGE):
                    await channel.send_bytes(content)
                    assert await channel.receive_bytes() == content
            assert channel.close_code == aiohttp.WSCloseCode.OK

    asyncio.run(run())


def test_unix(short_path):
    """Client and server over a Unix socket."""

    async def run():
        path = f"{short_path}/aiohttp.sock"
        async with (
            served(web.UnixSite, path=path),
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(path)) as session,
            session.post("http://localhost/", data=LARGE) as response,
        ):
            assert await response.read() == LARGE

    asyncio.run(run())


def test_errors(refused):
    """A timeout that expires; a connection refused."""

    async def run():
        async with served(host="127.0.0.1", port=0) as (host, port), aiohttp.ClientSession() as session:
            with pytest.raises(asyncio.TimeoutError):
                await session.get(f"http://{host}:{port}/never", timeout=aiohttp.ClientTimeout(sock_read=0.05))
            with pytest.raises(aiohttp.ClientConnectorError) as caught:
                await session.get(f"http://127.0.0.1:{refused}/")
            assert isinstance(caught.value.os_error, ConnectionRefusedError)

    asyncio.run(run())
