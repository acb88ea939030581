"""What trying a call first, and waiting only then, may change under a timeout: the options of socket(7), tcp(7), udp(7)
and unix(7), accepting and connecting, on both modules. docs/waiting.md has the verdicts.
"""

import array
import os
import struct
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest
from waits import LONG, SHORT, TIMED_OUT, arrived_in_all, by, meanwhile, outcome

from berkeley import constants
from berkeley.constants import IPPROTO_IP, IPPROTO_TCP, SOL_SOCKET

TICK = struct.pack("ll", 0, 10_000)  # a struct timeval

# Options that have a say in what is received or sent, and when; those below have tests of their own.
OPTIONS = {
    "tcp": [
        *[(SOL_SOCKET, getattr(constants, name), 1) for name in (
            "SO_BROADCAST", "SO_BUSY_POLL", "SO_DONTROUTE", "SO_INCOMING_CPU", "SO_KEEPALIVE", "SO_OOBINLINE",
            "SO_PRIORITY", "SO_RCVBUF", "SO_RCVLOWAT", "SO_REUSEADDR", "SO_REUSEPORT", "SO_RXQ_OVFL",
            "SO_SELECT_ERR_QUEUE", "SO_SNDBUF", "SO_TIMESTAMP", "SO_TIMESTAMPNS", "SO_ZEROCOPY",
        )],
        *[(IPPROTO_TCP, getattr(constants, name), 1) for name in (
            "TCP_KEEPCNT", "TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_LINGER2", "TCP_NODELAY", "TCP_QUICKACK", "TCP_SYNCNT",
        )],
        (IPPROTO_TCP, constants.TCP_CONGESTION, b"reno"),
        (IPPROTO_TCP, constants.TCP_MAXSEG, 512),
        (IPPROTO_TCP, constants.TCP_USER_TIMEOUT, 30_000),
        (IPPROTO_TCP, constants.TCP_WINDOW_CLAMP, 4096),
        (IPPROTO_IP, constants.IP_RECVERR, 1),
        (SOL_SOCKET, constants.SO_RCVTIMEO, TICK),
        (SOL_SOCKET, constants.SO_SNDTIMEO, TICK),
        (SOL_SOCKET, constants.SO_LINGER, struct.pack("ii", 1, 1)),
    ],
    "udp": [
        *[(SOL_SOCKET, getattr(constants, name), 1) for name in (
            "SO_BROADCAST", "SO_BUSY_POLL", "SO_RCVBUF", "SO_RXQ_OVFL", "SO_SELECT_ERR_QUEUE", "SO_SNDBUF",
            "SO_TIMESTAMP", "SO_TIMESTAMPNS",
        )],
        (SOL_SOCKET, constants.SO_RCVLOWAT, 9),
        (IPPROTO_IP, constants.IP_RECVERR, 1),
    ],
    "pair": [
        *[(SOL_SOCKET, getattr(constants, name), 1) for name in ("SO_PASSCRED", "SO_RCVBUF", "SO_SNDBUF")],
        (SOL_SOCKET, constants.SO_RCVLOWAT, 9),
    ],
    "datagrams": [*[(SOL_SOCKET, getattr(constants, name), 1) for name in ("SO_PASSCRED", "SO_RCVBUF", "SO_SNDBUF")]],
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "option"), [(kind, option) for kind, options in OPTIONS.items() for option in options], ids=str
)
def test_option_under_which_nothing_differs(impl, request, kind, option):
    here, there = request.getfixturevalue(kind)
    if outcome(here.setsockopt, *option) == "EPERM":  # SO_BUSY_POLL
        pytest.skip("no CAP_NET_ADMIN to set the option")
    here.settimeout(SHORT)
    assert outcome(here.recv, 9) == TIMED_OUT
    here.settimeout(LONG)
    there.send(b"data")
    assert here.recv(9) == b"data"
    with meanwhile(lambda: there.send(b"more")):
        assert here.recv(9) == b"more"
    assert here.send(b"answer") == 6
    there.settimeout(LONG)
    assert there.recv(9) == b"answer"


