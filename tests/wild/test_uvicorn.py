"""uvloop opens and reads its sockets in C, by libuv: of uvicorn, only the listening socket is ours then."""

import signal
import socket
from http.client import HTTPConnection

import pytest
import websockets.sync.client
from servers import serving
from web import LARGE

pytestmark = pytest.mark.tried("uvicorn", elsewhere=True)


def answered(connection, content=b""):
    """What the application tells: the module, its process, how many sockets; and the length of what was sent."""
    connection.request("POST", "/", content)
    name, process, sockets, length = connection.getresponse().read().decode().split()
    assert int(length) == len(content)
    assert int(sockets)
    return name, int(process)


def exchange(address, module):
    """Requests on one connection, and messages over a WebSocket."""
    connection = HTTPConnection(*address)
    assert [answered(connection, content)[0] for content in (b"", LARGE)] == [module] * 2
    connection.close()
    with websockets.sync.client.connect(f"ws://{address[0]}:{address[1]}", max_size=None) as channel:
        channel.send(LARGE[: 2**20])
        assert channel.recv() == LARGE[: 2**20]


def started_server(*options):
    return serving("uvicorn", *options, "apps:asgi")


def address(server):
    said = server.says(r"Uvicorn running on http://(\S+):(\d+)")
    return said[1], int(said[2])


@pytest.mark.parametrize("parser", ["h11", "httptools"])
def test_asyncio(parser, module):
    """On asyncio, with h11 and httptools: requests of 4 MiB, WebSocket, an orderly end."""
    with started_server("--port", "0", "--loop", "asyncio", "--http", parser) as server:
        exchange(address(server), module)
        server.process.send_signal(signal.SIGTERM)
        server.says("Finished server process")


@pytest.mark.tried("uvicorn", "uvloop", elsewhere=True)
@pytest.mark.parametrize("parser", ["h11", "httptools"])
def test_uvloop(parser, module):
    """On uvloop, which accepts from a listening socket that it is handed: the same."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        options = ["--fd", str(listener.fileno()), "--loop", "uvloop", "--http", parser]
        with serving("uvicorn", *options, "apps:asgi", pass_fds=[listener.fileno()]) as server:
            server.says("Application startup complete")
            exchange(listener.getsockname(), module)
            server.process.send_signal(signal.SIGTERM)
            server.says("Finished server process")


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_workers(loop, module):
    """Two worker processes by spawn, to which the listening socket is sent; on asyncio and on uvloop."""
    with started_server("--port", "0", "--loop", loop, "--workers", "2") as server:
        where = address(server)
        for _ in range(2):
            server.says("Application startup complete")
        workers = set()
        while len(workers) < 2:
            connection = HTTPConnection(*where)
            name, process = answered(connection)
            assert name == module
            workers.add(process)
            connection.close()


def test_unix(short_path, module):
    """On asyncio, over a Unix socket."""
    path = f"{short_path}/uvicorn.sock"
    with started_server("--uds", path, "--loop", "asyncio") as server:
        server.says("Uvicorn running on")
        connection = HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(path)
        assert answered(connection, LARGE)[0] == module
        connection.close()
