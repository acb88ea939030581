"""Accepts connections in one process and hands each, as a descriptor, to a worker process that has none.

    python examples/worker_pool.py --port 5008 --workers 4
    python examples/worker_pool.py --vsock                    for clients on this machine by AF_VSOCK

A client gets each line back in capitals, with the worker's process number: `nc 127.0.0.1 5008` talks to it. SIGINT
(Ctrl-C) or SIGTERM ends it gracefully: no more connections are accepted, those that were are served to their end. A
second signal ends it at once.
"""

import argparse
import contextlib
import os
import selectors
import signal
import sys

from berkeley import socket

IDLE_SECONDS = 10
LONGEST_LINE = 65536
CONNECTION, SERVED = b"c", b"s"


def main():
    arguments = command_line()
    set_signals(signal.SIG_IGN)  # for the workers: Ctrl-C goes to them too, and when they end is decided here
    try:
        workers = start(arguments.workers)

        def at_once(*_):
            for process in [*workers.values()]:
                os.kill(process, signal.SIGKILL)

        def gracefully(*_):
            # No second exception, which could come anywhere in the handling of the first.
            set_signals(at_once)
            raise KeyboardInterrupt

        set_signals(gracefully)
        try:
            with listen(arguments) as listener:
                print("listening on", *listener.getsockname(), flush=True)
                share(listener, workers)
        except KeyboardInterrupt:
            pass
        finally:
            set_signals(at_once)
            end(workers)
    except OSError as error:
        sys.exit(f"cannot serve: {error}")


def set_signals(handler):
    for number in signal.SIGINT, signal.SIGTERM:
        signal.signal(number, handler)


def command_line():
    parser = argparse.ArgumentParser(description="Hands accepted connections to worker processes.")
    parser.add_argument("--workers", type=int, default=2, help="how many processes (%(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help="IPv4 address or name to listen at (%(default)s)")
    parser.add_argument("--port", type=int, default=0, help="the kernel chooses one if it is 0 (%(default)s)")
    parser.add_argument("--vsock", action="store_true", help="listen on AF_VSOCK, for this machine only")
    arguments = parser.parse_args()
    if arguments.workers < 1:
        parser.error("--workers must be 1 or more")
    return arguments


def start(count):
    """Start worker processes; return their numbers by the channels that lead to them."""
    workers = {}
    for _ in range(count):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if process := os.fork():
            theirs.close()
            workers[ours] = process
            continue
        # A worker sees the end of its channel when nobody has the other side open.
        for channel in ours, *workers:
            channel.close()
        with theirs:
            work(theirs)
        sys.exit()
    return workers


def work(channel):
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, len(CONNECTION), 1)
        if not message:
            return
        for descriptor in descriptors:
            with socket.socket(fileno=descriptor) as connection:
                serve(connection)
        channel.send(SERVED)


def serve(connection):
    connection.settimeout(IDLE_SECONDS)
    try:
        with connection.makefile("rwb") as lines:
            while line := lines.readline(LONGEST_LINE):
                lines.write(b"%d: %b" % (os.getpid(), line.upper()))
                lines.flush()
    except OSError as error:
        print(f"worker {os.getpid()}: {error}", file=sys.stderr, flush=True)


def listen(arguments):
    if not arguments.vsock:
        return socket.create_server((arguments.host, arguments.port))
    listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    try:
        listener.bind((socket.VMADDR_CID_LOCAL, arguments.port or socket.VMADDR_PORT_ANY))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def share(listener, workers):
    # A client may be gone again before accept(), which would wait for the next.
    listener.setblocking(False)
    idle = [*workers]
    with selectors.DefaultSelector() as selector:
        for sock in listener, *workers:
            selector.register(sock, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is listener:
                    hand_over(listener, idle)
                    if not idle:  # clients wait in the listener's queue
                        selector.unregister(listener)
                elif key.fileobj.recv(len(SERVED)):
                    if not idle:
                        selector.register(listener, selectors.EVENT_READ)
                    idle.append(key.fileobj)
                else:
                    sys.exit(f"worker {workers[key.fileobj]} is gone")


def hand_over(listener, idle):
    try:
        connection, _ = listener.accept()
    except (BlockingIOError, ConnectionAbortedError):
        return
    with connection:  # the worker gets a descriptor of its own
        socket.send_fds(idle.pop(), [CONNECTION], [connection.fileno()])


def end(workers):
    for channel in workers:
        channel.shutdown(socket.SHUT_WR)
    for channel in [*workers]:
        with contextlib.suppress(ConnectionResetError):  # from a worker that is gone, with work to do
            while channel.recv(len(SERVED)):
                pass
        # Its end of the channel is closed: there is nothing left to kill.
        os.waitpid(workers.pop(channel), 0)
        channel.close()


if __name__ == "__main__":
    main()
