"""What trying a call first, and waiting only then, may change under a timeout: the flags of recv(2), and the errors and
ends that may be pending, on both modules. docs/waiting.md has the verdicts; test_call_first_options.py has the options,
test_call_first_sending.py what is sent.
"""

import select
import struct
import threading

import pytest
from waits import LONG, SHORT, TIMED_OUT, arrived, arrived_in_all, by, meanwhile, outcome

from berkeley import constants

# --- flags of recv(2)


@pytest.mark.parametrize("flag", ["MSG_CMSG_CLOEXEC", "MSG_DONTWAIT", "MSG_PEEK", "MSG_TRUNC", "MSG_WAITALL"])
def test_flag_under_which_nothing_differs(both, flag):
    here, there = both
    flags = getattr(constants, flag)
    here.settimeout(SHORT)
    assert outcome(here.recv_into, bytearray(9), 0, flags) == TIMED_OUT
    there.send(b"data")
    here.settimeout(LONG)
    assert here.recv_into(bytearray(9), 0, flags) == 4


def test_dontwait_waits_under_a_timeout_only(impl, both):
    here, there = both
    assert outcome(here.recv, 1, impl.MSG_DONTWAIT) == "EAGAIN"
    here.settimeout(LONG)
    with meanwhile(lambda: there.send(b"x")):
        assert here.recv(1, impl.MSG_DONTWAIT) == b"x"


def test_waitall_under_a_timeout_takes_what_is_there(impl, streams):
    here, there = streams
    here.settimeout(LONG)
    with meanwhile(lambda: there.send(b"some")):
        assert here.recv(9, impl.MSG_WAITALL) == b"some"
    here.settimeout(None)
    there.send(b"some")
    thread = threading.Thread(target=there.send, args=(b" more",))  # a signal would end such a call
    thread.start()
    assert here.recv(9, impl.MSG_WAITALL) == b"some more"
    thread.join()


# --- MSG_OOB


def test_urgent_byte_that_is_there(impl, tcp):
    """poll(2) reports it by POLLPRI, and by POLLIN only where ordinary data is there too."""
    here, there = tcp
    there.send(b"!", impl.MSG_OOB)
    arrived(here, select.POLLPRI)
    here.settimeout(SHORT)
    assert outcome(here.recv, 1, impl.MSG_OOB) == by(impl, standard=TIMED_OUT, berkeley=b"!")


def test_urgent_byte_that_comes(impl, tcp):
    here, there = tcp
    here.settimeout(SHORT * 4)
    with meanwhile(lambda: there.send(b"!", impl.MSG_OOB)):
        assert outcome(here.recv, 1, impl.MSG_OOB) == by(impl, standard=TIMED_OUT, berkeley=b"!")


def test_urgent_byte_between_ordinary_data(impl, tcp):
    here, there = tcp
    for data, flags in ((b"before", 0), (b"!", impl.MSG_OOB), (b"after", 0)):
        there.send(data, flags)
    arrived(here, select.POLLPRI)
    arrived_in_all(here, len(b"before"))
    here.settimeout(LONG)
    assert here.recv(1, impl.MSG_OOB) == b"!"
    assert here.recv(99) == b"before"
    assert here.recv(99) == b"after"


def test_ordinary_data_is_no_urgent_byte(impl, tcp):
    here, there = tcp
    there.send(b"data")
    arrived(here)
    here.settimeout(SHORT)
    assert outcome(here.recv, 1, impl.MSG_OOB) == by(impl, standard="EINVAL", berkeley=TIMED_OUT)


def test_half_close_ends_the_wait_for_an_urgent_byte(impl, tcp):
    here, there = tcp
    here.settimeout(LONG)
    with meanwhile(lambda: there.shutdown(impl.SHUT_WR)):
        assert outcome(here.recv, 1, impl.MSG_OOB) == "EINVAL"


def test_urgent_byte_of_a_unix_stream(impl, pair):
    """POLLIN reports it as well; unix(7) does not know of it yet (Linux 5.15)."""
    here, there = pair
    if outcome(there.send, b"!", impl.MSG_OOB) == "EOPNOTSUPP":
        pytest.skip("the kernel has no MSG_OOB for AF_UNIX")
    here.settimeout(LONG)
    assert here.recv(1, impl.MSG_OOB) == b"!"
    there.send(b"data")
    here.settimeout(SHORT)
    assert outcome(here.recv, 1, impl.MSG_OOB) == by(impl, standard="EINVAL", berkeley=TIMED_OUT)


