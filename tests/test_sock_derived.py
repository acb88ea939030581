"""Sockets that come from sockets, by accept() and dup(); and subclasses."""

import gc
import os
import warnings
import weakref

import pytest


@pytest.fixture
def listener(impl):
    """Listens at an abstract name: a connection to it is there at once."""
    with impl.socket(impl.AF_UNIX) as sock:
        sock.bind("")
        sock.listen()
        yield sock


@pytest.fixture
def default_timeout(impl):
    """Sets the module's default timeout, for one test."""
    yield impl.setdefaulttimeout
    impl.setdefaulttimeout(None)


def connect(impl, listener):
    client = impl.socket(listener.family)
    client.connect(listener.getsockname())
    return client


# --- accept


@pytest.mark.parametrize("default", [None, 2.5, 0])
@pytest.mark.parametrize("timeout", [None, 30, 0])
def test_the_mode_of_an_accepted_socket(impl, listener, default_timeout, timeout, default):
    """It is the default timeout's, whatever the listener's; the descriptor agrees."""
    with connect(impl, listener):
        listener.settimeout(timeout)
        default_timeout(default)
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.gettimeout() == default
            assert os.get_blocking(accepted.fileno()) is (default is None)


@pytest.mark.parametrize(("family", "host"), [("AF_INET", "127.0.0.1"), ("AF_INET6", "::1")])
def test_accept_gives_the_peer_s_address(impl, family, host):
    with impl.create_server((host, 0), family=getattr(impl, family)) as server, connect(impl, server) as client:
        accepted, address = server.accept()
        with accepted:
            assert address == accepted.getpeername() == client.getsockname()
            assert (accepted.family, accepted.type, accepted.proto) == (server.family, server.type, server.proto)
            assert not accepted.get_inheritable()


def test_accept_on_unix_has_the_peer_s_name_or_none(impl, listener):
    with connect(impl, listener) as client:
        accepted, address = listener.accept()
        accepted.close()
        assert address == client.getsockname() == ""
    with impl.socket(impl.AF_UNIX) as client:
        client.bind("")
        client.connect(listener.getsockname())
        accepted, address = listener.accept()
        accepted.close()
        assert address == client.getsockname()


def test_accept_where_nobody_is(impl, listener):
    listener.setblocking(False)
    with pytest.raises(BlockingIOError):
        listener.accept()
    listener.settimeout(0.01)
    with pytest.raises(TimeoutError, match=r"^timed out$"):
        listener.accept()


def test_accept_makes_plain_sockets(impl):
    class Special(impl.socket):
        pass

    with Special(impl.AF_UNIX) as listener:
        listener.bind("")
        listener.listen()
        with connect(impl, listener):
            accepted, _ = listener.accept()
            with accepted:
                assert type(accepted) is impl.socket


def test_accept_makes_what_the_program_has_put_at_socket(impl, listener, monkeypatch):
    real = impl.socket

    class Replaced(real):
        pass

    with connect(impl, listener):
        monkeypatch.setattr(impl, "socket", Replaced)
        accepted, _ = listener.accept()
        with accepted:
            assert type(accepted) is Replaced


# --- dup


@pytest.mark.parametrize("timeout", [None, 0, 4])
def test_dup_is_another_descriptor_in_the_same_mode(impl, timeout):
    first, second = impl.socketpair()
    with first, second:
        first.settimeout(timeout)
        with first.dup() as copy:
            assert copy.fileno() != first.fileno()
            assert copy.gettimeout() == timeout
            assert (copy.family, copy.type, copy.proto) == (first.family, first.type, first.proto)
            first.close()
            copy.send(b"open")
            assert second.recv(10) == b"open"


def test_dup_is_of_the_same_class(impl):
    class Special(impl.socket):
        def __init__(self, *arguments, **named):
            self.arguments = arguments, set(named)
            super().__init__(*arguments, **named)

    with Special(impl.AF_UNIX, impl.SOCK_DGRAM) as sock, sock.dup() as copy:
        assert type(copy) is Special
        assert copy.arguments == ((impl.AF_UNIX, impl.SOCK_DGRAM, 0), {"fileno"})


# --- inheritance (PEP 446)


def test_nothing_is_inheritable_unless_asked(impl, listener):
    client = connect(impl, listener)
    accepted, _ = listener.accept()
    first, second = impl.socketpair()
    with listener, client, accepted, first, second, client.dup() as copy, impl.fromfd(first.fileno(), 1, 1) as other:
        for sock in (listener, client, accepted, first, second, copy, other):
            assert sock.get_inheritable() is False
            assert os.get_inheritable(sock.fileno()) is False
            sock.set_inheritable(True)
            assert sock.get_inheritable() is os.get_inheritable(sock.fileno()) is True
            with sock.dup() as fresh:
                assert fresh.get_inheritable() is False
            sock.set_inheritable(False)
            assert sock.get_inheritable() is False


# --- subclasses


def test_a_subclass_has_a_dictionary_unless_it_says_slots(impl):
    class Free(impl.socket):
        pass

    class Slotted(impl.socket):
        __slots__ = ("extra",)

    with Free() as free, Slotted() as slotted:
        free.anything = slotted.extra = 1
        assert free.__dict__ == {"anything": 1}
        with pytest.raises(AttributeError):
            slotted.anything = 1
        assert weakref.ref(slotted)() is slotted


def test_a_subclass_s_methods_are_used(impl):
    class Counting(impl.socket):
        def recv_into(self, *arguments):
            self.calls = getattr(self, "calls", 0) + 1
            return super().recv_into(*arguments)

        def fileno(self):
            return super().fileno()

    first, second = impl.socketpair()
    with second, Counting(fileno=first.detach()) as sock, sock.makefile("rb") as file:
        second.send(b"line\n")
        assert file.readline() == b"line\n"
        assert sock.calls == 1


def test_a_cycle_with_a_socket_in_it_is_collected(impl):
    class Free(impl.socket):
        pass

    sock = Free()
    sock.me = sock
    descriptor = sock.fileno()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del sock
        gc.collect()
    assert [w.category for w in caught] == [ResourceWarning]
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_methods_that_a_program_has_replaced_are_called(impl, monkeypatch):
    """By test tools, on the class itself: accept(), close() and repr() call what stands there now."""
    with impl.create_server(("127.0.0.1", 0)) as listener, impl.create_connection(listener.getsockname()):
        told = []

        def telling(name, real):
            def replaced(self):
                told.append(name)
                return real(self)

            return replaced

        for name in ("_accept", "_real_close", "getsockname", "getpeername"):
            monkeypatch.setattr(impl.socket, name, telling(name, getattr(impl.socket, name)))
        served, _ = listener.accept()
        repr(served)
        served.close()
        monkeypatch.undo()
    assert told == ["_accept", "getsockname", "getpeername", "_real_close"]


@pytest.mark.parametrize("impl", ["berkeley"], indirect=True)
def test_a_replaced_new_that_makes_no_socket(impl, monkeypatch):
    with impl.create_server(("127.0.0.1", 0)) as listener, impl.create_connection(listener.getsockname()) as sock:
        before = os.listdir("/proc/self/fd")
        monkeypatch.setattr(impl.socket, "__new__", lambda cls: object())
        for make in (listener.accept, sock.dup, impl.socketpair):
            with pytest.raises(TypeError):
                make()
        monkeypatch.undo()
        assert os.listdir("/proc/self/fd") == before
