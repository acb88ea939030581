"""Two processes: questions and answers, and packets as fast as they come."""

from measure import Operation

from .transports import MODES, TCP, UDP, UNIX, WAITING

# Python, and C for the floor.
ASK = ("a.send(data); a.recv(100)", "send(a, data, size, 0) < 0 ? -1 : recv(a, buffer, size, 0)")
TAKE = {
    "recv": ("a.recv(2000)", "recv(a, buffer, size, 0)"),
    "recvfrom": ("a.recvfrom(2000)", "receive_from(a, buffer, size)"),
}


def ping_pong(transport, mode):
    python, c = ASK
    return Operation(
        f"ping-pong, {mode}",
        f"{transport.name} 100 B",
        python,
        setup=f"{transport.setup}\ndata = bytes(100); buffer = bytearray(100)\n"
        f"process = peers.echo(b.fileno()); b.close()\n{MODES[mode]}",
        finish="a.close()\npeers.end(process)",
        count=20,
        floor=c if mode == "blocking" else None,
    )


def packets(mode, name, size):
    """Each side has the sender to itself: it is there only while the side is measured."""
    python, c = TAKE[name]
    return Operation(
        f"packets, {mode}",
        f"udp {name} {size} B",
        python,
        setup=f"{UDP.setup}\ndata = bytes({size}); buffer = bytearray({size})\n{MODES[mode]}",
        before=f"process = peers.flood(b.fileno(), {size})\nfor _ in range(100): a.recv(2000)",
        after="peers.end(process)\na.setblocking(False)\npeers.drain(a.fileno())\n" + MODES[mode],
        count=2000,
        floor=c if mode == "blocking" else None,
    )


OPERATIONS = [
    *(ping_pong(transport, mode) for mode in WAITING for transport in (UNIX, TCP, UDP)),
    *(packets(mode, name, size) for mode in WAITING for size in (64, 1200) for name in TAKE),
]
