"""A ring of captured packets, which is set up here; it is read in the core (native/ring.pxi)."""

import errno
import math
import mmap
import os
from array import array
from operator import index
from struct import Struct
from typing import NamedTuple

from .. import _native, _socket
from .._standard.sock import socket
from ..families import packet
from ..names import ethernet, filters, options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_REQUEST = Struct("@7I")  # struct tpacket_req3
_COUNTS = Struct("@3I")  # struct tpacket_stats_v3
_PROGRAM = Struct("@HP")  # struct sock_fprog
_INSTRUCTION = 8  # bytes of a struct sock_filter
_LARGEST = 2**31 - 1  # the kernel counts blocks, their bytes and milliseconds in ints


class PacketStatistics(NamedTuple):
    """What became of a ring's packets since they were counted last: PACKET_STATISTICS, packet(7)."""

    packets: int
    """That passed the filter, those that were dropped included."""
    drops: int
    """For which no block had room."""
    freezes: int
    """How often the next block was not the kernel's, so that it had to wait for one."""


class PacketRing(_native.Ring):
    """Capture packets from an interface: an iterator of frames (`PacketFrame`), and a context manager.

    The kernel puts the frames into memory that it shares with the process (TPACKET_V3, packet(7)): `blocks` blocks of
    `block_size` bytes, a multiple of the page size, which frames are not longer than. It hands over a block when that
    is full, or has had a frame for `retire` seconds (from 0.001 on). No frame takes a system call, nor a copy.

    `interface` is a name or an index; None is all. `protocol` is an `ETH_P_*` number. `filter` is a classic BPF
    program, the bytes of struct sock_filter: no frame gets past it, the first ones included. `promiscuous` asks an
    interface for what is sent to others too, until the ring is closed. Without `outgoing` what this machine sends is
    left out (Linux 4.20), and so loopback shows each frame once.

    `timeout` is how many seconds the next frame is waited for, then TimeoutError: None has no end, at 0 it is
    BlockingIOError at once. A deadline counts as well; a signal does not end the wait (PEP 475). OSError (ENETDOWN)
    where the interface is down, or goes down: once it is up, the ring can be read on.

    A view of a frame's data keeps the block, and a frame without one gets a copy of its own as the block goes back.
    Blocks are used in turn. Where the turn comes to one that is kept, the next frame is a BufferError, until its views
    are released; the kernel has no room meanwhile, and drops. Views outlive the ring: its memory stays mapped for
    them. One thread reads at a time (RuntimeError), and no child process: nor does one read frames of its parent's.

    PermissionError without CAP_NET_RAW; OSError for an interface there is none of, and without memory (ENOMEM);
    ValueError or TypeError for other arguments, before anything is opened.
    """

    __module__ = "berkeley"

    def __init__(
        self,
        interface: "str | int | None",
        *,
        protocol: int = ethernet.ETH_P_ALL,
        block_size: int = 1 << 20,
        blocks: int = 16,
        retire: float = 0.05,
        promiscuous: bool = False,
        filter: "ReadableBuffer | None" = None,
        outgoing: bool = True,
        timeout: "float | None" = None,
    ) -> None:
        protocol, block_size, blocks = index(protocol), index(block_size), index(blocks)
        if not 0 < protocol <= 0xFFFF:
            raise ValueError(f"protocol must be 1 to 65535, not {protocol!r}")
        if block_size <= 0 or block_size % mmap.PAGESIZE or block_size > _LARGEST:
            raise ValueError(f"block_size must be a multiple of {mmap.PAGESIZE} and below 2 GiB, not {block_size!r}")
        if not 0 < blocks <= _LARGEST // block_size:
            raise ValueError(f"blocks must be 1 at least, and of less than 2 GiB together, not {blocks!r}")
        if promiscuous and interface is None:
            raise ValueError("promiscuous takes an interface")
        milliseconds = _milliseconds(retire)
        program = None if filter is None else _instructions(filter)
        _native.moment(timeout)  # which refuses what is no timeout
        number = _number(interface)
        sock = socket(_socket.AF_PACKET, _socket.SOCK_RAW, 0)  # protocol 0: nothing comes before it is bound
        try:
            sock.settimeout(timeout)
            sock.setsockopt(packet.SOL_PACKET, packet.PACKET_VERSION, packet.TPACKET_V3)
            if program is not None:
                start, count = program.buffer_info()
                attached = _PROGRAM.pack(count // _INSTRUCTION, start)
                sock.setsockopt(_socket.SOL_SOCKET, options.SO_ATTACH_FILTER, attached)
            if not outgoing:
                sock.setsockopt(packet.SOL_PACKET, packet.PACKET_IGNORE_OUTGOING, 1)
            # To this version a "frame" is but a unit of a block; frames are as long as they are.
            request = _REQUEST.pack(block_size, blocks, block_size, blocks, milliseconds, 0, 0)
            sock.setsockopt(packet.SOL_PACKET, packet.PACKET_RX_RING, request)
            super().__init__(sock, number, protocol, block_size, blocks, promiscuous)
        except BaseException:
            sock.close()
            raise
        self._socket = sock

    def statistics(self) -> PacketStatistics:
        """(packets, drops, freezes) since they were asked for last: PACKET_STATISTICS, packet(7)."""
        answer = self._socket.getsockopt(packet.SOL_PACKET, packet.PACKET_STATISTICS, _COUNTS.size)
        return PacketStatistics(*_COUNTS.unpack(answer))


def _number(interface: "str | int | None") -> int:
    if interface is None:
        return 0
    try:
        if isinstance(interface, str):
            return _native.if_nametoindex(interface)
        _native.if_indextoname(interface)
    except (OSError, OverflowError, ValueError):
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV)) from None
    return interface


def _milliseconds(retire: float) -> int:
    """Rounded up; to the kernel 0 would be a time of its own choice."""
    if not 0 <= retire <= _LARGEST / 1000:
        raise ValueError(f"retire must be 0 seconds at least, not {retire!r}")
    return max(math.ceil(retire * 1000), 1)


def _instructions(filter: "ReadableBuffer") -> "array[int]":
    program = array("B", memoryview(filter).cast("B"))
    count, rest = divmod(len(program), _INSTRUCTION)
    if rest or not 0 < count <= filters.BPF_MAXINSNS:
        limit = filters.BPF_MAXINSNS
        raise ValueError(f"a filter has 1 to {limit} instructions of {_INSTRUCTION} bytes, not {len(program)} bytes")
    return program
