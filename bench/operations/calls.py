"""send, recv and their kin, on data that is there and buffers that have room."""

from measure import Operation

from .transports import MODES, OTHER_END, TRANSPORTS, UNIX, UNIX_DATAGRAM

SIZES = {"100 B": 100, "1400 B": 1400, "16 KiB": 16384}
SEND = {"send": "a.send(data)", "sendall": "a.sendall(data)"}
RECEIVE = {"recv": "a.recv(size)", "recv_into": "a.recv_into(buffer)"}


def row(transport, mode, name, code, size="100 B", receives=False):
    setup = f"{transport.setup}\n{OTHER_END}\nsize = {SIZES[size]}; data = bytes(size); buffer = bytearray(size)"
    count = transport.counts[SIZES[size]]
    return Operation(
        f"calls, {mode}",
        f"{transport.name} {name} {size}",
        code,
        setup=f"{setup}\n{MODES[mode]}",
        before=f"peers.feed(there, data, {count})" if receives else "pass",
        after="pass" if receives else "peers.drain(there)",
        count=count,
    )


def large_buffer(transport, mode, size):
    """A call with a buffer much larger than what arrives, as programs have it that do not know what will."""
    return row(transport, mode, f"recv({size}) of", f"a.recv({size})", receives=True)


OPERATIONS = [
    *(row(transport, mode, *item) for mode in MODES for transport in TRANSPORTS for item in SEND.items()),
    *(
        row(transport, mode, *item, receives=True)
        for mode in MODES
        for transport in TRANSPORTS
        for item in RECEIVE.items()
    ),
    *(row(UNIX, mode, "send", SEND["send"], size) for mode in MODES for size in ("1400 B", "16 KiB")),
    *(row(UNIX, mode, "recv", RECEIVE["recv"], size, True) for mode in MODES for size in ("1400 B", "16 KiB")),
    *(large_buffer(UNIX_DATAGRAM, mode, size) for mode in MODES for size in (4096, 65536, 262144)),
    *(
        Operation(
            "would block",
            f"{transport.name} {name}",
            f"try: {code}\nexcept BlockingIOError: pass",
            setup=f"{transport.setup}\na.setblocking(False); buffer = bytearray(100)",
        )
        for transport in TRANSPORTS
        for name, code in {"recv": "a.recv(100)", "recv_into": "a.recv_into(buffer)"}.items()
    ),
]
