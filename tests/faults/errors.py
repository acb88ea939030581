"""Calls that fail: each error path of the package."""

import struct
from importlib import import_module

from failing import ANY, Closed, Error, Hostile, connecting, interrupted, read, refused, timed
from refusals import REFUSED, Refused

from berkeley import DatagramBatch, DatagramInfo, connect, socket
from berkeley.names._table import FAMILIES

BAD = Hostile()
DATA = b"some data that no cache holds"
ROOM = bytearray(64)
STRIDED = memoryview(bytearray(8))[::2]
TEXT = "text, not bytes: "
NUMBER = 1 << 70
LONG = "/tmp/" + "x" * 200
NAME = "no.such.name.invalid."
PAIR = ("127.0.0.1", 1 << 17)
LIST = ["127.0.0.1", 1]
ITEMS = [(1, 1, DATA), (1, 1, TEXT)]
NUMERIC = socket.AI_NUMERICHOST

FILES = {name: import_module(f"berkeley.families.{name}") for name in FAMILIES.values()}
FAMILIES_IN_PYTHON = {name: file for name, file in FILES.items() if hasattr(file, "pack")}


def convert(family):
    """The family's functions, on addresses that are none and on structs that are cut short."""

    def convert(kit):
        for address in (BAD, TEXT, (), (BAD,) * 2, (NUMBER, NAME, DATA), (NAME, 1, BAD), LIST):
            try:
                family.pack(kit.a, "bind", address)
            except (TypeError, ValueError, OverflowError, OSError, Refused):
                pass
        for size in range(len(ROOM)):
            family.unpack(kit.a, bytes(ROOM[:size]))
        raise Refused

    return convert


BATCH, VIEWED, CLOSED = (DatagramBatch(4, 100) for _ in range(3))
BATCH.append(DATA)
VIEWED.append(DATA)
VIEW = VIEWED[0].data
CLOSED.append(DATA)
GONE = CLOSED[0]
CLOSED.close()
LARGE = bytes(65530)

# What an iterator raises, newer releases make a TypeError of (ITERABLE_OR_ELSE in native/versions.pxi).
NOT_ITERATED = (Refused, TypeError)

