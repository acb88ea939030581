"""What inspect.signature() says of the calls, and with it unittest.mock, help() and editors."""

import inspect
import socket as standard
from importlib.machinery import BuiltinImporter
from unittest import mock

import pytest

from berkeley import _native, _socket, socket

METHODS = [name for name in dir(socket.SocketType) if not name.startswith("__")] + ["__init__"]
METHODS = [name for name in METHODS if callable(getattr(socket.SocketType, name))]
FUNCTIONS = [name for name in dir(_socket) if type(getattr(_socket, name)) is type(_native.close)]

# How many arguments are taken, of what has defaults that cannot be given.
COUNTS = {"listen": [0, 1], "sendto": [2, 3], "setsockopt": [3, 4], "getservbyname": [1, 2], "getservbyport": [1, 2]}

SOCKET = "(family=-1, type=-1, proto=-1, fileno=None)"
AFALG = "(msg=(), *, op, iv=None, assoclen=None, flags=0)"

# By keyword nobody can give these: they have the words of CPython 3.15, and 3.13's say less ("object").
ONLY_BY_PLACE = inspect.Parameter.POSITIONAL_ONLY


def parameters(function):
    """(name, kind, default) of each, with `self` by place alone, as it is for what is native."""
    found = list(inspect.signature(function).parameters.values())
    if found and found[0].name == "self":
        found[0] = found[0].replace(kind=ONLY_BY_PLACE)
    return [(each.kind is ONLY_BY_PLACE or each.name, each.kind, each.default) for each in found]


def standard_ones():
    """(name, function) of what has a signature in the interpreter's own module."""
    classes = {"socket.": standard.socket, "SocketType.": standard.SocketType}
    others = (Exception, int, BuiltinImporter)  # the last is `__loader__` of what is built in
    for prefix, holder in {"": standard, "_socket.": standard._socket, **classes}.items():
        for name in dir(holder):
            value = getattr(holder, name)
            # `partial`, which 3.15 imports for itself, is nobody's to look for there (docs/differences.md).
            if name != "partial" and callable(value) and not (isinstance(value, type) and issubclass(value, others)):
                yield prefix + name, value


def named_the_same(parameters):
    """Without what is an object of each module's own: create_connection()'s timeout, _real_close()'s class."""
    return [(name, kind, default if name not in ("timeout", "_ss") else None) for name, kind, default in parameters]


def named(path):
    holder, _, name = path.rpartition(".")
    return getattr({"": socket, "_socket": _socket}.get(holder) or getattr(socket, holder), name)


@pytest.mark.parametrize("path", [path for path, _ in standard_ones()])
def test_as_the_standard_module_has_it(path):
    expected = dict(standard_ones())[path]
    try:
        expected = parameters(expected)
    except ValueError:
        pytest.skip("the interpreter's own has no signature")
    found = parameters(named(path))
    if path == "SocketType.__init__":
        pytest.skip("the interpreter's own says that it takes anything")
    assert named_the_same(found)[: len(expected)] == named_the_same(expected)


@pytest.mark.parametrize("holder", ["socket", "SocketType"])
@pytest.mark.parametrize("name", METHODS)
def test_each_method_has_one(holder, name):
    inspect.signature(getattr(getattr(socket, holder), name))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_has_one(name):
    assert len(FUNCTIONS) > 25
    inspect.signature(getattr(_socket, name))


@pytest.mark.parametrize("cls", [socket.socket, socket.SocketType])
def test_the_class(cls):
    assert str(inspect.signature(cls)) == SOCKET
    assert str(inspect.signature(cls.__new__(cls).__init__)) == SOCKET
    assert str(inspect.signature(cls.__init__)) == f"(self, /, {SOCKET[1:]}"


@pytest.mark.parametrize("name", COUNTS)
def test_counts(name):
    signature = inspect.signature(getattr(socket.socket.__new__(socket.socket), name, None) or getattr(socket, name))
    taken = []
    for count in range(6):
        try:
            signature.bind(*range(count))
        except TypeError:
            continue
        taken.append(count)
    assert taken == COUNTS[name]


def test_cryptography():
    assert str(inspect.signature(socket.socket.__new__(socket.socket).sendmsg_afalg)) == AFALG


@pytest.mark.parametrize(
    ("arguments", "keywords"), [((1, 2, 3, 4, 5), {}), ((), {"nope": 1}), ((1,), {"family": 1}), ((), {"timeout": 1})]
)
def test_a_mock_of_the_class_refuses(impl, arguments, keywords):
    cls = mock.create_autospec(impl.socket)
    with pytest.raises(TypeError):
        cls(*arguments, **keywords)


@pytest.mark.parametrize(
    ("arguments", "keywords"), [((), {}), ((2, 1, 0, None), {}), ((2,), {"proto": 6}), ((), {"fileno": 3})]
)
def test_a_mock_of_the_class_takes(impl, arguments, keywords):
    cls = mock.create_autospec(impl.socket)
    assert cls(*arguments, **keywords) is cls.return_value


def test_a_mock_of_a_native_method_takes_anything():
    sock = mock.create_autospec(socket.socket)()
    sock.accept(1, nope=2)
    sock.recv()
    with pytest.raises(TypeError):
        sock.makefile(nope=2)
