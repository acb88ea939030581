"""AF_*: address families that have no file of their own in berkeley.families. socket(2), <sys/socket.h>.

Raw sockaddr bytes and berkeley.register_family() reach those whose addresses are not understood here. Several of
them (DECnet, Econet, IrDA, WANPIPE, IPX) have left the kernel; their numbers stay reserved.
"""

HEADERS = ("sys/socket.h",)

AF_UNSPEC = 0
AF_LOCAL = 1  # POSIX's word for AF_UNIX
AF_AX25 = 3
AF_IPX = 4
AF_APPLETALK = 5
AF_NETROM = 6
AF_BRIDGE = 7
AF_ATMPVC = 8
AF_X25 = 9
AF_ROSE = 11
AF_DECnet = 12
AF_NETBEUI = 13
AF_SECURITY = 14
AF_KEY = 15
AF_ASH = 18
AF_ECONET = 19
AF_ATMSVC = 20
AF_SNA = 22
AF_IRDA = 23
AF_PPPOX = 24
AF_WANPIPE = 25
AF_LLC = 26
AF_IB = 27
AF_MPLS = 28
AF_IUCV = 32
AF_RXRPC = 33
AF_ISDN = 34
AF_PHONET = 35
AF_IEEE802154 = 36
AF_CAIF = 37
AF_NFC = 39
AF_KCM = 41
AF_SMC = 43
AF_XDP = 44
AF_MCTP = 45

BEYOND = (
    "AF_LOCAL", "AF_IB", "AF_MPLS", "AF_IUCV", "AF_RXRPC", "AF_ISDN", "AF_PHONET", "AF_IEEE802154", "AF_CAIF",
    "AF_NFC", "AF_KCM", "AF_SMC", "AF_XDP", "AF_MCTP",
)  # fmt: skip