# --- socket(7)


RECEIVING = {
    "recv": lambda sock: sock.recv(9),
    "recv_into": lambda sock: sock.recv_into(bytearray(9)),
    "recvfrom": lambda sock: sock.recvfrom(9)[0],
    "recvfrom_into": lambda sock: sock.recvfrom_into(bytearray(9))[0],
    "recvmsg": lambda sock: sock.recvmsg(9)[0],
    "recvmsg_into": lambda sock: sock.recvmsg_into([bytearray(9)])[0],
    "makefile": lambda sock: sock.makefile("rb", 0).read(9),
}


def wants(sock, count):
    """The socket, which wakes a reader for so many bytes only."""
    sock.setsockopt(SOL_SOCKET, constants.SO_RCVLOWAT, count)
    return sock


@pytest.mark.parametrize("receive", RECEIVING.values(), ids=RECEIVING)
def test_low_water(tcp, receive):
    here, there = tcp
    wants(here, 5).settimeout(SHORT)
    there.send(b"1234")
    arrived_in_all(here, 4)
    assert outcome(receive, here) == TIMED_OUT
    here.settimeout(LONG)
    with meanwhile(lambda: there.send(b"56")):
        assert receive(here) in (b"123456", 6)
    there.send(b"1234")
    there.close()  # less, and no more
    assert receive(here) in (b"1234", 4)


def test_low_water_of_one_again(tcp):
    here, there = tcp
    wants(wants(here, 5), 1).settimeout(LONG)
    there.send(b"1234")
    assert here.recv(9) == b"1234"


@pytest.mark.parametrize("form", [5, struct.pack("i", 5)], ids=str)
def test_low_water_of_a_duplicate_and_of_what_is_accepted(impl, form):
    with impl.create_server(("127.0.0.1", 0)) as listener, ExitStack() as stack:
        second = stack.enter_context(wants(listener, form).dup())
        client = stack.enter_context(impl.create_connection(second.getsockname()))
        accepted = stack.enter_context(second.accept()[0])
        last = stack.enter_context(accepted.dup())
        client.send(b"1234")
        arrived_in_all(last, 4)
        for sock in (accepted, last):
            sock.settimeout(SHORT)
            assert outcome(sock.recv, 9) == TIMED_OUT


def test_low_water_that_another_set(impl, tcp):
    here, there = tcp
    with impl.socket(fileno=os.dup(here.fileno())) as other:
        wants(other, 5)
    there.send(b"1234")
    arrived_in_all(here, 4)
    here.settimeout(SHORT)
    assert outcome(here.recv, 9) == by(impl, standard=TIMED_OUT, berkeley=b"1234")


def test_low_water_of_sending_is_fixed(streams):
    assert streams[0].getsockopt(SOL_SOCKET, constants.SO_SNDLOWAT) == 1
    assert outcome(streams[0].setsockopt, SOL_SOCKET, constants.SO_SNDLOWAT, 2) == "ENOPROTOOPT"


def test_the_kernel_s_timeouts_without_one_of_ours(impl, both, full):
    here = both[0]
    for option in (constants.SO_RCVTIMEO, constants.SO_SNDTIMEO):
        here.setsockopt(SOL_SOCKET, option, TICK)
    assert outcome(here.recv, 9) == "EAGAIN"
    if here.type == impl.SOCK_STREAM:
        assert outcome(here.sendall, bytes(1 << 24)) == "EAGAIN"
    with impl.socket() as client, impl.create_server(("127.0.0.1", 0)) as listener:
        client.setsockopt(SOL_SOCKET, constants.SO_SNDTIMEO, TICK)
        assert outcome(client.connect, full) == "EINPROGRESS"
        listener.setsockopt(SOL_SOCKET, constants.SO_RCVTIMEO, TICK)
        assert outcome(listener.accept) == "EAGAIN"


