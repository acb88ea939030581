"""Functions of the module: the resolver, names and numbers."""

from measure import Operation

PACKED = "four = bytes([127, 0, 0, 1]); sixteen = bytes(15) + b'\\1'; v4, v6 = socket.AF_INET, socket.AF_INET6"

# Name, Python, and C for the floor where it takes calls: the compiler makes nothing of htons(80).
ROWS = [
    (
        "getaddrinfo ip, stream",
        "socket.getaddrinfo('127.0.0.1', 80, type=socket.SOCK_STREAM)",
        'resolve("127.0.0.1", "80", SOCK_STREAM)',
    ),
    ("getaddrinfo ip, any type", "socket.getaddrinfo('127.0.0.1', 80)", 'resolve("127.0.0.1", "80", 0)'),
    (
        "getaddrinfo ip, positional",
        "socket.getaddrinfo('127.0.0.1', 80, 0, 1, 6, 0)",
        'resolve("127.0.0.1", "80", SOCK_STREAM)',
    ),
    ("getaddrinfo ip as bytes", "socket.getaddrinfo(b'127.0.0.1', b'80')", 'resolve("127.0.0.1", "80", 0)'),
    (
        "getaddrinfo ipv6, stream",
        "socket.getaddrinfo('::1', 80, type=socket.SOCK_STREAM)",
        'resolve("::1", "80", SOCK_STREAM)',
    ),
    ("getaddrinfo None", "socket.getaddrinfo(None, 80, type=socket.SOCK_STREAM)", 'resolve(NULL, "80", SOCK_STREAM)'),
    ("getaddrinfo ip, 'http'", "socket.getaddrinfo('127.0.0.1', 'http')", 'resolve("127.0.0.1", "http", 0)'),
    ("getaddrinfo 'localhost'", "socket.getaddrinfo('localhost', 80)", 'resolve("localhost", "80", 0)'),
    ("getnameinfo numeric", "socket.getnameinfo(('127.0.0.1', 80), 3)", "tell_numbers(AF_INET)"),
    ("getnameinfo numeric ipv6", "socket.getnameinfo(('::1', 80), 3)", "tell_numbers(AF_INET6)"),
    ("gethostbyname ip", "socket.gethostbyname('127.0.0.1')"),
    ("gethostbyname 'localhost'", "socket.gethostbyname('localhost')"),
    ("gethostname", "socket.gethostname()"),
    ("getservbyname", "socket.getservbyname('http', 'tcp')", '-!getservbyname("http", "tcp")'),
    ("getservbyport", "socket.getservbyport(80, 'tcp')", '-!getservbyport(htons(80), "tcp")'),
    ("getprotobyname", "socket.getprotobyname('icmp')", '-!getprotobyname("icmp")'),
    ("if_nametoindex", "socket.if_nametoindex('lo')", '-!if_nametoindex("lo")'),
    ("if_indextoname", "socket.if_indextoname(1)", "-!if_indextoname(1, text)"),
    ("if_nameindex", "socket.if_nameindex()"),
    ("inet_pton 4", "socket.inet_pton(v4, '127.0.0.1')", 'inet_pton(AF_INET, "127.0.0.1", octets)'),
    ("inet_pton 6", "socket.inet_pton(v6, '::1')", 'inet_pton(AF_INET6, "::1", octets)'),
    ("inet_ntop 4", "socket.inet_ntop(v4, four)", "-!inet_ntop(AF_INET, &loopback4, text, sizeof(text))"),
    ("inet_ntop 6", "socket.inet_ntop(v6, sixteen)", "-!inet_ntop(AF_INET6, &in6addr_loopback, text, sizeof(text))"),
    ("inet_aton", "socket.inet_aton('127.0.0.1')", '-!inet_aton("127.0.0.1", (struct in_addr *)octets)'),
    ("inet_ntoa", "socket.inet_ntoa(four)", "-!inet_ntoa(loopback4)"),
    ("htons", "socket.htons(80)"),
    ("ntohs", "socket.ntohs(80)"),
    ("htonl", "socket.htonl(80)"),
    ("ntohl", "socket.ntohl(80)"),
    ("CMSG_LEN", "socket.CMSG_LEN(4)"),
    ("CMSG_SPACE", "socket.CMSG_SPACE(4)"),
    ("getdefaulttimeout", "socket.getdefaulttimeout()"),
]
OPERATIONS = [Operation("names", name, code, PACKED, floor="".join(floor) or None) for name, code, *floor in ROWS]
