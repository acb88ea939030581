"""AF_INET6: (host, port, flowinfo, scope_id). Converted in native/sockaddr.pxi, for speed. ipv6(7)."""

HEADERS = ("sys/socket.h",)

AF_INET6 = 10
