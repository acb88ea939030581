"""Audit events: those that are documented, with the documented arguments, at the right moment; and hooks that refuse.

Each in an interpreter of its own: a hook cannot be removed.
"""

import re
import textwrap

import pytest

START = """
import os, sys
from {package} import {module} as socket
events, refused = [], set()
def hook(name, arguments):
    if name.startswith("socket."):
        events.append((name[7:], *arguments))
        if name[7:] in refused:
            raise RuntimeError("refused")
def seen(function, *arguments, **keywords):
    events.clear()
    try:
        function(*arguments, **keywords)
    except Exception as error:
        return [*events, type(error).__name__]
    return list(events)
def descriptors():
    return len(os.listdir("/proc/self/fd"))
def same(found, expected):
    assert found == expected and list(map(kinds, found)) == list(map(kinds, expected)), (found, expected)
def kinds(event):
    return [type(each) for each in event]
def new(sock, *arguments):
    return ("__new__", sock, *arguments)
def udp():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sys.addaudithook(hook)
"""


@pytest.fixture
def run(python):
    """Runs a program that has `hook` in place, `socket` being the module."""

    def run(program, package="berkeley", module="socket"):
        start = START.replace("from {package} ", f"from {package} " if package else "").format(module=module)
        done = python("-W", "error", "-c", start + textwrap.dedent(program))
        assert done.returncode == 0, done.stderr
        assert not re.search("Warning|Exception ignored", done.stderr), done.stderr

    return run


