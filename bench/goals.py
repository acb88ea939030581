"""What each operation is to reach: the ratio to the standard module, and the share of C's speed.

The ratios hold for CPython 3.13. Where the kernel takes more of the time than on the machine on which they were set,
less of it is left to save, and the share of C's speed says more.
"""

# The groups whose calls are measured on non-blocking sockets too.
SINGLE = ("calls", "addresses", "messages")
THREADS = ["2 threads, 100 B", "4 threads, 100 B", "2 threads, 65536 B", "4 threads, 65536 B"]

# Group, names, ratio in blocking and in non-blocking mode, ratio under a timeout, share of C.
MOVING = [
    ("calls", ["unix send 100 B", "unix sendall 100 B"], 1.12, 1.85, 0.87),
    ("calls", ["unix recv 100 B", "unix recv_into 100 B"], 1.10, 1.8, 0.87),
    ("calls", ["unixdg send 100 B", "unixdg sendall 100 B"], 1.12, 1.75, 0.86),
    ("calls", ["unixdg recv 100 B", "unixdg recv_into 100 B"], 1.15, 1.9, 0.86),
    ("calls", ["tcp send 100 B", "tcp sendall 100 B"], 1.02, 1.2, 0.94),
    ("calls", ["tcp recv 100 B", "tcp recv_into 100 B"], 1.10, 1.9, 0.86),
    ("calls", ["udp send 100 B", "udp sendall 100 B"], 1.03, 1.3, 0.93),
    ("calls", ["udp recv 100 B", "udp recv_into 100 B"], 1.25, 2.3, 0.85),
    ("calls", ["unix send 16 KiB", "unix recv 16 KiB"], 1.05, 1.4, 0.87),
    ("addresses", ["udp sendto"], 1.08, 1.3, 0.92),
    ("addresses", ["udp recvfrom"], 1.6, 2.5, 0.80),
    ("addresses", ["udp recvfrom_into"], 1.45, 2.3, 0.80),
    ("addresses", ["packet recv"], None, 2.0, None),
    ("addresses", ["packet recvfrom"], None, 1.6, None),
    ("messages", ["unix sendmsg", "unix recvmsg"], 1.15, 1.7, 0.85),
    ("messages", ["unix sendmsg + 1 descriptor", "unix recvmsg + 1 descriptor"], 1.15, 1.7, 0.85),
    ("bulk", ["unix sendall 1 MiB, two processes", "unix recv_into 1 MiB, two processes"], 1, 1, None),
    ("bulk", ["tcp sendall 1 MiB, two processes", "tcp recv_into 1 MiB, two processes"], 1, 1, None),
    ("datagrams", ["udp 64 into a batch, 64 B"], 2.7, 4.0, None),
    ("datagrams", ["udp 64 into a batch, 1200 B"], 2.4, 3.5, None),
    ("datagrams", ["udp 64 into a batch, 64 B, not touched"], None, None, 0.85),
    ("datagrams", ["udp recvmmsg of 64, 64 B"], 2.0, 2.8, None),
    ("datagrams", ["udp sendmmsg of 64, 64 B"], 1.4, 1.9, None),
    ("datagrams", ["udp send_segments of 54, 1200 B"], 5, 5, None),
    ("datagrams", ["udp 64 sent and received, offloads, 64 B"], 14, 14, None),
    ("datagrams", ["udp 54 sent and received, offloads, 1200 B"], 14, 14, None),
    ("datagrams", ["packet ring, 100 B"], 6, 10, None),
    ("ping-pong", ["unix 100 B", "tcp 100 B", "udp 100 B"], 1, 1, None),
    ("servers", ["threaded echo, 100 connections"], 1.2, 2.2, None),
    ("servers", ["http.server, 10 connections"], 1.0, 1.1, None),
]
# Group, names, ratio.
OTHERS = [
    ("would block", ["unix recv", "tcp recv", "unixdg recv", "udp recv"], 1.9),
    ("connecting", ["accept tcp, blocking"], 1.8),
    ("connecting", ["accept tcp, timeout"], 2.1),
    ("connecting", ["socket + close tcp", "socket + close udp", "socket + close unix"], 1.2),
    ("connecting", ["socketpair + close"], 1.3),
    ("connecting", ["dup + close", "dup + close, timeout"], 3),
    ("connecting", ["create_connection ip, blocking"], 1.2),
    ("connecting", ["create_connection ip, timeout"], 1.25),
    ("objects", ["tcp .family", "tcp .type"], 8),
    ("objects", ["tcp repr", "unix repr"], 2),
    ("objects", ["tcp getsockname"], 1.5),
    ("objects", ["tcp getsockopt int", "tcp setsockopt int"], 1.15),
    ("objects", ["tcp settimeout on and off", "tcp settimeout from one to another, twice"], 1.2),
    ("names", ["getaddrinfo ip, stream", "getaddrinfo ip, any type"], 4),
    ("names", ["getaddrinfo 'localhost'"], 1.2),
    ("names", ["getnameinfo numeric", "getnameinfo numeric ipv6"], 2.5),
    ("names", ["inet_pton 4", "inet_pton 6", "inet_ntop 4", "inet_ntop 6", "inet_aton", "inet_ntoa"], 1.2),
    ("names", ["htons", "ntohs", "htonl", "ntohl", "getservbyname", "getservbyport"], 1),
    ("files, blocking", ["readline 16 B", "readline 80 B", "readline 1000 B"], 1),
    ("files, timeout", ["readline 16 B", "readline 80 B", "readline 1000 B"], 1),
    ("threads, blocking", THREADS, 1),
    ("threads, timeout", THREADS, 1),
    ("programs", ["asyncio sock_sendall + sock_recv"], 1.03),
    ("process", ["import"], 1.25),
    ("process", ["recv(262144) of 64 B, blocking", "recv(262144) of 64 B, timeout"], 4),
    # No more than one and a half times the memory.
    ("process", ["memory of a socket", "memory of a socket and its address"], 1 / 1.5),
]


def _goals():
    for group, names, plain, timed, of_c in MOVING:
        for name in names:
            for mode, ratio in (("blocking", plain), ("non-blocking", plain), ("timeout", timed)):
                if (ratio or of_c) and (mode != "non-blocking" or group in SINGLE):
                    yield (f"{group}, {mode}", name), (ratio, of_c)
    for group, names, ratio in OTHERS:
        yield from (((group, name), (ratio, None)) for name in names)


GOALS = dict(_goals())
