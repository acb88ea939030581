"""Sends a line to an echo server and prints what comes back. It shows three ways to connect.

    python examples/echo_client.py 5007                        to an IPv4 address
    python examples/echo_client.py 5007 any                    to the first address of the host where somebody answers
    python examples/echo_client.py 5007 create-connection      the same by one call of the socket module

5007 stands for the port that echo_server.py has printed. The exit status is 1 if not everything came back.
"""

import argparse
import contextlib
import sys

from berkeley import socket


def main():
    arguments = command_line()
    sent = arguments.line.encode()
    try:
        with contextlib.closing(WAYS[arguments.way](arguments.host, arguments.port)) as connection:
            connection.settimeout(arguments.timeout)
            connection.sendall(sent)
            host = connection.getpeername()[0]
            connection.shutdown(socket.SHUT_WR)
            received = b"".join(iter(lambda: connection.recv(65536), b""))
            print(f"{host} answers: {received.decode(errors='replace')}")
    except OSError as error:
        sys.exit(f"{arguments.host} port {arguments.port}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    if received != sent:
        sys.exit("that is not what was sent")


def command_line():
    parser = argparse.ArgumentParser(description="Sends a line to an echo server and prints what comes back.")
    parser.add_argument("port", type=int)
    parser.add_argument("way", nargs="?", choices=WAYS, default="ipv4", help="how to connect (%(default)s)")
    parser.add_argument("--host", default="localhost", help="name or address (%(default)s)")
    parser.add_argument("--line", default="a line for the echo", help="what to send (%(default)s)")
    parser.add_argument("--timeout", type=float, default=10, help="seconds for each send and receive (%(default)s)")
    return parser.parse_args()


def ipv4(host, port):
    return connected(socket.AF_INET, socket.SOCK_STREAM, 0, (host, port))


def any_family(host, port):
    failure = OSError("it has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        try:
            return connected(family, kind, protocol, address)
        except OSError as error:
            print(f"{address[0]}: {error}", file=sys.stderr)
            failure = error
    raise failure


def create_connection(host, port):
    return socket.create_connection((host, port))


WAYS = {"ipv4": ipv4, "any": any_family, "create-connection": create_connection}


def connected(family, kind, protocol, address):
    connection = socket.socket(family, kind, protocol)
    try:
        connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection


if __name__ == "__main__":
    main()
