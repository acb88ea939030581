"""Whole programs: threads, an event loop, servers under load, and a client of the standard library."""

import sysconfig

from children import ANYWHERE, Child, Server

TIMEOUTS = {"blocking": None, "timeout": 60}

ECHO = """
import threading

def serve(sock):
    sock.settimeout({timeout})
    with sock:
        while data := sock.recv(1000):
            sock.sendall(data)

def accept():
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

listener = socket.create_server(("127.0.0.1", 0), backlog=200)
threading.Thread(target=accept, daemon=True).start()
"""
HTTP = """
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = {timeout}
    wbufsize = -1

    def version_string(self):
        return "bench"

    def date_time_string(self, timestamp=None):
        return "Thu, 01 Jan 1970 00:00:00 GMT"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(bytes(100))

    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
listener = server.socket
threading.Thread(target=server.serve_forever, daemon=True).start()
"""
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
ANSWER = len(
    "HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 100\r\n\r\n"
) + 100  # fmt: skip

CLIENT = f"""
import http.client
{HTTP.format(timeout=None)}
client = http.client.HTTPConnection("127.0.0.1", listener.getsockname()[1])
"""
FETCH = """
for _ in repeat(None, n):
    client.request("GET", "/")
    client.getresponse().read()
"""

# Each thread has a pair of sockets of its own.
THREADS = """
import threading

def work(times):
    a, b = socket.socketpair()
    a.settimeout({timeout}); b.settimeout({timeout})
    with a, b:
        for _ in repeat(None, times):
            a.send(data); b.recv({size})

data = bytes({size})
"""
TOGETHER = """
threads = [threading.Thread(target=work, args=(n,)) for _ in range({number})]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""

LOOP = """
import asyncio

async def turn(times):
    for _ in repeat(None, times):
        await loop.sock_sendall(a, data)
        await loop.sock_recv(b, 100)

loop = asyncio.new_event_loop()
a, b = socket.socketpair(); a.setblocking(False); b.setblocking(False)
data = bytes(100)
"""



def has_no_lock():
    """Whether threads of this interpreter may run at once (PEP 703), so that one is worth comparing with two."""
    return sysconfig.get_config_var("Py_GIL_DISABLED")


OPERATIONS = [
    *(
        operation
        for mode, timeout in TIMEOUTS.items()
        for operation in (
            Server(
                f"servers, {mode}",
                "threaded echo, 100 connections",
                ECHO.format(timeout=timeout),
                connections=100,
                request=bytes(100),
                answer=100,
            ),
            Server(
                f"servers, {mode}",
                "http.server, 10 connections",
                HTTP.format(timeout=timeout),
                connections=10,
                request=REQUEST,
                answer=ANSWER,
            ),
        )
    ),
    *(
        Child(
            f"threads, {mode}",
            f"{number} thread{'s' * (number > 1)}, {size} B",
            TOGETHER.format(number=number),
            THREADS.format(timeout=timeout, size=size),
            count=1000 if size == 100 else 200,
            processors=ANYWHERE,
            needs=has_no_lock if number == 1 else None,
        )
        for mode, timeout in TIMEOUTS.items()
        for size in (100, 65536)
        for number in (1, 2, 4)
    ),
    Child("programs", "asyncio sock_sendall + sock_recv", "loop.run_until_complete(turn(n))", LOOP),
    Child("programs", "http.client and http.server, one process", FETCH, CLIENT, count=10),
]
