"""What trying a call first, and waiting only then, may change under a timeout: the flags of send(2), and room that is
there or not, on both modules. docs/waiting.md has the verdicts.
"""

import select
import struct
import time

import pytest
from waits import LONG, SHORT, TIMED_OUT, by, meanwhile, outcome

from berkeley import constants
from berkeley.constants import IPPROTO_TCP, IPPROTO_UDP, SOL_SOCKET

FLAGS = ["MSG_CONFIRM", "MSG_DONTROUTE", "MSG_DONTWAIT", "MSG_EOR", "MSG_NOSIGNAL", "MSG_ZEROCOPY"]


def fill(sock):
    """Send until not a byte more can be sent; leaves the socket non-blocking."""
    sock.setblocking(False)
    for size in (1 << 16, 1):
        while outcome(sock.send, bytes(size)) != "EAGAIN":
            pass


def fill_nearly(sock, size):
    """Send until poll(2) no longer says that there is room, nor soon."""
    sock.setblocking(False)
    watched = select.poll()
    watched.register(sock, select.POLLOUT)
    while watched.poll(4 * SHORT * 1000):  # the peer's kernel may still take some
        sock.send(bytes(size))


# --- flags of send(2)


@pytest.mark.parametrize("flag", FLAGS)
def test_flag_under_which_nothing_differs(both, flag):
    here, there = both
    for sock in both:
        sock.settimeout(LONG)
    assert here.send(b"data", getattr(constants, flag)) == 4
    assert there.recv(9) == b"data"


@pytest.mark.parametrize("flag", [*FLAGS, "MSG_MORE", "MSG_OOB"])
def test_flag_on_a_full_socket(streams, flag):
    here = streams[0]
    fill(here)
    here.settimeout(SHORT)
    assert outcome(here.send, bytes(1 << 16), getattr(constants, flag)) == TIMED_OUT


def test_dontwait_waits_under_a_timeout_only(impl, pair):
    here, there = pair
    fill(here)
    here.setblocking(True)
    assert outcome(here.send, b"x", impl.MSG_DONTWAIT) == "EAGAIN"
    here.settimeout(LONG)
    with meanwhile(lambda: there.recv(1 << 24)):
        assert here.send(b"x", impl.MSG_DONTWAIT) == 1


def test_corked_stream(tcp):
    """TCP holds it back, for at most 200 ms (tcp(7))."""
    here, there = tcp
    here.setsockopt(IPPROTO_TCP, constants.TCP_CORK, 1)
    for sock in tcp:
        sock.settimeout(SHORT)
    assert here.send(b"data") == 4
    assert outcome(there.recv, 9) == TIMED_OUT
    here.setsockopt(IPPROTO_TCP, constants.TCP_CORK, 0)
    there.settimeout(LONG)
    assert there.recv(9) == b"data"


def test_more_to_come(impl, streams):
    here, there = streams
    for sock in streams:
        sock.settimeout(LONG)
    assert here.send(b"one ", impl.MSG_MORE) == 4
    assert here.send(b"two") == 3
    received = b""
    while len(received) < 7:
        received += there.recv(9)
    assert received == b"one two"


def test_corked_datagram(impl, udp):
    here, there = udp
    for sock in udp:
        sock.settimeout(SHORT)
    here.setsockopt(IPPROTO_UDP, constants.UDP_CORK, 1)
    assert [here.send(b"one "), here.send(b"two ", impl.MSG_MORE), here.send(b"three")] == [4, 4, 5]
    assert outcome(there.recv, 99) == TIMED_OUT
    here.setsockopt(IPPROTO_UDP, constants.UDP_CORK, 0)
    there.settimeout(LONG)
    assert there.recv(99) == b"one two three"


def test_zero_copy(impl, tcp):
    """What tells that the data may change again comes through the error queue."""
    here, there = tcp
    here.setsockopt(SOL_SOCKET, constants.SO_ZEROCOPY, 1)
    here.settimeout(LONG)
    assert here.send(bytes(1 << 14), constants.MSG_ZEROCOPY) == 1 << 14
    there.settimeout(LONG)
    received = 0
    while received < 1 << 14:
        received += len(there.recv(1 << 14))
    _, [(level, kind, _)], flags, _ = here.recvmsg(0, 999, impl.MSG_ERRQUEUE)
    assert (level, kind) == (constants.IPPROTO_IP, constants.IP_RECVERR)
    assert flags & impl.MSG_ERRQUEUE


