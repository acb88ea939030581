"""Sockets that a supervisor has opened and handed over: systemd's socket activation."""

import os
from itertools import repeat

import berkeley.socket as namespace

_FIRST = 3  # SD_LISTEN_FDS_START: after the standard ones
_VARIABLES = ("LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDS", "LISTEN_FDNAMES")


def listen_fds() -> "list[tuple[str, namespace.socket]]":
    """The sockets that systemd, or whoever does as it does, has handed over: [(name, socket), ...] (sd_listen_fds(3)).

    They are in the order of the unit's `Listen...=` lines; a name is that of `FileDescriptorName=`, or "unknown".
    Family and type are asked of the kernel. They are not inheritable from now on, and the variables LISTEN_PID,
    LISTEN_FDS and LISTEN_FDNAMES are gone, for child processes too: a second call gives []. [] is also what a process
    gets that is not meant, as LISTEN_PID tells. ValueError for variables that make no sense, OSError (EBADF, ENOTSOCK)
    for a descriptor that is no socket, as of a FIFO: all of them stay open then.
    """
    given = {name: os.environ.pop(name, None) for name in _VARIABLES}
    if _number("LISTEN_PID", given["LISTEN_PID"]) != os.getpid():
        return []
    count = _number("LISTEN_FDS", given["LISTEN_FDS"])
    limit = os.sysconf("SC_OPEN_MAX")  # -1 where there is none
    if 0 <= limit < _FIRST + count:
        raise ValueError(f"LISTEN_FDS is {given['LISTEN_FDS']!r}: no process has descriptors beyond {limit - 1} here")
    # Made as they are needed: a number alone is not believed.
    names = repeat("unknown") if given["LISTEN_FDNAMES"] is None else given["LISTEN_FDNAMES"].split(":")
    if count and isinstance(names, list) and len(names) != count:
        raise ValueError(f"LISTEN_FDNAMES is {given['LISTEN_FDNAMES']!r}: not {count} names, as LISTEN_FDS says")
    sockets: list[namespace.socket] = []
    try:
        for descriptor in range(_FIRST, _FIRST + count):
            os.set_inheritable(descriptor, False)
            sockets.append(namespace.socket(fileno=descriptor))
    except BaseException:
        for sock in sockets:
            sock.detach()
        raise
    return list(zip(names, sockets))  # noqa: B905  (as many, as was seen, or without end)


def _number(name: str, text: "str | None") -> int:
    """What the variable says; 0 where there is none."""
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{name} is {text!r}: not a number")
    return int(text)
