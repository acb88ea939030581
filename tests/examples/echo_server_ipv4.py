"""Serves one client over IPv4: what it sends comes back to it."""

import socket

EVERY_INTERFACE = ""

with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
    listener.bind((EVERY_INTERFACE, 0))
    listener.listen(1)
    print(listener.getsockname()[1], flush=True)
    connection, address = listener.accept()
    with connection:
        print("client", *address)
        while received := connection.recv(1024):
            connection.sendall(received)