def test_urgent_byte_inline(impl, tcp):
    here, there = tcp
    here.setsockopt(impl.SOL_SOCKET, impl.SO_OOBINLINE, 1)
    there.send(b"before")
    there.send(b"!", impl.MSG_OOB)
    arrived(here, select.POLLPRI)
    here.settimeout(LONG)
    assert here.recv(99) == b"before"
    assert here.recv(99) == b"!"


def test_datagram_whatever_is_urgent(impl, udp):
    """UDP takes no notice of the flag."""
    here, there = udp
    here.settimeout(LONG)
    with meanwhile(lambda: there.send(b"data")):
        assert here.recv(9, impl.MSG_OOB) == b"data"


@pytest.mark.parametrize("kind", ["datagrams", "packets"])
def test_urgent_byte_where_there_is_none(impl, request, kind):
    here, there = request.getfixturevalue(kind)
    here.settimeout(SHORT)
    assert outcome(here.recv, 1, impl.MSG_OOB) == by(impl, standard=TIMED_OUT, berkeley="EOPNOTSUPP")
    there.send(b"data")
    assert outcome(here.recv, 1, impl.MSG_OOB) == "EOPNOTSUPP"


@pytest.mark.parametrize("timeout", [0, SHORT])
def test_urgent_byte_that_a_read_passes(impl, tcp, timeout):
    """A read at the mark goes over the byte, also one that then finds nothing: as every non-blocking one."""
    here, there = tcp
    there.send(b"!", impl.MSG_OOB)
    arrived(here, select.POLLPRI)
    here.settimeout(timeout)
    assert outcome(here.recv, 9) == (TIMED_OUT if timeout else "EAGAIN")
    here.setblocking(False)
    kept = by(impl, standard=b"!", berkeley="EINVAL") if timeout else "EINVAL"
    assert outcome(here.recv, 1, impl.MSG_OOB) == kept


def test_urgent_byte_that_a_read_leaves(impl, tcp):
    """Of a socket that has asked for one before."""
    here, there = tcp
    here.settimeout(SHORT)
    assert outcome(here.recv, 1, impl.MSG_OOB) == TIMED_OUT
    there.send(b"!", impl.MSG_OOB)
    arrived(here, select.POLLPRI)
    assert outcome(here.recv, 9) == TIMED_OUT
    here.setblocking(False)
    assert here.recv(1, impl.MSG_OOB) == b"!"


# --- MSG_ERRQUEUE, and errors that are pending


@pytest.fixture
def refused(impl):
    """A connected UDP socket whose peer has sent it a datagram, and is gone."""
    with impl.socket(type=impl.SOCK_DGRAM) as here, impl.socket(type=impl.SOCK_DGRAM) as there:
        for sock in (here, there):
            sock.bind(("127.0.0.1", 0))
        here.connect(there.getsockname())
        there.sendto(b"data", here.getsockname())
        there.close()
        yield here


def test_error_comes_before_the_datagram(refused):
    refused.settimeout(LONG)
    refused.send(b"anybody?")
    arrived(refused, select.POLLERR)
    assert outcome(refused.recv, 9) == "ECONNREFUSED"
    assert refused.recv(9) == b"data"
    refused.send(b"anybody?")
    arrived(refused, select.POLLERR)
    assert outcome(refused.send, b"still?") == "ECONNREFUSED"


def test_error_queue(impl, refused):
    """A datagram that is there does not end the wait; the standard module runs no signal's handler then."""
    refused.setsockopt(impl.IPPROTO_IP, constants.IP_RECVERR, 1)
    assert outcome(refused.recvmsg, 99, 999, impl.MSG_ERRQUEUE) == "EAGAIN"
    refused.settimeout(SHORT)
    assert outcome(refused.recvmsg, 99, 999, impl.MSG_ERRQUEUE) == TIMED_OUT
    assert refused.recv(9) == b"data"
    refused.settimeout(LONG)
    with meanwhile(lambda: refused.send(b"anybody?")):
        data, ancillary, flags, _ = refused.recvmsg(99, 999, impl.MSG_ERRQUEUE)
    assert (data, flags & impl.MSG_ERRQUEUE) == (b"anybody?", impl.MSG_ERRQUEUE)
    assert [kind for _, kind, _ in ancillary] == [constants.IP_RECVERR]


