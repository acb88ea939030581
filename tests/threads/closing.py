"""Sockets that some threads close and open again, while all call every method of them.

No call may hang, crash, leave a descriptor open, or fail otherwise than the table says. What it does is another matter:
a descriptor's number may be another socket's by the time that the call is made.
"""

import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from errno import (
    EADDRINUSE,
    EAFNOSUPPORT,
    EAGAIN,
    EALREADY,
    EBADF,
    ECANCELED,
    ECONNABORTED,
    ECONNREFUSED,
    ECONNRESET,
    EDESTADDRREQ,
    EINPROGRESS,
    EINVAL,
    EISCONN,
    EMSGSIZE,
    ENOPROTOOPT,
    ENOTCONN,
    ENOTSOCK,
    ENOTTY,
    EOPNOTSUPP,
    EPERM,
    EPIPE,
    EPROTOTYPE,
)
from threading import Lock

from crew import TIMED_OUT, attempt, refused

import berkeley
from berkeley import socket

TIMEOUTS = [0, 0.0005, 0.002]
MODES = ["rb", "wb", "rwb"]
JOINED = 65535, socket.CMSG_SPACE(4)  # room for what set_coalescing() joins


class Derived(socket.socket):
    """A class of a program's own."""


@dataclass
class Slot:
    """A socket that is opened again and again."""

    cls: type
    family: int
    kind: int
    addresses: list
    lock: Lock = field(default_factory=Lock)

    def __post_init__(self):
        self.sock = self.cls(self.family, self.kind)
        self.other = None

    def close(self):
        if (fd := self.sock.detach()) != -1:
            os.close(fd)

    def reopen(self, random):
        """By `__init__`, one thread at a time: of what it finds open it takes no notice, as the standard module's."""
        with self.lock:
            self.close()
            if self.family == socket.AF_UNIX:
                first, second = socket.socketpair(self.family, self.kind)
                self.sock.__init__(self.family, self.kind, 0, first.detach())
                second.close()
                return
            self.sock.__init__(self.family, self.kind)
            if random.random() < 0.5:
                attempt(METHODS["bind"].allowed | GONE, self.sock.bind, ("127.0.0.1", 0))
            if random.random() < 0.5:
                attempt(METHODS["connect"].allowed | GONE, self.sock.connect, random.choice(self.addresses))

    def address(self, random):
        return random.choice(self.addresses)


@dataclass
class Method:
    """How a method is called, and the numbers with which it may fail on a socket that is open."""

    call: Callable
    allowed: set = frozenset()


# What any call may meet: a socket that is closed, or whose number is another file's meanwhile.
GONE = {EBADF, ECANCELED, ENOTSOCK, ENOTTY}
SENDING = {EAGAIN, TIMED_OUT, EPIPE, ECONNRESET, ECONNREFUSED, ENOTCONN, EDESTADDRREQ, EOPNOTSUPP, EPERM}
SENDING_TO = SENDING | {EISCONN, EINVAL, EAFNOSUPPORT, EPROTOTYPE}
RECEIVING = {EAGAIN, TIMED_OUT, ENOTCONN, ECONNRESET, ECONNREFUSED, EINVAL}
CONNECTING = {*SENDING_TO, EINPROGRESS, EALREADY, ECONNABORTED, EADDRINUSE}
ACCEPTING = {EAGAIN, TIMED_OUT, EINVAL, EOPNOTSUPP}


def accept(sock):
    with sock.accept()[0] as connection:
        assert connection.fileno() != -1


def ask(sock):
    assert sock.family in (socket.AF_UNIX, socket.AF_INET)
    assert sock.type in (socket.SOCK_STREAM, socket.SOCK_DGRAM)
    assert sock.proto == 0
    assert sock.timeout in TIMEOUTS
    assert sock.gettimeout() in TIMEOUTS
    assert sock.getblocking() in (True, False)
    assert sock.fileno() >= -1


def detach(sock):
    if (fd := sock.detach()) != -1:
        os.close(fd)


def dup(sock):
    with sock.dup() as copy:
        assert copy.fileno() != -1


def enter_and_exit(sock):
    with sock:
        pass


def count_files(sock):
    """As uvloop does."""
    sock._io_refs += 1
    sock._decref_socketios()


def encrypt(sock):
    refused(OSError, "algset is only supported for AF_ALG", lambda: sock.sendmsg_afalg(op=0))


def read_and_write(sock, mode):
    with sock.makefile(mode, 0) as file:
        if file.writable():
            file.write(b"file")
        else:
            file.read(10)


