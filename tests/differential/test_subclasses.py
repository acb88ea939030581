"""Subclasses, of `socket.socket` and of `_socket.socket`: what they make, are made of, and look like."""

import copy
import os
import pickle
import weakref

import pytest
from drive import each, same_act
from hypothesis import given
from hypothesis import strategies as st
from situations import STATES, Situation
from values import anything, no_descriptors


def plain(base):
    class Derived(base):
        pass

    return Derived


def slotted(base):
    class Derived(base):
        __slots__ = ("more",)

    return Derived


def default_family(base):
    """With an __init__ of its own arguments."""

    class Derived(base):
        def __init__(self, name="unix", fileno=None):
            super().__init__({"unix": 1, "inet": 2}.get(name, -1), 1, 0, fileno)
            self.name = name

    return Derived


def forgetful(base):
    """Whose __init__ opens nothing, and makes up for what the rest of the standard class expects of it."""

    class Derived(base):
        _closed, _io_refs = False, 0

        def __init__(self, *arguments, **keywords):
            pass

    return Derived


def failing(base):
    class Derived(base):
        def __init__(self, *arguments, **keywords):
            super().__init__(*arguments, **keywords)
            raise LookupError("after it was opened")

    return Derived


def with_new(base):
    class Derived(base):
        def __new__(cls, *arguments, **keywords):
            made = super().__new__(cls, *arguments, **keywords)
            made.early = True
            return made

    return Derived


def overriding(base):
    """Whose methods others of its methods may or may not call."""

    class Derived(base):
        def fileno(self):
            return super().fileno()

        def close(self):
            self.closings = getattr(self, "closings", 0) + 1
            return super().close()

        def detach(self):
            return super().detach()

        def getsockname(self):
            return "overridden"

        def gettimeout(self):
            return 7

        def _accept(self):
            raise LookupError("no peers")

        def recv_into(self, *arguments):
            raise LookupError("nothing")

    return Derived


CLASSES = [plain, slotted, default_family, forgetful, failing, with_new, overriding]
BASES = {"socket": lambda module: module.socket, "_socket": lambda module: module._socket.socket}

ACTS = {
    "make": lambda cls, fd: cls(),
    "make of a descriptor": lambda cls, fd: cls(fileno=fd()),
    "new alone": lambda cls, fd: cls.__new__(cls),
    "new with arguments": lambda cls, fd: cls.__new__(cls, 1, 2, 3, 4, more=5),
    "twice": lambda cls, fd: (lambda sock: (sock.__init__(), sock.fileno()))(cls()),
    "names": lambda cls, fd: (cls.__name__, [each.__name__ for each in cls.__mro__], cls.__basicsize__ > 0),
    "dup": lambda cls, fd: (lambda sock: (sock, sock.dup()))(cls()),
    "enter": lambda cls, fd: cls().__enter__(),
    "pickle": lambda cls, fd: pickle.dumps(cls()),
    "copy": lambda cls, fd: copy.copy(cls()),
    "weakly": lambda cls, fd: (lambda sock: (weakref.ref(sock)() is sock, sock))(cls()),
    "attribute": lambda cls, fd: (lambda sock: (setattr(sock, "more", 5), sock.more, sock))(cls()),
    "forget": lambda cls, fd: (cls(), None)[1],
    "makefile": lambda cls, fd: cls().makefile("rb"),
    "context": lambda cls, fd: (lambda sock: (sock.__enter__(), sock.__exit__(None, None, None), sock))(cls()),
    "accept": lambda cls, fd: cls().accept(),
    "detach": lambda cls, fd: cls().detach(),
    "compare": lambda cls,
    fd: (lambda sock: (sock == sock, sock != 5, bool(sock), hash(sock) == hash(sock), sock))(cls()),
}  # fmt: skip


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("derive", CLASSES)
def test_subclass(derive, base, name):
    def act(module, scene):
        return ACTS[name](derive(BASES[base](module)), lambda: os.dup(scene.peer.fileno()))

    same_act(Situation("unix", "connected"), act)


@pytest.mark.parametrize("derive", CLASSES)
@pytest.mark.parametrize("state", STATES)
def test_methods_of_a_subclass(derive, state):
    """On a socket that has the same descriptor as one in each state."""
    for kind in ("tcp", "unix datagram"):
        for name, *arguments in [("__repr__",), ("dup",), ("accept",), ("makefile", "rb"), ("close",), ("recv", 5)]:

            def act(module, scene, name=name, arguments=arguments):
                with derive(module.socket)(fileno=scene.sock.detach()) as sock:
                    return getattr(sock, name)(*arguments)

            same_act(Situation(kind, state), act)


@pytest.mark.parametrize("name", ["family", "type", "proto", "timeout", "_closed", "_io_refs", "more", "send"])
@each
@given(value=anything)
def test_attributes(name, value):
    for kind in ("tcp", "unix datagram"):

        def assign(module, scene):
            setattr(scene.sock, name, value)
            return getattr(scene.sock, name)

        def remove(module, scene):
            delattr(scene.sock, name)

        if name not in ("_closed", "_io_refs"):
            same_act(Situation(kind, "new"), assign)
            same_act(Situation(kind, "new"), remove)


@each
@given(
    arguments=st.lists(no_descriptors, max_size=5),
    name=st.sampled_from(["name", "more", "fileno"]),
    value=no_descriptors,
)
def test_arguments_of_a_subclass(arguments, name, value):
    def act(module, scene):
        return default_family(module.socket)(*arguments, **{name: value})

    same_act(None, act)