def test_the_kernel_s_timeouts_beside_one_of_ours(both):
    here = both[0]
    here.setsockopt(SOL_SOCKET, constants.SO_RCVTIMEO, TICK)
    here.settimeout(SHORT)
    start = time.monotonic()
    assert outcome(here.recv, 9) == TIMED_OUT
    assert time.monotonic() - start >= SHORT


@pytest.mark.parametrize("kind", ["tcp", "udp", "pair"])
def test_peek_offset(impl, request, kind):
    """Each peek goes on where the last one ended, and a read takes it back (socket(7)'s example)."""
    here, there = request.getfixturevalue(kind)
    if outcome(here.setsockopt, SOL_SOCKET, constants.SO_PEEK_OFF, 4) is not None:
        pytest.skip(f"the kernel has no SO_PEEK_OFF for {kind}")
    there.send(b"aabbccddeeff")
    here.settimeout(LONG)
    assert [here.recv(2, impl.MSG_PEEK) for _ in range(2)] == [b"cc", b"dd"]
    if here.type == impl.SOCK_STREAM:
        assert here.recv(2) == b"aa"
        assert here.recv(2, impl.MSG_PEEK) == b"ee"


def test_time_stamp(both):
    here, there = both
    here.setsockopt(SOL_SOCKET, constants.SO_TIMESTAMP, 1)
    here.settimeout(LONG)
    with meanwhile(lambda: there.send(b"data")):
        data, ancillary, _, _ = here.recvmsg(9, 99)
    assert data == b"data"
    assert [kind for _, kind, _ in ancillary] in ([constants.SO_TIMESTAMP], [])  # an AF_UNIX stream has none


# --- tcp(7)


def test_deferred_accept(impl):
    with impl.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(IPPROTO_TCP, constants.TCP_DEFER_ACCEPT, 30)
        with impl.create_connection(listener.getsockname()) as client:
            listener.settimeout(SHORT)
            assert outcome(listener.accept) == TIMED_OUT
            listener.settimeout(LONG)
            with meanwhile(lambda: client.send(b"data")), listener.accept()[0] as accepted:
                assert accepted.recv(9) == b"data"


def test_user_timeout(tcp):
    """Data that the peer leaves no room for ends the connection, not our timeout."""
    here = tcp[0]
    for sock in tcp:
        sock.setsockopt(SOL_SOCKET, constants.SO_RCVBUF, 4096)
        sock.setsockopt(SOL_SOCKET, constants.SO_SNDBUF, 4096)
    here.setsockopt(IPPROTO_TCP, constants.TCP_USER_TIMEOUT, 10)
    here.settimeout(LONG)
    assert outcome(here.sendall, bytes(1 << 24)) == "ETIMEDOUT"


FAST_OPEN = """
from importlib import import_module
import sys
from berkeley.constants import IPPROTO_TCP, MSG_FASTOPEN, TCP_FASTOPEN, TCP_FASTOPEN_CONNECT
socket = import_module(sys.argv[1])

open("/proc/sys/net/ipv4/tcp_fastopen", "w").write("3")
with socket.create_server(("127.0.0.1", 0)) as listener:
    listener.setsockopt(IPPROTO_TCP, TCP_FASTOPEN, 5)
    for what in ("flag", "flag", "option"):     # the first gets the cookie for the others
        with socket.socket() as client:
            client.settimeout(30)
            if what == "flag":
                try:
                    print(client.sendto(b"data", MSG_FASTOPEN, listener.getsockname()))
                except BlockingIOError as error:
                    print(error.strerror)
                    print(client.send(b"data"))
            else:
                client.setsockopt(IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
                client.connect(listener.getsockname())
                client.settimeout(.05)
                try:
                    client.recv(9)
                except TimeoutError as error:
                    print(error)
                print(client.send(b"data"))
            with listener.accept()[0] as server:
                server.settimeout(30)
                print(server.recv(9))
"""


