"""Sends a line to an echo server over IPv4 and prints the answer."""

import socket
import sys

host, port = sys.argv[1], int(sys.argv[2])
with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
    connection.connect((host, port))
    connection.sendall(b"a line for the echo")
    print("answer", connection.recv(1024))
