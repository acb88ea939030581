"""Descriptors of every kind as `fileno=`, and what duplicates, detaches, sends and receives them."""

import os
import re
import select
import socket as standard

import pytest
from drive import each, same, same_act
from hypothesis import example, given
from hypothesis import strategies as st
from situations import KINDS, STATES, Scene, Situation
from values import Fresh, anything, no_descriptors, numbers

FAMILIES = [
    -1,
    int(standard.AF_INET),
    int(standard.AF_INET6),
    int(standard.AF_UNIX),
    int(standard.AF_CAN),
    0,
    44,
    999,
    -2,
]
TYPES = [-1, 0, 1, 2, 3, 5, 10, 77, -2, *(int(each) | 1 for each in (standard.SOCK_NONBLOCK, standard.SOCK_CLOEXEC))]
PROTOCOLS = [-1, 0, 1, 6, 17, 255, 256, 999]

families = st.sampled_from(FAMILIES) | anything
types = st.sampled_from(TYPES) | anything
protocols = st.sampled_from(PROTOCOLS) | anything
sizes = st.integers(0, 20) | numbers.filter(lambda value: not isinstance(value, int) or not 1 << 18 < value < 1 << 31)


def pipe(stack):
    reading, writing = os.pipe()
    stack.callback(os.close, writing)
    return reading


def closed(stack):
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    return reading


def epoll(stack):
    with select.epoll() as poll:
        return os.dup(poll.fileno())


def sock(*kind):
    return lambda stack: standard.socket(*kind).detach()


NO_SOCKETS = {
    "file": lambda stack: os.open(__file__, os.O_RDONLY),
    "directory": lambda stack: os.open("/", os.O_RDONLY),
    "path": lambda stack: os.open("/", os.O_PATH),
    "device": lambda stack: os.open(os.devnull, os.O_RDWR),
    "memory": lambda stack: os.memfd_create("name"),
    "pipe": pipe,
    "epoll": epoll,
    "closed": closed,
}
SOCKETS = {
    "tcp": sock(standard.AF_INET, standard.SOCK_STREAM),
    "udp": sock(standard.AF_INET, standard.SOCK_DGRAM),
    "udplite": sock(standard.AF_INET, standard.SOCK_DGRAM, standard.IPPROTO_UDPLITE),
    "tcp6": sock(standard.AF_INET6, standard.SOCK_STREAM),
    "unix": sock(standard.AF_UNIX, standard.SOCK_STREAM),
    "seqpacket": sock(standard.AF_UNIX, standard.SOCK_SEQPACKET),
    "netlink": sock(standard.AF_NETLINK, standard.SOCK_RAW),
    "vsock": sock(standard.AF_VSOCK, standard.SOCK_STREAM),
}
OPENED = {**NO_SOCKETS, **SOCKETS}


@pytest.mark.parametrize("base", [False, True], ids=["socket", "_socket"])
@pytest.mark.parametrize("name", OPENED)
@each
@given(kind=st.tuples(families, types, protocols) | st.tuples(families) | st.just(()) | st.just((-1, -1, -1)))
def test_descriptor(name, base, kind):
    def act(module, scene):
        cls = module._socket.socket if base else module.socket
        return seen(cls(*kind, *[-1] * (3 - len(kind)), fileno=scene.address))

    same_act(opened(name), act)


def seen(sock):
    """The socket; or, where it claims to be of a family that it is not, what it is but for its addresses.

    Those the standard module reads by what the socket claims to be, and gives foreign memory.
    """
    with standard.socket(fileno=os.dup(sock.fileno())) as same:
        if same.family == sock.family:
            return sock
    text = re.sub(", [lr]addr=.*(?=>)", "", repr(sock))
    sock.close()
    return text


def opened(name):
    """A scene whose address is the descriptor; it is closed, unless a socket has it."""

    def situation(module, stack):
        return Scene(address=OPENED[name](stack))

    return situation


