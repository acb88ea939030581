"""AF_INET: (host, port). Converted in native/sockaddr.pxi, for speed. ip(7)."""

HEADERS = ("sys/socket.h",)

AF_INET = 2
