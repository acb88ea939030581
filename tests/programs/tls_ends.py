"""What programs over TLS share: the two ends of a connection, and what is done with them."""

import socket
import ssl
import threading
import time
from contextlib import contextmanager
from pathlib import Path

CERTIFICATE = Path(__file__).parents[1] / "localhost.pem"
LOOPBACK = ("127.0.0.1", 0)
GUARD = 20
SHORT = 0.05
TEXT = bytes(range(256)) * 4096


def client_context(**settings):
    context = ssl.create_default_context(cafile=CERTIFICATE)
    return _set(context, settings)


def server_context(**settings):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    return _set(context, settings)


def _set(context, settings):
    for name, value in settings.items():
        setattr(context, name, value)
    return context


@contextmanager
def meanwhile(call, *arguments):
    """Runs the call in a thread beside the block, which may take its result from the list, and raises its error."""
    results, errors = [], []

    def run():
        try:
            results.append(call(*arguments))
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield results
    finally:
        thread.join(GUARD)
    assert not thread.is_alive(), "the other side still waits"
    if errors:
        raise errors[0]


@contextmanager
def plain_pair():
    with (
        socket.create_server(LOOPBACK) as listener,
        socket.create_connection(listener.getsockname()) as one,
        listener.accept()[0] as other,
    ):
        yield one, other


@contextmanager
def tls_pair(timeout=None, client=None, server=None, **options):
    """The two ends of a connection, past the handshake."""
    with plain_pair() as (one, other):
        for sock in (one, other):
            sock.settimeout(timeout)
        with meanwhile((server or server_context()).wrap_socket, other, True) as wrapped:
            one = (client or client_context()).wrap_socket(one, server_hostname="localhost", **options)
        with one, wrapped[0] as other:
            yield one, other


def receive(sock, size):
    received = bytearray()
    while len(received) < size and (part := sock.recv(size - len(received))):
        received += part
    return bytes(received)


def error_of(call, *arguments, **keywords):
    """What the call raises."""
    try:
        call(*arguments, **keywords)
    except Exception as error:
        return error
    raise AssertionError("no error")


@contextmanager
def takes(seconds):
    """The block raises TimeoutError, not before its time."""
    start = time.monotonic()
    try:
        yield
    except TimeoutError:
        assert seconds <= time.monotonic() - start < GUARD
    else:
        raise AssertionError("no TimeoutError")


def echo(one, other):
    with meanwhile(other.sendall, TEXT):
        assert receive(one, len(TEXT)) == TEXT
    with meanwhile(one.sendall, TEXT):
        assert receive(other, len(TEXT)) == TEXT
