"""What the signal that wakes threads does in a program, one case a function: `python signals.py NAME`."""

import atexit
import errno
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from sleepers import Caller, opened, unix

from berkeley import socket

GUARD = 30
TOP = signal.SIGRTMAX - 1
CASES = {}


def case(function):
    CASES[function.__name__] = function


def woken(way="close", timeout=None):
    """Close, or cancel, a socket in whose recv() a thread sleeps: is it woken?"""
    with opened(unix, timeout) as (one, _):
        caller = Caller(one.recv, 1)
        caller.wait_for_sleep(one.fileno())
        getattr(one, way)()
        caller.join(GUARD)
        return caller.outcome.errno == {"close": errno.EBADF, "cancel": errno.ECANCELED}[way]


def number_of(call, *arguments):
    """The errno with which it fails, if it does."""
    try:
        call(*arguments)
    except OSError as error:
        return error.errno


def with_handlers(field="SigCgt", task="self"):
    """The real-time signals in a set of proc(5): those that have handlers, which Python may know nothing of."""
    with open(f"/proc/{task}/status") as file:
        [bits] = [line.split()[1] for line in file if line.startswith(field)]
    return {number for number in range(signal.SIGRTMIN, 65) if int(bits, 16) >> (number - 1) & 1}


@case
def nothing_is_taken_before():
    """Timeouts, closing and cancelling alone take no signal."""
    before = with_handlers()
    with opened(unix, 0.01) as (one, _):
        try:
            one.recv(1)
        except TimeoutError:
            one.cancel()
    assert with_handlers() == before


@case
def the_highest_at_its_default():
    before = with_handlers()
    assert woken()
    assert with_handlers() - before == {TOP}
    assert signal.getsignal(TOP) == signal.SIG_DFL


@case
def another_where_a_program_has_it():
    signal.signal(TOP, signal.SIG_IGN)
    signal.signal(TOP - 1, lambda *_: None)
    before = with_handlers()
    assert woken()
    assert with_handlers() - before == {TOP - 2}


