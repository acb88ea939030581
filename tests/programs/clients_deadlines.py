"""Clients of the standard library within deadlines, one a function: `python clients_deadlines.py NAME`."""

import ftplib
import http.client
import poplib
import smtplib
import socket
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager

import berkeley

SECONDS = 0.3
LATE = 0.3  # more, on a busy machine
PAUSE = 0.05  # between the bytes of a peer that is slow
GUARD = 20


@contextmanager
def _peer(first=b"", slow=b""):
    """The port of a server that sends at once the first bytes, then the others one by one, and then nothing."""
    over = threading.Event()

    def serve():
        with listener.accept()[0] as connection:
            connection.sendall(first)
            for number in range(len(slow)):
                if over.wait(PAUSE):
                    return
                connection.sendall(slow[number : number + 1])
            over.wait(GUARD)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = threading.Thread(target=serve)
        serving.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            serving.join()


def _each_ends_late(call, *peers):
    """With each of the peers, the call ends at its deadline."""
    for peer in peers:
        with _peer(*peer) as port:
            start = time.monotonic()
            try:
                with berkeley.deadline(SECONDS):
                    call(port)
            except OSError:
                assert SECONDS <= time.monotonic() - start < SECONDS + LATE
            else:
                raise AssertionError("no error")


SILENT = ()
HEADER = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n"
SLOW_HEADER = (b"", HEADER)
SLOW_BODY = (HEADER + b"\r\n", bytes(1000))
SLOW_GREETING = (b"", b"220-welcome\r\n" * 100)


def http_client():
    def get(port):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        finally:
            connection.close()

    _each_ends_late(get, SILENT, SLOW_HEADER, SLOW_BODY)


def urllib_request():
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(port):
        with opener.open(f"http://127.0.0.1:{port}/") as response:
            response.read()

    _each_ends_late(get, SILENT, SLOW_HEADER, SLOW_BODY)


def smtp():
    _each_ends_late(lambda port: smtplib.SMTP("127.0.0.1", port, "localhost"), SILENT, SLOW_GREETING)
    # Past the greeting.
    _each_ends_late(lambda port: smtplib.SMTP("127.0.0.1", port, "localhost").ehlo(), (b"220 hello\r\n",))


def ftp():
    _each_ends_late(lambda port: ftplib.FTP().connect("127.0.0.1", port), SILENT, SLOW_GREETING)


def pop():
    _each_ends_late(lambda port: poplib.POP3("127.0.0.1", port), SILENT, (b"", b"+OK" + bytes(1000)))


if __name__ == "__main__":
    globals()[sys.argv[1]]()
    print("done")
