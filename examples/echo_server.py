"""Sends back what each client sends, over TCP. It shows four ways to listen; the rest is the same for all of them.

    python examples/echo_server.py                one socket at an IPv4 address
    python examples/echo_server.py first          one socket, at the first address of the host that can be listened at
    python examples/echo_server.py each           a socket at each address of the host, all with one port
    python examples/echo_server.py dual-stack     one IPv6 socket that takes IPv4 too

It prints where it listens: talk to it with echo_client.py. SIGINT (Ctrl-C) or SIGTERM ends it.
"""

import argparse
import contextlib
import itertools
import selectors
import signal
import sys
import threading

from berkeley import socket

IDLE_SECONDS = 60


def main():
    for number in signal.SIGINT, signal.SIGTERM:
        signal.signal(number, signal.default_int_handler)  # raises KeyboardInterrupt
    arguments = command_line()
    try:
        serve(WAYS[arguments.way](arguments.host, arguments.port))
    except KeyboardInterrupt:
        pass
    except OSError as error:
        sys.exit(f"cannot serve: {error}")


def command_line():
    parser = argparse.ArgumentParser(description="Sends back what each client sends, over TCP.")
    parser.add_argument("way", nargs="?", choices=WAYS, default="ipv4", help="how to listen (%(default)s)")
    host = "name or address to listen at, '' for every address; not for dual-stack, which has every one (%(default)s)"
    parser.add_argument("--host", default="localhost", help=host)
    parser.add_argument("--port", type=int, default=0, help="the kernel chooses one if it is 0 (%(default)s)")
    return parser.parse_args()


def ipv4(host, port):
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # Or the address could not be had for a minute after the last run: its connections are in TIME_WAIT.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return [listener]


def first(host, port):
    return itertools.islice(each(host, port), 1)


def each(host, port):
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    for family, _, _, _, address in found:
        try:
            listener = socket.create_server((address[0], port, *address[2:]), family=family)
        except OSError as error:
            print(error, file=sys.stderr)
        else:
            port = listener.getsockname()[1]
            yield listener


def dual_stack(_, port):
    """Take both families at every address: only a socket bound to :: can (ipv6(7), IPV6_V6ONLY)."""
    return [socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)]


WAYS = {"ipv4": ipv4, "first": first, "each": each, "dual-stack": dual_stack}


def serve(listeners):
    with contextlib.ExitStack() as opened, selectors.DefaultSelector() as selector:
        for listener in listeners:
            opened.enter_context(listener)
            # A client may be gone again before accept(), which would wait for the next.
            listener.setblocking(False)
            selector.register(listener, selectors.EVENT_READ)
            print("listening on", *listener.getsockname()[:2], flush=True)
        if not selector.get_map():
            sys.exit("nowhere to listen")
        while True:
            for key, _ in selector.select():
                try:
                    connection, address = key.fileobj.accept()
                except (BlockingIOError, ConnectionAbortedError):
                    continue
                threading.Thread(target=echo, args=(connection, address), daemon=True).start()


def echo(connection, address):
    connection.settimeout(IDLE_SECONDS)
    count = 0
    with connection:
        try:
            while data := connection.recv(65536):
                connection.sendall(data)
                count += len(data)
        except OSError as error:
            print(f"client {address[0]}: {error}", file=sys.stderr)
    print(f"client {address[0]}: {count} bytes", flush=True)


if __name__ == "__main__":
    main()