@case
def rather_one_that_is_not_masked():
    """A program may wait for those that it has masked."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [TOP])
    assert woken()
    assert TOP not in with_handlers()
    os.kill(os.getpid(), TOP)
    assert signal.sigwait([TOP]) == TOP


@case
def what_a_program_does_with_it():
    """It knows of a default alone, and puts that back, or another: no sending ends the process, and threads wake."""
    for number in (TOP, TOP - 1, TOP - 2):
        assert woken()
        for change in (
            lambda number=number: signal.signal(number, signal.getsignal(number)),
            lambda number=number: signal.siginterrupt(number, False),
            lambda number=number: signal.signal(number, signal.SIG_IGN),
            lambda number=number: signal.signal(number, lambda *_: None),
        ):
            for way in ("close", "cancel"):
                change()
                assert woken(way)
                assert woken(way, GUARD)


@case
def the_default_comes_back_as_soon_as_it_is_closed():
    """No signal is on its way any more."""
    assert woken()
    for _ in range(300):
        with opened(unix) as (one, _):
            caller = Caller(one.recv, 1)
            caller.wait_for_sleep(one.fileno())
            one.close()
            signal.signal(TOP, signal.SIG_DFL)
            caller.join(GUARD)


@case
def none_is_left():
    """It is as with the standard module then: nothing raises, and the thread sleeps on."""
    for number in range(signal.SIGRTMIN, signal.SIGRTMAX + 1):
        signal.signal(number, signal.SIG_IGN)
    for way in ("cancel", "close"):
        with opened(unix) as (one, other):
            caller = Caller(one.recv, 1)
            caller.wait_for_sleep(one.fileno())
            assert getattr(one, way)() in (0, None)
            other.sendall(b"x")
            caller.join(GUARD)
            assert caller.outcome == b"x"


@case
def nothing_reaches_the_wakeup_descriptor():
    here, there = socket.socketpair()
    with here, there:
        here.setblocking(False)
        there.setblocking(False)
        signal.set_wakeup_fd(there.fileno())
        assert woken()
        assert woken("cancel", GUARD)
        signal.set_wakeup_fd(-1)
        try:
            raise AssertionError(here.recv(10))
        except BlockingIOError:
            pass


def masked(call, *arguments):
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    return call(*arguments)


@case
def a_thread_that_masks_all_gets_none():
    for way in ("close", "cancel"):
        with opened(unix) as (one, other):
            caller = Caller(masked, one.recv, 1)
            caller.wait_for_sleep(one.fileno())
            getattr(one, way)()
            if sys.version_info >= (3, 11):  # before, the interpreter does not tell which thread of the kernel it is
                assert with_handlers("SigPnd", f"self/task/{caller.native_id}") == set()
            other.sendall(b"x")
            caller.join(GUARD)
            assert caller.outcome == b"x"


@case
def no_signal_outlives_exec():
    """By a thread that masks all, and had been woken, or was not."""

    def execute(receive):
        assert number_of(receive, 1) in (None, errno.EBADF)
        os.execv(sys.executable, [sys.executable, "-c", "print('done')"])

    for timeout in sys.argv[2:]:
        one, other = socket.socketpair()
        one.settimeout(float(timeout) or None)
        caller = Caller(masked, execute, one.recv)
        caller.wait_for_sleep(one.fileno())
        one.close()
        with suppress(BrokenPipeError):  # it was woken
            other.sendall(b"x")
        caller.join()


@case
def forks():
    """A child has none of the parent's calls; its own are woken. The parent's go on until it closes the socket."""
    with opened(unix) as (one, other):
        caller = Caller(one.recv, 1)
        caller.wait_for_sleep(one.fileno())
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                assert one.cancel() == 0
                own = Caller(one.recv, 1)
                own.wait_for_sleep(one.fileno())
                assert one.cancel() == 1
                own.join(GUARD)
                assert own.outcome.errno == errno.ECANCELED
                own = Caller(one.recv, 1)
                own.wait_for_sleep(one.fileno())
                one.close()
                own.join(GUARD)
                assert own.outcome.errno == errno.EBADF
                assert woken()
                code = 0
            finally:
                os._exit(code)
        assert os.waitpid(pid, 0)[1] == 0
        assert caller.is_alive()
        one.close()
        caller.join(GUARD)
        assert caller.outcome.errno == errno.EBADF
        assert other.recv(1) == b""


@case
def by_a_handler():
    """What a handler closes, or cancels, ends the call that it interrupts; so does cancel() while it runs."""
    for way, number in (("cancel", errno.ECANCELED), ("close", errno.EBADF)):
        for timeout in (None, GUARD):
            with opened(unix, timeout) as (one, _):
                signal.signal(signal.SIGALRM, lambda *_, way=way, one=one: getattr(one, way)())
                signal.setitimer(signal.ITIMER_REAL, 0.05)
                assert number_of(one.recv, 1) == number


@case
def while_a_handler_runs():
    with opened(unix) as (one, _):
        running, cancelled = threading.Event(), threading.Event()

        def handle(*_):
            running.set()
            cancelled.wait()

        def cancel():
            running.wait()
            one.cancel()
            cancelled.set()

        thread = threading.Thread(target=cancel)
        thread.start()
        signal.signal(signal.SIGALRM, handle)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        assert number_of(one.recv, 1) == errno.ECANCELED
        thread.join()


@case
def at_exit():
    """Daemon threads sleep in calls; their sockets are closed while the interpreter ends."""

    class Closing:
        def __init__(self, one):
            self.close = one.close

        def __del__(self):
            self.close()

    for number, timeout in enumerate([None, GUARD] * 3):
        one, other = socket.socketpair()
        one.settimeout(timeout)
        Caller(one.recv, 1).wait_for_sleep(one.fileno())
        globals()[f"kept{number}"] = other
        if number < 2:
            atexit.register(one.close)
        elif number < 4:
            globals()[f"closing{number}"] = Closing(one)


if __name__ == "__main__":
    CASES[sys.argv[1]]()
    print("done")
