"""SOL_MPTCP and MPTCP_*: what a Multipath TCP connection tells of itself. <linux/mptcp.h>, RFC 8684."""

HEADERS = ("sys/socket.h", "linux/mptcp.h")

SOL_MPTCP = 284

MPTCP_INFO = 1
MPTCP_TCPINFO = 2
MPTCP_SUBFLOW_ADDRS = 3
MPTCP_FULL_INFO = 4

MPTCP_INFO_FLAG_FALLBACK = 0x1
MPTCP_INFO_FLAG_REMOTE_KEY_RECEIVED = 0x2

BEYOND = ("*",)