@pytest.mark.parametrize("kind", ["pair", "datagrams"])
def test_data_where_there_is_no_error_queue(impl, request, kind):
    """AF_UNIX takes no notice of the flag."""
    here, there = request.getfixturevalue(kind)
    here.settimeout(LONG)
    with meanwhile(lambda: there.send(b"data")):
        assert here.recv(9, impl.MSG_ERRQUEUE) == b"data"


def test_reset_comes_after_the_data(impl, tcp):
    here, there = tcp
    there.send(b"data")
    there.setsockopt(impl.SOL_SOCKET, impl.SO_LINGER, struct.pack("ii", 1, 0))
    there.close()
    arrived(here, select.POLLERR)
    here.settimeout(LONG)
    assert [outcome(here.recv, 9) for _ in range(3)] == [b"data", "ECONNRESET", b""]
    assert outcome(here.send, b"x") == "EPIPE"


def test_close_with_data_unread_resets_a_unix_stream(pair):
    here, there = pair
    here.send(b"unread")
    there.send(b"data")
    there.close()
    here.settimeout(LONG)
    assert [outcome(here.recv, 9) for _ in range(3)] == [b"data", "ECONNRESET", b""]
    assert outcome(here.send, b"x") == "EPIPE"


# --- halves that are shut down, peers that are gone


@pytest.mark.parametrize("kind", ["tcp", "pair", "packets"])
def test_shut_down_halves(impl, request, kind):
    here, there = request.getfixturevalue(kind)
    for sock in (here, there):
        sock.settimeout(LONG)
    there.send(b"data")
    there.shutdown(impl.SHUT_WR)
    assert outcome(there.send, b"x") == "EPIPE"
    assert [here.recv(9) for _ in range(2)] == [b"data", b""]
    there.shutdown(impl.SHUT_RD)
    assert there.recv(9) == b""


@pytest.mark.parametrize("kind", ["tcp", "pair", "packets"])
def test_peer_that_has_closed(impl, request, kind):
    here, there = request.getfixturevalue(kind)
    here.settimeout(LONG)
    there.send(b"data")
    there.close()
    assert [here.recv(9) for _ in range(3)] == [b"data", b"", b""]


# poll(2) says "ready" for ever, and the call EAGAIN. In processes of their own: what went wrong here would never end.
DISAGREEMENTS = {
    "datagrams whose receiving half is shut down": (
        "a, b = socket.socketpair(type=socket.SOCK_DGRAM); a.shutdown(socket.SHUT_RD); call = lambda: a.recv(9)"
    ),
    "listener whose receiving half is shut down": (
        "a = socket.socket(socket.AF_UNIX); a.bind(''); a.listen(); a.shutdown(socket.SHUT_RD); call = a.accept"
    ),
    "peek beyond the end": (
        "a, b = socket.socketpair(); a.setsockopt(1, 42, 4); b.send(b'data'); call = lambda: a.recv(9, socket.MSG_PEEK)"
    ),
}


@pytest.mark.parametrize("situation", DISAGREEMENTS.values(), ids=DISAGREEMENTS)
def test_poll_and_the_call_disagree(impl, python, situation):
    program = f"from importlib import import_module as i; socket = i({impl.__name__!r}); {situation}\na.settimeout(.05)"
    result = python("-c", f"{program}\ntry: call()\nexcept TimeoutError as error: print(error)", timeout=20)
    assert (result.stdout, result.stderr) == ("timed out\n", "")


# --- nothing to receive, and nothing received


def test_size_of_zero(both):
    """recv() makes no call then; the others wait for something, of which they take nothing."""
    here, there = both
    here.settimeout(SHORT)
    assert here.recv(0) == b""
    assert outcome(here.recvfrom, 0) == outcome(here.recvmsg, 0) == outcome(here.recvmsg_into, []) == TIMED_OUT
    there.send(b"data")
    here.settimeout(LONG)
    assert here.recvfrom(0)[0] == b""
    here.settimeout(SHORT)
    stream = here.getsockopt(constants.SOL_SOCKET, constants.SO_TYPE) == constants.SOCK_STREAM
    assert outcome(here.recv, 9) == (b"data" if stream else TIMED_OUT)


@pytest.mark.parametrize("kind", ["udp", "datagrams", "packets"])
def test_datagram_of_no_bytes(impl, request, kind):
    here, there = request.getfixturevalue(kind)
    there.send(b"")
    there.send(b"data")
    here.settimeout(LONG)
    assert [here.recv(9), here.recv(9)] == [b"", b"data"]
