"""Numbers where sizes, flags, backlogs and ways to shut down are expected: at the edges, huge, and of odd types."""

import socket as standard

import pytest
from drive import each, same
from hypothesis import assume, given
from hypothesis import strategies as st
from situations import KINDS, Situation
from values import anything, numbers

FLAGS = [0, standard.MSG_PEEK, standard.MSG_DONTWAIT, standard.MSG_OOB, standard.MSG_ERRQUEUE, -1, 2**31, 2**64]

received = st.sampled_from(["unix", "unix datagram", "unix seqpacket", "tcp", "udp6"]).map(
    lambda kind: Situation(kind, "sent")
)
flags = st.sampled_from(FLAGS) | numbers
sizes = st.sampled_from([0, 1, 5, 1023, 1024, 1025, 1 << 17, 1 << 20]) | numbers


def truncates(flags):
    """MSG_TRUNC: what lies beyond the data is not the same, see docs/differences.md."""
    return isinstance(flags, int) and flags & standard.MSG_TRUNC and -(2**31) <= flags < 2**31


def affordable(size):
    """The standard module fills the buffer of ancillary data with zeros; and some memory must be left."""
    return not isinstance(size, int) or not 1 << 21 < size < 1 << 31


@pytest.mark.parametrize("method", ["recv", "recvfrom"])
@each
@given(where=received, size=sizes, flags=flags)
def test_receive(method, where, size, flags):
    assume(not truncates(flags) and affordable(size))
    same(where, method, size, flags)
    same(where, method, size)


@each
@given(where=received, size=sizes, room=sizes, flags=flags)
def test_recvmsg(where, size, room, flags):
    assume(not truncates(flags) and affordable(room) and affordable(size))
    same(where, "recvmsg", size, room, flags)
    same(where, "recvmsg", size, room)


@pytest.mark.parametrize("function", ["CMSG_LEN", "CMSG_SPACE", "_socket.CMSG_LEN"])
@each
@given(size=sizes | st.integers(2**31 - 64, 2**31 + 64))
def test_control_sizes(function, size):
    same(None, function, size)


@pytest.mark.parametrize("state", ["new", "bound", "listening", "connected", "closed"])
@each
@given(kind=st.sampled_from(sorted(KINDS)), value=anything)
def test_listen_and_shutdown(state, kind, value):
    same(Situation(kind, state), "listen", value)
    same(Situation(kind, state), "shutdown", value)
    same(Situation(kind, state), "set_inheritable", value)
