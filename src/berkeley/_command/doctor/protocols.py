"""Protocols, within the families that are asked for one by its number."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from berkeley import constants, socket

from .rows import Row, probed


class Protocol(NamedTuple):
    """The names of the constants that socket() takes for it."""

    family: str
    kind: str
    name: str


def rows() -> Iterator[Row]:
    for each in PROTOCOLS:
        numbers = [getattr(constants, name) for name in each]
        needs = _NEEDS.get(each.name) or privilege(each.family, each.kind)
        yield probed(each.name, partial(opened, *numbers), needs=needs, group=each.family)


def opened(*arguments: int) -> str:
    """Open a socket and close it."""
    socket.socket(*arguments).close()
    return ""


def privilege(family: str, kind: str) -> str:
    """What the kernel asks of who opens such a socket, if it asks for something at all."""
    return _NEEDS.get(family) or ("CAP_NET_RAW" if kind == "SOCK_RAW" else "")


# By family or by protocol; elsewhere raw sockets alone need something. packet(7), raw(7), icmp(7), xdp(7) ...
_NEEDS = {
    "AF_IEEE802154": "CAP_NET_RAW",
    "AF_KEY": "CAP_NET_ADMIN",
    "AF_LLC": "CAP_NET_RAW",
    "AF_PACKET": "CAP_NET_RAW",
    "AF_PHONET": "CAP_SYS_ADMIN",
    "AF_XDP": "CAP_NET_RAW",
    "IPPROTO_ICMP": "a group of net.ipv4.ping_group_range",
    "IPPROTO_ICMPV6": "a group of net.ipv4.ping_group_range",
}

_NETLINK = (
    "NETLINK_ROUTE NETLINK_USERSOCK NETLINK_SOCK_DIAG NETLINK_NFLOG NETLINK_XFRM NETLINK_SELINUX NETLINK_ISCSI "
    "NETLINK_AUDIT NETLINK_FIB_LOOKUP NETLINK_CONNECTOR NETLINK_NETFILTER NETLINK_KOBJECT_UEVENT NETLINK_GENERIC "
    "NETLINK_SCSITRANSPORT NETLINK_ECRYPTFS NETLINK_RDMA NETLINK_CRYPTO NETLINK_SMC"
)

PROTOCOLS = tuple(
    Protocol(family, kind, name)
    for family, kind, names in (
        ("AF_INET", "SOCK_STREAM", "IPPROTO_TCP IPPROTO_MPTCP IPPROTO_SCTP IPPROTO_SMC"),
        ("AF_INET", "SOCK_DGRAM", "IPPROTO_UDP IPPROTO_UDPLITE IPPROTO_ICMP IPPROTO_L2TP"),
        ("AF_INET", "SOCK_DCCP", "IPPROTO_DCCP"),
        ("AF_INET", "SOCK_RAW", "IPPROTO_RAW"),
        ("AF_INET6", "SOCK_STREAM", "IPPROTO_TCP IPPROTO_MPTCP IPPROTO_SCTP IPPROTO_SMC"),
        ("AF_INET6", "SOCK_DGRAM", "IPPROTO_UDP IPPROTO_UDPLITE IPPROTO_ICMPV6 IPPROTO_L2TP"),
        ("AF_INET6", "SOCK_DCCP", "IPPROTO_DCCP"),
        ("AF_INET6", "SOCK_RAW", "IPPROTO_RAW"),
        ("AF_NETLINK", "SOCK_RAW", _NETLINK),
        ("AF_CAN", "SOCK_RAW", "CAN_RAW"),
        ("AF_CAN", "SOCK_DGRAM", "CAN_BCM CAN_ISOTP CAN_J1939"),
        ("AF_BLUETOOTH", "SOCK_SEQPACKET", "BTPROTO_L2CAP BTPROTO_SCO BTPROTO_ISO"),
        ("AF_BLUETOOTH", "SOCK_STREAM", "BTPROTO_RFCOMM"),
        ("AF_BLUETOOTH", "SOCK_RAW", "BTPROTO_HCI BTPROTO_BNEP BTPROTO_CMTP BTPROTO_HIDP"),
        ("AF_PPPOX", "SOCK_DGRAM", "PX_PROTO_OE PX_PROTO_OL2TP PX_PROTO_PPTP"),
        ("AF_NFC", "SOCK_SEQPACKET", "NFC_SOCKPROTO_RAW"),
        ("AF_NFC", "SOCK_STREAM", "NFC_SOCKPROTO_LLCP"),
        ("AF_PHONET", "SOCK_DGRAM", "PN_PROTO_PHONET"),
        ("AF_PHONET", "SOCK_SEQPACKET", "PN_PROTO_PIPE"),
        ("AF_KEY", "SOCK_RAW", "PF_KEY_V2"),
        ("AF_RXRPC", "SOCK_DGRAM", "AF_INET AF_INET6"),  # of the family that carries it
    )
    for name in names.split()
)
