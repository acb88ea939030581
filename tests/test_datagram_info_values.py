"""DatagramInfo as a value: what it refuses, and the messages that it makes."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

import berkeley
from berkeley import DatagramInfo, constants, socket

ALL = socket.SOL_SOCKET


@pytest.mark.parametrize(
    "fields",
    [
        {"ecn": 4}, {"ecn": -1}, {"tos": 256}, {"tos": -1}, {"ecn": 1, "tos": 2}, {"ttl": 0}, {"ttl": 256},
        {"segment_size": 0}, {"segment_size": 65536}, {"interface": -1}, {"interface": 1 << 31},
        {"local_address": ""}, {"local_address": "localhost"}, {"local_address": "127.1"}, {"ttl": 1 << 70},
        {"local_address": "::1%lo"}, {"local_address": "127.0.0.1\0"}, {"local_address": "\udc80"},
    ],
)  # fmt: skip
def test_values_that_no_datagram_has(fields):
    with pytest.raises(ValueError):
        DatagramInfo(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"ecn": "1"}, {"ttl": 1.5}, {"local_address": b"::1"}, {"local_address": 1}, {"other": None}, {"dropped": 1},
        {"other": [(1, 2, 5)]}, {"other": [(1, 2, "text")]}, {"other": [("1", 2, b"")]}, {"other": [5]}, {"pidfd": 1},
        {"timestamp": 1}, {"descriptors": ()},
    ],
)  # fmt: skip
def test_values_of_other_types(fields):
    with pytest.raises(TypeError):
        DatagramInfo(**fields)


@pytest.mark.parametrize(
    ("fields", "family"),
    [
        ({"local_address": "::1"}, socket.AF_INET),
        ({"local_address": "::ffff:127.0.0.1"}, socket.AF_INET),
        ({"local_address": "127.0.0.1"}, socket.AF_INET6),
        ({"local_address": "127.0.0.1"}, socket.AF_UNIX),
        ({"interface": 1}, socket.AF_PACKET),
        ({"ecn": 0}, socket.AF_UNIX),
        ({"ttl": 1}, socket.AF_CAN),
        ({"segment_size": 1}, socket.AF_NETLINK),
    ],
)
def test_what_a_family_cannot_send(fields, family):
    with pytest.raises(ValueError):
        DatagramInfo(**fields).ancdata(family)


def test_other_messages_are_sent_as_they_are():
    rights = (ALL, socket.SCM_RIGHTS, b"\0\0\0\0")
    assert DatagramInfo(other=[rights]).ancdata(socket.AF_UNIX) == [rights]
    assert DatagramInfo(ttl=3, other=[rights]).ancdata(socket.AF_INET)[-1] == rights
    assert DatagramInfo().ancdata(socket.AF_INET6) == []


ADDRESSES = {
    socket.AF_INET: st.ip_addresses(v=4).map(str),
    socket.AF_INET6: st.ip_addresses(v=6).map(lambda address: socket.inet_ntop(socket.AF_INET6, address.packed)),
}


@given(st.data())
@pytest.mark.parametrize("family", ADDRESSES)
def test_round_trip(family, data):
    """What is sent, decoded, is the same: but for the segments, which come by another message."""
    fields = {
        "local_address": data.draw(ADDRESSES[family]),
        "interface": data.draw(st.integers(0, 0x7FFFFFFF)),
        "tos": data.draw(st.none() | st.integers(0, 255)),
        "ttl": data.draw(st.none() | st.integers(1, 255)),
    }
    info = DatagramInfo(**fields)
    assert DatagramInfo.of(info.ancdata(family)) == info


def test_what_has_come_can_be_sent():
    """What nobody can set is left out; what was joined is cut again."""
    message = (socket.SOL_UDP, constants.UDP_GRO, struct.pack("@i", 1000))
    time_of_it = (ALL, constants.SO_TIMESTAMPNS, struct.pack("@ll", 5, 6))
    sent = DatagramInfo.of([message, time_of_it]).ancdata(socket.AF_INET)
    assert sent == [(socket.SOL_UDP, constants.UDP_SEGMENT, struct.pack("@H", 1000))]


def test_it_is_a_value():
    info = DatagramInfo(local_address="::1", tos=5)
    assert info == DatagramInfo(local_address="::1", tos=5, ecn=1) != DatagramInfo(local_address="::1", tos=4)
    assert len({info, DatagramInfo(local_address="::1", tos=5), DatagramInfo()}) == 2
    assert info != "info"
    assert repr(info) == "DatagramInfo(local_address='::1', tos=5)"
    assert repr(DatagramInfo()) == "DatagramInfo()"
    assert repr(DatagramInfo.of([], socket.MSG_TRUNC)) == "DatagramInfo(truncated=True)"
    with pytest.raises(AttributeError):
        info.tos = 3
    with pytest.raises(TypeError):
        type("Derived", (berkeley.DatagramInfo,), {})


def test_it_does_not_change():
    info = DatagramInfo(ttl=3)
    found = {info: 1}
    info.__init__(ttl=4)
    assert (info.ttl, found[info]) == (3, 1)


@pytest.mark.parametrize("make", [lambda messages: DatagramInfo(other=messages), DatagramInfo.of])
def test_what_is_kept_of_messages_does_not_change(make):
    data = bytearray(b"data")
    info = make([[ALL, 77, data], (ALL, 78, memoryview(data))])
    data[:] = b"else"
    assert info.other == ((ALL, 77, b"data"), (ALL, 78, b"data"))
    assert hash(info) == hash(make([(ALL, 77, b"data"), (ALL, 78, b"data")]))


def test_the_process_of_the_sender():
    """Where there is none, it is no descriptor: the kernel has an error's number in its place."""
    rights = (ALL, socket.SCM_RIGHTS, struct.pack("@2i", 5, 6))
    info = DatagramInfo.of([(ALL, constants.SCM_PIDFD, struct.pack("@i", 7)), rights])
    assert (info.pidfd, info.descriptors) == (7, (7, 5, 6))
    assert DatagramInfo.of([rights]).pidfd is None
    failed = (ALL, constants.SCM_PIDFD, struct.pack("@i", -3))
    info = DatagramInfo.of([failed])
    assert (info.pidfd, info.descriptors, info.other) == (None, (), (failed,))
