"""Large amounts: what one process can hold in the kernel, and a megabyte at a time between two processes."""

from measure import Operation

from .transports import MODES, OTHER_END, TCP, UNIX, WAITING

BLOCK = 65536
MEGABYTE = 1 << 20
# Python, and C for the floor.
SENDALL = ("a.sendall(data)", "send_all(a, data, size)")
FILL = ("view = memoryview(buffer)\nwhile view: view = view[a.recv_into(view):]", "fill(a, buffer, size)")


def within(transport, mode, name, code, receives):
    python, c = code
    return Operation(
        f"bulk, {mode}",
        f"{transport.name} {name} 64 KiB",
        python,
        setup=f"{transport.setup}\n{OTHER_END}\ndata = bytes({BLOCK}); buffer = bytearray({BLOCK})\n{MODES[mode]}",
        before="peers.feed(there, data, 1)" if receives else "pass",
        after="pass" if receives else "peers.drain(there)",
        count=1,
        floor=c,
    )


def between(transport, mode, name, code, peer):
    python, c = code
    return Operation(
        f"bulk, {mode}",
        f"{transport.name} {name} 1 MiB, two processes",
        python,
        setup=f"{transport.setup}\ndata = bytes({MEGABYTE}); buffer = bytearray({MEGABYTE})\n"
        f"process = peers.{peer}(b.fileno()); b.close()\n{MODES[mode]}",
        finish="a.close()\nos.waitpid(process, 0)",
        count=1,
        floor=c,
    )


OPERATIONS = [
    operation
    for mode in WAITING
    for transport in (UNIX, TCP)
    for operation in (
        within(transport, mode, "sendall", SENDALL, False),
        within(transport, mode, "recv_into", ("a.recv_into(buffer)", "recv(a, buffer, size, 0)"), True),
        between(transport, mode, "sendall", SENDALL, "sink"),
        between(transport, mode, "recv_into", FILL, "source"),
    )
]
