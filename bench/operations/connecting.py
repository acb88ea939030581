"""Making, connecting, accepting and closing sockets."""

from measure import Operation

# Connections that wait to be accepted: below the usual limit of a queue.
WAITING = 50

LISTENING = """\
listener = {module}.create_server(("127.0.0.1", 0), backlog=1000)
there = listener.getsockname(); kept = []; callers = []
import struct
abort = struct.pack("ii", 1, 0)"""
# Closing with a reset leaves no connection behind in TIME_WAIT (socket(7): SO_LINGER).
HANG_UP = """\
for connection in callers:
    connection.setsockopt(standard.SOL_SOCKET, standard.SO_LINGER, abort)
    connection.close()
for connection in kept: connection.close()
callers.clear(); kept.clear()"""


# C for the floor.
CONNECT = "connect_to(ends, ends->callers[i])"
CLOSED = "close(socket(AF_{}, SOCK_{} | SOCK_CLOEXEC, 0))"
DUPLICATED = "close(fcntl(a, F_DUPFD_CLOEXEC, 0))"
LOOKED_UP = 'resolve("localhost", "80", SOCK_STREAM)'


def accepting(name, prepare):
    return Operation(
        "connecting",
        name,
        "kept.append(listener.accept()[0])",
        setup=f"{LISTENING.format(module='socket')}\n{prepare}",
        before=f"for _ in range({WAITING}): callers.append(standard.create_connection(there))",
        after=HANG_UP,
        count=WAITING,
        floor="accept_one(ends)",
    )


def calling(name, code, floor, prepare="", before="pass"):
    """A row that opens connections, which a standard listener accepts afterwards."""
    return Operation(
        "connecting",
        name,
        code,
        setup=f"{LISTENING.format(module='standard')}\nport = there[1]\n{prepare}",
        before=before,
        after=f"for _ in range({WAITING}): kept.append(listener.accept()[0])\n{HANG_UP}",
        count=WAITING,
        floor=floor,
    )


def connecting(name, prepare):
    before = f"callers += [socket.socket() for _ in range({WAITING})]\nfollowing = iter(callers).__next__"
    return calling(name, "following().connect(there)", CONNECT, before=f"{before}\n{prepare}")


def closing(name, code, floor, setup="pass", count=100):
    return Operation("connecting", name, code, setup, count=count, floor=floor)


OPERATIONS = [
    closing(
        "socket + close tcp",
        "socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()",
        CLOSED.format("INET", "STREAM"),
    ),
    closing(
        "socket + close udp", "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()", CLOSED.format("INET", "DGRAM")
    ),
    closing("socket + close unix", "socket.socket(socket.AF_UNIX).close()", CLOSED.format("UNIX", "STREAM")),
    closing("with socket()", "with socket.socket(): pass", CLOSED.format("INET", "STREAM")),
    closing("socketpair + close", "a, b = socket.socketpair(); a.close(); b.close()", "pair()"),
    closing("dup + close", "a.dup().close()", DUPLICATED, "a = socket.socket()"),
    closing("dup + close, timeout", "a.dup().close()", DUPLICATED, "a = socket.socket(); a.settimeout(60)"),
    closing("fromfd + close", "socket.fromfd(fd, 2, 1).close()", DUPLICATED, "a = socket.socket(); fd = a.fileno()"),
    closing(
        "socket(fileno) + detach",
        "socket.socket(fileno=fd).detach()",
        "name_of(a, getsockname)",
        "a = socket.socket(); fd = a.fileno()",
    ),
    closing("create_server + close", "socket.create_server(('127.0.0.1', 0)).close()", "serve_nobody()"),
    closing(
        "connect udp",
        "a.connect(('127.0.0.1', 9))",
        "connect(a, (struct sockaddr *)&discard, sizeof(discard))",
        "a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    ),
    accepting("accept tcp, blocking", "pass"),
    accepting("accept tcp, timeout", "listener.settimeout(60)"),
    connecting("connect tcp, blocking", "pass"),
    connecting("connect tcp, timeout", "for connection in callers: connection.settimeout(60)"),
    calling(
        "create_connection ip, blocking", "callers.append(socket.create_connection(there))", "open_connection(ends, 0)"
    ),
    calling(
        "create_connection ip, timeout",
        "callers.append(socket.create_connection(there, timeout=60))",
        "open_connection(ends, SOCK_NONBLOCK)",
    ),
    calling(
        "create_connection localhost",
        "callers.append(socket.create_connection(('localhost', port)))",
        f"{LOOKED_UP} < 0 ? -1 : open_connection(ends, 0)",
    ),
]
