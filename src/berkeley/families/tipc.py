"""AF_TIPC, services and sockets of a cluster: (addr_type, v1, v2, v3[, scope]).

    TIPC_ADDR_NAMESEQ, a range     (.., type, lower, upper[, scope])
    TIPC_ADDR_NAME, a service      (.., type, instance, 0[, scope]); from the kernel it has the instance twice
    TIPC_ADDR_ID, a socket         (.., node, reference, 0[, scope])

`scope` says how far the name is known that bind() gives: TIPC_CLUSTER_SCOPE if it is left out. A negative one takes the
name back. <linux/tipc.h>, Documentation/networking/tipc.rst.
"""

from operator import itemgetter
from struct import Struct

from .._native import type_name
from ._fields import unpacked, unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._native import Address, socket

HEADERS = ("linux/tipc.h",)

AF_TIPC = 30
SOL_TIPC = 271

TIPC_ADDR_NAMESEQ = 1
TIPC_ADDR_MCAST = 1
TIPC_ADDR_NAME = 2
TIPC_ADDR_ID = 3
TIPC_SERVICE_RANGE = 1
TIPC_SERVICE_ADDR = 2
TIPC_SOCKET_ADDR = 3

TIPC_ZONE_SCOPE = 1
TIPC_CLUSTER_SCOPE = 2
TIPC_NODE_SCOPE = 3

TIPC_CFG_SRV = 0
TIPC_NODE_STATE = 0
TIPC_TOP_SRV = 1
TIPC_LINK_STATE = 2
TIPC_RESERVED_TYPES = 64
TIPC_MAX_USER_MSG_SIZE = 66000

TIPC_IMPORTANCE = 127
TIPC_SRC_DROPPABLE = 128
TIPC_DEST_DROPPABLE = 129
TIPC_CONN_TIMEOUT = 130
TIPC_NODE_RECVQ_DEPTH = 131
TIPC_SOCK_RECVQ_DEPTH = 132
TIPC_MCAST_BROADCAST = 133
TIPC_MCAST_REPLICAST = 134
TIPC_GROUP_JOIN = 135
TIPC_GROUP_LEAVE = 136
TIPC_SOCK_RECVQ_USED = 137
TIPC_NODELAY = 138

TIPC_LOW_IMPORTANCE = 0
TIPC_MEDIUM_IMPORTANCE = 1
TIPC_HIGH_IMPORTANCE = 2
TIPC_CRITICAL_IMPORTANCE = 3

TIPC_GROUP_LOOPBACK = 0x1
TIPC_GROUP_MEMBER_EVTS = 0x2

TIPC_SUB_PORTS = 1
TIPC_SUB_SERVICE = 2
TIPC_SUB_CANCEL = 4
TIPC_WAIT_FOREVER = -1
TIPC_PUBLISHED = 1
TIPC_WITHDRAWN = 2
TIPC_SUBSCR_TIMEOUT = 3

# Control messages of level SOL_TIPC, and the errors that TIPC_ERRINFO carries.
TIPC_ERRINFO = 1
TIPC_RETDATA = 2
TIPC_DESTNAME = 3
TIPC_OK = 0
TIPC_ERR_NO_NAME = 1
TIPC_ERR_NO_PORT = 2
TIPC_ERR_NO_NODE = 3
TIPC_ERR_OVERLOAD = 4
TIPC_CONN_SHUTDOWN = 5

BEYOND = (
    "TIPC_ADDR_MCAST", "TIPC_SERVICE_*", "TIPC_SOCKET_ADDR", "TIPC_NODE_STATE", "TIPC_LINK_STATE",
    "TIPC_RESERVED_TYPES", "TIPC_MAX_USER_MSG_SIZE", "TIPC_*_RECVQ_*", "TIPC_MCAST_*", "TIPC_GROUP_*", "TIPC_NODELAY",
    "TIPC_ERR*", "TIPC_RETDATA", "TIPC_DESTNAME", "TIPC_OK", "TIPC_CONN_SHUTDOWN",
)  # fmt: skip


def pack(sock: "socket", caller: str, address: "Address") -> bytes:
    """struct sockaddr_tipc for an address of four or five numbers, of which the low 32 bits count; of the scope 8.

    TypeError for anything else, and for an `addr_type` there is none of.
    """
    if not isinstance(address, tuple):
        raise TypeError(f"{caller}(): AF_TIPC address must be tuple, not {type_name(address)}")
    if not 4 <= len(address) <= 5:
        raise TypeError("AF_TIPC address must be a tuple (addr_type, v1, v2, v3[, scope])")
    kind, v1, v2, v3, scope = map(unsigned, (*address, TIPC_CLUSTER_SCOPE)[:5])
    if kind not in _WORDS:
        raise TypeError("Invalid address type")
    words, _values = _WORDS[kind]
    return _SOCKADDR_TIPC.pack(AF_TIPC, kind, (scope & 0xFF ^ 0x80) - 0x80, *words((v1, v2, v3, 0)))


def unpack(sock: "socket", raw: bytes) -> "Address":
    """(addr_type, v1, v2, v3, scope) from a struct sockaddr_tipc; (AF_TIPC, bytes) for an `addr_type` there is none of.

    A negative scope comes as its 32 bits. The name of the sender, which follows in messages of a group, is left aside.
    """
    _family, kind, scope, *words = unpacked(_SOCKADDR_TIPC, raw)
    if kind not in _WORDS:
        return AF_TIPC, raw[2:]
    _words, values = _WORDS[kind]
    return (kind, *values((*words, 0)), unsigned(scope))


# By addr_type: the struct's three words, taken from (v1, v2, v3, 0); and v1, v2, v3, taken from the words and a 0.
_WORDS = {
    TIPC_ADDR_NAMESEQ: (itemgetter(0, 1, 2), itemgetter(0, 1, 2)),
    TIPC_ADDR_NAME: (itemgetter(0, 1, 3), itemgetter(0, 1, 1)),
    TIPC_ADDR_ID: (itemgetter(1, 0, 3), itemgetter(1, 0, 3)),
}
_SOCKADDR_TIPC = Struct("HBb3I")
