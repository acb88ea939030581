"""What listening sockets do. A maker gives one, blocking, and a function that connects to it.

connect(timeout=None) gives the new socket, which has an address of its own. Over TLS no handshake is done yet.
"""

import errno
import os
import select
from contextlib import ExitStack, contextmanager

import pytest
from kit import GUARD, SHORT, Task, receive, runs_out


@contextmanager
def _listening(make):
    """The listener; and what `connect` and `accept` do, their sockets closed at the end."""
    listener, connect = make()
    with listener, ExitStack() as opened:

        def accept():
            sock, address = listener.accept()
            return opened.enter_context(sock), address

        yield listener, lambda timeout=None: opened.enter_context(connect(timeout)), accept


# --- accepting


def names(make):
    """accept() gives the address of who called; both ends know both addresses."""
    with _listening(make) as (listener, connect, accept):
        client = connect()
        server, address = accept()
        assert address == client.getsockname() == server.getpeername()
        assert server.getsockname() == client.getpeername() == listener.getsockname()


def data(make):
    """What was sent before accepting arrives after it."""
    with _listening(make) as (_, connect, accept):
        sending = Task(connect(GUARD).sendall, b"early")
        server, _ = accept()
        assert receive(server, 5) == b"early"
        sending.result()


def order(make):
    """Who came first is accepted first."""
    with _listening(make) as (_, connect, accept):
        clients = [connect() for _ in range(10)]
        assert [accept()[1] for _ in clients] == [client.getsockname() for client in clients]


def racy_accepts(make):
    """Threads that accept on one listener get each connection once."""
    with _listening(make) as (listener, connect, accept):
        listener.settimeout(GUARD)
        acceptors = [Task(lambda: [accept()[1] for _ in range(5)]) for _ in range(4)]
        clients = [connect() for _ in range(20)]
        accepted = [address for acceptor in acceptors for address in acceptor.result()]
        assert sorted(accepted) == sorted(client.getsockname() for client in clients)


def gone_before(make):
    """A connection whose caller has closed is accepted all the same; its end is the first thing to read."""
    with _listening(make) as (_, connect, accept):
        connect().close()
        server, _ = accept()
        server.settimeout(GUARD)
        assert server.recv(1) == b""


# --- deadlines


def present_deadline(make):
    """With the timeout 0 accept() takes a connection that is there, and does not wait for one."""
    with _listening(make) as (listener, connect, accept):
        listener.setblocking(False)
        watch = select.poll()
        watch.register(listener, select.POLLIN)
        for _ in range(2):
            with pytest.raises(BlockingIOError):
                listener.accept()
            assert watch.poll(0) == []
            client = connect()
            assert watch.poll(GUARD * 1000) == [(listener.fileno(), select.POLLIN)]
            assert accept()[1] == client.getsockname()


def future_deadline(make):
    """accept() without a caller ends in a TimeoutError, not before its time; who calls later is accepted."""
    with _listening(make) as (listener, connect, accept):
        for _ in range(2):
            listener.settimeout(SHORT)
            with runs_out(listener):
                listener.accept()
            client = connect()
            assert accept()[1] == client.getsockname()


def deadline_met(make):
    """Who calls while accept() waits ends the wait."""
    with _listening(make) as (listener, connect, accept):
        for timeout in (None, GUARD):
            listener.settimeout(timeout)
            accepting = Task(accept)
            accepting.sleeps(listener.fileno())
            client = connect()
            assert accepting.result()[1] == client.getsockname()


# --- what accept() makes


def modes(make):
    """An accepted socket has the default timeout that there is at that moment, whatever the listener's mode."""
    with _listening(make) as (listener, connect, accept):
        for timeout in (None, GUARD, 0):
            listener.settimeout(timeout)
            for default in (None, GUARD, 0):
                connect()
                with _default_timeout(make.socket, default):
                    server, _ = accept()
                assert (server.gettimeout(), os.get_blocking(server.fileno())) == (default, default is None)


def kinds(make):
    """An accepted socket is of the listener's family, type and protocol, and of the module's class."""
    with _listening(make) as (listener, connect, accept):
        connect()
        server, _ = accept()
        for name in ("family", "type", "proto"):
            assert getattr(server, name) == getattr(listener, name)
        assert isinstance(server, make.socket.socket)
        assert type(server) is type(listener)


