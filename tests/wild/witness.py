"""Whose sockets a package uses: seen by an audit hook (PEP 578), which both modules call with the socket."""

import sys
from contextlib import contextmanager
from typing import NamedTuple

EVENTS = {"socket.__new__", "socket.bind", "socket.connect", "socket.sendto", "socket.sendmsg"}


class Use(NamedTuple):
    kind: type  # the socket's
    callers: frozenset  # names of the packages whose functions are being run


@contextmanager
def watched():
    """The list of each Use of a socket, in every thread, until the end of the block."""
    uses = []
    listening.append(uses)
    try:
        yield uses
    finally:
        listening[:] = [others for others in listening if others is not uses]


def used_by(package, uses):
    """The types of the sockets that a package has used."""
    return {use.kind for use in uses if package in use.callers}


listening = []


def hook(event, arguments):
    if listening and event in EVENTS:
        use = Use(type(arguments[0]), frozenset(callers(sys._getframe(1))))
        for uses in listening:
            uses.append(use)


def callers(frame):
    while frame is not None:
        yield frame.f_globals.get("__name__", "").partition(".")[0]
        frame = frame.f_back


sys.addaudithook(hook)
