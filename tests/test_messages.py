"""Messages: scatter and gather, control messages both ways, and what is malformed or cut off."""

import array
import errno
import os
import struct
import sys

import pytest

from berkeley import socket as ours


def open_descriptors():
    return len(os.listdir("/proc/self/fd"))


def rights(*descriptors):
    return (ours.SOL_SOCKET, ours.SCM_RIGHTS, array.array("i", descriptors))


def received(ancillary):
    """The descriptors among the control messages."""
    data = b"".join(data for level, kind, data in ancillary if (level, kind) == (ours.SOL_SOCKET, ours.SCM_RIGHTS))
    return list(array.array("i", data))


# --- scatter and gather


@pytest.mark.parametrize("container", [list, tuple, iter, lambda items: (item for item in items)])
def test_several_buffers_are_one_message(pair, container):
    here, there = pair
    assert here.sendmsg(container([b"he", bytearray(b"llo"), memoryview(b""), array.array("B", b", world")])) == 12
    one, two, three = bytearray(3), memoryview(bytearray(4)), array.array("B", bytes(20))
    assert there.recvmsg_into(container([one, two, three])) == (12, [], 0, None)
    assert (one, bytes(two), three.tobytes()[:6]) == (b"hel", b"lo, ", b"world\0")


def test_no_buffers(pair):
    here, there = pair
    assert here.sendmsg([]) == here.sendmsg([b"", b""]) == 0
    here.send(b"x")
    assert there.recvmsg_into([]) == (0, [], 0, None)
    assert there.recvmsg(0) == (b"", [], 0, None)
    assert there.recvmsg(5) == (b"x", [], 0, None)


def test_as_many_buffers_as_the_kernel_takes(pair):
    here, there = pair
    limit = os.sysconf("SC_IOV_MAX")
    buffers = [bytearray(1) for _ in range(limit)]
    assert here.sendmsg([b"x"] * limit) == limit
    assert there.recvmsg_into(buffers)[0] == limit
    assert all(buffer == b"x" for buffer in buffers)
    for call in (here.sendmsg, here.recvmsg_into):
        with pytest.raises(OSError, match=os.strerror(errno.EMSGSIZE)) as caught:
            call([bytearray(1)] * (limit + 1))
        assert caught.value.errno == errno.EMSGSIZE


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX"])
def test_a_message_to_an_address(impl, family):
    address = {"AF_INET": ("127.0.0.1", 0), "AF_INET6": ("::1", 0), "AF_UNIX": ""}[family]
    make = getattr(impl, family), impl.SOCK_DGRAM
    with impl.socket(*make) as here, impl.socket(*make) as there:
        here.bind(address)
        there.bind(address)
        assert here.sendmsg([b"a", b"b"], [], 0, there.getsockname()) == 2
        assert there.recvmsg(1) == (b"a", [], impl.MSG_TRUNC, here.getsockname())
        with pytest.raises(OSError, match=r"Destination|not connected"):
            here.sendmsg([b"a"])
        with pytest.raises(TypeError):
            here.sendmsg([b"a"], [], 0, 5)


# --- control messages


def test_descriptors_travel(pair, tmp_path):
    here, there = pair
    with (tmp_path / "file").open("wb") as file:
        for send_as in ([rights(file.fileno(), file.fileno())], (rights(file.fileno()), rights(file.fileno()))):
            for receive in (
                lambda room: there.recvmsg(1, room),
                lambda room: there.recvmsg_into([bytearray(1)], room),
                lambda room: there.recvmsg(1, room, ours.MSG_CMSG_CLOEXEC),
            ):
                assert here.sendmsg([b"x"], iter(send_as)) == 1
                _, ancillary, flags, _ = receive(ours.CMSG_SPACE(8))
                assert flags in (0, ours.MSG_CMSG_CLOEXEC)
                descriptors = received(ancillary)
                assert len(descriptors) == 2
                for descriptor in descriptors:
                    assert os.path.samestat(os.fstat(descriptor), os.fstat(file.fileno()))
                    assert os.get_inheritable(descriptor) is not bool(flags)
                    os.close(descriptor)