def test_fast_open(impl, alone):
    """MSG_FASTOPEN and TCP_FASTOPEN_CONNECT, in a network namespace that allows it."""
    command = [*alone, sys.executable, "-c", FAST_OPEN, impl.__name__]
    result = subprocess.run(command, capture_output=True, text=True, timeout=LONG)
    opened = ["4", "b'data'"]
    expected = ["Operation now in progress", *opened, *opened, TIMED_OUT, *opened]
    assert (result.stdout.splitlines(), result.stderr) == (expected, "")


# --- unix(7)


def test_credentials(impl):
    """SO_PASSCRED gives the socket a name when it sends (autobind)."""
    with impl.socket(impl.AF_UNIX, impl.SOCK_DGRAM) as here, impl.socket(impl.AF_UNIX, impl.SOCK_DGRAM) as there:
        there.bind("")
        for sock in (here, there):
            sock.settimeout(LONG)
            sock.setsockopt(SOL_SOCKET, constants.SO_PASSCRED, 1)
        assert here.sendto(b"data", there.getsockname()) == 4
        data, [(level, kind, sender)], _, address = there.recvmsg(9, 99)
        assert (data, level, kind, address) == (b"data", SOL_SOCKET, constants.SCM_CREDENTIALS, here.getsockname())
        assert struct.unpack("3i", sender) == (os.getpid(), os.getuid(), os.getgid())
        assert len(address) == 6


def test_descriptors_that_are_not_asked_for(impl, pair):
    """They part the stream (unix(7)), and recv() drops them."""
    here, there = pair
    here.settimeout(LONG)
    read, write = os.pipe()
    there.send(b"one")
    there.sendmsg([b"two"], [(SOL_SOCKET, impl.SCM_RIGHTS, array.array("i", [write]))])
    os.close(write)
    there.send(b"three")
    assert [here.recv(99), here.recv(99)] == [b"onetwo", b"three"]
    assert os.read(read, 1) == b""  # nobody has the other end
    os.close(read)


def test_packets_in_sequence(impl, packets):
    here, there = packets
    here.settimeout(LONG)
    for data in (b"one", b"two", b"three"):
        there.send(data, impl.MSG_EOR)
    assert [here.recvmsg(9)[0], here.recv(1), here.recv(9)] == [b"one", b"t", b"three"]


# --- accepting, connecting


@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_SEQPACKET"])
def test_connecting_to_a_full_unix_listener(impl, kind):
    """connect(2) says EAGAIN then, and not EINPROGRESS: nothing has begun."""
    with impl.socket(impl.AF_UNIX, getattr(impl, kind)) as listener, ExitStack() as clients:
        listener.bind("")
        listener.listen(0)
        first, second = (clients.enter_context(impl.socket(impl.AF_UNIX, getattr(impl, kind))) for _ in range(2))
        first.connect(listener.getsockname())
        second.settimeout(SHORT)
        assert outcome(second.connect, listener.getsockname()) == by(impl, standard="EAGAIN", berkeley=TIMED_OUT)
        second.settimeout(LONG)
        with meanwhile(lambda: clients.enter_context(listener.accept()[0])):
            found = outcome(second.connect, listener.getsockname())
        assert found == by(impl, standard="EAGAIN", berkeley=None)


def test_waiting_for_a_connection_that_was_begun(impl, full):
    with impl.socket() as client:
        client.setblocking(False)
        assert outcome(client.connect, full) == "EINPROGRESS"
        client.settimeout(SHORT)
        assert outcome(client.send, b"x") == outcome(client.recv, 1) == TIMED_OUT


def test_connection_that_was_begun(impl):
    with impl.create_server(("127.0.0.1", 0)) as listener, impl.socket() as client:
        client.setblocking(False)
        assert outcome(client.connect, listener.getsockname()) == "EINPROGRESS"
        client.settimeout(LONG)
        assert client.send(b"data") == 4
        with listener.accept()[0] as server:
            assert server.recv(9) == b"data"


def test_connection_that_was_begun_and_refused(impl):
    with impl.create_server(("127.0.0.1", 0)) as listener, impl.socket() as client:
        address = listener.getsockname()
        listener.close()
        client.setblocking(False)
        assert outcome(client.connect, address) == "EINPROGRESS"
        client.settimeout(LONG)
        assert [outcome(client.recv, 9), outcome(client.recv, 9)] == ["ECONNREFUSED", b""]


