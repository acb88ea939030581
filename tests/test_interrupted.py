"""Calls that signals interrupt: they go on, and Python's handlers run meanwhile and may raise (PEP 475)."""

import signal
import threading
import time
from contextlib import ExitStack, contextmanager, suppress

import pytest
from waits import RECEIVING

from berkeley import socket as ours
from berkeley.constants import VMADDR_CID_LOCAL


@contextmanager
def signals(handler):
    """Runs `handler` in the main thread every few milliseconds, whatever it waits for (signal(7))."""
    over = threading.Event()
    main = threading.main_thread().ident

    def send():
        while not over.wait(0.003):
            signal.pthread_kill(main, signal.SIGUSR1)

    previous = signal.signal(signal.SIGUSR1, lambda number, frame: handler())
    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        signal.signal(signal.SIGUSR1, lambda number, frame: None)
        over.set()
        thread.join()
        signal.signal(signal.SIGUSR1, previous)


def fail():
    raise KeyError("by the handler")


def after(count, action):
    """A handler that does `action` once, at its `count`th call."""
    calls = []

    def handler():
        calls.append(None)
        if len(calls) == count:
            action()

    return handler


receiving = pytest.mark.parametrize("receive", RECEIVING.values(), ids=RECEIVING)
waiting_modes = pytest.mark.parametrize("timeout", [None, 30])


# --- receiving and sending


@receiving
@waiting_modes
def test_receiving_goes_on(pair, receive, timeout):
    here, there = pair
    here.settimeout(timeout)
    with signals(after(3, lambda: there.send(b"x"))):
        assert receive(here) in (b"x", 1, (b"x", None), (1, None), (b"x", [], 0, None), (1, [], 0, None))


@receiving
@waiting_modes
def test_what_a_handler_raises_ends_the_call(pair, receive, timeout):
    pair[0].settimeout(timeout)
    with pytest.raises(KeyError, match="by the handler"), signals(after(3, fail)):
        receive(pair[0])


def test_a_signal_does_not_start_the_time_anew(pair):
    calls = []
    pair[0].settimeout(0.05)
    start = time.monotonic()
    with pytest.raises(TimeoutError), signals(lambda: calls.append(None)):
        pair[0].recv(1)
    assert time.monotonic() - start >= 0.05
    assert calls


def test_a_timeout_of_weeks():
    # Python 3.13.0's own module cuts the milliseconds to 32 bits: of these, one would be left.
    first, second = ours.socketpair()
    with first, second:
        first.settimeout((2**32 + 1) / 1000)
        with signals(after(3, lambda: second.send(b"x"))):
            assert first.recv(1) == b"x"


@waiting_modes
def test_handlers_run_while_sendall_waits(pair, timeout):
    here, there = pair
    here.settimeout(timeout)
    received = []

    def receive():
        with suppress(BlockingIOError):
            received.append(len(there.recv(1 << 20, ours.MSG_DONTWAIT)))

    with signals(receive):
        here.sendall(bytes(1 << 21))
    assert received


@pytest.mark.parametrize("name", ["send", "sendall", "sendmsg"])
@waiting_modes
def test_what_a_handler_raises_ends_sending(pair, name, timeout):
    here, there = pair
    here.setblocking(False)
    with pytest.raises(BlockingIOError):
        here.sendall(bytes(1 << 24))
    here.settimeout(timeout)
    with pytest.raises(KeyError, match="by the handler"), signals(after(3, fail)):
        getattr(here, name)([b"x"] if name == "sendmsg" else b"x")
    assert there.recv(1) == b"\0"


def test_what_a_handler_raises_ends_a_sendall_that_has_begun(pair):
    with pytest.raises(KeyError, match="by the handler"), signals(after(3, fail)):
        pair[0].sendall(bytes(1 << 26))
    assert pair[1].recv(1) == b"\0"


# --- accept and connect


@waiting_modes
def test_accept_goes_on(impl, timeout):
    with impl.socket(impl.AF_UNIX) as listener, impl.socket(impl.AF_UNIX) as client:
        listener.bind("")
        listener.listen()
        listener.settimeout(timeout)
        with signals(after(3, lambda: client.connect(listener.getsockname()))):
            listener.accept()[0].close()


@pytest.mark.parametrize("timeout", [None, 0.5])
def test_a_signal_does_not_end_a_connect(impl, full, timeout):
    """The kernel goes on by itself: the call waits for the outcome, which here is a handler's doing, or the timeout."""
    calls = []

    def handler():
        calls.append(None)
        if len(calls) == 3 and timeout is None:
            raise KeyError("by the handler")

    with impl.socket() as sock:
        sock.settimeout(timeout)
        with pytest.raises(KeyError if timeout is None else TimeoutError), signals(handler):
            sock.connect(full)
    assert calls


@pytest.mark.parametrize("timeout", [None, 30])
def test_a_handler_s_exception_ends_connect_ex_too(full, timeout):
    # The standard module's connect_ex() returns, and the interpreter finds an exception that nobody raised.
    with ours.socket() as sock:
        sock.settimeout(timeout)
        with pytest.raises(KeyError), signals(after(3, fail)):
            sock.connect_ex(full)


def test_a_connect_that_a_signal_interrupts_is_completed(impl):
    """The queue of the listener has room once the handler has accepted; then the kernel's next attempt succeeds."""
    with impl.socket() as listener, ExitStack() as waiting, impl.socket() as sock:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        first = waiting.enter_context(impl.socket())
        first.connect(listener.getsockname())
        with signals(after(2, lambda: waiting.enter_context(listener.accept()[0]))):
            sock.connect(listener.getsockname())
        assert sock.getpeername() == listener.getsockname()


def test_a_unix_connect_that_a_signal_interrupts_is_tried_again():
    # It has not begun (unix(7)), unlike TCP's. The standard module takes it for a success, and nothing is connected.
    with ours.socket(ours.AF_UNIX) as listener, ExitStack() as waiting:
        listener.bind("")
        listener.listen(0)
        waiting.enter_context(ours.socket(ours.AF_UNIX)).connect(listener.getsockname())
        with ours.socket(ours.AF_UNIX) as sock, signals(after(3, lambda: listener.accept()[0].close())):
            sock.connect(listener.getsockname())
            assert sock.getpeername() == listener.getsockname()


def test_a_vsock_connect_that_a_signal_interrupts_is_tried_again():
    # The kernel has given it up (af_vsock.c). The standard module takes it for a success, and nothing is connected.
    try:
        sock = ours.socket(ours.AF_VSOCK, ours.SOCK_STREAM)
    except OSError as error:
        pytest.skip(f"no AF_VSOCK: {error}")
    handled = []
    previous = signal.signal(signal.SIGALRM, lambda *_: handled.append(True))
    with sock:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        try:
            with pytest.raises(OSError):
                sock.connect((VMADDR_CID_LOCAL, 0x7FFFFFF0))
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)
