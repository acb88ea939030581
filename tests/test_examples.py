"""The programs of examples/, on real sockets. Those of datagrams are in test_examples_udp.py and test_examples_dns.py,
the sniffer in test_sniffer.py, what takes AF_CAN or AF_VSOCK in families/test_examples.py.
"""

import http.server
import os
import re
import runpy
import signal
import ssl
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from said import ended, listening

from berkeley import socket

ROOT = Path(__file__).parents[1]
PROGRAMS = sorted(path.name for path in ROOT.glob("examples/*.py"))
CERTIFICATE = ROOT / "tests" / "localhost.pem"
SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.mark.parametrize("server_way", ["ipv4", "first", "each", "dual-stack"])
def test_echo(example, server_way):
    if server_way == "dual-stack" and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    with example("echo_server.py", server_way, "--host=127.0.0.1") as server:
        _, port = listening(server)
        with example("echo_client.py", port, "ipv4", "--host=127.0.0.1", "--line=there and back") as client:
            assert client.stdout.read() == "127.0.0.1 answers: there and back\n"
        assert re.fullmatch(r"client (::ffff:)?127\.0\.0\.1: 14 bytes\n", server.stdout.readline())
        assert ended(server) == ""


@pytest.mark.parametrize(("way", "host"), [("any", "127.0.0.1"), ("create-connection", "::1")])
def test_echo_at_each_address(example, way, host):
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    with example("echo_server.py", "each", "--host=") as server:
        places = [listening(server), listening(server)]
        port = places[0][1]
        assert sorted(places) == [("0.0.0.0", port), ("::", port)]
        with example("echo_client.py", port, way, f"--host={host}") as client:
            assert client.stdout.read() == f"{host} answers: a line for the echo\n"
        assert server.stdout.readline() == f"client {host}: 19 bytes\n"
        assert ended(server, signal.SIGINT) == ""


def test_echo_that_cannot_be(example):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        refused = f"127.0.0.1 port {port}: .*Connection refused\n"
        with example("echo_client.py", port, "--host=127.0.0.1", status=1, says=refused) as client:
            assert client.stdout.read() == ""
        bound.listen()
        for way, says in ("ipv4", "cannot serve: "), ("first", ".*in use.*nowhere to listen"):
            arguments = way, f"--port={port}", "--host=127.0.0.1"
            with example("echo_server.py", *arguments, status=1, says=f"{says}.*\n") as server:
                assert server.stdout.read() == ""


@contextmanager
def conversation(address):
    """A function that says a word to the worker pool; it gives the number of the process that answers."""
    with socket.create_connection(address) as sock, sock.makefile("rwb") as lines:

        def say(word):
            lines.write(word.encode() + b"\n")
            lines.flush()
            process, answer = lines.readline().decode().split(": ")
            assert answer == f"{word.upper()}\n"
            return int(process)

        yield say


@pytest.mark.parametrize("number", SIGNALS)
def test_worker_pool(example, number):
    with example("worker_pool.py", "--workers=2") as pool:
        address = listening(pool)
        with conversation(address) as first:
            with conversation(address) as second:
                workers = [first("one"), second("two")]
                assert len({*workers, pool.pid}) == 3
            with conversation(address) as third:
                assert third("three") == workers[1]
                pool.send_signal(number)
                until_refused(address)
                assert [first("four"), third("five")] == workers
        assert pool.stdout.read() == ""


def until_refused(address):
    with suppress(ConnectionError):
        while True:
            socket.create_connection(address).close()


def test_worker_pool_ended_at_once(example):
    with example("worker_pool.py") as pool:
        address = listening(pool)
        with conversation(address) as say:
            say("a word")
            pool.send_signal(signal.SIGTERM)
            until_refused(address)
            assert ended(pool) == ""


def test_worker_pool_that_loses_a_worker(example):
    lost = r"worker \d+ is gone\n"
    with example("worker_pool.py", status=1, says=lost) as pool, conversation(listening(pool)) as say:
        os.kill(say("a word"), signal.SIGKILL)
        assert pool.stdout.read() == ""


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        found = self.path == "/page?x=1"
        self.send_response(200 if found else 404)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"5\r\nfirst\r\n8\r\n, second\r\n0\r\n\r\n" if found else b"4\r\nnone\r\n0\r\n\r\n")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def https():
    """The address of an HTTPS server on this machine, whose certificate is CERTIFICATE."""

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_):
            """Say nothing: a client that does not trust it leaves."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    with Server(("127.0.0.1", 0), Page) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"https://localhost:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_https(example, https):
    certificate = r"certificate: localhost, .*; valid until .* 2100 GMT"
    says = rf"connected to 127\.0\.0\.1: TLSv1\.3, .*\n{certificate}\n200 OK\n.*chunked\n"
    with example("https_get.py", f"{https}/page?x=1", "--cafile", CERTIFICATE, "--verbose", says=says) as client:
        assert client.stdout.read() == "first, second"


@pytest.mark.parametrize(
    ("path", "trust", "says", "content"),
    [
        ("/", ["--cafile", CERTIFICATE], "localhost: 404 Not Found\n", "none"),
        ("/page?x=1", [], "localhost: .*CERTIFICATE_VERIFY_FAILED.*\n", ""),
        ("/", ["--cafile", "no-such-file"], "localhost: .*No such file.*\n", ""),
    ],
)
def test_https_that_fails(example, https, path, trust, says, content):
    with example("https_get.py", f"{https}{path}", *trust, status=1, says=says) as client:
        assert client.stdout.read() == content


def test_http_transfer(example):
    with example("http_transfer.py") as program:
        assert program.stdout.read().count(" as served\n") == 2


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name != "http_transfer.py"])
def test_help(monkeypatch, capsys, name):
    command_line = runpy.run_path(str(ROOT / "examples" / name))["command_line"]
    monkeypatch.setattr("sys.argv", [name, "--help"])
    with pytest.raises(SystemExit, match=r"^0$"):
        command_line()
    assert capsys.readouterr().out.startswith(f"usage: {name} [-h]")


def test_readme():
    """Each program has its row, and each command runs a file that is there."""
    readme = (ROOT / "examples" / "README.md").read_text()
    assert sorted(re.findall(r"^\| \[`(\w+\.py)`\]", readme, re.MULTILINE)) == PROGRAMS
    assert {*re.findall(r"\bexamples/(\w+\.py)", readme)} <= {*PROGRAMS}