# --- what the kernel refuses, whatever comes


def opened(impl, stack, kind):
    family, type_, state = kind
    family, type_ = getattr(impl, family), getattr(impl, type_)
    if state == "connected" and family == impl.AF_INET:
        listener = stack.enter_context(impl.create_server(("127.0.0.1", 0)))
        stack.enter_context(impl.create_connection(listener.getsockname()))
        return stack.enter_context(listener.accept()[0])
    if state == "connected":
        sock, peer = impl.socketpair(family, type_)
        stack.enter_context(peer)
        return stack.enter_context(sock)
    sock = stack.enter_context(impl.socket(family, type_))
    if state == "listening":
        sock.bind("" if family == impl.AF_UNIX else ("127.0.0.1", 0))
        sock.listen()
    return sock


STREAM, DATAGRAM, PACKETS = "SOCK_STREAM", "SOCK_DGRAM", "SOCK_SEQPACKET"
REFUSED_AT_ONCE = [
    # where poll(2) says nothing, and the standard module waits for it
    (("AF_INET", STREAM, "listening"), "recv", "ENOTCONN"),
    (("AF_INET", STREAM, "listening"), "send", "EPIPE"),
    (("AF_INET", STREAM, "connected"), "accept", "EINVAL"),
    (("AF_INET", DATAGRAM, "fresh"), "accept", "EOPNOTSUPP"),
    (("AF_UNIX", STREAM, "listening"), "recv", "EINVAL"),
    (("AF_UNIX", STREAM, "listening"), "send", "ENOTCONN"),
    (("AF_UNIX", STREAM, "connected"), "accept", "EINVAL"),
    (("AF_UNIX", PACKETS, "listening"), "recv", "ENOTCONN"),
    (("AF_UNIX", PACKETS, "listening"), "send", "ENOTCONN"),
    (("AF_UNIX", PACKETS, "connected"), "accept", "EINVAL"),
    (("AF_UNIX", DATAGRAM, "fresh"), "accept", "EOPNOTSUPP"),
    (("AF_UNIX", DATAGRAM, "connected"), "accept", "EOPNOTSUPP"),
]
REFUSED_BY_BOTH = [
    # where it says "hung up" or "ready"
    (("AF_INET", STREAM, "fresh"), "recv", "ENOTCONN"),
    (("AF_INET", STREAM, "fresh"), "send", "EPIPE"),
    (("AF_INET", STREAM, "fresh"), "accept", "EINVAL"),
    (("AF_INET", DATAGRAM, "fresh"), "send", "EDESTADDRREQ"),
    (("AF_UNIX", STREAM, "fresh"), "recv", "EINVAL"),
    (("AF_UNIX", STREAM, "fresh"), "send", "ENOTCONN"),
    (("AF_UNIX", STREAM, "fresh"), "accept", "EINVAL"),
    (("AF_UNIX", PACKETS, "fresh"), "recv", "ENOTCONN"),
    (("AF_UNIX", DATAGRAM, "fresh"), "send", "ENOTCONN"),
]
CALLS = {"recv": lambda sock: sock.recv(9), "send": lambda sock: sock.send(b"x"), "accept": lambda sock: sock.accept()}


@pytest.mark.parametrize(("kind", "call", "error"), REFUSED_AT_ONCE, ids=str)
def test_refused_at_once(impl, kind, call, error):
    with ExitStack() as stack:
        sock = opened(impl, stack, kind)
        sock.settimeout(SHORT)
        assert outcome(CALLS[call], sock) == by(impl, standard=TIMED_OUT, berkeley=error)


@pytest.mark.parametrize(("kind", "call", "error"), REFUSED_BY_BOTH, ids=str)
def test_refused_by_both(impl, kind, call, error):
    with ExitStack() as stack:
        sock = opened(impl, stack, kind)
        sock.settimeout(LONG)
        assert outcome(CALLS[call], sock) == error
