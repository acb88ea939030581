"""AF_UNIX: a path, or an abstract name as bytes. Converted in native/sockaddr.pxi, for speed. unix(7)."""

HEADERS = ("sys/socket.h",)

AF_UNIX = 1
