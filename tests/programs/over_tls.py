"""Programs over TLS, one a function: `python over_tls.py NAME`. Each tells at its end whose sockets it used."""

import asyncio
import http.client
import http.server
import io
import os
import select
import socket
import ssl
import sys
import threading
import urllib.request
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from tls_ends import (
    CERTIFICATE,
    GUARD,
    LOOPBACK,
    SHORT,
    TEXT,
    client_context,
    echo,
    error_of,
    meanwhile,
    plain_pair,
    receive,
    server_context,
    takes,
    tls_pair,
)


def classes():
    """TLS sockets are sockets of the module that is `socket`."""
    assert ssl.SSLSocket.__bases__ == (socket.socket,)
    assert issubclass(ssl.SSLSocket, socket.SocketType)
    with tls_pair() as (one, other):
        for sock in (one, other):
            assert isinstance(sock, socket.socket)
            assert isinstance(sock, sys.modules["_socket"].socket)
        assert repr(one).startswith(f"<ssl.SSLSocket fd={one.fileno()}, family=")


def blocking():
    with tls_pair() as (one, other):
        assert one.version() == other.version() == "TLSv1.3"
        assert ("DNS", "localhost") in one.getpeercert()["subjectAltName"]
        echo(one, other)
        other.close()
        assert one.recv(1) == b""


def with_timeouts():
    with tls_pair(GUARD) as (one, other):
        echo(one, other)


def read_timeout():
    with tls_pair() as (one, other):
        one.settimeout(SHORT)
        for call in (lambda: one.recv(4), lambda: one.recv_into(bytearray(4)), lambda: one.read(4)):
            with takes(SHORT):
                call()
        one.settimeout(GUARD)
        other.sendall(b"late")
        assert receive(one, 4) == b"late"


def write_timeout():
    with tls_pair() as (one, other):
        one.settimeout(SHORT)
        sent = 0
        with takes(SHORT):
            while True:
                sent += one.send(TEXT[:16384])
        # The same again, as TLS wants it: the part that was under way is not sent twice.
        one.settimeout(GUARD)
        with meanwhile(one.sendall, TEXT[:16384]):
            assert receive(other, sent + 16384) == TEXT[:16384] * (sent // 16384 + 1)


def handshake_timeout():
    with socket.create_server(LOOPBACK) as silent:
        with socket.create_connection(silent.getsockname(), timeout=SHORT) as sock, takes(SHORT):
            client_context().wrap_socket(sock, server_hostname="localhost")
        with client_context().wrap_socket(socket.socket(), server_hostname="localhost") as sock:
            sock.settimeout(SHORT)
            with takes(SHORT):
                sock.connect(silent.getsockname())


def non_blocking():
    """Both ends in one thread, each doing what it can as select(2) tells: a call that blocked would block for ever."""
    text, received = TEXT[:65536], []

    def exchange(sock):
        """Steps, each of which says what to wait for before the next."""
        yield from until_done(sock.do_handshake)
        rest = text
        while rest:
            rest = rest[(yield from until_done(sock.send, rest)) :]
        got = b""
        while len(got) < len(text):
            got += yield from until_done(sock.recv, len(text) - len(got))
        received.append(got)

    def until_done(call, *arguments):
        while True:
            try:
                return call(*arguments)
            except ssl.SSLWantReadError:
                yield "read"
            except ssl.SSLWantWriteError:
                yield "write"

    with plain_pair() as ends:
        for sock in ends:
            sock.setblocking(False)
        one = client_context().wrap_socket(ends[0], server_hostname="localhost", do_handshake_on_connect=False)
        other = server_context().wrap_socket(ends[1], server_side=True, do_handshake_on_connect=False)
        with one, other:
            steps = {sock: exchange(sock) for sock in (one, other)}
            wants = {sock: next(steps[sock]) for sock in steps}
            while wants:
                to_read, to_write = ([sock for sock in wants if wants[sock] == want] for want in ("read", "write"))
                readable, writable, _ = select.select(to_read, to_write, [], GUARD)
                assert readable or writable
                wants.update((sock, next(steps[sock], None)) for sock in readable + writable)
                wants = {sock: want for sock, want in wants.items() if want}
    assert received == [text, text]


def with_asyncio():
    """A server and many clients in one event loop; and a connection that turns to TLS later."""

    async def echo(reader, writer):
        writer.write(await reader.readexactly(len(TEXT)))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def call(port):
        secure = {"ssl": client_context(), "server_hostname": "localhost"}
        reader, writer = await asyncio.open_connection("127.0.0.1", port, **secure)
        assert isinstance(writer.get_extra_info("ssl_object"), ssl.SSLObject)
        writer.write(TEXT)
        assert await reader.read() == TEXT
        writer.close()
        await writer.wait_closed()

    async def turn(port):
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        class Reader(asyncio.Protocol):
            def data_received(self, data):
                received.extend(data)
                if len(received) == len(TEXT):
                    done.set_result(None)

        received = bytearray()
        transport, protocol = await loop.create_connection(Reader, "127.0.0.1", port)
        transport = await loop.start_tls(transport, protocol, client_context(), server_hostname="localhost")
        transport.write(TEXT)
        await done
        assert received == TEXT
        transport.close()

    async def main():
        server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=server_context())
        async with server:
            port = server.sockets[0].getsockname()[1]
            await asyncio.gather(*(call(port) for _ in range(5)), turn(port))

    asyncio.run(asyncio.wait_for(main(), GUARD))


