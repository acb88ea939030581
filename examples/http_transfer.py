"""Serves a page and a large file over HTTP on this machine, and fetches both: a plain program of the standard library.

It says nothing of berkeley. Run it both ways:

    python examples/http_transfer.py
    berkeley run examples/http_transfer.py

It ends with exit code 0 when every byte came through, as the digests tell.
"""

import functools
import hashlib
import http.client
import http.server
import os
import pathlib
import socket
import tempfile
import threading
import time

FILE_SIZE = 5 * 1024 * 1024
CHUNK = 64 * 1024


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass


def main():
    print(f"socket module: {socket.__file__}")
    print(f"socket class:  {' > '.join(f'{c.__module__}.{c.__qualname__}' for c in socket.socket.__mro__[:-1])}")
    with tempfile.TemporaryDirectory() as directory:
        digests = make_files(pathlib.Path(directory))
        handler = functools.partial(Handler, directory=directory)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever).start()
            try:
                fetch_all(server.server_address, digests)
            finally:
                server.shutdown()


def make_files(directory):
    """Write the files to be served; return their digests by name."""
    contents = {
        "index.html": b"<!doctype html><title>berkeley</title><p>Served over TCP on the loopback interface.</p>\n",
        "data.bin": os.urandom(FILE_SIZE),
    }
    for name, content in contents.items():
        (directory / name).write_bytes(content)
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def fetch_all(address, digests):
    """Fetch every file over one connection; raise SystemExit for one that differs."""
    host, port = address
    connection = http.client.HTTPConnection(host, port, timeout=30)
    connection.connect()
    print(f"client socket: {connection.sock}")
    for name, expected in digests.items():
        digest, size, start = hashlib.sha256(), 0, time.perf_counter()
        connection.request("GET", f"/{name}")
        response = connection.getresponse()
        while chunk := response.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
        if response.status != 200 or digest.hexdigest() != expected:
            raise SystemExit(f"{name}: status {response.status}, {size} bytes, not what was served")
        milliseconds = (time.perf_counter() - start) * 1000
        print(f"{name:12} {response.status} {response.getheader('Content-Type'):25} {size:9,} bytes "
              f"in {milliseconds:6.1f} ms, sha256 {expected[:16]} as served")
    connection.close()


if __name__ == "__main__":
    main()