def inheritance(make):
    """Other programs inherit no accepted socket, not even where they inherit the listener (PEP 446)."""
    with _listening(make) as (listener, connect, accept):
        for inheritable in (False, True):
            listener.set_inheritable(inheritable)
            connect()
            server, _ = accept()
            assert server.get_inheritable() is False
            assert listener.get_inheritable() is inheritable


# --- the queue


def backlog(make):
    """listen(n) lets n + 1 callers in, who are all accepted later; one more fails or waits."""
    with _listening(make) as (listener, connect, accept):
        for length in (0, 3, -1):
            listener.listen(length)
            # One more than the backlog: the kernel asks whether those who wait are more than that.
            clients = [connect(GUARD) for _ in range(max(length, 0) + 1)]
            with pytest.raises((TimeoutError, BlockingIOError)):
                connect(SHORT)
            assert [accept()[1] for _ in clients] == [client.getsockname() for client in clients]


def default_backlog(make):
    """listen() without a number has room for more than a few, and listening again is no error."""
    with _listening(make) as (listener, connect, accept):
        listener.listen()
        clients = [connect(GUARD) for _ in range(50)]
        assert [accept()[1] for _ in clients] == [client.getsockname() for client in clients]


def listening_shows(make):
    """SO_ACCEPTCONN tells a listener from others."""
    option = make.socket.SOL_SOCKET, make.socket.SO_ACCEPTCONN
    with _listening(make) as (listener, connect, _):
        assert listener.getsockopt(*option) == 1
        assert connect().getsockopt(*option) == 0


def address_in_use(make):
    """One address has one listener (EADDRINUSE)."""
    with _listening(make) as (listener, _, _), make.socket.socket(listener.family) as other:
        with pytest.raises(OSError) as caught:
            other.bind(listener.getsockname())
        assert caught.value.errno == errno.EADDRINUSE


# --- the end


def close_with_callers_waiting(make):
    """Closing a listener ends the connections that nobody has accepted, and refuses new ones."""
    with _listening(make) as (listener, connect, _):
        clients = [connect(GUARD) for _ in range(5)]
        listener.close()
        for client in clients:
            try:
                assert client.recv(1) == b""
            except ConnectionError:
                pass
        with pytest.raises(ConnectionRefusedError):
            connect(GUARD)


def close_leaves_accepted(make):
    """Connections that were accepted live on without their listener."""
    with _listening(make) as (listener, connect, accept):
        client = connect(GUARD)
        server, _ = accept()
        listener.close()
        sending = Task(client.sendall, b"still here")
        assert receive(server, 10) == b"still here"
        sending.result()


def close_during_accept(make):
    """accept() that waits when its socket is closed ends by its timeout, and the process lives on."""
    with _listening(make) as (listener, _, _):
        listener.settimeout(5 * SHORT)
        accepting = Task(listener.accept)
        accepting.sleeps(listener.fileno())
        listener.close()
        assert isinstance(accepting.ended(), OSError)


def shutdown_during_accept(make):
    """shutdown() ends accept() that waits in another thread, without a timeout, on the same socket (EINVAL)."""
    with _listening(make) as (listener, _, _):
        accepting = Task(listener.accept)
        accepting.sleeps(listener.fileno())
        listener.shutdown(make.socket.SHUT_RDWR)
        assert accepting.ended().errno == errno.EINVAL


def accept_after_close(make):
    """A closed listener accepts no more (EBADF)."""
    with _listening(make) as (listener, _, _):
        listener.close()
        with pytest.raises(OSError) as caught:
            listener.accept()
        assert caught.value.errno == errno.EBADF


def accept_without_listening(make):
    """A socket that does not listen accepts nothing (EINVAL)."""
    with _listening(make) as (listener, _, _), make.socket.socket(listener.family) as idle:
        with pytest.raises(OSError) as caught:
            idle.accept()
        assert caught.value.errno == errno.EINVAL


@contextmanager
def _default_timeout(module, timeout):
    before = module.getdefaulttimeout()
    module.setdefaulttimeout(timeout)
    try:
        yield
    finally:
        module.setdefaulttimeout(before)
