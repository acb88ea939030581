"""SOL_*: option levels of protocols that have no file of their own here. getsockopt(2), the kernel's linux/socket.h."""

HEADERS = (
    "sys/socket.h", "netax25/ax25.h", "sys/socket.h netatalk/at.h", "netipx/ipx.h",
    "netax25/ax25.h netrom/netrom.h", "netax25/ax25.h netrose/rose.h",
)  # fmt: skip

SOL_RAW = 255
SOL_IPX = 256
SOL_AX25 = 257
SOL_ATALK = 258
SOL_NETROM = 259
SOL_ROSE = 260
SOL_DECNET = 261
SOL_X25 = 262
SOL_ATM = 264
SOL_AAL = 265
SOL_IRDA = 266
SOL_NETBEUI = 267
SOL_DCCP = 269
SOL_PPPOL2TP = 273
SOL_IUCV = 277
SOL_CAIF = 278

BEYOND = ("*",)
