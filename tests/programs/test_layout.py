"""What the standard `_ssl` reads in memory is where it reads it, on the running version of Python."""

import ctypes
import fcntl
import sys
from importlib import import_module

import pytest

import berkeley
from berkeley import _install


class Fields(ctypes.Structure):
    """How a socket begins in memory: PySocketSockObject in CPython's Modules/socketmodule.h."""

    _fields_ = (
        ("head", ctypes.c_byte * object.__basicsize__),
        ("fd", ctypes.c_int),
        ("family", ctypes.c_int),
        ("type", ctypes.c_int),
        ("proto", ctypes.c_int),
        ("errorhandler", ctypes.c_void_p),
        ("timeout", ctypes.c_int64),
    )


class Capsule(ctypes.Structure):
    """What the capsule `_socket.CAPI` points to: PySocketModule_APIObject, there."""

    _fields_ = (("type", ctypes.c_void_p), ("error", ctypes.c_void_p), ("timeout_error", ctypes.c_void_p))


@pytest.fixture
def native(impl):
    """The native counterpart of the socket module under test."""
    return import_module(impl.socket.__base__.__module__ if impl.__name__ == "socket" else "berkeley._socket")


@pytest.fixture
def sock(impl):
    """A socket all of whose numbers differ."""
    with impl.socket(impl.AF_INET, impl.SOCK_STREAM, impl.IPPROTO_TCP) as first:
        number = fcntl.fcntl(first, fcntl.F_DUPFD_CLOEXEC, 321)
    with impl.socket(impl.AF_INET, impl.SOCK_STREAM, impl.IPPROTO_TCP, fileno=number) as sock:
        yield sock


def test_numbers(impl, sock):
    fields = Fields.from_address(id(sock))
    assert fields.fd == sock.fileno() >= 321
    assert (fields.family, fields.type, fields.proto) == (impl.AF_INET, impl.SOCK_STREAM, impl.IPPROTO_TCP)
    sock.close()
    assert fields.fd == -1


@pytest.mark.parametrize(
    ("timeout", "nanoseconds"), [(0, 0), (1e-9, 1), (12.5, 12_500_000_000), (10**9, 10**18)], ids=str
)
def test_timeout(sock, timeout, nanoseconds):
    fields = Fields.from_address(id(sock))
    assert fields.timeout < 0
    sock.settimeout(timeout)
    assert fields.timeout == nanoseconds
    sock.settimeout(None)
    assert fields.timeout < 0


def test_error_handler(sock):
    """It raises what errno says, whatever that is now."""
    with pytest.raises(OSError):
        ctypes.PYFUNCTYPE(ctypes.py_object)(Fields.from_address(id(sock)).errorhandler)()


def test_subclasses(impl):
    """A subclass such as ssl.SSLSocket adds behind the fields."""

    class Subclass(impl.socket):
        pass

    with Subclass() as sock:
        sock.settimeout(7)
        sock.attribute = "of its own"
        fields = Fields.from_address(id(sock))
        assert (fields.fd, fields.timeout) == (sock.fileno(), 7 * 10**9)


def test_size(impl, native):
    """There is room for all fields of the interpreter's own type."""
    assert native.socket.__basicsize__ >= import_module("_socket").socket.__basicsize__ >= ctypes.sizeof(Fields)
    assert native.socket is impl.socket.__base__


def test_capsule(native):
    pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
        ("PyCapsule_GetPointer", ctypes.pythonapi)
    )
    capsule = Capsule.from_address(pointer(native.CAPI, b"_socket.CAPI"))
    assert capsule.type == id(native.socket)
    assert (capsule.error, capsule.timeout_error) == (id(OSError), id(TimeoutError))


def test_a_version_without_a_known_layout(monkeypatch):
    """Installing refuses, and changes nothing."""
    others = dict.fromkeys(_install._LAYOUTS, ((3, 0), (3, 1)))
    monkeypatch.setattr(_install, "_LAYOUTS", others)
    before = dict(sys.modules)
    with pytest.raises(ImportError, match="layout of sockets that its ssl module expects is not known"):
        berkeley.install()
    assert sys.modules == before


def test_the_running_version_has_one():
    assert set(_install.modules()) == {"socket", "_socket"}
