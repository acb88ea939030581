"""The module's functions, and the connections that they make."""

import locale
import os
import struct
from contextlib import ExitStack, suppress
from errno import EAGAIN, ECONNRESET, ENOTCONN

from crew import NOT_NOW, attempt

import berkeley
from berkeley import socket

# A number that no family has.
FAMILY = 45000
# Reset at the end: else the port is taken for a minute (TIME_WAIT), and there are less than 30,000.
RESET = struct.pack("ii", 1, 0)

# What always has the same result.
QUESTIONS = [
    lambda: socket.getaddrinfo("127.0.0.1", 80),
    lambda: socket.getaddrinfo("::1", "80", type=socket.SOCK_STREAM),
    lambda: socket.getaddrinfo("localhost", 80, socket.AF_INET),
    lambda: socket.getnameinfo(("127.0.0.1", 80), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV),
    lambda: socket.gethostbyname("127.0.0.1"),
    lambda: socket.gethostbyname("localhost"),
    lambda: socket.gethostbyname_ex("localhost"),
    lambda: socket.gethostbyaddr("127.0.0.1"),
    lambda: socket.gethostname(),
    lambda: socket.getprotobyname("tcp"),
    lambda: socket.getprotobyname("udp"),
    lambda: socket.getservbyname("http", "tcp"),
    lambda: socket.getservbyport(80, "tcp"),
    lambda: socket.if_nameindex(),
    lambda: socket.if_nametoindex("lo"),
    lambda: socket.if_indextoname(socket.if_nametoindex("lo")),
    lambda: socket.inet_aton("127.1"),
    lambda: socket.inet_ntoa(b"\x7f\0\0\1"),
    lambda: socket.inet_ntop(socket.AF_INET6, bytes(15) + b"\1"),
    lambda: socket.inet_pton(socket.AF_INET6, "fe80::1"),
    lambda: [turn(500) for turn in (socket.htonl, socket.ntohl, socket.htons, socket.ntohs)],
    lambda: [measure(4) for measure in (socket.CMSG_LEN, socket.CMSG_SPACE)],
    lambda: socket.has_dualstack_ipv6(),
    lambda: failure(socket.getaddrinfo, "127.0.0.1.invalid", 80, 0, 0, 0, socket.AI_NUMERICHOST),
    lambda: failure(socket.socket, 0xFFFF),
    lambda: failure(socket.close, -1),
]


def failure(call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        return type(error), error.args
    raise AssertionError("it did not fail")


def answer(question):
    """What it gives, or the error of a machine that lacks a name or a file."""
    try:
        return question()
    except OSError as error:
        return type(error), error.args


def functions(crew, random):
    """Questions whose answer is known, sockets opened in every way, defaults and families that change meanwhile."""
    known = [(question, answer(question)) for question in QUESTIONS]
    register(random)

    def ask(random):
        question, expected = random.choice(known)
        assert answer(question) == expected

    def default(random):
        socket.setdefaulttimeout(random.choice([None, 0, 1.5, 2**31]))
        assert socket.getdefaulttimeout() in (None, 0, 1.5, 2**31)

    with ExitStack() as closing:
        closing.callback(socket.setdefaulttimeout, None)
        crew.work(*map(crew.again, [ask, ask, ask, open_somehow, open_somehow, default, register, convert]))


def open_somehow(random):
    """Sockets of their own, by all that makes one."""
    with ExitStack() as closing:
        pair = socket.socketpair if random.random() < 0.5 else socket._fallback_socketpair
        first, _ = map(closing.enter_context, pair())
        made = [
            first.dup(),
            socket.fromfd(first.fileno(), first.family, first.type),
            socket.socket(fileno=socket.dup(first.fileno())),
            socket.SocketType(fileno=first.dup().detach()),
        ]
        for sock in made:
            assert sock.fileno() != -1
            assert sock.gettimeout() in (None, 0, 1.5, 2**31)
            sock.close()
            assert sock.fileno() == -1
        server = closing.enter_context(socket.create_server(("127.0.0.1", 0)))
        assert server.getsockname()[1] > 0


def pack(sock, caller, address):
    return struct.pack("=HH4s8x", socket.AF_INET, 0, address)


def unpack(sock, raw):
    return raw


def unpack_number(sock, raw):
    return [raw]


def register(random):
    berkeley.register_family(FAMILY, pack, random.choice([unpack, unpack_number]))


def convert(_):
    """An address through whatever functions the family has just now."""
    real = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with socket.socket(FAMILY, socket.SOCK_DGRAM, 0, real.detach()) as sock:
        sock.bind(b"\x7f\0\0\1")


# --- connections


def connections(crew, _):
    """Four clients, three threads that accept at the same listeners, one that looks on."""
    with ExitStack() as closing:
        path = f"\0berkeley connections {os.getpid()}"
        listeners = [socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)]
        listeners[1].bind(path)
        listeners[1].listen()
        for listener in listeners:
            closing.enter_context(listener)
            listener.settimeout(0.001)
        left = list(range(4))

        def client(random):
            while crew.going():
                if random.random() < 0.5:
                    sock = socket.create_connection(listeners[0].getsockname(), timeout=20)
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                else:
                    sock = socket.socket(socket.AF_UNIX)
                    sock.connect(path)
                with sock:
                    word = random.randbytes(8)
                    sock.sendall(word)
                    # The port, by which the other side knows this one; a name of AF_UNIX has none.
                    name = sock.getsockname() if sock.family == socket.AF_INET else ""
                    assert sock.recv(100, socket.MSG_WAITALL) == word + repr(name).encode()
                    assert repr(sock.getpeername()) == repr(listeners[sock.family == socket.AF_UNIX].getsockname())
            left.pop()

        def serve(random):
            while left:
                accepted = attempt(NOT_NOW, random.choice(listeners).accept)
                if accepted is None:
                    continue
                connection, address = accepted
                with connection, connection.dup() as copy:
                    assert connection.getpeername() == address
                    word = connection.recv(8)
                    copy.sendall(word + repr(address).encode())
                    # A client that has all may have gone, with a reset.
                    attempt({ENOTCONN}, copy.shutdown, socket.SHUT_WR)
                    assert not attempt({ECONNRESET}, connection.recv, 1)

        def look(random):
            while left:
                listener = random.choice(listeners)
                assert "fd=" in repr(listener)
                assert listener.getsockname()
                assert listener.gettimeout() in (0.001, 0.002)
                listener.settimeout(random.choice([0.001, 0.002]))

        crew.work(client, client, client, client, serve, serve, serve, look)


# --- the text of an error


def messages(crew, _):
    """Seven threads meet EAGAIN, while another changes the language of messages."""
    text = os.strerror(EAGAIN)
    before = locale.setlocale(locale.LC_MESSAGES)
    languages = ["C", "POSIX", "C.UTF-8", "C"]

    def fail(random):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            for _ in range(100):
                assert failure(sock.recv, 10) == (BlockingIOError, (EAGAIN, text))

    def change(random):
        with suppress(locale.Error):
            locale.setlocale(locale.LC_MESSAGES, random.choice(languages))

    crew.work(*map(crew.again, [*[fail] * 7, change]))
    locale.setlocale(locale.LC_MESSAGES, before)