def resumption():
    """The second connection takes up the session of the first, in both versions of the protocol."""
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        client, server = client_context(maximum_version=version), server_context()
        with tls_pair(client=client, server=server) as (one, other):
            assert not one.session_reused
            other.sendall(b"-")  # the ticket of TLS 1.3 comes along
            assert one.recv(1) == b"-"
            session = one.session
        with tls_pair(client=client, server=server, session=session) as (one, other):
            assert one.session_reused
            assert other.session_reused
            echo(one, other)


def unwrapping():
    """unwrap() ends TLS and gives back the connection, for plain data."""
    with tls_pair(GUARD) as (one, other):
        other.sendall(b"secret")
        assert receive(one, 6) == b"secret"
        with meanwhile(other.unwrap) as unwrapped:
            plain_one = one.unwrap()
        plain_other = unwrapped[0]
        assert isinstance(plain_one, socket.socket)
        plain_one.sendall(b"plain")
        assert receive(plain_other, 5) == b"plain"


def wrapping():
    """The socket that is wrapped gives its descriptor and its timeout away; other than streams are refused."""
    with plain_pair() as (one, other):
        number = one.fileno()
        one.settimeout(GUARD)
        with client_context().wrap_socket(one, server_hostname="localhost", do_handshake_on_connect=False) as wrapped:
            assert (one.fileno(), wrapped.fileno()) == (-1, number)
            assert wrapped.gettimeout() == GUARD
            assert wrapped.getpeername() == other.getsockname()
    with socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        error = error_of(client_context().wrap_socket, datagrams, server_hostname="localhost")
        assert isinstance(error, NotImplementedError)


def callbacks():
    """The server's callback gets the very socket, which `_ssl` remembers by a weak reference."""
    seen = []
    server = server_context(sni_callback=lambda sock, name, context: seen.append((sock, name)))
    with tls_pair(server=server) as (_, other):
        assert seen == [(other, "localhost")]
        seen.clear()


def certificate_refused():
    """A client that trusts nobody says so to the server."""
    trusting_nobody = ssl.create_default_context()
    with plain_pair() as (one, other), meanwhile(error_of, server_context().wrap_socket, other, True) as told:
        error = error_of(trusting_nobody.wrap_socket, one, server_hostname="localhost")
        assert isinstance(error, ssl.SSLCertVerificationError)
    assert isinstance(told[0], ssl.SSLError)
    assert "ALERT" in told[0].reason


def files():
    """makefile() over TLS; the file outlives the socket."""
    with (
        tls_pair() as (one, other),
        one.makefile("w", encoding="utf-8") as writer,
        other.makefile("r", encoding="utf-8") as reader,
    ):
        one.close()
        other.close()
        writer.writelines(f"line {number}\n" for number in range(1000))
        writer.flush()
        assert [reader.readline() for _ in range(1000)] == [f"line {number}\n" for number in range(1000)]


def file_sent():
    with tls_pair() as (one, other), meanwhile(one.sendfile, io.BytesIO(TEXT), 5):
        assert receive(other, len(TEXT) - 5) == TEXT[5:]


def file_sent_where_the_kernel_encrypts():
    """By sendfile() of the TLS object, as Python 3.15 does it where the kernel took TLS over: here that is made up."""

    class Kernel:
        def __init__(self, tls):
            self.tls = tls

        def __getattr__(self, name):
            return getattr(self.tls, name)

        def uses_ktls_for_send(self):
            return True

        def sendfile(self, fd, offset, size):
            parts.append(size)
            if len(parts) == 2:
                raise BlockingIOError
            return self.tls.write(os.pread(fd, min(size, 10_000), offset))

    parts = []
    with tls_pair(GUARD) as (one, other), open(CERTIFICATE, "rb") as file:
        text = file.read()[5:]
        file.seek(0)
        one._sslobj = Kernel(one._sslobj)
        assert one.sendfile(file, 5, 10**6) == len(text)
        assert file.tell() == 5 + len(text)
        assert receive(other, len(text)) == text
        assert bool(parts) == (sys.version_info >= (3, 15))


def listening():
    """A TLS socket that listens, whose accept() does the handshakes; and clients by create_connection()."""

    def serve():
        for _ in range(5):
            sock, address = listener.accept()
            with sock:
                assert (type(sock), address) == (ssl.SSLSocket, sock.getpeername())
                sock.sendall(receive(sock, 5)[::-1])

    with server_context().wrap_socket(socket.create_server(LOOPBACK), server_side=True) as listener, meanwhile(serve):
        for _ in range(5):
            plain = socket.create_connection(listener.getsockname(), timeout=GUARD)
            with client_context().wrap_socket(plain, server_hostname="localhost") as sock:
                sock.sendall(b"hello")
                assert receive(sock, 6) == b"olleh"


