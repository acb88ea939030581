"""The sockets that options are tried on, each in the state that its options need."""

from collections.abc import Callable
from contextlib import ExitStack, suppress

from berkeley import constants, socket

from .loopback import tcp, udp, unix


def subject(kind: str, stack: ExitStack) -> socket.socket:
    """A new socket of that kind, open for as long as the stack. OSError where it cannot be had."""
    if kind in _MADE:
        return _MADE[kind](stack)
    return stack.enter_context(socket.socket(*(getattr(constants, name) for name in _OPENED[kind].split())))


def privilege(kind: str) -> str:
    """What the kernel asks of who opens one, if it asks for something."""
    return "CAP_NET_RAW" if kind in ("raw", "raw6", "packet", "xdp") else ""


def _in_repair(sock: socket.socket) -> socket.socket:
    """The options that restore a connection are for sockets in repair, which it takes a privilege to be."""
    with suppress(OSError):
        sock.setsockopt(socket.SOL_TCP, constants.TCP_REPAIR, 1)
        sock.setsockopt(socket.SOL_TCP, constants.TCP_REPAIR_QUEUE, constants.TCP_SEND_QUEUE)
    return sock


def _kernel_tls(stack: ExitStack) -> socket.socket:
    near, _far = stack.enter_context(tcp())
    near.setsockopt(socket.SOL_TCP, constants.TCP_ULP, b"tls")
    return near


_MADE: dict[str, Callable[[ExitStack], socket.socket]] = {
    "tcp": lambda stack: stack.enter_context(tcp())[0],
    "tcp6": lambda stack: stack.enter_context(tcp(socket.AF_INET6))[0],
    "mptcp": lambda stack: stack.enter_context(tcp(socket.AF_INET, socket.IPPROTO_MPTCP))[0],
    "udp": lambda stack: stack.enter_context(udp())[0],
    "udp6": lambda stack: stack.enter_context(udp(socket.AF_INET6))[0],
    "unix": lambda stack: stack.enter_context(unix())[0],
    "tcp in repair": lambda stack: _in_repair(stack.enter_context(tcp())[0]),
    "stream in repair": lambda stack: _in_repair(stack.enter_context(socket.socket())),
    "kernel TLS": _kernel_tls,
}

# The names of what socket() takes.
_OPENED = {
    "stream": "AF_INET SOCK_STREAM",
    "raw": "AF_INET SOCK_RAW IPPROTO_ICMP",
    "raw6": "AF_INET6 SOCK_RAW IPPROTO_ICMPV6",
    "udplite": "AF_INET SOCK_DGRAM IPPROTO_UDPLITE",
    "sctp": "AF_INET SOCK_STREAM IPPROTO_SCTP",
    "netlink": "AF_NETLINK SOCK_RAW NETLINK_ROUTE",
    "packet": "AF_PACKET SOCK_RAW",
    "can": "AF_CAN SOCK_RAW CAN_RAW",
    "isotp": "AF_CAN SOCK_DGRAM CAN_ISOTP",
    "j1939": "AF_CAN SOCK_DGRAM CAN_J1939",
    "vsock": "AF_VSOCK SOCK_STREAM",
    "l2cap": "AF_BLUETOOTH SOCK_SEQPACKET BTPROTO_L2CAP",
    "sco": "AF_BLUETOOTH SOCK_SEQPACKET BTPROTO_SCO",
    "tipc": "AF_TIPC SOCK_RDM",
    "rds": "AF_RDS SOCK_SEQPACKET",
    "xdp": "AF_XDP SOCK_RAW",
}
