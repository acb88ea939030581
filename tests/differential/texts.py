"""Values and errors as texts that can be compared, whichever module they come from."""

import functools
import io
import os
import re
import socket as standard

import berkeley.socket

SOCKETS = standard._socket.socket, berkeley.socket._socket.socket


def shown(value, closing=None):
    """The value as text. What closes it, and what is in it, is added to `closing`."""
    kind = type(value)
    close = getattr(value, "close", None)
    if isinstance(value, SOCKETS):
        text = shown_socket(value)
        # That of the base type: a subclass's own, or the class's on an object half made, may fail.
        close = functools.partial(SOCKETS[not isinstance(value, SOCKETS[0])].close, value)
    elif isinstance(value, io.IOBase):
        facts = [fact(value, name) for name in ("mode", "name", "encoding", "errors", "closed")]
        text = f"{kind.__module__}.{kind.__qualname__} {facts}"
    elif kind in (tuple, list):
        text = f"{kind.__name__}({', '.join(shown(each, closing) for each in value)})"
    elif kind in (bytearray, memoryview):
        text = f"{kind.__name__} {contents(value)!r}"
    else:
        text = f"{kind.__name__} {value!r}" if kind.__module__ != "builtins" else repr(value)
    if closing is not None and close and not isinstance(value, type):
        closing.append(close)
    return text


def shown_error(error, module):
    """The error's class, the names of the module that it goes by, errno, arguments, message, and what comes with it."""
    kind = type(error)
    roles = [name for name in ("gaierror", "herror", "timeout", "error") if isinstance(error, getattr(module, name))]
    facts = [f"{kind.__module__}.{kind.__qualname__}", roles, getattr(error, "errno", None), error.args]
    origin = type(error.__context__).__name__, type(error.__cause__).__name__, error.__suppress_context__
    return f"{facts} {error} {origin}"


def scrubbed(text):
    """Without what the kernel and the interpreter choose anew: addresses in memory, ports, autobound names."""
    return CHOSEN.sub("CHOSEN", text)


CHOSEN = re.compile(
    r"0x[0-9a-f]{6,}"
    # After a host what ip_local_port_range has (ip(7)), after VMADDR_CID_ANY what a vsock got when it connected, and
    # the name of an AF_UNIX socket that was bound to none (unix(7)).
    r"|(?<=', )(?:3[2-9]|4\d|5\d|60)\d{3}\b|(?<=\(4294967295, )\d+|(?<=\\x00)[0-9a-f]{5}(?=')"
)


def shown_socket(sock):
    text = repr(sock)
    if sock.fileno() >= 0:
        text += f" timeout={sock.timeout} blocks={os.get_blocking(sock.fileno())}"
        text += f" inherited={os.get_inheritable(sock.fileno())}"
    return text


def fact(file, name):
    try:
        return name, getattr(file, name)
    except (AttributeError, ValueError):
        return name, "none"  # or of a file that is detached


def contents(buffer):
    try:
        return bytes(buffer)
    except ValueError:
        return "released"