def streaming(sock, call):
    """Those that only streams have."""
    if sock.type == socket.SOCK_STREAM:
        with suppress(EOFError, berkeley.LimitOverrunError):
            call()


def datagrams(sock, call):
    """Those that streams have not."""
    if sock.type != socket.SOCK_STREAM:
        call()


def send_segments(sock, slot, random):
    address = random.choice([None, slot.address(random)])
    datagrams(sock, lambda: sock.send_segments(b"segments", 3, address))


def send_many(sock, slot, random):
    messages = [b"many", (bytearray(b"many"), [], slot.address(random))]
    datagrams(sock, lambda: sock.sendmmsg(messages))


def receive_into_batch(sock):
    with berkeley.DatagramBatch(3, JOINED[0], ancbufsize=JOINED[1]) as batch:
        assert sock.recvmmsg_into(batch) == len(batch)


def send_file(sock, function):
    with tempfile.TemporaryFile() as file:
        file.write(b"file")
        file.flush()
        file.seek(0)
        if sock.type != socket.SOCK_STREAM:
            return refused(ValueError, "only SOCK_STREAM type sockets are supported", function, sock, file)
        try:
            function(sock, file)
        except ValueError as error:
            if str(error) != "non-blocking sockets are not supported":
                raise
        except socket._GiveupOnSendfile as error:
            raise error.args[0] from None
        return None


ENDS = {
    "__exit__": Method(lambda sock, *_: enter_and_exit(sock)),
    "_real_close": Method(lambda sock, *_: sock._real_close()),
    "close": Method(lambda sock, *_: sock.close()),
    "detach": Method(lambda sock, *_: detach(sock)),
    "shutdown": Method(lambda sock, slot, random: sock.shutdown(random.randrange(3)), {ENOTCONN}),
}
METHODS = {
    "__repr__": Method(lambda sock, *_: repr(sock)),
    "_accept": Method(lambda sock, *_: os.close(sock._accept()[0]), ACCEPTING),
    "_closed": Method(lambda sock, *_: setattr(sock, "_closed", sock._closed)),
    "_decref_socketios": Method(lambda sock, *_: count_files(sock)),
    "_sendfile_use_send": Method(lambda sock, *_: send_file(sock, Derived._sendfile_use_send), SENDING),
    "_sendfile_use_sendfile": Method(lambda sock, *_: send_file(sock, Derived._sendfile_use_sendfile), SENDING_TO),
    "accept": Method(lambda sock, *_: accept(sock), ACCEPTING),
    "bind": Method(lambda sock, slot, random: sock.bind(slot.address(random)), {EINVAL, EADDRINUSE, EAFNOSUPPORT}),
    "connect": Method(lambda sock, slot, random: sock.connect(slot.address(random)), CONNECTING),
    "connect_ex": Method(lambda sock, slot, random: sock.connect_ex(slot.address(random))),
    "dup": Method(lambda sock, *_: dup(sock)),
    "family": Method(lambda sock, *_: ask(sock)),
    "get_inheritable": Method(lambda sock, *_: sock.get_inheritable()),
    "getpeername": Method(lambda sock, *_: sock.getpeername(), {ENOTCONN, EINVAL}),
    "getsockname": Method(lambda sock, *_: sock.getsockname()),
    "getsockopt": Method(lambda sock, *_: sock.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE, 4)),
    "cancel": Method(lambda sock, *_: sock.cancel()),
    "is_alive": Method(lambda sock, *_: sock.is_alive()),
    "listen": Method(lambda sock, *_: sock.listen(), {EINVAL, EOPNOTSUPP, EADDRINUSE}),
    "makefile": Method(lambda sock, slot, random: read_and_write(sock, random.choice(MODES)), SENDING | RECEIVING),
    "peer_credentials": Method(lambda sock, *_: sock.peer_credentials(), {ENOTCONN, EOPNOTSUPP}),
    "recv": Method(lambda sock, slot, random: sock.recv(random.randrange(5000)), RECEIVING),
    "recv_errors": Method(lambda sock, *_: sock.recv_errors(), {EOPNOTSUPP}),
    "recv_exactly": Method(lambda sock, *_: streaming(sock, lambda: sock.recv_exactly(9)), RECEIVING),
    "recv_into": Method(lambda sock, *_: sock.recv_into(bytearray(100)), RECEIVING),
    "recv_until": Method(lambda sock, *_: streaming(sock, lambda: sock.recv_until(b"n", 99)), RECEIVING),
    "recvfrom": Method(lambda sock, slot, random: sock.recvfrom(random.randrange(5000)), RECEIVING),
    "recvfrom_into": Method(lambda sock, *_: sock.recvfrom_into(bytearray(100)), RECEIVING),
    "recvmmsg": Method(lambda sock, *_: datagrams(sock, lambda: sock.recvmmsg(3, *JOINED)), RECEIVING),
    "recvmmsg_into": Method(lambda sock, *_: datagrams(sock, lambda: receive_into_batch(sock)), RECEIVING),
    "recvmsg": Method(lambda sock, *_: sock.recvmsg(100, 100), RECEIVING),
    "recvmsg_into": Method(lambda sock, *_: sock.recvmsg_into([bytearray(50), bytearray(50)], 100), RECEIVING),
    "segments_in_kernel": Method(lambda sock, *_: sock.segments_in_kernel()),
    "send": Method(lambda sock, *_: sock.send(b"send"), SENDING),
    "send_segments": Method(send_segments, {*SENDING_TO, EMSGSIZE}),
    "sendall": Method(lambda sock, *_: sock.sendall(b"sendall"), SENDING),
    "sendfile": Method(lambda sock, *_: send_file(sock, Derived.sendfile), SENDING_TO),
    "sendmmsg": Method(send_many, SENDING_TO),
    "sendmsg": Method(lambda sock, *_: sock.sendmsg([b"send", bytearray(5)]), SENDING),
    "sendmsg_afalg": Method(lambda sock, *_: encrypt(sock)),
    "sendto": Method(lambda sock, slot, random: sock.sendto(b"to", slot.address(random)), SENDING_TO),
    "set_coalescing": Method(lambda sock, slot, random: sock.set_coalescing(random.random() < 0.5), {EOPNOTSUPP}),
    "set_datagram_info": Method(lambda sock, *_: datagrams(sock, lambda: sock.set_datagram_info(True))),
    "set_error_queue": Method(lambda sock, *_: datagrams(sock, lambda: sock.set_error_queue(True)), {EOPNOTSUPP}),
    "set_inheritable": Method(lambda sock, *_: sock.set_inheritable(False)),
    "set_keepalive": Method(lambda sock, *_: sock.set_keepalive(9, 9, 9), {EOPNOTSUPP, ENOPROTOOPT}),
    "setblocking": Method(lambda sock, *_: sock.setblocking(False)),
    "setsockopt": Method(lambda sock, *_: sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 9999)),
    "settimeout": Method(lambda sock, slot, random: sock.settimeout(random.choice(TIMEOUTS))),
}
# What the rows above call as well, or what calls nothing.
COVERED = {
    "__enter__",
    "__init__",
    "_check_sendfile_params",
    "_io_refs",
    "_sendfile_zerocopy",  # by `_ssl` alone, which brings what it calls
    "fileno",
    "getblocking",
    "gettimeout",
    "proto",
    "timeout",
    "type",
}


