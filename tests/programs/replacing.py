"""Programs that replace `socket.socket` and functions beside it, one a function: `python replacing.py NAME`.

Test tools and proxy libraries do so. Each tells at its end whose socket module it ran on.
"""

import asyncio
import http.client
import http.server
import os
import socket
import socketserver
import ssl
import sys
import threading
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

CERTIFICATE = Path(__file__).parents[1] / "localhost.pem"
LOOPBACK = ("127.0.0.1", 0)
GUARD = 20
TRUE_SOCKET = socket.socket


class _BlockedError(RuntimeError):
    """What guards raise: no OSError, so that no library takes it for a failed attempt."""


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"page")

    def log_message(self, *arguments):
        pass


class _Server(socketserver.ThreadingTCPServer):
    """It plays the other machine: whatever is replaced in this one, its own connections are not."""

    names = ()  # that a proxy was asked for

    def get_request(self):
        fd, address = self.socket._accept()
        return TRUE_SOCKET(fileno=fd), address


@contextmanager
def _serving(handler):
    """The address of a server that runs beside the block."""
    with _Server(LOOPBACK, handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address
        finally:
            server.shutdown()
            thread.join(GUARD)


def _blocked(call):
    try:
        call()
    except _BlockedError:
        return True
    return False


def _get(address, host="127.0.0.1"):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://{host}:{address[1]}/", timeout=GUARD) as answer:
        return answer.read()


def _refuses(*arguments, **options):
    raise _BlockedError


# --- guards, as tests have them


def a_class_that_refuses():
    """Nothing makes a socket any more; those that there are go on."""

    class Guarded(socket.socket):
        def __new__(cls, family=-1, type=-1, proto=-1, fileno=None):
            if family == socket.AF_UNIX:
                return super().__new__(cls, family, type, proto, fileno)
            raise _BlockedError

    with _serving(_Page) as address, socket.create_connection(address) as before, socket.socket() as listener:
        with mock.patch.multiple(socket, socket=Guarded, getaddrinfo=_refuses, gethostbyname=_refuses):
            for call in (
                lambda: socket.socket(),
                lambda: socket.socket(socket.AF_INET6),
                lambda: socket.socket(fileno=listener.fileno()),
                lambda: socket.create_server(LOOPBACK),
                lambda: socket.create_connection(address),
                lambda: socket.getaddrinfo("localhost", 80),
                lambda: socket.gethostbyname("localhost"),
                lambda: http.client.HTTPConnection(*address).connect(),
                lambda: _get(address),
            ):
                assert _blocked(call)
            left, right = socket.socketpair()
            with left, right, left.dup() as copy:
                assert type(left) is type(right) is type(copy) is Guarded
                copy.sendall(b"data")
                assert right.recv(10) == b"data"
            before.sendall(b"GET / HTTP/1.0\r\n\r\n")
            with before.makefile("rb") as file:
                assert file.read().endswith(b"page")
        assert socket.socket is TRUE_SOCKET
        assert _get(address) == b"page"


def a_method_that_refuses():
    """`connect` of the class itself, and of what derives from it."""

    def connect(sock, address):
        if address[0] != "127.0.0.1":
            sock.close()
            raise _BlockedError
        return true_connect(sock, address)

    true_connect = socket.socket.connect
    with _serving(_Page) as address:
        socket.socket.connect = connect
        try:
            assert _get(address) == b"page"
            assert _blocked(lambda: socket.create_connection(("127.0.0.2", 9)))
            context = ssl.create_default_context(cafile=CERTIFICATE)
            with context.wrap_socket(socket.socket(), server_hostname="localhost") as secure:
                assert _blocked(lambda: secure.connect(("127.0.0.2", 9)))
        finally:
            socket.socket.connect = true_connect
        with socket.socket() as sock:
            assert sock.connect_ex(("127.0.0.2", address[1]))


def a_mock():
    with mock.patch("socket.socket") as fake, mock.patch("socket.getaddrinfo") as names:
        names.return_value = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 80))]
        fake.return_value.recv.return_value = b"data"
        sock = socket.create_connection(("example.test", 80), 5)
        assert sock.recv(10) == b"data"
        fake.assert_called_once_with(socket.AF_INET, socket.SOCK_STREAM, 6)
        sock.settimeout.assert_called_once_with(5)
        sock.connect.assert_called_once_with(("192.0.2.1", 80))


def a_function_in_place_of_the_class():
    """What it gives is no socket, but behaves like one."""

    class Recorder:
        def __init__(self, *arguments, **options):
            self.sock = TRUE_SOCKET(*arguments, **options)
            made.append(self)

        def __getattr__(self, name):
            return getattr(self.sock, name)

    made = []
    with _serving(_Page) as address, socket.socket() as plain:
        with mock.patch.object(socket, "socket", lambda *arguments, **options: Recorder(*arguments, **options)):
            assert _get(address) == b"page"
            sockets = [*socket.socketpair(), socket.fromfd(plain.fileno(), plain.family, plain.type)]
        assert {type(sock) for sock in sockets} == {Recorder}
        assert set(sockets) < set(made)
        for sock in sockets:
            sock.close()


