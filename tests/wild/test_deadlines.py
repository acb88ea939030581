"""Clients that know nothing of deadlines, with peers that keep them waiting in every way."""

import os
import socket
import ssl
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import httpx
import pg8000.dbapi
import pymysql
import pytest
import redis
import requests
import urllib3

import berkeley

pytestmark = pytest.mark.skipif(socket.__name__ != "berkeley.socket", reason="the standard module has no deadlines")

SECONDS = 2
LATE = 0.1  # seconds
PAUSE = 0.2  # between the bytes of a peer that is slow
HEADER = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n"


class Peer:
    """A server that lets each of its clients wait, by `behave(connection, pause)`."""

    def __init__(self, behave, context=None):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.behave, self.context = behave, context
        self.over = Event()
        self.threads = [Thread(target=self.accept)]
        self.threads[0].start()

    def accept(self):
        while not self.over.is_set():
            connection = self.listener.accept()[0]
            self.threads.append(Thread(target=self.serve, args=[connection]))
            self.threads[-1].start()

    def serve(self, connection):
        with connection:
            try:
                if self.context:
                    connection = self.context.wrap_socket(connection, server_side=True)
                self.behave(connection, lambda: self.over.wait(PAUSE))
            except OSError:
                pass  # the client has gone

    def close(self):
        self.over.set()
        socket.create_connection(self.listener.getsockname()).close()
        for thread in self.threads:
            thread.join()
        self.listener.close()


def slowly(connection, pause, text):
    for number in range(len(text)):
        connection.sendall(text[number : number + 1])
        if pause():
            return


def silent(connection, pause):
    while not pause():
        pass


def slow_header(connection, pause):
    connection.recv(65536)
    slowly(connection, pause, HEADER + bytes(1000))


def slow_body(connection, pause):
    connection.recv(65536)
    connection.sendall(HEADER + b"\r\n")
    slowly(connection, pause, bytes(1000))


def slow(text):
    return lambda connection, pause: slowly(connection, pause, text)


@pytest.fixture
def peer(certificate):
    """Makes a server that behaves so; over TLS, if it is to."""
    peers = []

    def make(behave, tls=False):
        context = None
        if tls:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
        peers.append(Peer(behave, context))
        return peers[-1].port

    yield make
    for each in peers:
        each.close()


@contextmanager
def ends():
    """The block is over at its deadline, by an error of the client's."""
    began = time.monotonic()
    with pytest.raises(Exception) as caught, berkeley.deadline(SECONDS):
        yield
    assert SECONDS <= time.monotonic() - began < SECONDS + LATE, caught.value


HTTP = [(silent, False), (slow_header, False), (slow_body, False), (slow_header, True), (slow_body, True)]
WAYS = pytest.mark.parametrize(("behave", "tls"), HTTP)


def url(port, tls):
    return f"{'https' if tls else 'http'}://localhost:{port}/"


@pytest.mark.tried("requests", "urllib3")
@WAYS
def test_requests(peer, certificate, behave, tls):
    """Within a deadline, without timeouts: no answer, and a header or a body a byte at a time, HTTP and HTTPS."""
    port = peer(behave, tls)
    with ends():
        requests.get(url(port, tls), verify=certificate)


@pytest.mark.tried("requests", "urllib3")
def test_handshake(peer, certificate):
    """Within a deadline, without timeouts: a TLS handshake that stops, by requests and by urllib3 itself."""
    port = peer(silent)
    with ends():
        requests.get(url(port, True), verify=certificate)
    with urllib3.PoolManager(ca_certs=certificate) as pool, ends():
        pool.request("GET", url(port, True))


@pytest.mark.tried("requests", "urllib3", "httpx", "redis", "pymysql", "pg8000", elsewhere=True)
def test_names(python_without_names):
    """Within a deadline, without timeouts: a name server that does not answer."""
    program = Path(__file__).parent / "programs" / "unanswered.py"
    done = python_without_names(program, env={**os.environ, "RES_OPTIONS": "timeout:30"})  # resolv.conf(5)
    assert done.stderr == ""
    assert done.stdout.split() == [socket.__name__, "requests", "urllib3", "httpx", "redis", "pymysql", "pg8000"]


@pytest.mark.tried("requests", "urllib3", "httpx", "httpcore", "redis", seen=["urllib3", "httpcore", "redis"])
def test_connecting(full):
    """Within a deadline, without timeouts: an address that does not answer."""
    for call in (
        lambda: requests.get(f"http://127.0.0.1:{full[1]}/"),
        lambda: httpx.get(f"http://127.0.0.1:{full[1]}/", timeout=None),
        lambda: redis.Redis(port=full[1], retry=None).ping(),
    ):
        with ends():
            call()


@pytest.mark.tried("httpx", "httpcore")
@WAYS
def test_httpx(peer, certificate, behave, tls):
    """Within a deadline, without timeouts: no answer, and a header or a body a byte at a time, HTTP and HTTPS."""
    port = peer(behave, tls)
    context = ssl.create_default_context(cafile=certificate)
    with ends():
        httpx.get(url(port, tls), timeout=None, verify=context)


@pytest.mark.tried("redis")
@pytest.mark.parametrize("behave", [silent, slow(b"$1000\r\n" + bytes(1000))])
def test_redis(peer, behave):
    """Within a deadline, without timeouts and retries: no answer, and one a byte at a time."""
    port = peer(behave)
    with ends():
        redis.Redis(port=port, retry=None).get("key")


@pytest.mark.tried("pymysql")
@pytest.mark.parametrize("behave", [silent, slow(b"\x4a\0\0\0\x0a8.0" + bytes(1000))])
def test_pymysql(peer, behave):
    """Within a deadline, without timeouts: no greeting, and one a byte at a time."""
    port = peer(behave)
    with ends():
        pymysql.connect(host="127.0.0.1", port=port, user="user")


@pytest.mark.tried("pg8000")
@pytest.mark.parametrize("behave", [silent, slow(b"NR\0\0\1\0" + bytes(1000))])
def test_pg8000(peer, behave):
    """Within a deadline, without timeouts: no answer, and one a byte at a time."""
    port = peer(behave)
    with ends():
        pg8000.dbapi.connect(user="user", host="127.0.0.1", port=port)