def closing(crew, _):
    """Eight threads call every method of the same sockets, close them and open them again."""
    socket.setdefaulttimeout(TIMEOUTS[1])
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        datagrams = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        datagrams.bind(("127.0.0.1", 0))
        tcp = [listener.getsockname(), ("127.0.0.1", 0)]
        udp = [datagrams.getsockname(), ("127.0.0.1", 0)]
        unix = [b"\0berkeley closing %d %d" % (os.getpid(), number) for number in range(4)]
        slots = [
            Slot(socket.socket, socket.AF_INET, socket.SOCK_STREAM, tcp),
            Slot(Derived, socket.AF_INET, socket.SOCK_STREAM, tcp),
            Slot(socket.socket, socket.AF_INET, socket.SOCK_DGRAM, udp),
            Slot(socket.socket, socket.AF_UNIX, socket.SOCK_STREAM, unix[:2]),
            Slot(socket.socket, socket.AF_UNIX, socket.SOCK_DGRAM, unix[2:]),
        ]
        for slot in slots:
            stack.callback(slot.close)

        def work(random):
            slot = random.choice(slots)
            if random.random() < 0.1:
                return slot.reopen(random)
            method = random.choice(list((ENDS if random.random() < 0.1 else METHODS).values()))
            return attempt(method.allowed | GONE, method.call, slot.sock, slot, random)

        def drain(_):
            attempt({EAGAIN, TIMED_OUT}, accept, listener)
            attempt({EAGAIN, TIMED_OUT, ECONNREFUSED}, datagrams.recv, 100)

        crew.work(*[crew.again(work)] * 7, crew.again(lambda random: (work(random), drain(random))))
