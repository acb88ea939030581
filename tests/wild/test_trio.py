"""Libraries that take turns between tasks by themselves: servers that echo, and clients of them."""

import socket
from functools import partial

import anyio
import pytest
import trio
from web import LARGE

CONTENT = LARGE[: 2**20]


@pytest.mark.tried("trio")
def test_trio(certified, trusting, short_path):
    """Streams over TCP, TLS and a Unix socket, 20 at once; datagrams; a timeout that expires."""

    async def echo(stream):
        async for content in stream:
            await stream.send_all(content)

    async def exchange(connect):
        async with await connect() as stream, trio.open_nursery() as nursery:
            nursery.start_soon(stream.send_all, CONTENT)
            received = bytearray()
            while len(received) < len(CONTENT):
                received += await stream.receive_some()
            assert received == CONTENT

    async def many(listeners, connect):
        async with trio.open_nursery() as serving:
            serving.start_soon(trio.serve_listeners, echo, listeners)
            async with trio.open_nursery() as nursery:
                for _ in range(20):
                    nursery.start_soon(exchange, connect)
            serving.cancel_scope.cancel()

    async def run():
        listeners = await trio.open_tcp_listeners(0, host="localhost")
        port = listeners[0].socket.getsockname()[1]
        await many(listeners, partial(trio.open_tcp_stream, "localhost", port))
        listeners = await trio.open_ssl_over_tcp_listeners(0, certified, host="localhost", https_compatible=True)
        port = listeners[0].transport_listener.socket.getsockname()[1]
        options = {"ssl_context": trusting, "https_compatible": True}
        await many(listeners, partial(trio.open_ssl_over_tcp_stream, "localhost", port, **options))
        path = f"{short_path}/trio.sock"
        listener = trio.socket.socket(socket.AF_UNIX)
        await listener.bind(path)
        listener.listen()
        await many([trio.SocketListener(listener)], partial(trio.open_unix_socket, path))

        with trio.socket.socket(type=socket.SOCK_DGRAM) as one, trio.socket.socket(type=socket.SOCK_DGRAM) as other:
            await one.bind(("127.0.0.1", 0))
            await other.sendto(b"datagram", one.getsockname())
            assert (await one.recvfrom(100))[0] == b"datagram"
            with pytest.raises(trio.TooSlowError), trio.fail_after(0.05):
                await one.recvfrom(100)

    trio.run(run)


@pytest.mark.tried("anyio")
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_anyio(backend, certified, trusting, short_path, refused):
    """On asyncio and on trio: streams over TCP, TLS and a Unix socket; datagrams; a timeout; a connection refused."""

    async def echo(stream):
        async with stream:
            async for content in stream:
                await stream.send(content)

    async def exchange(listener, connect):
        async with listener, anyio.create_task_group() as serving:
            serving.start_soon(listener.serve, echo)
            async with await connect() as stream, anyio.create_task_group() as tasks:
                tasks.start_soon(stream.send, CONTENT)
                received = b""
                while len(received) < len(CONTENT):
                    received += await stream.receive()
                assert received == CONTENT
            serving.cancel_scope.cancel()

    async def run():
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        await exchange(listener, partial(anyio.connect_tcp, "127.0.0.1", port))
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        secure = anyio.streams.tls.TLSListener(listener, certified, standard_compatible=False)
        options = {"ssl_context": trusting, "tls_standard_compatible": False}
        await exchange(secure, partial(anyio.connect_tcp, "127.0.0.1", port, **options))
        path = f"{short_path}/anyio.sock"
        await exchange(await anyio.create_unix_listener(path), partial(anyio.connect_unix, path))

        async with await anyio.create_udp_socket(local_host="127.0.0.1") as one:
            where = one.extra(anyio.abc.SocketAttribute.local_address)
            async with await anyio.create_connected_udp_socket(*where) as other:
                await other.send(b"datagram")
                assert (await one.receive())[0] == b"datagram"
                with pytest.raises(TimeoutError), anyio.fail_after(0.05):
                    await one.receive()
        with pytest.raises(OSError, match=r"All connection attempts failed|refused"):
            await anyio.connect_tcp("127.0.0.1", refused)

    anyio.run(run, backend=backend)
