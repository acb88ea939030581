"""The same sequence of calls on two pairs of connected sockets, one of each module, and on what the calls give."""

import io
import os
import re
import socket as standard
from contextlib import ExitStack

from drive import berkeley, examples, heard, unraisable
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from known import refused_at_once
from texts import scrubbed, shown, shown_error

CALLS = [
    ("send", b"data"), ("send", b""), ("sendall", b"line\nand more"), ("sendmsg", [b"da", b"ta"]), ("recv", 3),
    ("recv", 0), ("recv", 100), ("recv", 5, standard.MSG_PEEK), ("recvfrom", 4), ("recvmsg", 3, 100), ("shutdown", 0),
    ("shutdown", 1), ("close",), ("dup",), ("detach",), ("settimeout", 0.001), ("settimeout", 0),
    ("setblocking", False), ("gettimeout",), ("getsockname",), ("getpeername",), ("fileno",), ("__repr__",),
    ("set_inheritable", True), ("__enter__",), ("makefile", "r"), ("makefile", "rb"), ("makefile", "wb"),
    ("makefile", "rwb", 0), ("makefile", "rw", 1), ("setsockopt", 1, 9, 1), ("getsockopt", 1, 9), ("getsockopt", 1, 4),
    ("accept",), ("listen",), ("_decref_socketios",),
]  # fmt: skip
FILE_CALLS = [
    ("read", 2), ("readline",), ("readinto", bytearray(3)), ("write", b"data"), ("write", "text\n"), ("flush",),
    ("close",), ("fileno",), ("readable",), ("writable",), ("detach",), ("__enter__",), ("seekable",),
]  # fmt: skip
# On a closed socket both fail, and change the standard module's timeout: a row of docs/differences.md.
MODES = ("settimeout", "setblocking")
KINDS = [standard.SOCK_STREAM, standard.SOCK_DGRAM, standard.SOCK_SEQPACKET]

which = st.integers(0, 20)


class Sequences(RuleBasedStateMachine):
    """`worlds` has what each module has given so far: sockets and files, in the same order."""

    def __init__(self):
        super().__init__()
        self.stack = ExitStack()
        self.worlds = []

    @initialize(kind=st.sampled_from(KINDS))
    def begin(self, kind):
        for module in (standard, berkeley):
            pair = module.socketpair(standard.AF_UNIX, kind)
            self.worlds.append((module, list(pair)))
            for sock in pair:
                self.stack.callback(module._socket.socket.close, sock)
                sock.setblocking(False)

    @rule(at=which, call=st.sampled_from(CALLS + FILE_CALLS))
    def call(self, at, call):
        name, *arguments = call

        def act(module, made):
            one = made[at % len(made)]
            if name in MODES and isinstance(one, module.socket) and one.fileno() < 0:
                return None
            result = getattr(one, name)(*arguments)
            if name == "detach" and type(result) is int and result >= 0:
                self.stack.callback(os.close, result)
            return result

        self.step(act)

    @rule(at=which, by=st.sampled_from(["fromfd", "fileno"]))
    def copy(self, at, by):
        def act(module, made):
            fd = made[at % len(made)].fileno()
            sock = module.fromfd(fd, 1, 1) if by == "fromfd" else module.socket(fileno=module.dup(fd))
            sock.setblocking(False)
            return sock

        self.step(act)

    @precondition(lambda self: len(self.worlds[0][1]) > 2)
    @rule(at=which)
    def forget(self, at):
        def drop(module, made):
            made.pop(2 + at % (len(made) - 2)).close()

        self.step(drop)

    def step(self, act):
        """The same in both worlds, but for numbers of descriptors; sockets and files that come of it are kept."""
        texts = []
        for module, made in self.worlds:
            with heard() as events, unraisable() as lost:
                try:
                    result = act(module, made)
                    text = str(result >= 0) if type(result) is int and result > 2 else shown(result)
                    self.keep(module, made, result)
                except Exception as error:
                    text = shown_error(error, module)
                text = scrubbed(f"{text} {events} {lost} {[shown(one) for one in made]}")
                texts.append(re.sub(r"fd=\d+|name(=|', )\d+", "fd", text))
        assert texts[0] == texts[1] or refused_at_once(*texts)

    def keep(self, module, made, result):
        if isinstance(result, module.socket) and result not in made:
            made.append(result)
            self.stack.callback(module._socket.socket.close, result)
        elif isinstance(result, io.IOBase) and result not in made:
            made.append(result)

    def teardown(self):
        """A file that has data left, and nowhere to write it, says so as it goes."""
        said = []
        for _, made in self.worlds:
            with unraisable() as lost:
                made.clear()
            said.append(scrubbed(str(lost)))
        self.stack.close()
        assert not said or said[0] == said[1]


Sequences.TestCase.settings = settings(examples(60), stateful_step_count=30)
TestSequences = Sequences.TestCase
