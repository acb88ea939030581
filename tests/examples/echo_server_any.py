"""Serves one client over the first address family on which this machine can listen: what it sends comes back to it."""

import socket
import sys


def first_listener():
    candidates = socket.getaddrinfo(None, 0, socket.AF_UNSPEC, socket.SOCK_STREAM, 0, socket.AI_PASSIVE)
    for family, kind, protocol, _, address in candidates:
        try:
            listener = socket.socket(family, kind, protocol)
        except OSError:
            continue
        try:
            listener.bind(address)
            listener.listen(1)
        except OSError:
            listener.close()
            continue
        return listener
    sys.exit("nowhere to listen")


with first_listener() as listener:
    # For the test, which reaches it by a number of the same family.
    print(listener.getsockname()[1], listener.family.name, flush=True)
    connection, address = listener.accept()
    with connection:
        print("client", *address)
        while received := connection.recv(1024):
            connection.send(received)
