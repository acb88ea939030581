"""An error that is raised in the place of another says nothing of that one, where CPython's C code says nothing."""

import io
import socket as standard
from types import SimpleNamespace

import pytest

from berkeley.families import _unknown, bluetooth, hyperv, packet, system

PAIR = {
    "a host that IDNA refuses": lambda sock: sock.connect(("x" * 64 + "\xe9", 1)),
    "no iterable to send": lambda sock: sock.sendmsg(1),
    "no iterable of ancillary data": lambda sock: sock.sendmsg([], 1),
    "no iterable to fill": lambda sock: sock.recvmsg_into(1),
    "a buffer that cannot be filled": lambda sock: sock.recvmsg_into([b"x"]),
    "a length without None": lambda sock: sock.setsockopt(1, 2, 3, 4),
    "no length": lambda sock: sock.setsockopt(1, 2, None, "x"),
    "no level": lambda sock: sock.setsockopt("x", 2, None, 4),
    "a level beyond a C int": lambda sock: sock.setsockopt(2**40, 2, None, 4),
    "an option of neither kind": lambda sock: sock.setsockopt(1, 2, [1]),
    "an option of an array": lambda sock: sock.setsockopt(1, 2, 1.5),
    "a buffer that is read-only": lambda sock: sock.recv_into(b"x"),
    "a port beyond a C int": lambda sock: sock.connect(("::1", 2**31)),
    "a timeout beyond a C long": lambda sock: sock.settimeout(2**70),
    "a timeout of text": lambda sock: sock.settimeout("x"),
    "ancillary data of another form": lambda sock: sock.sendmsg([b""], [(1, 2)]),
    "an address of another form": lambda sock: sock.sendto(b"", 1),
    "a flag of text": lambda sock: sock.recv(1, "x"),
}

FUNCTIONS = {
    "a name that IDNA refuses": lambda module: module.gethostbyname("x" * 64 + "\xe9"),
    "a host of another type": lambda module: module.getaddrinfo(1.5, 1),
    "a port of another type": lambda module: module.getaddrinfo("::1", 1.5),
    "a family of text": lambda module: module.socket("x"),
    "no socket's descriptor": lambda module: module.socket(fileno="x"),
    "a bad address to bind": lambda module: module.create_server(("203.0.113.1", 0)),
    "no address of that text": lambda module: module.inet_pton(2, "x"),
}

GIVE_UP = {
    "no descriptor": lambda sock: sock._sendfile_use_sendfile(io.BytesIO(b"x")),
    "no file": lambda sock: sock._sendfile_use_sendfile(SimpleNamespace()),
    "a descriptor of nothing": lambda sock: sock._sendfile_use_sendfile(SimpleNamespace(fileno=lambda: 10**6)),
}

ADDRESSES = {
    "bytes that are none": lambda: _unknown.pack(None, "bind", (2, 1)),
    "Bluetooth of another form": lambda: bluetooth.pack(SimpleNamespace(proto=bluetooth.BTPROTO_RFCOMM), "bind", (1,)),
    "no Bluetooth address": lambda: bluetooth.pack(
        SimpleNamespace(proto=bluetooth.BTPROTO_RFCOMM), "bind", ("x:y:z", 1)
    ),
    "a protocol beyond a C int": lambda: packet.pack(None, "bind", ("lo", 2**40)),
    "a hardware address that is none": lambda: packet.pack(None, "bind", ("lo", 1, 1, 1, 1.5)),
    "a control that is none": lambda: system.pack(SimpleNamespace(proto=2), "connect", ("x", 1)),
    "no GUID": lambda: hyperv.pack(SimpleNamespace(proto=1), "connect", ("x", "y")),
}


def raised(call, *arguments):
    with pytest.raises(Exception) as caught:
        call(*arguments)
    return caught.value


def origin(error):
    """What is said of where the error comes from."""
    return type(error.__context__), type(error.__cause__), error.__suppress_context__


NONE = type(None), type(None), False


@pytest.mark.parametrize("call", PAIR.values(), ids=PAIR)
def test_methods(impl, call):
    with impl.socket(impl.AF_INET6) as sock:
        assert origin(raised(call, sock)) == NONE


@pytest.mark.parametrize("call", FUNCTIONS.values(), ids=FUNCTIONS)
def test_functions(impl, call):
    assert origin(raised(call, impl)) == origin(raised(call, standard))


@pytest.mark.parametrize("call", GIVE_UP.values(), ids=GIVE_UP)
def test_files_that_sendfile_does_not_take(impl, call):
    with impl.socket() as sock:
        error = raised(call, sock)
    assert isinstance(error, impl._GiveupOnSendfile)
    assert origin(error) == (type(error.args[0]), type(None), False)


@pytest.mark.parametrize("call", ADDRESSES.values(), ids=ADDRESSES)
def test_addresses(call):
    assert origin(raised(call)) == NONE
