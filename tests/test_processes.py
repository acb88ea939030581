"""Sockets that multiprocessing sends, and how it comes to know; programs/test_children.py has other processes."""

import errno
import os
import pickle
from multiprocessing import reduction, resource_sharer
from textwrap import dedent

import pytest

from berkeley import socket


@pytest.fixture
def sent():
    """Sends something as to another process, though to this one: gives what comes out."""
    yield lambda thing: pickle.loads(reduction.ForkingPickler.dumps(thing))
    resource_sharer.stop(10)


@pytest.mark.parametrize(
    ("family", "kind", "proto"),
    [
        (socket.AF_UNIX, socket.SOCK_STREAM, 0),
        (socket.AF_UNIX, socket.SOCK_SEQPACKET, 0),
        (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP),
        (socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_UDP),
        (socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE),
    ],
)
def test_it_comes_as_what_it_was(sent, family, kind, proto):
    with socket.socket(family, kind, proto) as sock, sent(sock) as other:
        assert type(other) is socket.socket
        assert (other.family, other.type, other.proto) == (family, kind, proto)
        assert isinstance(other.family, socket.AddressFamily)
        assert isinstance(other.type, socket.SocketKind)
        assert other.fileno() != sock.fileno()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY, 3)
        assert other.getsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY) == 3


def test_two_ends(sent):
    pair = socket.socketpair()
    with pair[0], pair[1]:
        first, second = sent(pair)
    with first, second:
        first.sendall(b"data")
        assert second.recv(9) == b"data"


def test_a_closed_socket_is_not_sent(sent):
    sock = socket.socket()
    sock.close()
    with pytest.raises(OSError) as caught:
        sent(sock)
    assert caught.value.errno == errno.EBADF


def test_other_classes_and_plain_pickles_refuse(sent):
    class Derived(socket.socket):
        pass

    with Derived() as derived, socket.socket() as sock:
        native = socket.SocketType(fileno=os.dup(sock.fileno()))
        for refused in derived, native:
            with pytest.raises(TypeError, match="cannot pickle"):
                sent(refused)
        with pytest.raises(TypeError, match="cannot pickle"):
            pickle.dumps(sock)
        native.close()


# In a process of its own: an audit hook stays.
REFUSED = """
import gc, os, pickle, sys
from multiprocessing import reduction, resource_sharer
from textwrap import dedent
from berkeley import socket
def refuse(event, arguments):
    if event == "socket.__new__" and sys._getframe(1).f_code.co_name == "adopt": raise PermissionError
sock = socket.socket()
before = os.listdir("/proc/self/fd")
sent = [reduction.ForkingPickler.dumps(sock) for _ in range(3)]
sys.addaudithook(refuse)
for each in sent:
    try: pickle.loads(each)
    except PermissionError: pass
    else: print("not refused")
resource_sharer.stop(10)
gc.collect()
print(len(os.listdir("/proc/self/fd")) - len(before))
sock.close()
"""


def test_a_socket_that_is_refused_leaves_no_descriptor(python):
    result = python("-W", "error", "-c", REFUSED)
    assert (result.returncode, result.stdout, result.stderr) == (0, "0\n", "")


ORDERS = {
    "berkeley first": """
        from berkeley import socket
        assert not [name for name in sys.modules if name.startswith("multiprocessing")]
        assert len(sys.meta_path) == len(before) + 1
        from multiprocessing import reduction
    """,
    "multiprocessing first": """
        from multiprocessing import reduction
        from berkeley import socket
    """,
    "in threads": """
        import threading
        from berkeley import socket
        start = threading.Barrier(4)
        def work():
            start.wait()
            from multiprocessing import reduction
            seen.append(socket.socket in reduction.ForkingPickler._extra_reducers)
        seen = []
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        assert seen == [True] * 4
        from multiprocessing import reduction
    """,
    "at the second attempt": """
        from berkeley import socket
        sys.modules["array"] = None
        try: import multiprocessing.reduction
        except ImportError: pass
        else: raise AssertionError
        del sys.modules["array"]
        from multiprocessing import reduction
    """,
    "after a look at its source": """
        from berkeley import socket
        import importlib.util, inspect, multiprocessing.process
        for name in [name for name in sys.modules if name.startswith("multiprocessing.")]: del sys.modules[name]
        spec = importlib.util.find_spec("multiprocessing.reduction")
        assert "ForkingPickler" in spec.loader.get_source(spec.name)
        from multiprocessing import reduction
    """,
    "installed, uninstalled before": """
        import berkeley
        berkeley.install()
        from berkeley import socket
        berkeley.uninstall()
        from multiprocessing import reduction
    """,
    "installed after": """
        from berkeley import socket
        from multiprocessing import reduction
        import berkeley, warnings
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            berkeley.install()
    """,
    "loaded again": """
        from berkeley import socket
        import importlib
        importlib.reload(socket)
        from multiprocessing import reduction
        importlib.reload(socket)
    """,
}
AFTER = """
assert sys.meta_path == before or "berkeley._install" in sys.modules and sys.meta_path[1:] == before, sys.meta_path
assert reduction.__loader__ is reduction.__spec__.loader and type(reduction.__loader__).__name__ == "SourceFileLoader"
reducers = reduction.ForkingPickler._extra_reducers
print(reducers[socket.socket].__module__, reducers[reduction.socket.socket].__module__)
"""


@pytest.mark.parametrize("order", ORDERS)
def test_in_whatever_order(python, order):
    modules = told(python, "import sys\nbefore = [*sys.meta_path]", ORDERS[order])
    assert modules == ["berkeley._standard.processes", "multiprocessing.reduction"]


INSTALLED = {
    "installed before": """
        from multiprocessing import reduction
    """,
    "and dropped before": """
        del sys.modules["socket"]
        from multiprocessing import reduction
        assert reduction.socket.socket is socket.socket
    """,
    "and imported anew after": """
        from multiprocessing import reduction
        del sys.modules["socket"]
        assert __import__("socket") is not socket
    """,
}


@pytest.mark.parametrize("order", INSTALLED)
def test_what_multiprocessing_knows_by_itself(python, order):
    """Installed, it is `socket.socket`: it arrives as the socket that the other process has by that name."""
    begin = "import sys, berkeley\nbefore = [*sys.meta_path]\nberkeley.install()\nfrom berkeley import socket"
    assert told(python, begin, INSTALLED[order]) == ["multiprocessing.reduction", "multiprocessing.reduction"]


def told(python, begin, order):
    """The modules of what sends our sockets, and those of the module that multiprocessing knows."""
    result = python("-W", "error", "-c", begin + dedent(order) + AFTER)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.split()
