"""Connections to several addresses at once, of which the first that is made is kept (RFC 8305)."""

import errno
import os
import select
from itertools import zip_longest
from math import inf
from time import monotonic

import berkeley.socket as namespace

from .. import _native
from .._standard import sock as own
from .addresses import with_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .._native import Address

    # As getaddrinfo() gives it: family, type, protocol, a name, address.
    Row = tuple[int, int, int, str, Address]

# Linux answers at once, whatever comes; POSIX lets a signal interrupt, and the connection is made all the same.
_UNDER_WAY = (errno.EINPROGRESS, errno.EINTR)
_LONGEST_WAIT = 86400  # seconds: poll(2) counts milliseconds in an int


def interleaved(rows: "Iterable[Row]") -> "list[Row]":
    """The rows with their families by turns, that of the first row first (RFC 8305, section 4)."""
    families: dict[int, list[Row]] = {}
    for row in rows:
        families.setdefault(row[0], []).append(row)
    return [row for turn in zip_longest(*families.values()) for row in turn if row is not None]


def check_delay(happy_eyeballs_delay: "float | None") -> None:
    """ValueError unless it is None, or seconds from 0 on."""
    if not (happy_eyeballs_delay is None or happy_eyeballs_delay >= 0):
        raise ValueError(f"happy_eyeballs_delay must be seconds from 0 on, or None, not {happy_eyeballs_delay!r}")


class Attempts:
    """Attempts to connect to one address after another; the first to succeed ends the others.

    Each socket goes through `prepare` first, and ends with the timeout that it has then. The next attempt begins
    `delay` seconds after the one before, None: never, and at once where one fails. Each may take `limit` seconds.
    """

    def __init__(
        self,
        rows: "Iterable[Row]",
        prepare: "Callable[[namespace.socket], object]",
        delay: "float | None",
        limit: "float | None" = None,
    ) -> None:
        self.rows = list(rows)  # not tried yet
        self.errors: list[OSError] = []  # in the order of the answers, each with its `address`
        self._prepare, self._delay, self._limit = prepare, delay, limit
        self._turn = 0.0  # when the next may begin, by monotonic()
        self._begun: list[_Attempt] = []

    def first(self, remaining: "Callable[[], float | None]") -> "namespace.socket | None":
        """The first socket that is connected; None where all have failed, or once remaining() is 0: see `errors`."""
        winner = None
        try:
            winner = self._run(remaining)
        finally:
            for attempt in self._begun:
                if attempt is not winner:
                    attempt.sock.close()
            self._begun.clear()
        return winner.sock if winner else None

    def _run(self, remaining: "Callable[[], float | None]") -> "_Attempt | None":
        while self.rows or self._begun:
            left = remaining()
            if left == 0:
                self._give_up()
                return None
            winner = self._begin(left) if self.rows and monotonic() >= self._turn else self._await(left)
            if winner:
                winner.sock.settimeout(winner.timeout)
                return winner
        return None

    def _begin(self, left: "float | None") -> "_Attempt | None":
        family, kind, proto, _, address = self.rows.pop(0)
        attempt = None
        refused = _native.audits_refused()
        try:
            attempt = _Attempt(namespace.socket(family, kind, proto), address)
            self._begun.append(attempt)
            self._prepare(attempt.sock)
            attempt.timeout = attempt.sock.gettimeout()
            # A Unix path is tried alone, and connected at once, but for a full backlog, of which poll(2) knows nothing.
            attempt.sock.settimeout(left if family == namespace.AF_UNIX else 0)
            attempt.sock.connect(address)
        except OSError as error:
            if not is_answer(error, refused):
                raise
            if attempt and error.errno in _UNDER_WAY and family != namespace.AF_UNIX:
                now = monotonic()
                attempt.until = inf if self._limit is None else now + self._limit
                self._turn = inf if self._delay is None else now + self._delay
            else:
                self._fail(attempt, address, error)
            return None
        return attempt

    def _await(self, left: "float | None") -> "_Attempt | None":
        poll = select.poll()
        for attempt in self._begun:
            poll.register(attempt.sock.fileno(), select.POLLOUT)
        times = [attempt.until for attempt in self._begun]
        if self.rows:
            times.append(self._turn)
        wait = min(min(times) - monotonic(), inf if left is None else left, _LONGEST_WAIT)
        ready = {number for number, _ in poll.poll(max(0, wait) * 1000)}
        now = monotonic()
        for attempt in [*self._begun]:  # of two that are ready the earlier
            if attempt.sock.fileno() in ready:
                code = _outcome(attempt.sock)
                if not code:
                    return attempt
                self._fail(attempt, attempt.address, OSError(code, os.strerror(code)))
            elif now >= attempt.until:
                self._fail(attempt, attempt.address, TimeoutError("timed out"))
        return None

    def _give_up(self) -> None:
        for attempt in [*self._begun]:
            self._fail(attempt, attempt.address, TimeoutError("timed out"))
        if not self.errors:
            self._fail(None, self.rows.pop(0)[4], TimeoutError("timed out"))

    def _fail(self, attempt: "_Attempt | None", address: "Address", error: OSError) -> None:
        if attempt:
            attempt.sock.close()
            self._begun.remove(attempt)
        self.errors.append(with_address(error, address))
        self._turn = 0.0


class _Attempt:
    __slots__ = ("address", "sock", "timeout", "until")

    def __init__(self, sock: "namespace.socket", address: "Address") -> None:
        self.sock, self.address = sock, address
        self.timeout: float | None = None  # what the socket is to have once it is connected
        self.until = inf


def _outcome(sock: "namespace.socket") -> int:
    """0 where it is connected, else an errno."""
    code = sock.getsockopt(namespace.SOL_SOCKET, namespace.SO_ERROR)
    if not code:
        try:
            sock.getpeername()
        except OSError as error:
            # Of one that nobody has connected, too, poll(2) says that it is ready, and SO_ERROR nothing.
            if error.errno == errno.ENOTCONN:
                return errno.ENOTCONN
    return code


def is_answer(error: OSError, refused: int) -> bool:
    """Does it come of a system call? Not if an audit hook has raised it, which is to be obeyed (PEP 578).

    `refused` is what audits_refused() was before the calls that raise it.
    """
    if _native.audits_refused() != refused or (error.errno is None and not isinstance(error, TimeoutError)):
        return False
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    # Our own class has no Python between these lines and the system. Others may have any.
    inside = trace is None or trace.tb_frame.f_globals.get("__name__", "").startswith("berkeley.")
    return inside or namespace.socket is not own.socket
