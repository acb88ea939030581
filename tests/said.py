"""What a program of examples/ says, to those who test it."""

import signal


def listening(process):
    """Where the program says that it listens: a host and a port."""
    _, _, host, port = process.stdout.readline().split()
    return host, int(port)


def ended(process, number=signal.SIGTERM):
    """What the program still says when a signal ends it."""
    process.send_signal(number)
    return process.stdout.read()
