"""The same call on berkeley and on the interpreter's own module, in the same situation; what comes of it, compared."""

import functools
import os
import socket as standard
import sys
import warnings
from contextlib import ExitStack, contextmanager
from dataclasses import astuple, dataclass, fields
from importlib import import_module
from operator import attrgetter

import known
from hypothesis import Phase, settings
from situations import nowhere
from texts import scrubbed, shown, shown_error
from values import filled

berkeley = import_module("berkeley.socket")

# The same examples in each run; or as many new ones for each test as the environment says.
EXAMPLES = int(os.environ.get("BERKELEY_EXAMPLES", 0))


def examples(usual):
    """How often hypothesis runs a test."""
    phases = set(Phase) - {Phase.explain}  # it traces, and takes minutes
    return settings(
        max_examples=EXAMPLES or usual, derandomize=not EXAMPLES, deadline=None, database=None, phases=phases
    )


each = examples(40)


@dataclass(frozen=True)
class Outcome:
    """What came of a call, as text, with what differs from one run to the next left out."""

    result: str  # what it returned
    error: str  # what it raised: the class, which of the module's names it goes by, errno, arguments, message
    warnings: str  # category and text of each; and of exceptions where nothing can be raised
    events: str  # name and arguments of each audit event of the module
    left: str  # the arguments, the socket and what the peer has, afterwards
    leaked: str  # descriptors that nobody closes


def same(situation, name, *arguments, **keywords):
    """Compare a call: of the method `name` of the situation's socket, or of the module's function where it has none."""

    def act(module, scene):
        scene.given = filled(arguments, module, scene)
        return attrgetter(name)(scene.sock or module)(*scene.given, **filled(keywords, module, scene))

    same_act(situation, act)


def same_act(situation, act):
    """Compare what `act(module, scene)` does, the scene being what the situation makes; None for no socket."""
    expected = outcome(standard, situation or nowhere, act)
    found = outcome(berkeley, situation or nowhere, act)
    assert found == expected or known.meant(expected, found), difference(expected, found)


def outcome(module, situation, act):
    """What comes of the act on one of the modules."""
    before = descriptors()
    closing = []
    result = error = ""
    with warnings.catch_warnings(record=True) as caught, unraisable() as lost, heard() as events:
        warnings.simplefilter("always")
        with ExitStack() as stack:
            scene = situation(module, stack)
            events.clear()
            try:
                result = shown(act(module, scene), closing)
            except Exception as exception:
                error = shown_error(exception, module)
            seen = "; ".join(events)
            left = shown((scene.given, scene.sock, scene.drained()), closing)
            for close in closing:
                close()
    leaked = closed(descriptors() - before)
    said = [f"{each.category.__name__}: {each.message}" for each in caught]
    remove_names()
    return Outcome(*map(scrubbed, (result, error, "; ".join(said + lost), seen, left, str(leaked))))


def difference(expected, found):
    names = [field.name for field in fields(Outcome)]
    differing = [each for each in zip(names, astuple(expected), astuple(found), strict=True) if each[1] != each[2]]
    lines = [f"{name}:\n    {one}\n    {other}" for name, one, other in differing]
    return "\n".join(["", "the standard module, berkeley:", *lines])


# --- what is left behind


def remove_names():
    """Those of AF_UNIX sockets and other files in the test's directory."""
    for entry in os.scandir(b"."):
        if not entry.is_dir():  # hypothesis has one
            os.unlink(entry)


def descriptors():
    """The open descriptors, without that of the listing: the lowest that is free."""
    free = os.open(".", os.O_RDONLY)
    os.close(free)
    return set(map(int, os.listdir("/proc/self/fd"))) - {free}


def closed(fds):
    for fd in fds:
        os.close(fd)
    return sorted(fds)


# --- what is said on the way


@contextmanager
def unraisable():
    """Exceptions that nobody could catch, as texts."""
    lost = []
    before = sys.unraisablehook
    sys.unraisablehook = lambda what: lost.append(f"unraisable {what.exc_type.__name__}: {what.exc_value}")
    try:
        yield lost
    finally:
        sys.unraisablehook = before


_heard = None


@contextmanager
def heard():
    """The audit events of the socket module, as texts."""
    global _heard
    listen()
    _heard = []
    try:
        yield _heard
    finally:
        _heard = None


@functools.cache
def listen():
    """Put the hook in place, when a differential test runs: it cannot be taken away."""
    sys.addaudithook(_hook)


def _hook(name, arguments):
    if _heard is not None and name.startswith("socket."):
        _heard.append(f"{name}{shown(arguments)}")