# --- room: poll(2) tells of more than a call takes


def test_tcp_that_is_nearly_full(impl, tcp):
    """POLLOUT comes when a third is free."""
    here, there = tcp
    here.setsockopt(SOL_SOCKET, constants.SO_SNDBUF, 1 << 16)
    there.setsockopt(SOL_SOCKET, constants.SO_RCVBUF, 1 << 14)
    fill_nearly(here, 1024)
    here.send(bytes(1 << 14))  # the kernel goes on trying, and frees a little
    here.settimeout(SHORT)
    found = outcome(here.send, bytes(1 << 20))
    assert found == TIMED_OUT if impl.__name__ == "socket" else 0 < found < 1 << 20


def test_tcp_with_a_low_mark_for_what_is_not_sent(impl, tcp):
    """TCP_NOTSENT_LOWAT, of which tcp(7) does not tell: POLLOUT comes below a half of it."""
    here, there = tcp
    here.setsockopt(IPPROTO_TCP, constants.TCP_NOTSENT_LOWAT, 1 << 16)
    there.setsockopt(SOL_SOCKET, constants.SO_RCVBUF, 1 << 14)
    fill_nearly(here, 1024)
    here.send(bytes(1 << 14))  # the kernel goes on trying, and frees a little
    here.settimeout(SHORT)
    assert outcome(here.send, b"data") == by(impl, standard=TIMED_OUT, berkeley=4)


@pytest.mark.parametrize("kind", ["pair", "datagrams", "packets"])
def test_unix_that_is_nearly_full(impl, request, kind):
    """POLLOUT comes when three quarters are free."""
    here = request.getfixturevalue(kind)[0]
    fill_nearly(here, 1 << 15)
    here.settimeout(SHORT)
    assert outcome(here.send, b"data") == by(impl, standard=TIMED_OUT, berkeley=4)


def test_udp_that_is_nearly_full(impl, udp):
    """POLLOUT comes when a half is free: under UDP_CORK never, since what is corked waits for what comes."""
    here = udp[0]
    here.setsockopt(SOL_SOCKET, constants.SO_SNDBUF, 4608)
    here.setsockopt(IPPROTO_UDP, constants.UDP_CORK, 1)
    fill_nearly(here, 1000)
    here.settimeout(SHORT)
    assert outcome(here.send, b"data") == by(impl, standard=TIMED_OUT, berkeley=4)


def test_nothing_to_send(impl, streams):
    here = streams[0]
    fill(here)
    here.settimeout(SHORT)
    for call, argument, result in ((here.send, b"", 0), (here.sendall, b"", None), (here.sendmsg, [], 0)):
        assert outcome(call, argument) == by(impl, standard=TIMED_OUT, berkeley=result)


def test_what_never_fits_in_a_full_socket(impl, packets):
    """A message that is too long is refused before there is room for it."""
    here = packets[0]
    fill(here)
    here.settimeout(SHORT)
    assert outcome(here.send, bytes(1 << 24)) == by(impl, standard=TIMED_OUT, berkeley="EMSGSIZE")


def test_room_for_all_is_waited_for_by_sendall(pair):
    here = pair[0]
    fill_nearly(here, 1 << 12)
    here.settimeout(SHORT)
    assert outcome(here.sendall, bytes(1 << 24)) == TIMED_OUT


def test_peer_that_goes_while_there_is_no_room(impl, streams):
    here, there = streams
    fill(here)
    here.settimeout(LONG)
    with meanwhile(there.close):
        assert outcome(here.send, b"x") in ("EPIPE", "ECONNRESET")


def test_lingering(tcp):
    """close(2) waits for what is unsent, as long as SO_LINGER says and whatever our timeout is."""
    here = tcp[0]
    fill(here)
    here.settimeout(SHORT)
    here.setsockopt(SOL_SOCKET, constants.SO_LINGER, struct.pack("ii", 1, 1))
    start = time.monotonic()
    here.close()
    assert time.monotonic() - start > 0.9
