"""What tests of Unix servers at paths share: what a dead one leaves, and a live one at work."""

import os
import stat

import berkeley
from berkeley import socket


def leave_stale(path, kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_UNIX, kind) as sock:
        sock.bind(os.path.relpath(path))
        if kind != socket.SOCK_DGRAM:
            sock.listen()
    assert stat.S_ISSOCK(os.lstat(path).st_mode)


def exchange(listener, path, kind=socket.SOCK_STREAM):
    with berkeley.connect_unix(path, type=kind, timeout=5) as client, listener.accept()[0] as server:
        assert type(server) is socket.socket
        server.sendall(b"hello")
        assert client.recv(10) == b"hello"
