"""Socket objects: attributes, repr, `with`, detaching, what a closed one does; no pickles."""

import copy
import errno
import os
import pickle
import weakref

import pytest

# --- attributes


def test_family_and_type_are_members_and_proto_a_number(impl):
    with impl.socket(10, 2, 17) as sock:
        assert isinstance(sock.family, impl.AddressFamily)
        assert isinstance(sock.type, impl.SocketKind)
        assert type(sock.proto) is int


def test_numbers_without_a_name_stay_numbers(impl):
    with impl.socket() as sock:
        twin = impl.socket(999, 77, 0, sock.fileno())
        assert (twin.family, type(twin.family), twin.type, type(twin.type)) == (999, int, 77, int)
        twin.detach()


def test_the_native_type_has_numbers(impl, pair):
    assert impl.SocketType is impl._socket.socket
    for name, number in (("family", 1), ("type", 1), ("proto", 0)):
        value = getattr(impl._socket.socket, name).__get__(pair[0])
        assert (value, type(value)) == (number, int)


@pytest.mark.parametrize("name", ["family", "type", "proto", "timeout"])
def test_attributes_are_read_only(impl, name):
    with impl.socket() as sock:
        with pytest.raises(AttributeError):
            setattr(sock, name, 1)
        with pytest.raises(AttributeError):
            delattr(sock, name)


def test_there_are_no_other_attributes(impl):
    with impl.socket() as sock, pytest.raises(AttributeError):
        sock.anything = 1
    with pytest.raises(TypeError):
        impl._socket.socket.anything = 1


def test_timeout_is_gettimeout(impl):
    with impl.socket() as sock:
        for timeout in (None, 0.0, 1.5):
            sock.settimeout(timeout)
            assert sock.timeout == sock.gettimeout() == timeout


def test_weak_references(impl):
    sock = impl.socket()
    reference = weakref.ref(sock)
    assert reference() is sock
    sock.close()
    del sock
    assert reference() is None
    with pytest.raises(TypeError, match="weak reference"):  # the Python class adds the slot, and gevent's does
        weakref.ref(impl._socket.socket.__new__(impl._socket.socket))


def test_sockets_are_compared_and_hashed_by_identity(impl):
    with impl.socket() as sock, sock.dup() as other:
        assert sock != other
        assert len({sock, other, sock}) == 2


# --- repr


def shown(sock):
    """The repr. Before Python 3.11 the standard module's shows members by their names: as numbers here."""
    text = repr(sock)
    for member in (sock.family, sock.type):
        text = text.replace(f"{type(member).__name__}.{getattr(member, 'name', '')}", str(int(member)))
    return text


def test_repr_shows_the_addresses_there_are(impl):
    with impl.create_server(("127.0.0.1", 0)) as server, impl.create_connection(server.getsockname()) as client:
        here, there = client.getsockname(), server.getsockname()
        assert shown(server) == f"<socket.socket fd={server.fileno()}, family=2, type=1, proto=0, laddr={there}>"
        assert shown(client) == (
            f"<socket.socket fd={client.fileno()}, family=2, type=1, proto=6, laddr={here}, raddr={there}>"
        )


def test_repr_without_addresses(impl):
    with impl.socket(impl.AF_UNIX, impl.SOCK_DGRAM) as sock:
        assert shown(sock) == f"<socket.socket fd={sock.fileno()}, family=1, type=2, proto=0>"
    assert shown(sock) == "<socket.socket [closed] fd=-1, family=1, type=2, proto=0>"


def test_repr_of_what_was_detached_or_closed_underneath(impl):
    sock = impl.socket()
    os.close(sock.fileno())
    assert shown(sock) == f"<socket.socket fd={sock.fileno()}, family=2, type=1, proto=0>"
    sock.detach()
    assert shown(sock) == "<socket.socket [closed] fd=-1, family=2, type=1, proto=0>"


def test_repr_names_the_class(impl):
    class Special(impl.socket):
        pass

    with Special() as sock:
        assert repr(sock).startswith(f"<{__name__}.test_repr_names_the_class.<locals>.Special fd=")


