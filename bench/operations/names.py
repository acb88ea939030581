"""Functions of the module: the resolver, names and numbers."""

from measure import Operation

PACKED = "four = bytes([127, 0, 0, 1]); sixteen = bytes(15) + b'\\1'; v4, v6 = socket.AF_INET, socket.AF_INET6"

ROWS = [
    ("getaddrinfo ip, stream", "socket.getaddrinfo('127.0.0.1', 80, type=socket.SOCK_STREAM)"),
    ("getaddrinfo ip, any type", "socket.getaddrinfo('127.0.0.1', 80)"),
    ("getaddrinfo ip, positional", "socket.getaddrinfo('127.0.0.1', 80, 0, 1, 6, 0)"),
    ("getaddrinfo ipv6, stream", "socket.getaddrinfo('::1', 80, type=socket.SOCK_STREAM)"),
    ("getaddrinfo None", "socket.getaddrinfo(None, 80, type=socket.SOCK_STREAM)"),
    ("getaddrinfo ip, 'http'", "socket.getaddrinfo('127.0.0.1', 'http')"),
    ("getaddrinfo 'localhost'", "socket.getaddrinfo('localhost', 80)"),
    ("getnameinfo numeric", "socket.getnameinfo(('127.0.0.1', 80), 3)"),
    ("getnameinfo numeric ipv6", "socket.getnameinfo(('::1', 80), 3)"),
    ("gethostbyname ip", "socket.gethostbyname('127.0.0.1')"),
    ("gethostbyname 'localhost'", "socket.gethostbyname('localhost')"),
    ("gethostname", "socket.gethostname()"),
    ("getservbyname", "socket.getservbyname('http', 'tcp')"),
    ("getservbyport", "socket.getservbyport(80, 'tcp')"),
    ("getprotobyname", "socket.getprotobyname('icmp')"),
    ("if_nametoindex", "socket.if_nametoindex('lo')"),
    ("if_indextoname", "socket.if_indextoname(1)"),
    ("if_nameindex", "socket.if_nameindex()"),
    ("inet_pton 4", "socket.inet_pton(v4, '127.0.0.1')"),
    ("inet_pton 6", "socket.inet_pton(v6, '::1')"),
    ("inet_ntop 4", "socket.inet_ntop(v4, four)"),
    ("inet_ntop 6", "socket.inet_ntop(v6, sixteen)"),
    ("inet_aton", "socket.inet_aton('127.0.0.1')"),
    ("inet_ntoa", "socket.inet_ntoa(four)"),
    ("htons", "socket.htons(80)"),
    ("ntohs", "socket.ntohs(80)"),
    ("htonl", "socket.htonl(80)"),
    ("ntohl", "socket.ntohl(80)"),
    ("CMSG_LEN", "socket.CMSG_LEN(4)"),
    ("CMSG_SPACE", "socket.CMSG_SPACE(4)"),
    ("getdefaulttimeout", "socket.getdefaulttimeout()"),
]
OPERATIONS = [Operation("names", name, code, PACKED) for name, code in ROWS]
