"""Sends a line to an echo server by the first of its addresses that can be reached, and prints the answer."""

import socket
import sys


def first_connection(host, port):
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, socket.AF_UNSPEC, socket.SOCK_STREAM):
        try:
            connection = socket.socket(family, kind, protocol)
        except OSError:
            continue
        try:
            connection.connect(address)
        except OSError:
            connection.close()
            continue
        return connection
    sys.exit("nobody answers")


with first_connection(*sys.argv[1:]) as connection:
    connection.sendall(b"a line for the echo")
    print("answer", connection.recv(1024))
