"""What berkeley is for: data over loopback and Unix sockets, and the place of the standard module under a program."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

from berkeley import _install, socket

from ..run import environment
from . import guest
from .children import answer
from .loopback import Pair, tcp, transfer, udp, unix
from .rows import Row, probed, unexpected

# The name, what makes the pair, and whether a machine without it is broken.
_PAIRS: tuple[tuple[str, Callable[[], AbstractContextManager[Pair]], bool], ...] = (
    ("TCP over IPv4", lambda: tcp(socket.AF_INET), True),
    ("TCP over IPv6", lambda: tcp(socket.AF_INET6), False),
    ("UDP over IPv4", lambda: udp(socket.AF_INET), True),
    ("UDP over IPv6", lambda: udp(socket.AF_INET6), False),
    ("Unix sockets", unix, True),
)


def rows() -> Iterator[Row]:
    for name, pair, essential in _PAIRS:
        yield probed(name, partial(_both_ways, pair), essential=essential)
    try:
        _install.modules()  # raises where `berkeley run` would refuse, and says why
        found = answer(guest.__file__, environment=environment(os.environ))
        yield from (Row(**row) for row in found)
    except Exception as error:
        yield unexpected("berkeley run", error)._replace(essential=True)


def _both_ways(pair: Callable[[], AbstractContextManager[Pair]]) -> str:
    with pair() as (near, far):
        transfer(near, far)
    return "data both ways"
