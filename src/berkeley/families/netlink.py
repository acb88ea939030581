"""AF_NETLINK: (pid, groups). netlink(7), <linux/netlink.h>.

`pid` is the port: 0 asks the kernel to choose one, and as a peer is the kernel. `groups` is a mask of multicast groups.
"""

from struct import Struct

from .._native import type_name
from ._fields import unpacked, unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._native import Address, socket

HEADERS = ("sys/socket.h", "linux/netlink.h")

AF_NETLINK = 16
AF_ROUTE = 16  # 4.4BSD's word for it
SOL_NETLINK = 270

NETLINK_ROUTE = 0
NETLINK_USERSOCK = 2
NETLINK_FIREWALL = 3
NETLINK_SOCK_DIAG = 4
NETLINK_INET_DIAG = 4
NETLINK_NFLOG = 5
NETLINK_XFRM = 6
NETLINK_SELINUX = 7
NETLINK_ISCSI = 8
NETLINK_AUDIT = 9
NETLINK_FIB_LOOKUP = 10
NETLINK_CONNECTOR = 11
NETLINK_NETFILTER = 12
NETLINK_IP6_FW = 13
NETLINK_DNRTMSG = 14
NETLINK_KOBJECT_UEVENT = 15
NETLINK_GENERIC = 16
NETLINK_SCSITRANSPORT = 18
NETLINK_ECRYPTFS = 19
NETLINK_RDMA = 20
NETLINK_CRYPTO = 21
NETLINK_SMC = 22

NETLINK_ADD_MEMBERSHIP = 1
NETLINK_DROP_MEMBERSHIP = 2
NETLINK_PKTINFO = 3
NETLINK_BROADCAST_ERROR = 4
NETLINK_NO_ENOBUFS = 5
NETLINK_RX_RING = 6
NETLINK_TX_RING = 7
NETLINK_LISTEN_ALL_NSID = 8
NETLINK_LIST_MEMBERSHIPS = 9
NETLINK_CAP_ACK = 10
NETLINK_EXT_ACK = 11
NETLINK_GET_STRICT_CHK = 12

# Flags and types of struct nlmsghdr; what the high bits mean depends on the request.
NLM_F_REQUEST = 0x1
NLM_F_MULTI = 0x2
NLM_F_ACK = 0x4
NLM_F_ECHO = 0x8
NLM_F_DUMP_INTR = 0x10
NLM_F_DUMP_FILTERED = 0x20
NLM_F_ROOT = 0x100
NLM_F_MATCH = 0x200
NLM_F_ATOMIC = 0x400
NLM_F_DUMP = 0x300
NLM_F_REPLACE = 0x100
NLM_F_EXCL = 0x200
NLM_F_CREATE = 0x400
NLM_F_APPEND = 0x800
NLM_F_NONREC = 0x100
NLM_F_BULK = 0x200
NLM_F_CAPPED = 0x100
NLM_F_ACK_TLVS = 0x200
NLMSG_NOOP = 1
NLMSG_ERROR = 2
NLMSG_DONE = 3
NLMSG_OVERRUN = 4
NLMSG_MIN_TYPE = 16
NLMSG_ALIGNTO = 4
NLMSG_HDRLEN = 16
NLMSGERR_ATTR_MSG = 1
NLMSGERR_ATTR_OFFS = 2
NLMSGERR_ATTR_COOKIE = 3
NLMSGERR_ATTR_POLICY = 4
NLMSGERR_ATTR_MISS_TYPE = 5
NLMSGERR_ATTR_MISS_NEST = 6
NLA_F_NESTED = 0x8000
NLA_F_NET_BYTEORDER = 0x4000
NLA_ALIGNTO = 4
NLA_HDRLEN = 4

BEYOND = (
    "SOL_NETLINK", "NETLINK_SOCK_DIAG", "NETLINK_INET_DIAG", "NETLINK_S[EC]*", "NETLINK_ISCSI", "NETLINK_AUDIT",
    "NETLINK_FIB_LOOKUP", "NETLINK_CONNECTOR", "NETLINK_NETFILTER", "NETLINK_KOBJECT_UEVENT", "NETLINK_GENERIC",
    "NETLINK_ECRYPTFS", "NETLINK_RDMA", "NETLINK_SMC", "NETLINK_*_MEMBERSHIP*", "NETLINK_PKTINFO",
    "NETLINK_BROADCAST_ERROR", "NETLINK_NO_ENOBUFS", "NETLINK_*X_RING", "NETLINK_LISTEN_ALL_NSID", "NETLINK_*_ACK",
    "NETLINK_GET_STRICT_CHK", "NLM*", "NLA_*",
)  # fmt: skip


def pack(sock: "socket", caller: str, address: "Address") -> bytes:
    """struct sockaddr_nl for (pid, groups), of which the low 32 bits count. TypeError for anything but such a pair."""
    if not isinstance(address, tuple):
        raise TypeError(f"{caller}(): AF_NETLINK address must be tuple, not {type_name(address)}")
    if len(address) != 2:
        raise TypeError("AF_NETLINK address must be a pair (pid, groups)")
    pid, groups = address
    return _SOCKADDR_NL.pack(AF_NETLINK, unsigned(pid), unsigned(groups))


def unpack(sock: "socket", raw: bytes) -> "Address":
    """(pid, groups) from a struct sockaddr_nl."""
    _family, pid, groups = unpacked(_SOCKADDR_NL, raw)
    return pid, groups


_SOCKADDR_NL = Struct("H2xII")
