"""Which constants are options, of which level, and on what sockets they are tried."""

from typing import NamedTuple


class Level(NamedTuple):
    name: str  # the constant
    options: str  # names, or shell patterns of names
    values: str  # those of them that are no options: flags, values, control messages
    sockets: str  # kinds of `subjects`, a comma between: an option may need one of a certain type or state


LEVELS = (
    Level(
        "SOL_SOCKET",
        "SO_*",
        "SO_EE_* SO_J1939_* SO_RDS_* SO_VM_SOCKETS_* SO_ORIGINAL_DST SO_DEVMEM_LINEAR SO_DEVMEM_DMABUF",
        "tcp, udp, unix",
    ),
    Level(
        "SOL_TCP",
        "TCP_*",
        "TCP_ACCECN_* TCP_AO_KEYF_* TCP_AO_MAXKEYLEN TCP_CA_* TCP_CLOS* TCP_CM_INQ TCP_ENCAP_* TCP_ESTABLISHED "
        "TCP_FIN_* TCP_LAST_ACK TCP_LISTEN TCP_MD5SIG_FLAG_* TCP_MD5SIG_MAXKEYLEN TCP_NO_QUEUE TCP_RECEIVE_* "
        "TCP_RECV_QUEUE TCP_REPAIR_O[FN]* TCP_SEND_QUEUE TCP_SYN_* TCP_TIME_WAIT",
        "tcp, stream, tcp in repair, stream in repair",
    ),
    Level("SOL_UDP", "UDP_*", "UDP_ENCAP_*", "udp, udp6"),
    Level("SOL_UDPLITE", "UDPLITE_*", "", "udplite"),
    Level(
        "SOL_IP",
        "IP_* MCAST_* SO_ORIGINAL_DST",
        "IP_DEFAULT_* IP_MAX_* IP_PMTUDISC_* MCAST_*CLUDE",
        "udp, tcp, raw",
    ),
    Level(
        "SOL_IPV6",
        "IPV6_*",
        "IPV6_FL_* IPV6_HOPLIMIT IPV6_NEXTHOP IPV6_PMTUDISC_* IPV6_PREFER_* IPV6_RTHDR_TYPE_0",
        "udp6, tcp6, raw6",
    ),
    Level("SOL_RAW", "ICMP_FILTER", "", "raw"),
    Level("SOL_ICMPV6", "ICMPV6_FILTER", "", "raw6"),
    Level("SOL_MPTCP", "MPTCP_*", "MPTCP_INFO_*", "mptcp"),
    Level(
        "SOL_SCTP",
        "SCTP_RTOINFO SCTP_ASSOCINFO SCTP_INITMSG SCTP_NODELAY SCTP_AUTOCLOSE SCTP_*PRIMARY_ADDR SCTP_ADAPTATION_LAYER "
        "SCTP_DISABLE_FRAGMENTS SCTP_PEER_ADDR_[PT]* SCTP_DEFAULT_* SCTP_EVENT SCTP_EVENTS SCTP_I_WANT_* SCTP_MAX* "
        "SCTP_STATUS SCTP_GET_* SCTP_DELAYED_* SCTP_CONTEXT SCTP_FRAGMENT_* SCTP_PARTIAL_DELIVERY_POINT SCTP_AUTH_* "
        "SCTP_HMAC_IDENT SCTP_*_AUTH_CHUNKS SCTP_AUTO_ASCONF SCTP_RECV* SCTP_REUSE_PORT SCTP_SOCKOPT_* "
        "SCTP_*_SUPPORTED SCTP_PR_*_STATUS SCTP_ENABLE_STREAM_RESET SCTP_RESET_* SCTP_ADD_STREAMS "
        "SCTP_STREAM_SCHEDULER* SCTP_SENDMSG_CONNECT SCTP_EXPOSE_* SCTP_REMOTE_UDP_* SCTP_PLPMTUD_*",
        "SCTP_AUTH_HMAC_*",
        "sctp",
    ),
    Level("SOL_TLS", "TLS_TX TLS_RX TLS_TX_* TLS_RX_*", "", "kernel TLS"),
    Level(
        "SOL_NETLINK",
        "NETLINK_*_MEMBERSHIP* NETLINK_PKTINFO NETLINK_BROADCAST_ERROR NETLINK_NO_ENOBUFS NETLINK_?X_RING "
        "NETLINK_LISTEN_ALL_NSID NETLINK_*_ACK NETLINK_GET_STRICT_CHK",
        "",
        "netlink",
    ),
    Level(
        "SOL_PACKET",
        "PACKET_*",
        "PACKET_BROADCAST PACKET_FANOUT_[!D]* PACKET_FASTROUTE PACKET_HOST PACKET_KERNEL PACKET_LOOPBACK PACKET_MR_* "
        "PACKET_MULTICAST PACKET_OTHERHOST PACKET_OUTGOING PACKET_USER",
        "packet",
    ),
    Level("SOL_CAN_RAW", "CAN_RAW_*", "CAN_RAW_FILTER_MAX CAN_RAW_XL_VCID_[RT]X_*", "can"),
    Level("SOL_CAN_ISOTP", "CAN_ISOTP_OPTS CAN_ISOTP_RECV_FC CAN_ISOTP_?X_STMIN CAN_ISOTP_LL_OPTS", "", "isotp"),
    Level("SOL_CAN_J1939", "SO_J1939_*", "", "j1939"),
    Level("AF_VSOCK", "SO_VM_SOCKETS_*", "", "vsock"),
    Level(
        "SOL_BLUETOOTH",
        "BT_SECURITY BT_DEFER_SETUP BT_FLUSHABLE BT_POWER BT_CHANNEL_POLICY BT_VOICE BT_SNDMTU BT_RCVMTU BT_PHY "
        "BT_MODE BT_PKT_STATUS BT_ISO_QOS BT_ISO_BASE BT_CODEC",
        "",
        "l2cap, sco",
    ),
    Level(
        "SOL_TIPC",
        "TIPC_IMPORTANCE TIPC_*_DROPPABLE TIPC_CONN_TIMEOUT TIPC_*_RECVQ_* TIPC_MCAST_* TIPC_GROUP_JOIN "
        "TIPC_GROUP_LEAVE TIPC_NODELAY",
        "",
        "tipc",
    ),
    Level(
        "SOL_RDS",
        "RDS_CANCEL_SENT_TO RDS_GET_MR RDS_FREE_MR RDS_RECVERR RDS_CONG_MONITOR RDS_GET_MR_FOR_DEST SO_RDS_*",
        "",
        "rds",
    ),
    Level(
        "SOL_XDP",
        "XDP_MMAP_OFFSETS XDP_RX_RING XDP_TX_RING XDP_UMEM_REG XDP_UMEM_*_RING XDP_STATISTICS XDP_OPTIONS",
        "XDP_UMEM_PGOFF_*",
        "xdp",
    ),
)