def test_repr_of_the_native_type(impl):
    sock = impl._socket.socket(2, 2, 17)
    assert repr(sock) == f"<socket object, fd={sock.fileno()}, family=2, type=2, proto=17>"
    sock.close()
    assert repr(sock) == "<socket object, fd=-1, family=2, type=2, proto=17>"


def test_repr_of_the_half_built(impl):
    assert shown(impl.socket.__new__(impl.socket)) == "<socket.socket fd=-1, family=0, type=0, proto=0>"


# --- with, detach, closed sockets


def test_with_closes(impl):
    with impl.socket() as sock:
        assert sock.__enter__() is sock
    assert sock.fileno() == -1
    sock.__exit__(None, None, None)
    with pytest.raises(KeyError), impl.socket() as sock:
        raise KeyError
    assert sock.fileno() == -1
    with impl.socket() as sock:
        sock.close()


def test_detach_gives_the_descriptor_away(impl, pair):
    first, second = pair
    descriptor = first.fileno()
    assert first.detach() == descriptor
    assert first.fileno() == first.detach() == -1
    first.close()
    os.write(descriptor, b"still open")
    os.close(descriptor)
    assert second.recv(20) == b"still open"


CLOSED = {
    "accept": (), "bind": (("", 0),), "connect": (("127.0.0.1", 1),), "dup": (), "get_inheritable": (),
    "getpeername": (), "getsockname": (), "getsockopt": (1, 2), "listen": (), "recv": (1,),
    "recv_into": (bytearray(1),), "recvfrom": (1,), "recvfrom_into": (bytearray(1),), "recvmsg": (1,),
    "recvmsg_into": ([bytearray(1)],), "send": (b"x",), "sendall": (b"x",), "sendmsg": ([b"x"],),
    "sendto": (b"x", ("127.0.0.1", 1)), "set_inheritable": (True,), "setblocking": (False,), "setsockopt": (1, 2, 1),
    "settimeout": (1,), "shutdown": (2,),
}  # fmt: skip


@pytest.mark.parametrize("name", CLOSED)
@pytest.mark.parametrize("timeout", [None, 0, 5])
def test_methods_of_closed_and_half_built_sockets(impl, name, timeout):
    sock = impl.socket()
    sock.settimeout(timeout)
    sock.close()
    with pytest.raises(OSError, match="Bad file descriptor") as caught:
        getattr(sock, name)(*CLOSED[name])
    assert caught.value.errno == errno.EBADF
    with pytest.raises((OSError, AttributeError)):
        getattr(impl.socket.__new__(impl.socket), name)(*CLOSED[name])


def test_connect_ex_of_a_closed_socket(impl):
    sock = impl.socket()
    sock.close()
    assert sock.connect_ex(("127.0.0.1", 1)) == errno.EBADF


# --- closing


def test_closing_twice(impl):
    sock = impl.socket()
    descriptor = sock.fileno()
    sock.close()
    sock.close()
    assert sock.fileno() == -1
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_closing_what_was_closed_underneath(impl):
    sock = impl.socket()
    os.close(sock.fileno())
    with pytest.raises(OSError, match="Bad file descriptor"):
        sock.close()
    assert sock.fileno() == -1
    sock.close()


def test_close_and_dup_of_numbers(impl):
    with impl.socket() as sock:
        copy = impl.dup(sock.fileno())
        assert not os.get_inheritable(copy)
        impl.close(copy)
        for function in (impl.close, impl.dup):
            with pytest.raises(OSError, match="Bad file descriptor"):
                function(copy)
            for wrong in ("1", None, 1.0):
                with pytest.raises(TypeError):
                    function(wrong)


# --- pickling


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_no_pickles(impl, pair, protocol):
    named = type("Named", (impl.socket,), {})
    with named() as sock:
        for which, name in ((pair[0], "socket"), (sock, "Named"), (impl._socket.socket.__new__(impl.SocketType), "")):
            # The oldest protocols try the base type first, and fail in its constructor.
            with pytest.raises(TypeError, match=rf"cannot pickle '.*{name}' object" if protocol > 1 else None):
                pickle.dumps(which, protocol)


def test_no_copies(pair):
    for copying in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot pickle 'socket' object"):
            copying(pair[0])