# Equal in the standard module.
EVENTS = {
    "a new socket": """
        with udp() as sock:
            found = seen(socket.socket, socket.AF_INET6, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, 17)
            assert [event[2:] for event in found] == [(10, 2 | socket.SOCK_NONBLOCK, 17)]
            assert type(found[0][1]) is socket.socket
            events.clear(); socket.socket().close(); assert events[0][2:] == (2, 1, 0)
            events.clear()
            other = socket.socket(fileno=os.dup(sock.fileno()))
            assert events == [new(other, -1, -1, -1)]
            other.close()
    """,
    "a socket that cannot be made": """
        found = seen(socket.socket, 99, 1, 0)
        assert found[0][0] == "__new__" and found[0][2:] == (99, 1, 0) and found[1] == "OSError", found
        assert seen(socket.socket, "2") == ["TypeError"]
    """,
    "accept, dup, socketpair, fromfd": """
        with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
            client.connect(server.getsockname())
            events.clear()
            peer, _ = server.accept()
            copy = peer.dup()
            third = socket.fromfd(peer.fileno(), 2, 1)
            a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
            assert events[:3] == [new(peer, 2, 1, 0), new(copy, 2, 1, 0), new(third, 2, 1, 0)]
            assert events[3:] == [new(a, 1, 2, 0), new(b, 1, 2, 0)]
            for sock in (peer, copy, third, a, b): sock.close()
    """,
    "bind, connect, connect_ex": """
        with udp() as sock:
            address = ("127.0.0.1", 0)
            same(seen(sock.bind, address), [("bind", sock, address)])
            assert events[0][2] is address
            there = sock.getsockname()
            same(seen(sock.connect, there), [("connect", sock, there)])
            same(seen(sock.connect_ex, there), [("connect", sock, there)])
    """,
    "sendto, sendmsg": """
        with udp() as sock:
            sock.bind(("127.0.0.1", 0))
            there = sock.getsockname()
            same(seen(sock.sendto, b"x", there), [("sendto", sock, there)])
            same(seen(sock.sendto, b"x", 0, there), [("sendto", sock, there)])
            same(seen(sock.sendmsg, [b"x"], [], 0, there), [("sendmsg", sock, there)])
            _, there = sock.recvfrom(10)
            assert seen(sock.sendto, b"x", there) == [("sendto", sock, there)] and events[0][2] is there
            sock.connect(there)
            same(seen(sock.sendmsg, [b"x"]), [("sendmsg", sock, None)])
            same(seen(sock.send, b"x"), [])
    """,
    "addresses of other families": """
        for family, kind, address in [(socket.AF_UNIX, 1, "/nonexistent/path"), (socket.AF_UNIX, 2, b"\\0berkeley"),
                                      (socket.AF_INET6, 2, ("::1", 0, 0, 0)), (socket.AF_NETLINK, 3, (0, 0))]:
            with socket.socket(family, kind) as sock:
                assert seen(sock.bind, address)[0] == ("bind", sock, address)
                assert events[0][2] is address
    """,
    "no event for what is no address": """
        for family, addresses in [
            (socket.AF_INET, [None, "127.0.0.1", ("127.0.0.1",), ("127.0.0.1", 0, 0), (None, 0), ("127.0.0.1", 1 << 16),
                              ("127.0.0.1", "0"), ("127.0.0.1\\0", 0)]),
            (socket.AF_INET6, [("::1",), ("::1", 0, 1 << 20), ("::1", 0, 0, "0")]),
            (socket.AF_UNIX, [None, 1, "x" * 109]),
            (socket.AF_NETLINK, [None, (0,), ("0", 0)]),
        ]:
            with socket.socket(family, socket.SOCK_DGRAM) as sock:
                for address in addresses:
                    for call in (sock.bind, sock.connect, sock.connect_ex):
                        [error] = seen(call, address)
                    assert len(seen(sock.sendto, b"x", address)) == 1
                    if address is not None:
                        assert len(seen(sock.sendmsg, [b"x"], [], 0, address)) == 1
    """,
    "resolver": """
        kind = socket.SOCK_STREAM
        same(seen(socket.getaddrinfo, "127.0.0.1", 80, type=kind, flags=4), [("getaddrinfo", "127.0.0.1", 80, 0, 1, 0)])
        same(seen(socket.getaddrinfo, b"::1", "80", 10, 1, 6), [("getaddrinfo", b"::1", "80", 10, 1, 6)])
        same(seen(socket.getaddrinfo, None, None), [("getaddrinfo", None, None, 0, 0, 0), "gaierror"])
        same(seen(socket.getnameinfo, ("127.0.0.1", 80), 3), [("getnameinfo", ("127.0.0.1", 80))])
        for function in ("gethostbyname", "gethostbyname_ex", "gethostbyaddr"):
            event = "gethostbyname" if function == "gethostbyname_ex" else function
            same(seen(getattr(socket, function), "127.0.0.1"), [(event, "127.0.0.1")])
            same(seen(getattr(socket, function), b"127.0.0.1"), [(event, b"127.0.0.1")])
        for call in [(socket.getaddrinfo, 1, 80), (socket.getaddrinfo, "127.0.0.1", 80.0), (socket.getnameinfo, 1, 0),
                     (socket.getnameinfo, ("127.0.0.1",), 0), (socket.gethostbyname, 1), (socket.gethostbyaddr, None)]:
            assert len(seen(*call)) == 1, call
    """,
    "services and the machine's name": """
        socket.gethostname()
        same(seen(socket.gethostname), [("gethostname",)])
        same(seen(socket.getservbyname, "no-such-name"), [("getservbyname", "no-such-name", None), "OSError"])
        same(seen(socket.getservbyname, "no-such-name", "tcp"), [("getservbyname", "no-such-name", "tcp"), "OSError"])
        same(seen(socket.getservbyport, 64999), [("getservbyport", 64999, None), "OSError"])
        same(seen(socket.getservbyport, 64999, "udp"), [("getservbyport", 64999, "udp"), "OSError"])
        same(seen(socket.getservbyport, -1), ["OverflowError"])
        same(seen(socket.getprotobyname, "no-such-name"), ["OSError"])
        refused.add("sethostname")
        same(seen(socket.sethostname, "caf\\u00e9"), [("sethostname", "caf\\u00e9".encode()), "RuntimeError"])
        same(seen(socket.sethostname, b"name"), [("sethostname", b"name"), "RuntimeError"])
    """,
    "connections and servers": """
        with socket.create_server(("127.0.0.1", 0)) as server:
            there = server.getsockname()
            events.clear()
            with socket.create_connection(there, 5, ("127.0.0.1", 0)) as client:
                assert events == [("getaddrinfo", *there, 0, 1, 0), new(client, 2, 1, 6),
                                  ("bind", client, ("127.0.0.1", 0)), ("connect", client, there)], events
    """,
}