def names_of_our_own():
    """`getaddrinfo` is looked up at each call: by this module, http.client, asyncio."""

    def getaddrinfo(host, port, *arguments, **options):
        asked.append(host)
        return true_getaddrinfo("127.0.0.1" if host == "name.test" else host, port, *arguments, **options)

    async def ask():
        _, writer = await asyncio.open_connection("name.test", address[1])
        writer.close()
        await writer.wait_closed()

    asked = []
    true_getaddrinfo = socket.getaddrinfo
    with _serving(_Page) as address, mock.patch.object(socket, "getaddrinfo", getaddrinfo):
        socket.create_connection(("name.test", address[1])).close()
        assert _get(address, "name.test") == b"page"
        asyncio.run(ask())
        assert asked.count("name.test") == 3


# --- a class that goes through a proxy


class _Proxied(socket.socket):
    """Says to the proxy where it would go, waits for its word, and is then as connected."""

    proxy = None

    def __init__(self, family=socket.AF_INET, type=socket.SOCK_STREAM, proto=0, *arguments, **options):
        super().__init__(family, type, proto, *arguments, **options)
        self._peer = None

    def connect(self, address):
        super().connect(self.proxy)
        with self.makefile("wb") as writer, self.makefile("rb", 0) as reader:
            writer.write("{} {}\n".format(*address).encode())
            writer.flush()
            if reader.readline() != b"connected\n":
                raise ConnectionError("the proxy refused")
        self._peer = address

    def getpeername(self):
        return self._peer or super().getpeername()

    def send(self, *arguments):
        return super().send(*arguments)

    def recv(self, *arguments):
        return super().recv(*arguments)


class _Proxy(socketserver.StreamRequestHandler):
    """Whatever name it is asked for, it goes to this machine."""

    def handle(self):
        host, port = self.rfile.readline().decode().split()
        self.server.names.append(host)
        with TRUE_SOCKET() as beyond:
            beyond.connect(("127.0.0.1", int(port)))
            self.wfile.write(b"connected\n")
            thread = threading.Thread(target=_pump, args=(beyond, self.connection))
            thread.start()
            _pump(self.connection, beyond)
            thread.join(GUARD)


def _pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one of them is gone


@contextmanager
def _proxied():
    """Inside the block `socket.socket` goes through the proxy; gives the names that it was asked for."""
    _Server.names = []
    with _serving(_Proxy) as address, mock.patch.multiple(socket, socket=_Proxied, getaddrinfo=_literally):
        _Proxied.proxy = address
        yield _Server.names


def _literally(host, port, *arguments, **options):
    return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port))]


def a_proxy():
    with _serving(_Page) as address, _proxied() as names:
        assert _get(address, "name.test") == b"page"
        with socket.create_connection(("other.test", address[1]), GUARD) as sock:
            assert (type(sock), sock.getpeername()) == (_Proxied, ("other.test", address[1]))
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            with sock.makefile("rb") as file:
                assert file.read().endswith(b"page")
            with sock.dup() as copy:
                assert (type(copy), copy.gettimeout()) == (_Proxied, GUARD)
        assert names == ["name.test", "other.test"]


def tls_through_a_proxy():
    class Secure(socketserver.BaseRequestHandler):
        def handle(self):
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(CERTIFICATE)
            with context.wrap_socket(self.request, server_side=True) as secure:
                secure.sendall(secure.recv(100).upper())

    context = ssl.create_default_context(cafile=CERTIFICATE)
    with _serving(Secure) as address, _proxied() as names:
        sock = socket.create_connection(("localhost", address[1]), GUARD)
        with context.wrap_socket(sock, server_hostname="localhost") as secure:
            assert (isinstance(secure, TRUE_SOCKET), secure.gettimeout(), sock.fileno()) == (True, GUARD, -1)
            secure.sendall(b"words")
            assert secure.recv(100) == b"WORDS"
        assert names == ["localhost"]


def what_is_accepted_is_of_that_class():
    with mock.patch.object(socket, "socket", _Proxied), socket.create_server(LOOPBACK) as listener:
        assert type(listener) is _Proxied
        with TRUE_SOCKET() as client:
            client.connect(listener.getsockname())
            with listener.accept()[0] as server:
                assert type(server) is _Proxied
                client.sendall(b"data")
                assert server.recv(10) == b"data"


def none_is_left_open():
    before = len(os.listdir("/proc/self/fd"))
    a_class_that_refuses()
    a_proxy()
    assert len(os.listdir("/proc/self/fd")) == before


if __name__ == "__main__":
    globals()[sys.argv[1]]()
    print(socket.__name__)