def exact_reads():
    """Beyond the standard class: recv_exactly() and recv_until() take what was decrypted, and nothing behind it."""
    with tls_pair() as (one, other):
        one.settimeout(SHORT)
        for size in (1, 16384, 16385, 200_000):
            with meanwhile(other.sendall, TEXT[:size] + b"rest"):
                assert one.recv_exactly(size) == TEXT[:size]
                assert one.recv_exactly(4) == b"rest"
        other.sendall(b"line\r\n\r\nbody")
        assert one.recv_until(b"\r\n\r\n", 100) == b"line\r\n\r\n"
        assert one.pending() == 4
        assert one.recv_exactly(4) == b"body"
        # A timeout between two parts, of each.
        other.sendall(b"12")
        error = error_of(one.recv_exactly, 4)
        assert (type(error), error.partial) == (TimeoutError, b"12")
        other.sendall(b"34\r")
        assert error.partial + one.recv_exactly(2) == b"1234"
        error = error_of(one.recv_until, b"\r\n", 10)
        assert (type(error), error.partial) == (TimeoutError, b"\r")
        other.sendall(b"\nrest")
        assert one.recv_until(b"\r\n", 10, partial=error.partial) == b"\r\n"
        assert one.recv_exactly(4) == b"rest"
        one.setblocking(False)
        other.sendall(b"12")
        other.close()
        error = error_of(one.recv_exactly, 4)
        while isinstance(error, ssl.SSLWantReadError):
            got = error.partial
            select.select([one], [], [], GUARD)
            error = error_of(one.recv_exactly, 4 - len(got))
            error.partial = got + error.partial
        assert (isinstance(error, EOFError), error.partial) == (True, b"12")


def alive():
    """Beyond the standard class: is_alive() takes nothing, whether decrypted or not, and sees the end."""
    with tls_pair(GUARD) as (one, other):
        assert one.is_alive()
        assert other.is_alive()
        other.sendall(b"data")  # behind the tickets of TLS 1.3
        select.select([one], [], [], GUARD)
        assert one.is_alive()
        assert one.recv(1) == b"d"
        assert one.is_alive()
        other.close()
        end = select.poll()
        end.register(one, select.POLLRDHUP)
        assert end.poll(GUARD * 1000)
        assert not one.is_alive()
        assert receive(one, 3) == b"ata"
        assert not one.is_alive()


def resumable_file():
    """Beyond the standard class: a file that goes on after a timeout."""
    with tls_pair() as (one, other), one.makefile("rb", resumable=True) as file:
        one.settimeout(SHORT)
        other.sendall(b"first\nsec")
        assert file.readline() == b"first\n"
        with takes(SHORT):
            file.readline()
        other.sendall(b"ond\n")
        assert file.readline() == b"second\n"
        with meanwhile(other.sendall, TEXT):
            assert file.read(len(TEXT)) == TEXT


def options():
    """Beyond the standard class: what goes through getsockopt() and setsockopt() is of the connection under TLS."""
    with tls_pair(GUARD) as (one, _):
        one.set_keepalive(60, 10, 3)
        assert one.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == 10
        assert one.recv_errors() == []
    with _meanwhile_unix() as sock:
        assert sock.peer_credentials() == (os.getpid(), os.getuid(), os.getgid())


@contextmanager
def _meanwhile_unix():
    ends = socket.socketpair()
    with (
        meanwhile(server_context().wrap_socket, ends[1], True) as wrapped,
        client_context().wrap_socket(ends[0], server_hostname="localhost") as sock,
    ):
        yield sock
    wrapped[0].close()


def https():
    """http.server over TLS, for http.client with a connection that stays open, and for urllib."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.answer(self.rfile.read(int(self.headers["Content-Length"])))

        def do_GET(self):
            self.answer(TEXT)

        def answer(self, body):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(LOOPBACK, Handler) as server:
        server.socket = server_context().wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        port = server.server_address[1]
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            connection = http.client.HTTPSConnection("localhost", port, timeout=GUARD, context=client_context())
            for method, body, expected in (("GET", None, TEXT), ("POST", b"some data", b"some data")):
                connection.request(method, "/", body)
                with connection.getresponse() as response:
                    assert (response.status, response.read()) == (200, expected)
            connection.close()
            opener = urllib.request.build_opener(
                urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=client_context())
            )
            with opener.open(f"https://127.0.0.1:{port}/", timeout=GUARD) as response:
                assert response.read() == TEXT
        finally:
            server.shutdown()
            serving.join()


def _loaded():
    """Whose module `socket` is; and whether the file of the interpreter's own `_socket` was ever loaded."""
    maps = Path("/proc/self/maps").read_text()
    return socket.__name__, sys.modules["_socket"].__name__, "/_socket." in maps


if __name__ == "__main__":
    globals()[sys.argv[1]]()
    print(*_loaded())