@pytest.mark.parametrize("package", ["", "berkeley"], ids=["standard", "berkeley"])
@pytest.mark.parametrize("case", EVENTS)
def test_events(run, case, package):
    run(EVENTS[case], package)


# What the standard module does later, or loses.
REFUSALS = {
    "before any name is resolved": """
        refused.update({"bind", "connect", "sendto", "sendmsg"})
        address = ("::1", 0)  # getaddrinfo(3) would say that it is none
        with udp() as sock:
            for call, *arguments in [(sock.bind,), (sock.connect,), (sock.connect_ex,), (sock.sendto, b"x"),
                                     (sock.sendmsg, [b"x"], [], 0)]:
                found = seen(call, *arguments, address)
                assert found[0][1:] == (sock, address) and found[1:] == ["RuntimeError"], found
    """,
    "an address that is kept": """
        with udp() as sock:
            sock.bind(("127.0.0.1", 0))
            sock.sendto(b"x", sock.getsockname())
            _, there = sock.recvfrom(10)
            refused.add("sendto")
            assert seen(sock.sendto, b"y", there)[1:] == ["RuntimeError"]
            sock.setblocking(False)
            assert seen(sock.recv, 10) == ["BlockingIOError"]
    """,
    "no descriptor stays open": """
        with socket.create_server(("127.0.0.1", 0)) as server, udp() as other:
            with socket.socket() as client:
                client.connect(server.getsockname())
                before = descriptors()
                refused.add("__new__")
                for call in [socket.socket, server.accept, other.dup, socket.socketpair,
                             lambda: socket.fromfd(other.fileno(), 2, 2),
                             lambda: socket.create_server(("127.0.0.1", 0)),
                             lambda: socket.create_connection(server.getsockname())]:
                    assert seen(call)[-1] == "RuntimeError", call
                    assert descriptors() == before, call
    """,
    "the second of a pair": """
        class Second:
            def __init__(self): self.count = 0
            def __contains__(self, name): self.count += name == "__new__"; return self.count == 2
        before = descriptors()
        refused = Second()
        assert seen(socket.socketpair)[-1] == "RuntimeError"
        assert descriptors() == before
    """,
    "connections and servers": """
        with socket.create_server(("127.0.0.1", 0)) as server:
            before = descriptors()
            for event in ("bind", "connect"):
                refused = {event}
                assert seen(socket.create_connection, server.getsockname(), 5, ("127.0.0.1", 0))[-1] == "RuntimeError"
                assert descriptors() == before
            refused = {"bind"}
            assert seen(socket.create_server, ("127.0.0.1", 0))[-1] == "RuntimeError"
            assert descriptors() == before
    """,
    "resolver": """
        refused.update({"getaddrinfo", "gethostbyname", "gethostbyaddr", "getnameinfo", "gethostname", "getservbyname"})
        for call in [(socket.getaddrinfo, "127.0.0.1", 80), (socket.gethostbyname, "x.invalid"), (socket.gethostname,),
                     (socket.gethostbyname_ex, "x.invalid"), (socket.gethostbyaddr, "x.invalid"), (socket.getfqdn, "x"),
                     (socket.getnameinfo, ("x.invalid", 80), 0), (socket.getservbyname, "http")]:
            assert seen(*call)[1:] == ["RuntimeError"], call
    """,
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals(run, case):
    run(REFUSALS[case])
