"""send, recv and their kin, on data that is there and buffers that have room."""

from measure import Operation

from .transports import MODES, OTHER_END, TCP, TRANSPORTS, UDP, UNIX, UNIX_DATAGRAM

SIZES = {"100 B": 100, "1400 B": 1400, "16 KiB": 16384}
# Python, and C for the floor.
SEND = {"send": ("a.send(data)", "send(a, data, size, 0)"), "sendall": ("a.sendall(data)", "send_all(a, data, size)")}
RECEIVED = "recv(a, buffer, size, 0)"
RECEIVE = {"recv": ("a.recv(size)", RECEIVED), "recv_into": ("a.recv_into(buffer)", RECEIVED)}


# The standard module has none: there it is a timeout.
DEADLINE = """\
if socket is standard:
    a.settimeout(60)
else:
    import berkeley
    within = berkeley.deadline(3600)
    within.__enter__()
"""


def row(transport, mode, name, code, size="100 B", receives=False):
    setup = f"{transport.setup}\n{OTHER_END}\nsize = {SIZES[size]}; data = bytes(size); buffer = bytearray(size)"
    count = transport.counts[SIZES[size]]
    python, c = code
    return Operation(
        f"calls, {mode}",
        f"{transport.name} {name} {size}",
        python,
        setup=f"{setup}\n{MODES.get(mode, DEADLINE)}",
        before=f"peers.feed(there, data, {count})" if receives else "pass",
        after="pass" if receives else "peers.drain(there)",
        count=count,
        floor=c,
    )


def large_buffer(transport, mode, size):
    """A call with a buffer much larger than what arrives, as programs have it that do not know what will."""
    return row(transport, mode, f"recv({size}) of", (f"a.recv({size})", RECEIVED), receives=True)


def of_mode(mode):
    for transport in TRANSPORTS:
        yield from (row(transport, mode, *item) for item in SEND.items())
        yield from (row(transport, mode, *item, receives=True) for item in RECEIVE.items())
    for size in ("1400 B", "16 KiB"):
        yield row(UNIX, mode, "send", SEND["send"], size)
        yield row(UNIX, mode, "recv", RECEIVE["recv"], size, True)
    yield from (large_buffer(UNIX_DATAGRAM, mode, size) for size in (4096, 65536, 262144))


def within_a_deadline():
    for transport in (TCP, UDP):
        yield from (row(transport, "deadline", *item) for item in SEND.items())
        yield from (row(transport, "deadline", *item, receives=True) for item in RECEIVE.items())


OPERATIONS = [
    *(operation for mode in MODES for operation in of_mode(mode)),
    *within_a_deadline(),
    *(
        Operation(
            "would block",
            f"{transport.name} {name}",
            f"try: {code}\nexcept BlockingIOError: pass",
            setup=f"{transport.setup}\na.setblocking(False); buffer = bytearray(100)",
            floor="would_block(recv(a, buffer, 100, 0))",
        )
        for transport in TRANSPORTS
        for name, code in {"recv": "a.recv(100)", "recv_into": "a.recv_into(buffer)"}.items()
    ),
]
