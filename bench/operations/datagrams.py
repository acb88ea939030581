"""Many datagrams for one call: what the standard module does one by one. The time is that of each datagram."""

from measure import Operation

from .addresses import PACKET
from .transports import MODES, OTHER_END, UDP, WAITING, may_use_packets

TOGETHER = 64
SIZES = (64, 1200)
SEGMENTS, FRAMES = 54, 200  # of 1200 bytes, as many as a datagram takes; as many small ones as a socket's buffer takes

UNCONNECTED = "\n".join(line for line in UDP.setup.splitlines() if "connect" not in line)
ROOM = f"import berkeley\nbatch = berkeley.DatagramBatch({TOGETHER}, 2048)"
EACH = "for _ in repeat(None, {}): {}"
TOUCHED = "for slot in batch: slot.data"
COALESCING = """\
joined = None
if floor:
    {end}.setsockopt(socket.IPPROTO_UDP, 104, 1)  # UDP_GRO, udp(7)
elif socket is not standard and {end}.set_coalescing(True):
    joined = berkeley.DatagramBatch(4, 65535, ancbufsize=socket.CMSG_SPACE(4))"""
RING = """\
import select
from itertools import islice
ready = None
if socket is not standard:
    import berkeley
    a.close()
    a = berkeley.PacketRing("lo", protocol=0x88B5, retire=0.01, timeout={timeout})
    ready = select.poll(); ready.register(a, select.POLLIN)"""


def receiving(mode, name, size, ours, floor=None):
    return Operation(
        f"datagrams, {mode}",
        name,
        EACH.format(TOGETHER, "a.recvfrom(2048)"),
        setup=f"{UDP.setup}\n{OTHER_END}\ndata = bytes({size}); buffer = bytearray({TOGETHER * 2048})\n"
        f"{ROOM}\n{MODES[mode]}",
        before=f"peers.feed(there, data, {TOGETHER})",
        count=1,
        ours=ours,
        pieces=TOGETHER,
        floor=floor,
    )


def sending(mode, name, size, ours, floor=None, setup="pass", count=TOGETHER):
    return Operation(
        f"datagrams, {mode}",
        name,
        EACH.format(count, "a.sendto(data, to)"),
        setup=f"{UNCONNECTED}\n{OTHER_END}\ndata = bytes({size}); to = b.getsockname(); {ROOM}\n{setup}\n{MODES[mode]}",
        after="peers.drain(there)",
        count=1,
        ours=ours,
        pieces=count,
        floor=floor,
    )


def in_one_process(mode):
    for size in SIZES:
        yield receiving(mode, f"udp {TOGETHER} into a batch, {size} B", size, f"a.recvmmsg_into(batch)\n{TOUCHED}")
    yield receiving(
        mode,
        f"udp {TOGETHER} into a batch, {SIZES[0]} B, not touched",
        SIZES[0],
        "a.recvmmsg_into(batch)",
        f"receive_many(ends, {TOGETHER}, {int(mode == 'blocking')})",
    )
    for size in SIZES:
        yield receiving(mode, f"udp recvmmsg of {TOGETHER}, {size} B", size, f"a.recvmmsg({TOGETHER}, 2048)")
    for size in SIZES:
        yield sending(
            mode,
            f"udp sendmmsg of {TOGETHER}, {size} B",
            size,
            "a.sendmmsg(messages)",
            f"send_many(ends, {TOGETHER})",
            f"messages = [(data, (), to)] * {TOGETHER}",
        )
    yield sending(
        mode,
        f"udp sendmmsg of a batch of {TOGETHER}, {SIZES[0]} B",
        SIZES[0],
        "a.sendmmsg(batch)",
        setup=f"for _ in range({TOGETHER}): batch.append(data, to)",
    )
    yield sending(
        mode,
        f"udp send_segments of {SEGMENTS}, 1200 B",
        1200,
        "a.send_segments(many, 1200, to)",
        f"send_segments(ends, {SEGMENTS})",
        f"many = data * {SEGMENTS}",
        SEGMENTS,
    )
    yield offloads(mode, 64, TOGETHER)
    yield offloads(mode, 1200, SEGMENTS)
    yield ring(mode)


def offloads(mode, size, count):
    """Sent and received, by one process. To C the other end joins them as well."""
    setup = [
        UNCONNECTED,
        f"data = bytes({size}); many = data * {count}; to = b.getsockname()",
        f"import berkeley\n{COALESCING.format(end='b')}",
        MODES[mode],
        MODES[mode].replace("a.", "b."),
        "there = b.fileno()",
    ]
    ours = [
        f"a.send_segments(many, {size}, to)",
        "b.recvmmsg_into(joined)",
        "for slot in joined:",
        "    for segment in slot.segments(): pass",
        "del segment",
    ]
    return Operation(
        f"datagrams, {mode}",
        f"udp {count} sent and received, offloads, {size} B",
        EACH.format(count, "a.sendto(data, to)") + "\n" + EACH.format(count, "b.recvfrom(2048)"),
        setup="\n".join(setup),
        count=1,
        ours="\n".join(ours),
        pieces=count,
        floor=f"send_segments(ends, {count}) < 0 ? -1 : receive_joined(ends)",
    )


def ring(mode):
    """What a frame costs that is there: the kernel's copy into the ring is the sender's."""
    timeout = None if mode == "blocking" else 60
    return Operation(
        f"datagrams, {mode}",
        "packet ring, 100 B",
        EACH.format(FRAMES, "a.recvfrom(2048)"),
        setup=f"{PACKET.setup}\n{OTHER_END}\ndata = bytes(12) + bytes.fromhex('88b5') + bytes(86)\n{MODES[mode]}\n"
        f"{RING.format(timeout=timeout)}",
        before=f"peers.feed(there, data, {FRAMES})\nif ready: ready.poll()",
        finish="a.close()",
        count=1,
        ours=f"for frame in islice(a, {FRAMES}): frame.data",
        pieces=FRAMES,
        needs=may_use_packets,
    )


def between(mode, size, name, ours, setup=ROOM):
    """Each side has the sender to itself. It sends as fast as it can: the receiver's figure is often the sender's."""
    return Operation(
        f"packets, {mode}",
        f"udp {name} {size} B",
        EACH.format(6400, "a.recvfrom(2048)"),
        setup=f"{UDP.setup}\n{ROOM}\n{setup}\n{MODES[mode]}",
        before=f"process = peers.flood(b.fileno(), {size})\nfor _ in range(100): a.recv(65535)",
        after="peers.end(process)\na.setblocking(False)\npeers.drain(a.fileno())\n" + MODES[mode],
        count=1,
        ours=f"got = 0\nwhile got < 6400: {ours}",
        pieces=6400,
    )


OPERATIONS = [
    *(operation for mode in WAITING for operation in in_one_process(mode)),
    *(
        operation
        for mode in WAITING
        for size in SIZES
        for operation in (
            between(mode, size, "batch of 64", "got += a.recvmmsg_into(batch)"),
            between(
                mode,
                size,
                "batch, coalesced",
                "got += a.recvmmsg_into(joined) and sum(1 for slot in joined for segment in slot.segments())",
                COALESCING.format(end="a"),
            ),
        )
    ),
]