ERRORS = [
    Error("recv of nothing", lambda k: k.a.recv(10), BlockingIOError),
    Error("large recv of nothing", lambda k: k.a.recv(200_000), BlockingIOError),
    Error("recv of less", lambda k: k.a.recv(-1), ValueError),
    Error("recv of too much", lambda k: k.a.recv(NUMBER), OverflowError, (NUMBER,)),
    Error("recv of no number", lambda k: k.a.recv(BAD), Refused, (BAD,)),
    Error("recv with no flags", lambda k: k.a.recv(10, TEXT), TypeError, (TEXT,)),
    Error("recv on a closed socket", lambda k: k.x.recv(5000), OSError),
    Error("recv_into of nothing", lambda k: k.a.recv_into(ROOM), BlockingIOError, (ROOM,)),
    Error("recv_into bytes", lambda k: k.a.recv_into(DATA), TypeError, (DATA,)),
    Error("recv_into of too much", lambda k: k.a.recv_into(ROOM, 65), ValueError, (ROOM,)),
    Error("recv_into of no number", lambda k: k.a.recv_into(ROOM, BAD), Refused, (ROOM, BAD)),
    Error("recvfrom of nothing", lambda k: k.u.recvfrom(10), BlockingIOError),
    Error("recvfrom_into of nothing", lambda k: k.u.recvfrom_into(ROOM), BlockingIOError, (ROOM,)),
    Error("recvfrom_into of less", lambda k: k.u.recvfrom_into(ROOM, -1), ValueError, (ROOM,)),
    Error("recvmsg of nothing", lambda k: k.a.recvmsg(5000, 5000), BlockingIOError),
    Error("recvmsg with no room", lambda k: k.a.recvmsg(10, -1), ValueError),
    Error("recvmsg with too much room", lambda k: k.a.recvmsg(10, 1 << 32), ValueError),
    Error("recvmsg_into of nothing", lambda k: k.a.recvmsg_into([ROOM], 100), BlockingIOError, (ROOM,)),
    Error("recvmsg_into bytes", lambda k: k.a.recvmsg_into([ROOM, DATA]), TypeError, (ROOM, DATA)),
    Error("recvmsg_into no buffers", lambda k: k.a.recvmsg_into(BAD), NOT_ITERATED, (BAD,)),
    Error("recvmsg_into strides", lambda k: k.a.recvmsg_into([ROOM, STRIDED]), TypeError, (ROOM, STRIDED)),
    Error("recvmmsg of nothing", lambda k: k.d.recvmmsg(9, 100, 100), BlockingIOError),
    Error("recvmmsg of none", lambda k: k.d.recvmmsg(0, 100), ValueError),
    Error("recvmmsg of no number", lambda k: k.d.recvmmsg(9, BAD), Refused, (BAD,)),
    Error("recvmmsg on a stream", lambda k: k.a.recvmmsg(9, 100), ValueError),
    Error("recvmmsg_into of nothing", lambda k: k.d.recvmmsg_into(DatagramBatch(4, 100)), BlockingIOError),
    Error("recvmmsg_into no batch", lambda k: k.d.recvmmsg_into(ROOM), TypeError, (ROOM,)),
    Error("recvmmsg_into a batch in use", lambda k: k.d.recvmmsg_into(VIEWED), BufferError, (VIEWED, VIEW)),
    Error("recvmmsg_into a closed batch", lambda k: k.d.recvmmsg_into(CLOSED), ValueError, (CLOSED,)),
    Error("append too much", lambda k: BATCH.append(LARGE), ValueError, (BATCH, LARGE)),
    Error("append text", lambda k: BATCH.append(TEXT), TypeError, (BATCH, TEXT)),
    Error("sendmmsg of text", lambda k: k.d.sendmmsg([ROOM, (ROOM, ITEMS[:1]), TEXT]), TypeError, (ROOM, DATA, TEXT)),
    Error("sendmmsg with bad items", lambda k: k.d.sendmmsg([(ROOM, ITEMS)]), TypeError, (ROOM, DATA, TEXT)),
    Error("sendmmsg of no messages", lambda k: k.d.sendmmsg(BAD), NOT_ITERATED, (BAD,)),
    Error("sendmmsg to no port", lambda k: k.u.sendmmsg([(ROOM, (), PAIR)]), OverflowError, (ROOM, PAIR)),
    Error("sendmmsg without an address", lambda k: k.u.sendmmsg(BATCH), OSError, (BATCH, DATA)),
    Error("sendmmsg of a slot of nothing", lambda k: k.d.sendmmsg([GONE]), ValueError, (GONE,)),
    Error("send_segments of text", lambda k: k.u.send_segments(TEXT, 9, k.there), TypeError, (TEXT,)),
    Error("send_segments of no size", lambda k: k.u.send_segments(ROOM, BAD, k.there), Refused, (ROOM, BAD)),
    Error("send_segments that are too large", lambda k: k.u.send_segments(LARGE, 65530, k.there), OSError, (LARGE,)),
    Error("info of text", lambda k: DatagramInfo.of(ITEMS), TypeError, (ITEMS, DATA, TEXT)),
    Error("info of no messages", lambda k: DatagramInfo.of(BAD), Refused, (BAD,)),
    Error("info of no datagram", lambda k: DatagramInfo(local_address=TEXT), ValueError, (TEXT,)),
    Error("info of no number", lambda k: DatagramInfo(local_address="::1", ttl=BAD), Refused, (BAD,)),
    Error("info to no family", lambda k: DatagramInfo(ttl=1, other=ITEMS[:1]).ancdata(1), ValueError, (ITEMS,)),
    Error("info to the other family", lambda k: DatagramInfo(local_address="::1").ancdata(2), ValueError),
    Error("info of a stream", lambda k: k.a.set_datagram_info(True), ValueError),
    Error("error queue of a closed socket", lambda k: k.x.recv_errors(), OSError),
    Error("recv_fds of nothing", lambda k: socket.recv_fds(k.a, 10, 10), BlockingIOError),
    Error("send on a closed socket", lambda k: k.x.send(ROOM), OSError, (ROOM,)),
    Error("send of text", lambda k: k.a.send(TEXT), TypeError, (TEXT,)),
    Error("send of strides", lambda k: k.a.send(STRIDED), BufferError, (STRIDED,)),
    Error("send with no flags", lambda k: k.a.send(ROOM, BAD), Refused, (ROOM, BAD)),
    Error("sendall on a closed socket", lambda k: k.x.sendall(ROOM), OSError, (ROOM,)),
    Error("sendto without an address", lambda k: k.u.sendto(ROOM), TypeError, (ROOM,)),
    Error("sendto with no flags", lambda k: k.u.sendto(ROOM, BAD, k.there), Refused, (ROOM, BAD)),
    Error("sendto no port", lambda k: k.u.sendto(ROOM, PAIR), OverflowError, (ROOM, PAIR)),
    Error("sendto a list", lambda k: k.u.sendto(ROOM, LIST), TypeError, (ROOM, LIST)),
    Error("sendto text", lambda k: k.u.sendto(TEXT, k.there), TypeError, (TEXT,)),
    Error("sendto what is too large", lambda k: k.u.sendto(bytes(70_000), k.there), OSError),
    Error("sendmsg of text", lambda k: k.a.sendmsg([ROOM, TEXT]), TypeError, (ROOM, TEXT)),
    Error("sendmsg of no buffers", lambda k: k.a.sendmsg(BAD), NOT_ITERATED, (BAD,)),
    Error("sendmsg with bad items", lambda k: k.a.sendmsg([ROOM], ITEMS), TypeError, (ROOM, DATA, TEXT)),
    Error("sendmsg with no items", lambda k: k.a.sendmsg([ROOM], BAD), NOT_ITERATED, (ROOM, BAD)),
    Error("sendmsg with what is none", lambda k: k.a.sendmsg([ROOM], [(1, 1)]), TypeError, (ROOM,)),
    Error("sendmsg to no port", lambda k: k.u.sendmsg([ROOM], [], 0, PAIR), OverflowError, (ROOM, PAIR)),
    Error("sendmsg of no right", lambda k: k.a.sendmsg([DATA], [(1, 1, struct.pack("i", -1))]), OSError, (DATA,)),
    Error("send_fds of no descriptor", lambda k: socket.send_fds(k.a, [DATA], [-1]), OSError, (DATA,)),
    Error("sendmsg_afalg", lambda k: k.a.sendmsg_afalg([DATA], op=1, iv=DATA), OSError, (DATA,)),
    Error("accept of nobody", lambda k: k.t.accept(), BlockingIOError),
    Error("accept on a pair", lambda k: k.a.accept(), OSError),
    Error("bind to a list", lambda k: k.u.bind(LIST), TypeError, (LIST,)),
    Error("bind to no port", lambda k: k.u.bind(PAIR), OverflowError, (PAIR,)),
    Error("bind again", lambda k: k.u.bind(k.there), OSError),
    Error("bind to what others have", lambda k: socket.create_server(k.t.getsockname()), OSError),
    Error("bind to a long path", lambda k: k.n.bind(LONG), OSError, (LONG,)),
    Error("bind to a path with a NUL", lambda k: k.n.bind(b"a\0b"), ValueError),
    Error("bind to no path", lambda k: k.n.bind(BAD), TypeError, (BAD,)),
    Error("bind to three", lambda k: k.s.bind(("::1",)), TypeError),
    Error("bind to a large flow", lambda k: k.s.bind(("::1", 0, 1 << 20)), OverflowError),
    Error("bind to bad fields", lambda k: k.s.bind(("::1", 0, BAD)), Refused, (BAD,)),
    Error("bind to no name", lambda k: k.u.bind(("\ud800", 0)), TypeError),
    Error("bind to a name with a NUL", lambda k: k.u.bind((b"a\0b", 0)), TypeError),
    Error("bind to a foreign address", lambda k: k.u.bind(("::1", 0)), OSError),
    Error("connect to nobody", lambda k: k.r.connect(k.nobody), (ConnectionRefusedError, BlockingIOError)),
    Error("connect to no path", lambda k: k.n.connect("/nonexistent/path"), FileNotFoundError),
    Error("connect_ex to a list", lambda k: k.r.connect_ex(LIST), TypeError, (LIST,)),
    Error("create_connection to nobody", lambda k: socket.create_connection(k.nobody, 9), ConnectionRefusedError),
    Error("create_connection from nowhere", lambda k: socket.create_connection(k.nobody, 9, ("192.0.2.1", 0)), OSError),
    Error("create_connection to nobody, soon", lambda k: socket.create_connection(k.nobody, deadline=9), OSError),
    Error("connect to nobody", lambda k: connect(k.nobody), ConnectionRefusedError),
    Error("connect with a bad option", lambda k: connect(k.nobody, options=[(1, 2, BAD)]), NOT_ITERATED, (BAD,)),
    Error("create_connection in a bad time", lambda k: socket.create_connection(k.nobody, TEXT), TypeError, (TEXT,)),
    Error("create_server at no port", lambda k: socket.create_server(PAIR), OverflowError, (PAIR,)),
    Error("create_server in a bad family", lambda k: socket.create_server(PAIR, family=1), TypeError, (PAIR,)),
    Error("create_server with a bad backlog", lambda k: socket.create_server(ANY, backlog=BAD), Refused, (BAD,)),
    Error("getpeername", lambda k: k.t.getpeername(), OSError),
    Error("getsockname", lambda k: k.x.getsockname(), OSError),
    Error("getsockopt", lambda k: k.t.getsockopt(1, 9999), OSError),
    Error("getsockopt of bytes", lambda k: k.t.getsockopt(1, 9999, 1024), OSError),
    Error("getsockopt of too many", lambda k: k.t.getsockopt(1, 3, 2**31 - 1), OSError),
    Error("setsockopt", lambda k: k.t.setsockopt(1, 9999, ROOM), OSError, (ROOM,)),
    Error("setsockopt to text", lambda k: k.t.setsockopt(1, 9, TEXT), TypeError, (TEXT,)),
    Error("setsockopt to too much", lambda k: k.t.setsockopt(1, 9, NUMBER), OverflowError, (NUMBER,)),
    Error("settimeout to less", lambda k: k.t.settimeout(-1), ValueError),
    Error("settimeout to text", lambda k: k.t.settimeout(TEXT), TypeError, (TEXT,)),
    Error("settimeout to too much", lambda k: k.t.settimeout(NUMBER), OverflowError, (NUMBER,)),
    Error("setblocking", lambda k: k.t.setblocking(BAD), Refused, (BAD,)),
    Error("listen", lambda k: k.a.listen(BAD), Refused, (BAD,)),
    Error("listen on a pair", lambda k: k.u.listen(), OSError),
    Error("shutdown", lambda k: k.t.shutdown(99), OSError),
    Error("sendfile of nothing", lambda k: k.b.sendfile(BAD, count=-1), ValueError, (BAD,)),
    Error("makefile in a bad mode", lambda k: k.a.makefile(TEXT), ValueError, (TEXT,)),
    Error("makefile without a buffer", lambda k: k.a.makefile("r", 0), ValueError),
    Error("makefile in no encoding", lambda k: k.a.makefile("r", encoding="none"), LookupError),
    Error("pickling", lambda k: k.a.__reduce_ex__(2), TypeError),
    Error("socket of a bad family", lambda k: socket.socket(9999), OSError),
    Error("socket of no family", lambda k: socket.socket(BAD), Refused, (BAD,)),
    Error("socket of a file", lambda k: socket.socket(fileno=k.file), OSError),
    Error("socket of less", lambda k: socket.socket(fileno=-1), ValueError),
    Error("socket of no descriptor", lambda k: socket.socket(fileno=BAD), Refused, (BAD,)),
    Error("fromfd of a file", lambda k: socket.fromfd(k.file, 2, 1), OSError),
    Error("fromfd of a bad family", lambda k: socket.fromfd(k.t.fileno(), BAD, 1), Refused, (BAD,)),
    Error("dup of a closed socket", lambda k: k.x.dup(), OSError),
    Error("a class that fails", lambda k: Closed(), Refused),
    Error("socketpair", lambda k: socket.socketpair(9999), OSError),
    Error("socketpair of no family", lambda k: socket.socketpair(BAD), Refused, (BAD,)),
    Error("close of nothing", lambda k: socket.close(-1), OSError),
    Error("dup of nothing", lambda k: socket.dup(-1), OSError),
    Error("getaddrinfo", lambda k: socket.getaddrinfo(NAME, 80, flags=NUMERIC), socket.gaierror, (NAME,)),
    Error("getaddrinfo of a port", lambda k: socket.getaddrinfo("127.0.0.1", TEXT), socket.gaierror, (TEXT,)),
    Error("getaddrinfo of no port", lambda k: socket.getaddrinfo("127.0.0.1", BAD), (OSError, Refused), (BAD,)),
    Error("getaddrinfo of no host", lambda k: socket.getaddrinfo(BAD, 80), TypeError, (BAD,)),
    Error("getaddrinfo of no name", lambda k: socket.getaddrinfo("a..b", 80), UnicodeError),
    Error("getnameinfo", lambda k: socket.getnameinfo((NAME, 80), 0), socket.gaierror, (NAME,)),
    Error("getnameinfo of a list", lambda k: socket.getnameinfo(LIST, 0), TypeError, (LIST,)),
    Error("getservbyname", lambda k: socket.getservbyname(NAME), OSError, (NAME,)),
    Error("getservbyport", lambda k: socket.getservbyport(1, TEXT), OSError, (TEXT,)),
    Error("getprotobyname", lambda k: socket.getprotobyname(NAME), OSError, (NAME,)),
    Error("if_nametoindex", lambda k: socket.if_nametoindex(NAME), OSError, (NAME,)),
    Error("if_indextoname", lambda k: socket.if_indextoname(1 << 31), OSError),
    Error("inet_aton", lambda k: socket.inet_aton(NAME), OSError, (NAME,)),
    Error("inet_pton", lambda k: socket.inet_pton(2, NAME), OSError, (NAME,)),
    Error("inet_pton of a bad family", lambda k: socket.inet_pton(99, NAME), OSError, (NAME,)),
    Error("inet_ntop", lambda k: socket.inet_ntop(2, ROOM), ValueError, (ROOM,)),
    Error("inet_ntoa", lambda k: socket.inet_ntoa(ROOM), OSError, (ROOM,)),
    Error("htons", lambda k: socket.htons(NUMBER), OverflowError, (NUMBER,)),
    Error("htonl", lambda k: socket.htonl(NUMBER), OverflowError, (NUMBER,)),
    Error("CMSG_LEN", lambda k: socket.CMSG_LEN(NUMBER), OverflowError, (NUMBER,)),
    Error("setdefaulttimeout", lambda k: socket.setdefaulttimeout(TEXT), TypeError, (TEXT,)),
    # timeouts: what waited is let go
    Error("recv in vain", lambda k: timed(k.a, lambda a: a.recv(10)), TimeoutError),
    Error("large recv in vain", lambda k: timed(k.a, lambda a: a.recv(200_000)), TimeoutError),
    Error("recv_into in vain", lambda k: timed(k.a, lambda a: a.recv_into(ROOM)), TimeoutError, (ROOM,)),
    Error("recvfrom in vain", lambda k: timed(k.u, lambda u: u.recvfrom(10)), TimeoutError),
    Error("recvmsg in vain", lambda k: timed(k.a, lambda a: a.recvmsg(5000, 5000)), TimeoutError),
    Error("recvmsg_into in vain", lambda k: timed(k.a, lambda a: a.recvmsg_into([ROOM], 9)), TimeoutError, (ROOM,)),
    Error("send in vain", lambda k: timed(k.p, lambda p: p.send(ROOM)), TimeoutError, (ROOM,)),
    Error("sendall in vain", lambda k: timed(k.p, lambda p: p.sendall(ROOM)), TimeoutError, (ROOM,)),
    Error("sendmsg in vain", lambda k: timed(k.p, lambda p: p.sendmsg([ROOM, DATA])), TimeoutError, (ROOM, DATA)),
    Error("send_fds in vain", lambda k: timed(k.p, lambda p: socket.send_fds(p, [DATA], [0])), TimeoutError, (DATA,)),
    Error("accept in vain", lambda k: timed(k.t, lambda t: t.accept()), TimeoutError),
    Error("connect in vain", connecting(timed), TimeoutError),
    Error("connect in vain", lambda k: connect(k.full.getsockname(), timeout=1e-6), TimeoutError),
    Error("create_connection in vain", lambda k: socket.create_connection(k.full.getsockname(), 1e-6), TimeoutError),
    Error("file read in vain", lambda k: read(k.a, lambda read: timed(k.a, read)), TimeoutError),
    # handlers that raise (EINTR, PEP 475)
    Error("recv interrupted", lambda k: interrupted(k.a, None, lambda a: a.recv(10)), Refused),
    Error("timed recv interrupted", lambda k: interrupted(k.a, 60, lambda a: a.recv(200_000)), Refused),
    Error("recv_into interrupted", lambda k: interrupted(k.a, None, lambda a: a.recv_into(ROOM)), Refused, (ROOM,)),
    Error("recvmsg_into interrupted", lambda k: interrupted(k.a, 60, lambda a: a.recvmsg_into([ROOM])), Refused),
    Error("recvmsg interrupted", lambda k: interrupted(k.a, None, lambda a: a.recvmsg(5000, 99)), Refused),
    Error("sendall interrupted", lambda k: interrupted(k.p, None, lambda p: p.sendall(ROOM)), Refused, (ROOM,)),
    Error("sendmsg interrupted", lambda k: interrupted(k.p, 60, lambda p: p.sendmsg([ROOM, DATA])), Refused),
    Error("accept interrupted", lambda k: interrupted(k.t, None, lambda t: t.accept()), Refused),
    Error("connect interrupted", connecting(interrupted, None), Refused),
    Error("timed connect interrupted", connecting(interrupted, 60), Refused),
    Error("file read interrupted", lambda k: read(k.a, lambda read: interrupted(k.a, None, read)), Refused),
    # addresses of other families
    Error("netlink address that is no pair", lambda k: k.netlink.bind((1,)), TypeError, (), "netlink"),
    Error("netlink address of text", lambda k: k.netlink.bind((TEXT, 0)), TypeError, (TEXT,), "netlink"),
    Error("netlink address that is none", lambda k: k.netlink.connect((0, BAD)), Refused, (BAD,), "netlink"),
    Error("netlink address of others", lambda k: k.netlink.sendto(ROOM, LIST), TypeError, (ROOM, LIST), "netlink"),
    Error("packet address that is none", lambda k: k.packet.bind((BAD, 1)), TypeError, (BAD,), "packet"),
    Error("packet address of no interface", lambda k: k.packet.bind((NAME, 1)), OSError, (NAME,), "packet"),
    Error("packet address of no protocol", lambda k: k.packet.bind(("lo", 1 << 16)), OverflowError, (), "packet"),
    Error("packet address of a bad type", lambda k: k.packet.bind(("lo", 1, BAD)), Refused, (BAD,), "packet"),
    Error("packet address of text", lambda k: k.packet.bind(("lo", 1, 0, 1, TEXT)), TypeError, (TEXT,), "packet"),
    Error("packet address too long", lambda k: k.packet.bind(("lo", 1, 0, 1, DATA)), ValueError, (DATA,), "packet"),
    Error("packet to nobody", lambda k: k.packet.sendto(ROOM, ("", 1)), OSError, (ROOM,), "packet"),
    Error("vsock address that is no pair", lambda k: k.vsock.bind((1,)), TypeError, (), "vsock"),
    Error("vsock address that is none", lambda k: k.vsock.bind((1, BAD)), Refused, (BAD,), "vsock"),
    Error("vsock address of the hypervisor", lambda k: k.vsock.bind((0, 1)), OSError, (), "vsock"),
    *(Error(f"{name} addresses", convert(file), Refused, (BAD, TEXT)) for name, file in FAMILIES_IN_PYTHON.items()),
    # audit hooks
    *(Error(f"{name} that a hook refuses", refused(call), Refused) for name, call in REFUSED.items()),
]
