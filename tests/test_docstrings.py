"""What the public names say of themselves: help(), editors and the reference in the documentation show it."""

import ast
import inspect
import re
import types
from functools import reduce
from pathlib import Path

import pytest

import berkeley
from berkeley import _native, constants, socket

# A man page, a standard, or what documents the socket module first.
SOURCE = re.compile(r"[a-z]\w*\([2-8]\)|\b(RFC|PEP) \d+|Python's documentation")

# Behind these is no call of the system, but a field of ours or another name that tells.
WITHOUT_SOURCE = set(
    """
    berkeley berkeley.constants berkeley.install berkeley.is_installed berkeley.socket berkeley.uninstall
    socket.SocketIO.mode socket.SocketIO.name socket.SocketIO.readable socket.SocketIO.writable
    socket.SocketType.detach socket.SocketType.gettimeout socket.SocketType.timeout
    socket.getdefaulttimeout socket.setdefaulttimeout socket.socket.gettimeout socket.socket.timeout
    """.split()  # noqa: SIM905
)

STUBS = {"_native.pyi": _native, "_standard/sock.pyi": socket, "_standard/enums.pyi": socket}


def public():
    """(name, object) of all that is documented by its docstring."""
    yield from {"berkeley": berkeley, "berkeley.constants": constants, "berkeley.socket": socket}.items()
    yield from ((f"berkeley.{name}", getattr(berkeley, name)) for name in berkeley.__all__ if name != "__version__")
    for name in [*socket.__all__, "AddressInfo", "MsgFlag", "SocketIO"]:
        value = getattr(socket, name)
        # `error` and `timeout` are the interpreter's.
        if callable(value) and value.__module__ != "builtins":
            yield f"socket.{name}", value
    # The base classes of SocketIO have documentation of their own.
    for cls, names in {"SocketType": dir(socket.SocketType), "socket": dir(socket.socket), "SocketIO": None}.items():
        holder = getattr(socket, cls)
        for name in names or vars(holder):
            if not name.startswith("_"):
                getattr(socket.socket, name, None)  # some methods are in their place only then
                yield f"socket.{cls}.{name}", inspect.getattr_static(holder, name)


PUBLIC = dict(public())


@pytest.fixture(params=PUBLIC)
def name(request):
    return request.param


@pytest.fixture
def words(name):
    """The docstring at a public name itself, none of those that it derives from."""
    return inspect.cleandoc(PUBLIC[name].__doc__ or "")


def documented(body, owner=""):
    """(name, docstring) of each function and class in a stub that has one; of overloads, it is the first."""
    for node in body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            if found := ast.get_docstring(node):
                yield owner + node.name, found
            if isinstance(node, ast.ClassDef):
                yield from documented(node.body, f"{owner}{node.name}.")


def in_stub(stub):
    return dict(documented(ast.parse(Path(berkeley.__file__).parent.joinpath(stub).read_text()).body))


def test_the_first_line_is_a_sentence(words):
    first, *others = words.split("\n")
    assert re.fullmatch(r"\S.*[.?)]", first)
    assert others[:1] in ([], [""])


def test_lines_are_not_longer_than_those_of_code(words):
    assert max(map(len, words.split("\n"))) <= 120


def test_calls_of_the_system_have_a_source(name, words):
    assert PUBLIC.keys() >= WITHOUT_SOURCE
    assert bool(SOURCE.search(words)) is (name not in WITHOUT_SOURCE)


def test_they_are_restructured_text(words):
    core = pytest.importorskip("docutils.core", reason="docutils is not installed")
    complaints = []

    class Stream:
        write = complaints.append

    core.publish_doctree(words, settings_overrides={"report_level": 1, "halt_level": 5, "warning_stream": Stream})
    assert complaints == []


@pytest.mark.parametrize("stub", STUBS)
def test_stubs_say_nothing_else(stub):
    said = in_stub(stub)
    # Types that only a checker knows are not there.
    there = {path: reduce(getattr, path.split("."), STUBS[stub]) for path in said if path != "SendableFile"}
    at_run_time = {path: inspect.cleandoc(value.__doc__) for path, value in there.items()}
    assert at_run_time == {path: said[path] for path in there}


def test_stubs_say_what_editors_find_nowhere_else():
    """An editor reads Python sources too, but the extension has none that it could read."""
    said = {words for stub in STUBS for words in in_stub(stub).values()}
    kinds = (types.BuiltinFunctionType, types.MethodDescriptorType, types.GetSetDescriptorType, _native.EnumAttribute)
    native = [value for value in PUBLIC.values() if isinstance(value, kinds)]
    assert len(native) > 80
    for value in [*native, socket.SocketType, socket.gaierror, socket.herror]:
        assert inspect.cleandoc(value.__doc__) in said