@pytest.mark.parametrize("function", ["socket", "_socket.socket"])
@each
@given(value=no_descriptors, kind=st.tuples(families, types, protocols))
def test_no_descriptor(function, value, kind):
    same(None, function, fileno=value)
    same(None, function, *kind, value)
    same(None, function, 1, 1, 0, value)


@each
@given(family=families, kind=types, protocol=protocols)
def test_new(family, kind, protocol):
    for function in ("socket", "_socket.socket", "socketpair", "_socket.socketpair"):
        same(None, function, family, kind, protocol)
    same(None, "socket", family=family)
    same(None, "socket", type=kind)
    same(None, "socket", proto=protocol)


@each
@given(value=no_descriptors, kind=st.tuples(families, types))
def test_functions_of_no_descriptor(value, kind):
    same(None, "fromfd", value, *kind)
    same(None, "dup", value)
    same(None, "close", value)


@pytest.mark.parametrize("name", OPENED)
def test_functions_of_a_descriptor(name):
    calls = {
        "fromfd": lambda module, fd: seen(module.fromfd(fd, 2, 1)),
        "fromfd of all": lambda module, fd: module.fromfd(fd, -1, -1, -1),
        "fromfd of a family": lambda module, fd: seen(module.fromfd(fd, 1, 2, proto=3)),
        "dup": lambda module, fd: module.dup(fd),
        "close": lambda module, fd: module.close(fd),
        "closed twice": lambda module, fd: (module.close(fd), module.close(fd)),
    }
    for call in calls.values():
        same_act(opened(name), lambda module, scene, call=call: call(module, scene.address))


@pytest.mark.parametrize("state", STATES)
def test_duplicates(state):
    for kind in KINDS:
        for timeout in (None, 0, 5):
            same_act(Situation(kind, state, timeout), duplicates)


def duplicates(module, scene):
    class Derived(module.socket):
        pass

    sock = scene.sock
    results = [sock.dup(), Derived(fileno=sock.dup().detach()), module.fromfd(sock.fileno(), sock.family, sock.type)]
    results += [results[1].dup(), module.socket(fileno=module.dup(sock.fileno()))]
    return results


# --- descriptors sent

OPEN = Fresh("open", None)
KINDS_OF_PEERS = ["unix", "unix datagram", "unix seqpacket", "udp", "tcp"]
lists = st.lists(st.just(OPEN) | st.sampled_from([-1, 99999, 2**31]) | anything, max_size=4)


@each
@given(
    kind=st.sampled_from(KINDS_OF_PEERS),
    buffers=st.sampled_from([[b"x"], [b"x"], [], (b"a", b"b"), b"x", None, ["x"], [b""]]),
    fds=lists | lists.map(tuple) | anything,
)
@example(kind="unix", buffers=[b"x"], fds=b"")
@example(kind="unix", buffers=[b"x"], fds=bytearray(b"\xff\xff\xff\xff"))
@example(kind="unix", buffers=[b"x"], fds=b"12345")
def test_send_descriptors(kind, buffers, fds):
    def act(module, scene):
        with open(os.devnull) as file:
            given = (
                type(fds)(file.fileno() if each is OPEN else each for each in fds)
                if type(fds) in (list, tuple)
                else fds
            )
            return module.send_fds(scene.sock, buffers, given)

    same_act(Situation(kind, "connected"), act)


@each
@given(kind=st.sampled_from(KINDS_OF_PEERS), size=sizes, most=sizes, count=st.integers(0, 4))
def test_receive_descriptors(kind, size, most, count):
    """Without flags, which the standard module ignores. The results are numbers: `drive` closes and counts them."""

    def act(module, scene):
        with open(os.devnull) as file:
            standard.send_fds(scene.peer, [b"data"], [file.fileno()] * count)
        return module.recv_fds(scene.sock, size, most)

    same_act(Situation(kind, "connected"), act)
