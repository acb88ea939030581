import os
import signal
import socket
from http.client import HTTPConnection

import pytest
from servers import serving
from web import LARGE

pytestmark = pytest.mark.tried("gunicorn", elsewhere=True)
KINDS = pytest.mark.parametrize("kind", ["sync", "gthread"])


def started_server(*options):
    return serving("gunicorn", *options, "--workers", "2", "--graceful-timeout", "20", "apps:wsgi")


def address(server):
    said = server.says(r"Listening at: .*http://(\S+):(\d+)")
    return said[1], int(said[2])


def workers(server):
    """The processes of the two workers that start now."""
    return {int(server.says(r"Booting worker with pid: (\d+)")[1]) for _ in range(2)}


def answered(connection, content=b""):
    """What the application tells: the module, its process; it was sent something."""
    connection.request("POST", "/", content)
    return told(connection, len(content))


def told(connection, sent):
    name, process, sockets, length = connection.getresponse().read().decode().split()
    assert int(length) == sent
    assert int(sockets)
    connection.close()
    return name, int(process)


@KINDS
def test_workers(kind, module):
    """Two workers, sync and gthread: requests of 4 MiB, each worker answers; one is killed, and another answers."""
    with started_server("--bind", "127.0.0.1:0", "--worker-class", kind) as server:
        where = address(server)
        alive = workers(server)
        assert answers(where, LARGE, alive) == {module}
        killed = alive.pop()
        os.kill(killed, signal.SIGKILL)
        alive.add(int(server.says(r"Booting worker with pid: (\d+)")[1]))
        assert answers(where, b"", alive) == {module}


def answers(where, content, processes):
    """The names of the module in the answers, until each of the processes has answered."""
    names, awaited = set(), set(processes)
    while awaited:
        name, process = answered(HTTPConnection(*where), content)
        names.add(name)
        awaited.discard(process)
    return names


@KINDS
def test_reload(kind, module):
    """Reload by SIGHUP, sync and gthread: a request that is under way is answered by the old worker."""
    with started_server("--bind", "127.0.0.1:0", "--worker-class", kind) as server:
        where = address(server)
        old = workers(server)
        under_way = HTTPConnection(*where)
        under_way.putrequest("POST", "/")
        under_way.putheader("Content-Length", "4")
        under_way.putheader("Expect", "100-continue")
        under_way.endheaders()
        # From here on a worker has it.
        assert under_way.sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        server.process.send_signal(signal.SIGHUP)
        new = workers(server)
        assert not old & new
        under_way.send(b"body")
        name, process = told(under_way, 4)
        assert name == module
        assert process in old
        assert answers(where, b"", new) == {module}


def test_unix(short_path, module):
    """Bound to a Unix socket and to TCP."""
    path = f"{short_path}/gunicorn.sock"
    with started_server("--bind", f"unix:{path}", "--bind", "127.0.0.1:0") as server:
        where = address(server)
        workers(server)
        connection = HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(path)
        assert answered(connection, LARGE)[0] == module
        assert answered(HTTPConnection(*where), LARGE)[0] == module
