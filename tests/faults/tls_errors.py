"""Errors of the standard `ssl` over berkeley's sockets, as it is in a program that runs on berkeley."""

import sys
from importlib import import_module
from pathlib import Path

import pytest
from failing import ANY, Error, interrupted, timed
from refusals import Refused

from berkeley import _install, socket

CERTIFICATE = Path(__file__).parents[1] / "localhost.pem"


def ssl_on_berkeley():
    """A module of its own beside the one that others have imported."""
    with pytest.MonkeyPatch.context() as patch:
        for name, module in _install.modules().items():
            patch.setitem(sys.modules, name, module)
        for name in ("ssl", "_ssl"):
            patch.delitem(sys.modules, name, raising=False)
        return import_module("ssl")


ssl = ssl_on_berkeley()
TRUSTING = ssl.create_default_context(cafile=CERTIFICATE)
# Some of the older Pythons set it, and a connection that is cut short looks like one that ends.
TRUSTING.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
DOUBTING = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
SERVER = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
SERVER.load_cert_chain(CERTIFICATE)
assert issubclass(ssl.SSLSocket, socket.socket)


def client(sock, context=TRUSTING):
    return context.wrap_socket(sock, server_hostname="localhost", do_handshake_on_connect=False)


def at_once(sock, call):
    call(sock)


def not_waiting(sock, call):
    sock.setblocking(False)
    call(sock)


def until_interrupted(sock, call):
    interrupted(sock, None, call)


def unconnected(call, way=at_once):
    """The call on a TLS socket that has no connection, in a way of waiting."""

    def unconnected(kit):
        with client(socket.socket()) as sock:
            way(sock, lambda sock: call(kit, sock))

    return unconnected


def listening(call):
    def listening(kit):
        with SERVER.wrap_socket(socket.create_server(ANY), server_side=True) as listener:
            listener.setblocking(False)
            call(listener)

    return listening


def handshake(prepare, way=at_once):
    """A handshake with a peer that is not up to it, in a way of waiting."""

    def handshake(kit):
        first, second = socket.socketpair()
        with client(first) as sock, second:
            prepare(second)
            way(sock, lambda sock: sock.do_handshake())

    return handshake


def pair(context=TRUSTING):
    """Two ends that never wait, after the handshake of both."""
    first, second = socket.socketpair()
    first.setblocking(False)
    second.setblocking(False)
    ends = client(first, context), SERVER.wrap_socket(second, True, do_handshake_on_connect=False)
    try:
        waiting = [*ends]
        while waiting:
            sock = waiting.pop(0)
            try:
                sock.do_handshake()
            except ssl.SSLWantReadError:
                waiting.append(sock)
    except BaseException:
        close(ends)
        raise
    return ends


def close(ends):
    for sock in ends:
        sock.close()


def connected(call):
    """The call on one end of a connection, which the kit keeps."""

    def connected(kit):
        if not hasattr(kit, "tls"):
            kit.tls, other = pair()
            kit.sockets += (kit.tls, other)
        call(kit.tls)

    return connected


def disconnected(call):
    """The call on one end of a connection whose other end is gone, and has not said so."""

    def disconnected(kit):
        one, other = ends = pair()
        try:
            socket.socket(fileno=other.detach()).close()
            one.suppress_ragged_eofs = False
            call(one)
        finally:
            close(ends)

    return disconnected


OPENSSL = 1 << 17  # bytes that handshakes keep, on the standard module too: ever fewer more, the more there were

TLS_ERRORS = [
    Error("TLS over a closed socket", lambda k: client(k.x), OSError),
    Error("TLS over datagrams", lambda k: client(k.u), NotImplementedError),
    Error("TLS recv without a connection", unconnected(lambda k, sock: sock.recv(10)), OSError),
    Error("TLS dup", unconnected(lambda k, sock: sock.dup()), NotImplementedError),
    Error("TLS sendmsg", unconnected(lambda k, sock: sock.sendmsg([b""])), NotImplementedError),
    Error("TLS connect to nobody", unconnected(lambda k, sock: sock.connect(k.nobody)), ConnectionRefusedError),
    Error("TLS connect in vain", unconnected(lambda k, s: s.connect(k.full.getsockname()), timed), TimeoutError),
    Error("TLS accept of nobody", listening(lambda listener: listener.accept()), BlockingIOError),
    Error("TLS that is not spoken", handshake(lambda peer: peer.send(b"no TLS\r\n")), ssl.SSLError),
    Error("TLS with a peer that is gone", handshake(lambda peer: peer.close()), OSError),
    Error("TLS handshake in vain", handshake(lambda peer: None, timed), TimeoutError),
    Error("TLS handshake of nothing", handshake(lambda peer: None, not_waiting), ssl.SSLWantReadError),
    Error("TLS handshake interrupted", handshake(lambda peer: None, until_interrupted), Refused),
    Error("TLS of an untrusted certificate", lambda k: pair(DOUBTING), ssl.SSLCertVerificationError, cached=OPENSSL),
    Error("TLS recv of nothing", connected(lambda one: one.recv(10)), ssl.SSLWantReadError),
    Error("TLS recv_into bytes", connected(lambda one: one.recv_into(b"data")), TypeError),
    Error("TLS recv in vain", connected(lambda one: timed(one, lambda one: one.recv(10))), TimeoutError),
    Error("TLS send of text", connected(lambda one: one.send("text")), TypeError),
    Error("TLS unwrap of nothing", connected(lambda one: one.unwrap()), ssl.SSLWantReadError),
    Error("TLS cut short", disconnected(lambda one: [*iter(lambda: one.recv(10), b"")]), OSError, cached=OPENSSL),
]
