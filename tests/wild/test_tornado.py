import asyncio
from contextlib import contextmanager

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.netutil import bind_sockets
from tornado.simple_httpclient import HTTPTimeoutError
from tornado.tcpclient import TCPClient
from tornado.tcpserver import TCPServer
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler, websocket_connect
from web import LARGE

pytestmark = pytest.mark.tried("tornado")
BLOCK = 100_000
# Without it, the body is a form.
PLAIN = {"Content-Type": "application/octet-stream"}


class Answer(RequestHandler):
    def get(self):
        self.write("short")

    def post(self):
        self.write(self.request.body)


class Chunks(RequestHandler):
    async def get(self):
        for start in range(0, len(LARGE), BLOCK):
            self.write(LARGE[start : start + BLOCK])
            await self.flush()


class Never(RequestHandler):
    async def get(self):
        await asyncio.Event().wait()


class Messages(WebSocketHandler):
    def on_message(self, message):
        self.write_message(message, binary=True)


class Echo(TCPServer):
    async def handle_stream(self, stream, address):
        try:
            while True:
                await stream.write(await stream.read_until(b"\n"))
        except StreamClosedError:
            pass


@contextmanager
def served(**options):
    """A server of these, and its port."""
    paths = [("/", Answer), ("/chunks", Chunks), ("/never", Never), ("/messages", Messages)]
    server = HTTPServer(Application(paths, websocket_max_message_size=2 * len(LARGE)), **options)
    sockets = bind_sockets(0, "localhost", reuse_port=True)
    server.add_sockets(sockets)
    try:
        yield sockets[0].getsockname()[1]
    finally:
        server.stop()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_client_and_server(scheme, certified, certificate):
    """Client and server, HTTP and HTTPS: 40 requests at once, 4 MiB both ways, chunks."""

    async def run():
        with served(ssl_options=certified if scheme == "https" else None) as port:
            client = AsyncHTTPClient(force_instance=True, defaults={"ca_certs": certificate})
            url = f"{scheme}://localhost:{port}"
            responses = await asyncio.gather(*(client.fetch(url) for _ in range(40)))
            assert [response.body for response in responses] == [b"short"] * 40
            assert (await client.fetch(url, method="POST", headers=PLAIN, body=LARGE)).body == LARGE
            assert (await client.fetch(f"{url}/chunks")).body == LARGE
            client.close()

    asyncio.run(run())


def test_messages():
    """WebSocket, client and server: messages of up to 4 MiB."""

    async def run():
        with served() as port:
            channel = await websocket_connect(f"ws://localhost:{port}/messages", max_message_size=2 * len(LARGE))
            for content in (b"short", LARGE):
                await channel.write_message(content, binary=True)
                assert await channel.read_message() == content
            channel.close()
            assert await channel.read_message() is None

    asyncio.run(run())


def test_streams():
    """IOStream: a line of 4 MiB to a TCPServer and back."""

    async def run():
        server = Echo(max_buffer_size=2 * len(LARGE))
        sockets = bind_sockets(0, "localhost")
        server.add_sockets(sockets)
        stream = await TCPClient().connect("localhost", sockets[0].getsockname()[1], max_buffer_size=2 * len(LARGE))
        line = LARGE.replace(b"\n", b"") + b"\n"
        sending = asyncio.ensure_future(stream.write(line))
        assert await stream.read_until(b"\n") == line
        await sending
        stream.close()
        server.stop()

    asyncio.run(run())


def test_errors(refused):
    """A timeout that expires; a connection refused."""

    async def run():
        client = AsyncHTTPClient(force_instance=True)
        with served() as port:
            with pytest.raises(HTTPTimeoutError):
                await client.fetch(HTTPRequest(f"http://localhost:{port}/never", request_timeout=0.05))
            with pytest.raises(ConnectionRefusedError):
                await client.fetch(f"http://127.0.0.1:{refused}/")
        client.close()

    asyncio.run(run())