@pytest.mark.parametrize("room", [0, 1, 15, 16, 19, 20, 23, 24, 25, 27, 28, 31, 32, 40, 1000])
def test_descriptors_that_do_not_fit(pair, room):
    """The kernel passes on those that do (put_cmsg, unix(7)), and says MSG_CTRUNC. None is left open unseen."""
    here, there = pair
    before = open_descriptors()
    for receive in (lambda: there.recvmsg(1, room), lambda: there.recvmsg_into([bytearray(1)], room)):
        here.sendmsg([b"x"], [rights(0, 0, 0)])
        _, ancillary, flags, _ = receive()
        fitting = min(max(room - struct.calcsize("Nii"), 0) // 4, 3)
        descriptors = received(ancillary)
        assert len(descriptors) == fitting
        assert bool(flags & ours.MSG_CTRUNC) is (fitting < 3)
        for descriptor in descriptors:
            os.close(descriptor)
        assert open_descriptors() == before


def test_credentials(pair):
    here, there = pair
    there.setsockopt(ours.SOL_SOCKET, ours.SO_PASSCRED, 1)
    mine = struct.pack("3i", os.getpid(), os.getuid(), os.getgid())
    for ancillary in ([], [(ours.SOL_SOCKET, ours.SCM_CREDENTIALS, mine)]):
        here.sendmsg([b"x"], ancillary)
        assert there.recvmsg(1, 100)[:3] == (b"x", [(ours.SOL_SOCKET, ours.SCM_CREDENTIALS, mine)], 0)


def test_several_control_messages_of_odd_lengths(impl):
    """Each begins aligned (CMSG_NXTHDR, cmsg(3)), whatever the length of the one before."""
    with impl.socket(impl.AF_INET6, impl.SOCK_DGRAM) as here, impl.socket(impl.AF_INET6, impl.SOCK_DGRAM) as there:
        there.bind(("::1", 0))
        there.setsockopt(impl.IPPROTO_IPV6, impl.IPV6_RECVHOPLIMIT, 1)
        there.setsockopt(impl.IPPROTO_IPV6, impl.IPV6_RECVTCLASS, 1)
        hops, traffic = struct.pack("i", 7), struct.pack("i", 0x58)
        sent = [(impl.IPPROTO_IPV6, impl.IPV6_HOPLIMIT, hops), (impl.IPPROTO_IPV6, impl.IPV6_TCLASS, traffic)]
        here.sendmsg([b"x"], sent, 0, there.getsockname())
        assert sorted(there.recvmsg(1, 200)[1]) == sorted(sent)
        here.sendmsg([b"x"], sent, 0, there.getsockname())
        one = there.recvmsg(1, impl.CMSG_SPACE(4))
        assert len(one[1]) == 1
        assert one[2] & impl.MSG_CTRUNC


# --- what is malformed


@pytest.mark.parametrize(
    ("item", "error", "text"),
    [(5, TypeError, "sequence|3-item"), (None, TypeError, "sequence|3-item"),
     ("abc", TypeError, ""), (b"abc", TypeError, ""),
     ((), TypeError, "length 3"), ((1, 1), TypeError, "length 3"), ((1, 1, b"", 1), TypeError, "length 3"),
     (("1", 1, b""), TypeError, ""), ((1, 1.0, b""), TypeError, ""), ((1, 1, "text"), TypeError, ""),
     ((1, 1, None), TypeError, ""), ((2**31, 1, b""), OverflowError, ""), ((1, -(2**31) - 1, b""), OverflowError, ""),
     ((1, 1, memoryview(b"abcd")[::2]), (TypeError, BufferError), "")],
)  # fmt: skip
def test_malformed_items(pair, item, error, text):
    held = bytearray(8)
    with pytest.raises(error, match=text or None):
        pair[0].sendmsg([held], [(0, 99, held), item])
    held.append(0)  # nothing is held any more


@pytest.mark.parametrize("wrong", [5, None, object()])
def test_what_cannot_be_iterated(pair, wrong):
    for name, arguments in (("sendmsg", (wrong,)), ("recvmsg_into", (wrong,))):
        with pytest.raises(TypeError, match=rf"^{name}\(\) argument 1 must be an iterable$"):
            getattr(pair[0], name)(*arguments)
    with pytest.raises(TypeError, match=r"^sendmsg\(\) argument 2 must be an iterable$"):
        pair[0].sendmsg([b"x"], wrong)


@pytest.mark.parametrize("error", [KeyError, TypeError, KeyboardInterrupt])
def test_what_fails_while_it_is_iterated(pair, error):
    """Its error comes out; in newer releases, as "must be an iterable" (ITERABLE_OR_ELSE in native/versions.pxi)."""

    def items():
        yield bytearray(1)
        raise error("of its own")

    for call in (pair[0].sendmsg, pair[0].recvmsg_into, lambda items: pair[0].sendmsg([b"x"], items)):
        with pytest.raises((error, TypeError), match=r"of its own|must be an iterable"):
            call(items())


@pytest.mark.parametrize("wrong", [5, None, "text", memoryview(b"abcd")[::2]])
def test_what_is_no_buffer(pair, wrong):
    held = bytearray(8)
    with pytest.raises((TypeError, BufferError)):
        pair[0].sendmsg([held, wrong])
    text = r"^recvmsg_into\(\) argument 1 must be an iterable of single-segment read-write buffers$"
    for buffer in (wrong, b"read-only"):
        with pytest.raises(TypeError, match=text):
            pair[0].recvmsg_into([held, buffer])
    held.append(0)


@pytest.mark.parametrize(
    ("size", "error"),
    [(-1, ValueError), (2**31, ValueError), (2**63, OverflowError), (1.0, TypeError), ("1", TypeError)],
)
def test_sizes_there_are_not(pair, size, error):
    for receive in (lambda: pair[0].recvmsg(1, size), lambda: pair[0].recvmsg_into([bytearray(1)], size)):
        with pytest.raises(error, match="^invalid ancillary data buffer length$" if error is ValueError else None):
            receive()
    if size == -1:
        with pytest.raises(ValueError, match=r"^negative buffer size in recvmsg\(\)$"):
            pair[0].recvmsg(size)


# --- lists that change while they are read (the standard modules up to 3.14.6 read freed memory)


class Clearing:
    """A number, and from Python 3.12 a buffer, that empties a list when it is looked at (PEP 688)."""

    def __init__(self, items):
        self.items = items

    def __index__(self):
        self.items.clear()
        return 0

    def __buffer__(self, flags):
        self.items.clear()
        return memoryview(bytearray(b"x"))


def test_ancillary_data_that_changes():
    first, second = ours.socketpair()
    with first, second:
        items = []
        items += [(Clearing(items), 99, b"1"), (0, Clearing(items), b"2"), (0, 99, bytearray(b"3"))]
        assert first.sendmsg([b"x"], items) == 1
        assert items == []


def test_one_control_message_that_takes_itself_away():
    first, second = ours.socketpair()
    with first, second:
        items = []
        for kind in (list, tuple):
            items.append(kind((Clearing(items), 99, b"1")))
            assert first.sendmsg([b"x"], items) == 1
            assert items == []


@pytest.mark.skipif(sys.version_info < (3, 12), reason="needs buffers written in Python (PEP 688), new in 3.12")
def test_one_buffer_that_takes_itself_away():
    first, second = ours.socketpair()
    with first, second:
        for call in (first.sendmsg, second.recvmsg_into):
            items = []
            items.append(Clearing(items))
            assert call(items)[0] if call == second.recvmsg_into else call(items) == 1
            assert items == []


@pytest.mark.skipif(sys.version_info < (3, 12), reason="needs buffers written in Python (PEP 688), new in 3.12")
def test_buffers_that_change():
    first, second = ours.socketpair()
    with first, second:
        for call in (first.sendmsg, second.recvmsg_into):
            items = []
            items += [Clearing(items), bytearray(b"y"), Clearing(items), bytearray(b"z")]
            assert call(items)
            assert items == []
        items += [(0, 99, Clearing(items)), (0, 99, bytearray(b"y")), (0, 99, Clearing(items))]
        assert first.sendmsg([b"x"], items) == 1
        assert items == []
