"""Datagrams with addresses: UDP, netlink, and frames on the loopback interface."""

from dataclasses import replace

from measure import Operation

from .transports import MODES, OTHER_END, UDP, Transport, may_use_packets

# NETLINK_USERSOCK carries messages between processes (netlink(7)).
NETLINK = Transport(
    "netlink",
    """\
a, b = (socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, socket.NETLINK_USERSOCK) for _ in range(2))
a.bind((0, 0)); b.bind((0, 0))
a.connect(b.getsockname()); b.connect(a.getsockname())""",
    {100: 50},
)
UDP6 = Transport("udp6", UDP.setup.replace("AF_INET", "AF_INET6").replace("127.0.0.1", "::1"), {100: 100})
# 0x88B5 is for experiments (IEEE 802). A socket bound to protocol 0 sends and receives nothing (packet(7)).
PACKET = Transport(
    "packet",
    """\
a, b = (socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) for _ in range(2))
a.bind(("lo", 0x88B5)); b.bind(("lo", 0))""",
    {100: 100},
)
DATA = {"packet": "data = bytes(12) + bytes.fromhex('88b5') + bytes(86)"}

# Python, and C for the floor.
RECEIVE = {
    "recvfrom": ("a.recvfrom(100)", "receive_from(a, buffer, 100)"),
    "recvfrom_into": ("a.recvfrom_into(buffer)", "receive_from(a, buffer, 100)"),
    "recvmsg": ("a.recvmsg(100)", "receive_message(ends, 0)"),
}
SENDTO = ("a.sendto(data, address)", "sendto(a, data, size, 0, (struct sockaddr *)&ends->address, ends->length)")


def row(transport, mode, name, code, receives, needs=None):
    data = DATA.get(transport.name, "data = bytes(100)")
    python, c = code
    return Operation(
        f"addresses, {mode}",
        f"{transport.name} {name}",
        python,
        setup=f"{transport.setup}\n{OTHER_END}\n{data}; buffer = bytearray(100)\n{MODES[mode]}",
        before=f"peers.feed(there, data, {transport.counts[100]})" if receives else "pass",
        after="pass" if receives else "peers.drain(there)",
        count=transport.counts[100],
        needs=needs,
        floor=c,
    )


def sending(transport, mode, address):
    """sendto over a transport whose sockets are not connected to each other."""
    operation = row(transport, mode, "sendto", SENDTO, False)
    setup = "\n".join(line for line in operation.setup.splitlines() if "a.connect" not in line)
    return replace(operation, setup=f"{setup}\naddress = {address}")


OPERATIONS = [
    *(
        row(transport, mode, *item, True)
        for mode in MODES
        for transport in (UDP, UDP6, NETLINK)
        for item in RECEIVE.items()
    ),
    *(
        row(PACKET, mode, *item, True, may_use_packets)
        for mode in MODES
        for item in {"recv": ("a.recv(100)", "recv(a, buffer, 100, 0)"), **RECEIVE}.items()
    ),
    *(sending(transport, mode, "b.getsockname()") for mode in MODES for transport in (UDP, UDP6, NETLINK)),
]
