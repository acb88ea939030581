"""Buffers of every kind to send from and to receive into, with every flag, and counts of bytes at the edges."""

import socket as standard

import pytest
from drive import each, same
from hypothesis import assume, example, given
from hypothesis import strategies as st
from situations import Situation
from values import anything, buffers, numbers, sound_buffers

# Without MSG_TRUNC, a row of docs/differences.md.
FLAGS = [
    0, standard.MSG_DONTWAIT, standard.MSG_PEEK, standard.MSG_OOB, standard.MSG_NOSIGNAL, standard.MSG_MORE,
    standard.MSG_EOR, standard.MSG_WAITALL, standard.MSG_CTRUNC, standard.MSG_DONTWAIT | standard.MSG_PEEK,
    standard.MSG_ERRQUEUE, standard.MSG_CMSG_CLOEXEC,
]  # fmt: skip

flags = st.sampled_from(FLAGS) | numbers.filter(
    lambda value: not (isinstance(value, int) and value & standard.MSG_TRUNC)
)
receiving = st.builds(
    Situation,
    st.sampled_from(["unix", "unix datagram", "unix seqpacket", "tcp", "udp6"]),
    st.just("sent"),
    st.sampled_from([0, 0.001]),
)
sending = st.builds(
    Situation,
    st.sampled_from(["unix", "unix datagram", "unix seqpacket", "tcp", "udp6"]),
    st.just("connected"),
    st.sampled_from([0, 0.001, None]),
)
lists = st.lists(sound_buffers, max_size=8)
many = lists | lists.map(tuple) | st.lists(buffers | numbers, max_size=3) | anything


@pytest.mark.parametrize("method", ["send", "sendall"])
@each
@given(where=sending, data=buffers | anything, flags=flags)
def test_send(method, where, data, flags):
    same(where, method, data, flags)


@each
@given(where=sending, data=many, flags=flags)
def test_sendmsg(where, data, flags):
    same(where, "sendmsg", data, [], flags)


@pytest.mark.parametrize("method", ["recv_into", "recvfrom_into"])
@each
@given(where=receiving, buffer=buffers | anything, size=numbers, flags=flags)
def test_receive_into(method, where, buffer, size, flags):
    same(where, method, buffer, size, flags)
    same(where, method, buffer, nbytes=size)
    same(where, method, buffer, flags=flags)
    same(where, method, buffer)


@each
@given(where=receiving, target=many, room=numbers, flags=flags)
@example(where=Situation("unix", "sent"), target=5, room=0, flags=1.0)
def test_recvmsg_into(where, target, room, flags):
    assume(not isinstance(room, int) or room < 1 << 20 or room >= 1 << 31)
    same(where, "recvmsg_into", target, room, flags)
    same(where, "recvmsg_into", target)
