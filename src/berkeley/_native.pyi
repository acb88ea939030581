"""The typed face of the extension: what the Python files of the package take from it."""

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Literal, SupportsIndex, TypeAlias, TypeVar, final, overload

from _typeshed import ReadableBuffer, StrOrBytesPath, WriteableBuffer
from typing_extensions import CapsuleType, Self

from ._standard.enums import AddressFamily, SocketKind
from ._standard.sock import socket as Socket

# What the calls give has the form of the socket's family, which no type says; what they take has one of these forms.
Address: TypeAlias = Any
ToAddress: TypeAlias = tuple[Any, ...] | str | ReadableBuffer | int
Host: TypeAlias = bytes | str | None
Port: TypeAlias = bytes | str | int | None
InetAddress: TypeAlias = tuple[str, int]
Inet6Address: TypeAlias = tuple[str, int, int, int]
Pack: TypeAlias = Callable[[socket, str, Address], bytes]
Unpack: TypeAlias = Callable[[socket, bytes], Address]
Codec: TypeAlias = tuple[Pack, Unpack]
Row: TypeAlias = tuple[int, int, int, str, InetAddress | Inet6Address]
NamedRow: TypeAlias = (
    tuple[Literal[AddressFamily.AF_INET], SocketKind, int, str, InetAddress]
    | tuple[Literal[AddressFamily.AF_INET6], SocketKind, int, str, Inet6Address]
)
_Table = TypeVar("_Table", bound=dict[Any, Any])
ControlMessage: TypeAlias = tuple[int, int, ReadableBuffer]
Received: TypeAlias = list[tuple[int, int, bytes]]
Message: TypeAlias = (
    ReadableBuffer
    | tuple[ReadableBuffer]
    | tuple[ReadableBuffer, Iterable[ControlMessage] | DatagramInfo]
    | tuple[ReadableBuffer, Iterable[ControlMessage] | DatagramInfo, ToAddress | None]
)

CAPI: CapsuleType
COMPILED: dict[str, int]

# Of native/versions.pxi.
INDEX_WORDS: bool
WARNS_OF_CUTS: bool

class gaierror(OSError):
    """The resolver's answer that there is none: `errno` is an `EAI_*` number, `strerror` its text (gai_strerror(3)).

    An OSError, of getaddrinfo(), getnameinfo(), gethostbyname() and what else resolves a host, as connect() does.
    """


class herror(OSError):
    """The older calls' answer that there is no such host: `errno` is an h_errno, `strerror` its text (hstrerror(3)).

    An OSError, of gethostbyaddr() and gethostbyname_ex().
    """


@final
class DatagramInfo:
    """What the kernel knows of a datagram that came, or with what one is sent: control messages (cmsg(3)) as a value.

    A received one's is `DatagramInfo.of(ancdata)`; `ancdata(family)` is what sendmsg() takes. Infos with equal fields
    are equal, and no field changes. What was not told, or is not to be set, is None.

    - `local_address`: whom it was sent to, or from which address to send it; text (IP_PKTINFO of ip(7), ipv6(7));
    - `interface`: the number of the network interface by which it came, or by which to send it;
    - `tos`: TOS, or traffic class, 0 to 255; `ecn`: the low two bits of it (RFC 3168);
    - `ttl`: TTL, or hop limit; 1 to 255 to send;
    - `segment_size`: bytes of each datagram that the kernel has joined into this, or is to cut it into (udp(7));
    - `other`: a tuple of (level, type, data): the messages of other kinds, and those of another size than their kind's.

    Of a received one alone:

    - `timestamp`: when the kernel received it, in integer nanoseconds since 1970 (SO_TIMESTAMPNS of socket(7));
    - `dropped`: how many datagrams the socket had lost by then for want of room, of 32 bits (SO_RXQ_OVFL);
    - `truncated`: was it longer than the buffer? (MSG_TRUNC of recvmsg(2));
    - `descriptors`: a tuple of those that came along (SCM_RIGHTS and SCM_PIDFD of unix(7)): the caller's to close,
      or a slot's, which `take_descriptors()` gives away;
    - `pidfd`: which of them is the sender's process (SO_PASSPIDFD, Linux 6.5).

    ValueError for an address that is neither IPv4's nor IPv6's, for `ecn` and `tos` that disagree, and for numbers that
    no datagram has.
    """

    def __new__(
        cls,
        *,
        local_address: str | None = None,
        interface: int | None = None,
        ecn: int | None = None,
        tos: int | None = None,
        ttl: int | None = None,
        segment_size: int | None = None,
        other: Iterable[ControlMessage] = (),
    ) -> Self: ...
    @staticmethod
    def of(ancdata: Iterable[ControlMessage], flags: int = 0) -> DatagramInfo:
        """That of a received datagram, of the `ancdata` and `flags` that recvmsg() gives: recvmsg(2).

        `ancdata` is an iterable of (level, type, bytes-like). Descriptors in it are the same numbers, and are the
        caller's to close as before.
        """
    def ancdata(self, family: int, /) -> list[ControlMessage]:
        """What to give to sendmsg() as `ancdata`, on a socket of that family: a list of (level, type, bytes), cmsg(3).

        On AF_INET6, `tos` and `ttl` hold whether the destination is IPv6's or IPv4's (`::ffff:192.0.2.1`). A
        `local_address` is of the destination's kind; an `interface` alone is for IPv6's, and with the local address
        `::ffff:0.0.0.0` for IPv4's. `timestamp`, `dropped` and `truncated`, which nobody can send, are left out.
        ValueError for an address of the other family, for another family with more than `other`, and for `descriptors`:
        they are sent as an SCM_RIGHTS message in `other`, so that none goes on unasked.
        """
    @property
    def local_address(self) -> str | None: ...
    @property
    def interface(self) -> int | None: ...
    @property
    def ecn(self) -> int | None: ...
    @property
    def tos(self) -> int | None: ...
    @property
    def ttl(self) -> int | None: ...
    @property
    def segment_size(self) -> int | None: ...
    @property
    def other(self) -> tuple[ControlMessage, ...]: ...
    @property
    def timestamp(self) -> int | None: ...
    @property
    def dropped(self) -> int | None: ...
    @property
    def truncated(self) -> bool: ...
    @property
    def descriptors(self) -> tuple[int, ...]: ...
    @property
    def pidfd(self) -> int | None: ...


class deadline:
    """Bound all that blocks in a `with` block: TimeoutError once `seconds` are over.

    Of nested ones the nearest counts, and a timeout of a call or a socket counts too. None bounds nothing, 0 is over at
    once; ValueError for less. It holds in this thread, or, under asyncio and the like, in this context (PEP 567), and
    no longer than the block: not in tasks and threads that were started in it and go on. Used once.
    """

    def __init__(self, seconds: float | None, /) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Left out of order, or in another context, it ends all the same, and alone."""
    def remaining(self) -> float | None:
        """Seconds (float) until the nearest end of this one and those around it, 0.0 once over; None without end."""


@final
class DatagramSlot:
    """A datagram of a DatagramBatch, as recvmmsg(2) has them: what is at this place in it now. It is bytes-like."""

    def __len__(self) -> int: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    @property
    def data(self) -> memoryview:
        """The datagram, a memoryview in place, which can be written. While it lives, the batch receives nothing.

        Bytes-like objects can be assigned: they are copied, as many bytes as the batch's size at most.
        """
    @data.setter
    def data(self, value: ReadableBuffer) -> None: ...
    @property
    def address(self) -> Address:
        """Where it came from, in the form of the socket's family, decoded now; or whom it is for, as was assigned.

        None where the kernel gave none: on a connection, and from an AF_UNIX socket without an address.
        """
    @address.setter
    def address(self, value: ToAddress | None) -> None: ...
    @property
    def ancdata(self) -> Received:
        """The control messages that came with it, a list of (level, type, bytes), or that go with it, as assigned.

        Descriptors among them (SCM_RIGHTS) are closed when the slot is used again: see take_descriptors().
        """
    @ancdata.setter
    def ancdata(self, value: Iterable[ControlMessage] | DatagramInfo) -> None: ...
    @property
    def info(self) -> DatagramInfo:
        """What the kernel knows of it, a DatagramInfo, where set_datagram_info() has asked for that.

        Its `descriptors` are closed when the slot is used again: see take_descriptors().
        """
    def take_descriptors(self) -> list[int]:
        """The descriptors that came with it (SCM_RIGHTS, unix(7)), a list of ints: from now on the caller's to close.

        They are not inheritable. Once taken, they are given no more; those that nobody takes are closed when the slot
        is used again, and with the batch.
        """
    @property
    def flags(self) -> int:
        """The message's `MSG_*` flags, an int: MSG_TRUNC where the datagram was cut, MSG_CTRUNC the control data."""
    def segments(self) -> Iterator[memoryview]:
        """The datagrams that the kernel has joined here (set_coalescing()), one by one, as memoryviews; or the one.

        All but the last are of one size. While the iterator or one of them lives, the batch receives nothing.
        ValueError where the control data was cut that says how long they are (MSG_CTRUNC): the batch's `ancbufsize` is
        too small.
        """


@final
class DatagramBatch:
    """Room for `count` datagrams of `size` bytes, with `ancbufsize` bytes of control data each: made once, used again.

    `recvmmsg_into()` fills it, and `sendmmsg()` sends what it holds (recvmmsg(2), sendmmsg(2)): what came last, or was
    appended. It is a sequence of DatagramSlots, as many as it holds. `count` is 1 to 1024, `size` at most 65535 for
    UDP; a datagram that is longer is cut. It takes `nbytes` of memory, which are freed with the last of it, of its
    slots and of their views. In a `with` statement it is closed at the end. ValueError for numbers out of range.
    """

    def __init__(self, count: SupportsIndex, size: SupportsIndex, *, ancbufsize: SupportsIndex = 0) -> None: ...
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, index: SupportsIndex, /) -> DatagramSlot: ...
    @overload
    def __getitem__(self, index: slice, /) -> list[DatagramSlot]: ...
    def __iter__(self) -> Iterator[DatagramSlot]: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *args: object) -> None: ...
    @property
    def count(self) -> int:
        """How many slots there are."""
    @property
    def size(self) -> int:
        """The bytes of data that a slot has room for."""
    @property
    def ancbufsize(self) -> int:
        """The bytes of control data that a slot has room for when it is received into."""
    @property
    def nbytes(self) -> int:
        """The bytes of memory that all slots take. What was never written, the system has not given yet."""
    def append(
        self,
        data: ReadableBuffer,
        address: ToAddress | None = None,
        ancdata: Iterable[ControlMessage] | DatagramInfo = (),
    ) -> None:
        """Put one more datagram into the next slot: bytes-like, copied; whom it is for, and what goes with it.

        `address` and `ancdata` are as for sendmsg(), which looks at them when they are sent. ValueError where the batch
        is full, or the data has more bytes than a slot.
        """
    def clear(self) -> None:
        """Hold no datagram any more. BufferError while a view of a slot lives."""
    def close(self) -> None:
        """Free the memory: the batch is of no use any more. BufferError while a view of a slot lives.

        The end of a `with` block closes it even then: the memory is freed with the last view.
        """


class Lookup:
    """One of several getaddrinfo(3) that are made at once, each by a thread of its own.

    Its arguments are those of getaddrinfo(), whose audit event it raises. It is begun when there is a turn for it.
    """

    def __init__(
        self, host: Host, port: Port, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> None: ...
    def begin(self) -> bool:
        """Has it begun now? False while too many others are under way. gaierror (EAI_AGAIN) without a thread."""
    @property
    def until(self) -> int:
        """When its time is over, as `moment` has it, once it has begun: see set_resolve_timeout(); 0 for never."""
    @property
    def done(self) -> bool: ...
    def rows(
        self, families: dict[int, AddressFamily], kinds: dict[int, SocketKind], /
    ) -> list[NamedRow]:
        """Once it is done: what getaddrinfo() would give, or raise."""


@final
class PacketFrame:
    """A frame that a `PacketRing` gave, and what the kernel knows of it (packet(7)).

    It is good for as long as it is kept, whatever becomes of the ring. It is bytes-like itself, read-only.
    """

    def __buffer__(self, flags: int, /) -> memoryview: ...
    @property
    def data(self) -> memoryview:
        """The frame's bytes, a read-only memoryview: in place, or of the frame's own copy, if its block has gone.

        It begins with the link layer's header, without a VLAN's tag that the card has taken off: `vlan`. It is shorter
        than `length` where a filter or the size of a block has cut it.
        """
    @property
    def timestamp(self) -> int:
        """When the kernel received it, in integer nanoseconds since 1970."""
    @property
    def length(self) -> int:
        """How many bytes it has had on the wire, of which `data` has the first."""
    @property
    def vlan(self) -> tuple[int, int] | None:
        """(tag control information, protocol), the VLAN's tag beside the frame (IEEE 802.1Q), or None.

        Of the first number the low 12 bits are the VLAN. The second is ETH_P_8021Q or ETH_P_8021AD.
        """
    @property
    def type(self) -> int:
        """PACKET_HOST, PACKET_BROADCAST, PACKET_OTHERHOST ... or PACKET_OUTGOING, for what went out: packet(7).

        On loopback each frame comes twice, once as PACKET_OUTGOING.
        """
    @property
    def interface(self) -> int:
        """The number of the interface by which it came or went."""
    @property
    def protocol(self) -> int:
        """Its `ETH_P_*` number, in host order."""
    @property
    def address(self) -> tuple[str, int, int, int, bytes]:
        """(interface, protocol, packet type, hardware type, hardware address), as recvfrom() gives it.

        The interface's name is asked for now: '' once the ring is closed.
        """


class Ring:
    """`berkeley.PacketRing` without its settings.

    The socket is one of AF_PACKET that has a ring of TPACKET_V3 (packet(7)), `interface` an index, 0 for all. It is
    bound here, when all else is done.
    """

    def __init__(
        self, sock: socket, interface: int, protocol: int, block_size: int, blocks: int, promiscuous: bool, /
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> PacketFrame: ...
    def close(self) -> None:
        """close(2): end the capture. A thread that waits for a frame gets OSError (EBADF); frames and views stay good.

        The interface is no longer promiscuous, unless another wants it to be. Once closed, it does nothing.
        """
    def cancel(self) -> int:
        """End the wait for a frame that is under way in another thread: OSError (ECANCELED) there. How many ended.

        The ring can be read on. It is what `socket.cancel()` is.
        """
    def fileno(self) -> int:
        """The descriptor's number, for poll(2) and the like: readable, when the next block is full; -1 once closed."""


class socket:
    """A socket: the native base of `socket.socket`.

    It has a method for each system call (socket(2)), and takes the arguments of `socket.socket`. Of its own it gives
    `family` and `type` as plain ints, and has no accept(), dup(), makefile() and sendfile().
    """

    def __init__(
        self, family: int = -1, type: int = -1, proto: int = -1, fileno: SupportsIndex | None = None
    ) -> None: ...
    @property
    def family(self) -> int:
        """The address family (`AF_*`), an int: as given, or of a descriptor, what getsockname(2) told."""
    @property
    def type(self) -> int:
        """The type (`SOCK_*`), an int without SOCK_NONBLOCK and SOCK_CLOEXEC: as given, or SO_TYPE (socket(7))."""
    @property
    def proto(self) -> int:
        """The protocol's number, as given, or SO_PROTOCOL (socket(7)); 0 is the default of family and type."""
    @property
    def timeout(self) -> float | None:
        """The timeout in seconds (float), or None: as gettimeout()."""
    def _accept(self) -> tuple[int, Address]:
        """accept4(2): (descriptor, the peer's address). The descriptor is not inheritable."""
    def bind(self, address: ToAddress, /) -> None:
        """bind(2): give the socket its own address, in the form of its family.

        The kernel chooses the port where it is 0, and an abstract name where an AF_UNIX path is empty (ip(7), unix(7)):
        getsockname() tells which. OSError where the kernel refuses: the address is in use (EADDRINUSE) or not one of
        this machine (EADDRNOTAVAIL), the port takes a privilege (PermissionError). gaierror for a host without an
        address; TypeError, ValueError or OverflowError for what is no address. Audited (PEP 578) as `socket.bind`.
        """
    def close(self) -> None:
        """close(2): give the descriptor back. That the peer has reset the connection is no error."""
    def connect(self, address: ToAddress, /) -> None:
        """connect(2): connect to `address`, in the form of the socket's family, waiting as long as the timeout allows.

        A datagram socket is connected at once: `address` is where it sends to, and all that it receives from.
        TimeoutError after the timeout, or after the kernel's own of about two minutes (tcp(7)). BlockingIOError
        (EINPROGRESS) on a non-blocking socket whose connection is under way: once it is writable, getsockopt() of
        SO_ERROR has the outcome. ConnectionRefusedError where nobody listens, OSError for what else the kernel says;
        gaierror for a host without an address, and what bind() raises for what is no address. A signal does not end the
        wait (PEP 475). Audited (PEP 578) as `socket.connect`, before a host is looked up.
        """
    def connect_ex(self, address: ToAddress, /) -> int:
        """connect(2), with its errno as the result: 0 is success, EAGAIN a timeout. A bad address still raises.

        EINPROGRESS says that a non-blocking socket's connection is under way, EISCONN that there is one. Raised is what
        is not the kernel's answer: gaierror, and what bind() raises for what is no address. Audited (PEP 578) as
        `socket.connect`.
        """
    def detach(self) -> int:
        """The descriptor, which stays open; the object is closed from then on, and its fileno() is -1."""
    def fileno(self) -> int:
        """The descriptor's number, for poll(2), fcntl(2) and the like; -1 once closed or detached."""
    def getblocking(self) -> bool:
        """True unless the socket is non-blocking: `gettimeout() != 0`.

        That is the object's mode. The descriptor's (O_NONBLOCK, fcntl(2)) is non-blocking under a timeout too.
        """
    def getpeername(self) -> Address:
        """getpeername(2): the address of the other end, in the form of the socket's family.

        OSError where there is none (ENOTCONN): not connected, or reset by the peer.
        """
    def getsockname(self) -> Address:
        """getsockname(2): the socket's own address, in the form of its family.

        Before it has one: `("0.0.0.0", 0)` for AF_INET, `("::", 0, 0, 0)` for AF_INET6, `""` for AF_UNIX. OSError
        (EBADF) once closed.
        """
    @overload
    def getsockopt(self, level: int, optname: int, /) -> int:
        """getsockopt(2): the option as an int, or with `buflen` (up to 512 MiB) as bytes of that length at most.

        `level` is SOL_SOCKET or a protocol's (`IPPROTO_*`, `SOL_*`), `optname` one of its options: socket(7), ip(7),
        ipv6(7), tcp(7), udp(7). Bytes are the kernel's struct, in this machine's layout. OSError where the kernel has
        no such option (ENOPROTOOPT) and for a `buflen` out of range. AF_VSOCK has only ints, of 64 bits (vsock(7)).
        """
    @overload
    def getsockopt(self, level: int, optname: int, buflen: int, /) -> bytes: ...
    def gettimeout(self) -> float | None:
        """The timeout in seconds (float); None when the socket blocks, 0.0 when it never waits.

        It is what settimeout() or setblocking() set last, or setdefaulttimeout() before the socket was made.
        """
    def listen(self, backlog: int = ..., /) -> None:
        """listen(2): accept connections, `backlog` of them waiting at most: 128 unless given; a negative one is 0.

        The kernel lowers it to net.core.somaxconn. A socket of AF_INET or AF_INET6 without an address gets a free port.
        OSError where another socket listens at the address (EADDRINUSE) and for a type without connections
        (EOPNOTSUPP).
        """
    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """recv(2): up to `bufsize` bytes; `b""` means that the peer has closed (or an empty datagram came).

        It waits, as settimeout() says, until something is there, not until `bufsize` bytes are. Of a datagram what is
        too long is lost; with MSG_TRUNC in `flags` (`MSG_*`) the result has the datagram's length, filled up with
        zeros. BlockingIOError where nothing is there and the socket does not wait, TimeoutError after the timeout,
        ConnectionResetError where the peer has reset the connection, OSError (ENOTCONN) where there is none. ValueError
        for a negative `bufsize`; 0 gives `b""` without a call.
        """
    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0) -> int:
        """recv(2) into a writable buffer: the count received, up to `nbytes` (0: the whole buffer).

        0 means that the peer has closed, that an empty datagram came, or that the buffer has no room. With MSG_TRUNC in
        `flags` the count is the datagram's length, which may be more than the buffer's. Errors are those of recv();
        TypeError for a buffer that cannot be written, ValueError where `nbytes` is negative or more than its length.
        """
    def recvfrom(self, bufsize: int, flags: int = 0, /) -> tuple[bytes, Address]:
        """recvfrom(2): (up to `bufsize` bytes, the sender's address).

        The address has the form of the socket's family. It is None where the kernel gives none: on a connection, and
        from an AF_UNIX socket that has no address. `flags` and errors are those of recv(), but 0 bytes too are a call,
        which takes a datagram away.
        """
    def recvfrom_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0) -> tuple[int, Address]:
        """recvfrom(2) into a writable buffer: (the count received, the sender's address).

        The count and the arguments are those of recv_into(), the address is that of recvfrom(); so are the errors.
        """
    def recvmsg(self, bufsize: int, ancbufsize: int = 0, flags: int = 0, /) -> tuple[bytes, Received, int, Address]:
        """recvmsg(2): (up to `bufsize` bytes, ancillary data, `MSG_*` flags, address).

        Ancillary data is a list of (level, type, bytes) from a buffer of `ancbufsize` bytes: the sum of CMSG_SPACE()
        over what is to come; 0 is none (cmsg(3)). The flags tell what was cut: MSG_TRUNC the data, MSG_CTRUNC the
        ancillary data. The address is that of recvfrom(). Descriptors (SCM_RIGHTS, unix(7)) come as C ints, inheritable
        unless `flags` has MSG_CMSG_CLOEXEC: recv_fds() sees to that. Errors are those of recv(); ValueError also for an
        `ancbufsize` that is negative or beyond 31 bits. RuntimeWarning where an item was cut off.
        """
    def recvmsg_into(
        self, buffers: Iterable[WriteableBuffer], ancbufsize: int = 0, flags: int = 0, /
    ) -> tuple[int, Received, int, Address]:
        """recvmsg(2) into writable buffers, filled one after the other: (count, ancillary data, flags, address).

        `buffers` is an iterable of at most 1024 (IOV_MAX, readv(2)): OSError (EMSGSIZE) for more, TypeError for one
        that cannot be written. All else is as for recvmsg().
        """
    def send(self, data: ReadableBuffer, flags: int = 0, /) -> int:
        """send(2): how many of the bytes went out, which may be fewer than there are.

        `data` is any contiguous bytes-like object, `flags` are `MSG_*`; sendall() goes on until all are out. It waits
        for room as settimeout() says: BlockingIOError where there is none and the socket does not wait, TimeoutError
        after the timeout. BrokenPipeError or ConnectionResetError where the connection is over, OSError for a datagram
        without a peer (EDESTADDRREQ) or of too many bytes (EMSGSIZE). TypeError for what is not bytes-like.
        """
    def sendall(self, data: ReadableBuffer, flags: int = 0, /) -> None:
        """send(2) until all bytes are out, within one timeout. After an error, how many went is not known.

        The arguments and errors are those of send(): BlockingIOError too may come when a part is out. Handlers of
        signals run in between, and what they raise ends it (PEP 475).
        """
    @overload
    def sendto(self, data: ReadableBuffer, address: ToAddress, /) -> int:
        """sendto(2): `sendto(data, address)` or `sendto(data, flags, address)`; how many bytes went out.

        `address` has the form of the socket's family. Errors are those of send(), and for the address those of
        connect(): gaierror for a host without one, TypeError, ValueError or OverflowError for what is none. Audited
        (PEP 578) as `socket.sendto`.
        """
    @overload
    def sendto(self, data: ReadableBuffer, flags: int, address: ToAddress, /) -> int: ...
    def sendmsg(
        self, buffers: Iterable[ReadableBuffer], ancdata: Iterable[ControlMessage] = (), flags: int = 0,
        address: ToAddress | None = None, /,
    ) -> int:
        """sendmsg(2): how many bytes of `buffers` went out, sent as one message.

        `buffers` is an iterable of at most 1024 bytes-like objects (IOV_MAX, writev(2)): OSError (EMSGSIZE) for more.
        `ancdata` is an iterable of (level, type, bytes-like) control messages (cmsg(3)), which an AF_UNIX stream
        carries only with a byte of data at least (unix(7)). `address` has the form of the socket's family; None is the
        peer. Errors are those of sendto(). Audited (PEP 578) as `socket.sendmsg`.
        """
    def sendmsg_afalg(
        self, msg: Iterable[ReadableBuffer] = ..., *, op: int, iv: ReadableBuffer = ..., assoclen: int = ...,
        flags: int = 0,
    ) -> int:
        """sendmsg(2) to the kernel's cryptography (AF_ALG): how many bytes went out.

        `msg` is an iterable of bytes-like objects, `op` is ALG_OP_ENCRYPT or another of `ALG_OP_*`, `iv` the
        initialisation vector (bytes-like), `assoclen` the length in bytes of the associated data (AEAD) that `msg`
        begins with. TypeError without `op` and for a negative number, OSError for a socket of another family and for
        what the algorithm refuses. The kernel's documentation: "User Space Interface", crypto API.
        """
    def setblocking(self, flag: bool, /) -> None:
        """`settimeout(None)` for a true flag, `settimeout(0)` for a false one.

        For all who share the descriptor (O_NONBLOCK, fcntl(2)). OSError (EBADF) once closed.
        """
    @overload
    def setsockopt(self, level: int, optname: int, value: int | ReadableBuffer, /) -> None:
        """setsockopt(2): set the option to an int, to a buffer's bytes, or, as None, to a null pointer of `optlen`.

        `level` and `optname` are as for getsockopt(). An int becomes a C int: OverflowError for one that is too large;
        for AF_VSOCK its low 64 bits count. A struct is given as bytes-like object in this machine's layout. OSError
        where the kernel has no such option (ENOPROTOOPT), not that value (EINVAL), or wants a privilege
        (PermissionError). TypeError for a value that is none of these.
        """
    @overload
    def setsockopt(self, level: int, optname: int, value: None, optlen: int, /) -> None: ...
    def settimeout(self, timeout: float | None, /) -> None:
        """Set the timeout: seconds (int or float, above 0), 0 for non-blocking, None for blocking.

        From Python 3.15 on any real number will do. It bounds each call as a whole: TimeoutError says that it is over.
        At 0, a call that would wait raises BlockingIOError instead. The descriptor itself becomes non-blocking
        (O_NONBLOCK, fcntl(2)) at 0 and under a timeout, for all who share it. ValueError for a negative timeout or NaN,
        OverflowError for more than 292 years, OSError (EBADF) once closed. See "Notes on socket timeouts" in Python's
        documentation.
        """
    def shutdown(self, how: int, /) -> None:
        """shutdown(2): end receiving (SHUT_RD), sending (SHUT_WR) or both (SHUT_RDWR).

        It holds for all who share the connection: the peer reads `b""` after what was sent before. The descriptor stays
        open. OSError where nothing is connected (ENOTCONN) or `how` is another number (EINVAL).
        """

class Face(socket):
    """Holds the methods: there are no objects of it."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *args: object) -> None: ...
    def accept(self) -> tuple[Socket, Address]: ...
    def dup(self) -> Self: ...
    def cancel(self) -> int: ...
    def recvmmsg(
        self, count: SupportsIndex, bufsize: SupportsIndex, ancbufsize: SupportsIndex = 0, flags: int = 0
    ) -> list[tuple[bytes, Received, int, Address]]: ...
    def recvmmsg_into(self, batch: DatagramBatch, flags: int = 0) -> int: ...
    def sendmmsg(self, messages: Iterable[Message], flags: int = 0) -> int: ...
    def send_segments(
        self,
        data: ReadableBuffer,
        segment_size: SupportsIndex,
        address: ToAddress | None = None,
        flags: int = 0,
    ) -> int: ...
    def segments_in_kernel(self) -> bool: ...
    def set_coalescing(self, enable: bool, /) -> bool: ...

class EnumAttribute:
    # What it holds is the docstring of the attribute.
    def __init__(self, name: str, members: dict[int, Any], doc: str) -> None: ...
    def __get__(self, sock: socket | None, owner: object = None, /) -> Any: ...
    def __set__(self, sock: socket, value: object, /) -> None: ...
    def __delete__(self, sock: socket, /) -> None: ...

def adorn(cls: type[Socket], names: dict[str, Any], /) -> None:
    """Give the class `socket.socket` its native methods; tell the core of it, and of the names of its module.

    Again with the same class, tell of another module that shows it.
    """
def close_received(receive: Callable[..., Any], ancillary: Received, /) -> None:
    """Close the descriptors in the ancillary data that `receive`, the recvmsg() of a socket, gave. It needs no memory.

    Of a method in Python nothing is closed: it may say what it likes, and received is what the kernel says.
    """
def getaddrinfo_as(
    families: dict[int, AddressFamily], kinds: dict[int, SocketKind], host: Host, port: Port,
    family: int, type: int, proto: int, flags: int, /,
) -> list[NamedRow]:
    """`getaddrinfo`, with the members of `families` and `kinds` (dicts from int) in place of numbers they have."""
def getaddrinfo_of_system(
    host: Host, port: Port, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
) -> list[Row]:
    """`getaddrinfo`, whatever stands between a program and the system's resolver."""
def lookups_ended() -> int:
    """How many look-ups of this process have ended, for `await_lookup`."""
def await_lookup(seen: int, until: int, /) -> bool:
    """Wait until another has ended than the `seen`: False where `until` (`moment`) or a deadline comes first."""
def set_lookup_limit(limit: SupportsIndex, /) -> int:
    """Let so many look-ups (getaddrinfo(3)) be under way at once, each in a thread: the limit until now, at first 64.

    It is for those with a timeout or a deadline: others are made by their callers. Further ones wait for their turn,
    until their own deadline. ValueError for less than 1.
    """
def set_resolve_timeout(seconds: float | None, /) -> None:
    """Have each look-up end after so many seconds, with TimeoutError; None: when it has its answer."""
def set_keepalive(idle: int, interval: int, count: int, /) -> None:
    """Have TCP sockets opened from now on ask for their peer: TCP_KEEPIDLE and its kin (tcp(7)); 0 for none."""
def audits_refused() -> int:
    """How many audit events of ours hooks have refused, in this thread."""

def deadlines_are_open() -> bool:
    """Are there any, in the whole process?"""
def call_narrowed(method: Callable[..., Any], blocks: bool, /, *arguments: Any) -> Any:
    """Call it, a method of an SSLSocket, which is the first of the arguments, so that it ends with the deadline.

    `blocks`: it waits even where the socket does not.
    """
def moment(seconds: float | None, /) -> int:
    """When `seconds` from now are over, ns of CLOCK_MONOTONIC; 0 for None."""
def layer_lookups(
    function: Callable[[str, Port, int, int, int, int], list[tuple[int, int, int, str, tuple[Any, ...]]] | None],
    change: int,
    /,
) -> None:
    """`change` more resolvers of the program's own: while there are any, `function` is asked for names.

    It is called as getaddrinfo(host, port, family, type, proto, flags), and gives rows such as that one's, of numbers;
    None where no resolver is in force. It is the same one each time.
    """
def hold(sock: Socket, /) -> None:
    """Count one more file of the socket: it stays open until `_decref_socketios()` has been called for each.

    What is no socket of ours, but looks like one, counts by itself.
    """
def interface_name(sock: socket, index: int, /) -> str:
    """The name of an interface in an address that the socket was given; '' for 0 and where there is none any more."""
def open_pair(cls: type[Socket], family: int, type: int, proto: int, /) -> tuple[Socket, Socket]:
    """socketpair(2): two connected sockets of the class that the module shows, not inheritable."""
def pack_descriptors(fds: Iterable[int], /) -> bytes:
    """The bytes of C ints that SCM_RIGHTS carries, for an iterable of descriptors; bytes are taken for such already."""
def cancels(sock: object, /) -> int:
    """How often the socket's cancel() was called, an int; 0 of what is no socket of ours."""
def check_cancels(sock: object, before: int, /) -> None:
    """OSError (ECANCELED) where cancel() was called since `cancels` gave `before`."""
def recv_queued(sock: socket, bufsize: int, ancbufsize: int, /) -> tuple[bytes, Received, int, Address]:
    """One message of the socket's error queue, as recvmsg() gives it; BlockingIOError where there is none.

    It does not wait, whatever the socket's timeout is, and the deadlines around it.
    """
def pack_netlink(sock: socket | None, caller: str, address: Address, /) -> bytes:
    """struct sockaddr_nl for (pid, groups), of which the low 32 bits count. TypeError for anything but such a pair."""
def sendfile(sock: socket, source: int, offset: int, count: int, before: int, /) -> int:
    """sendfile(2): how many bytes went from the file `source`, at `offset`, to the socket; 0 at the file's end.

    ECANCELED where cancel() was called since `cancels` gave `before`.
    """
def socket_interface_index(fd: int, name: bytes, /) -> int:
    """ioctl(2) SIOCGIFINDEX: the index of an interface, of whose name the first 15 bytes count. OSError (ENODEV)."""
def type_name(value: object, /) -> str:
    """The name of the value's type, as the interpreter's own messages have it: "int", "collections.deque"."""
def unpack_descriptors(rights: ReadableBuffer, /) -> list[int]:
    """The descriptors in SCM_RIGHTS data (bytes-like), as a list; a last one that was cut is left out."""
def unpack_netlink(sock: socket | None, raw: bytes, /) -> tuple[int, int]:
    """(pid, groups) from a struct sockaddr_nl; what is cut off is 0."""
def unpack_packet(sock: socket, raw: bytes, /) -> tuple[str, int, int, int, bytes]:
    """(interface, protocol, packet type, hardware type, hardware address) from a struct sockaddr_ll (packet(7)).

    The interface is '' where none is named or its index has no name any more. A hardware address may be longer than
    the struct (InfiniBand's has 20 bytes); what the kernel gave of it is given.
    """
def unpack_sockaddr(sock: socket, raw: bytes, /) -> Address:
    """The address of a struct sockaddr, of whatever length, as the socket would give it; None for AF_UNSPEC."""
def kept_for_good(table: _Table) -> _Table:
    """The same dict: no more references to it and to its values are counted, and they stay as long as the process.

    Without the interpreter lock, threads that take and drop a reference to the same object wait for each other: two did
    less than one. To be called before another thread has the objects.
    """

def use_families(lookup: Callable[[int], Codec]) -> None:
    """Tell the core where address families are looked up: lookup(family) -> (pack, unpack)."""

# The functions of the `_socket` module.

def CMSG_LEN(length: int, /) -> int:
    """The bytes that a control message with `length` bytes of data takes, without padding (cmsg(3), RFC 3542).

    OverflowError where the length is negative or more than a socklen_t holds.
    """
def CMSG_SPACE(length: int, /) -> int:
    """The bytes that a control message with `length` bytes of data takes, padding included (cmsg(3), RFC 3542).

    Added up over all messages it is recvmsg()'s `ancbufsize`. OverflowError where the length is negative or more than a
    socklen_t holds.
    """
def close(fd: SupportsIndex, /) -> None:
    """close(2) a socket's descriptor, given as an int. That the peer has reset the connection is no error.

    OSError (EBADF) for a descriptor that is not open, OverflowError for a number that no C int holds.
    """
def dup(fd: SupportsIndex, /) -> int:
    """A new descriptor (int), not inheritable (PEP 446), for the same socket: fcntl(2) F_DUPFD_CLOEXEC.

    OSError for one that is not open (EBADF) and where the process has none left (EMFILE).
    """
def getaddrinfo(
    host: Host, port: Port, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
) -> list[Row]:
    """getaddrinfo(3): a list of (family, type, proto, canonname, address), all of them numbers and strings.

    `host` is a name, a numeric address or None, `port` a service's name, a number or None. gaierror (code, text) where
    there is no answer; OSError where the system failed (EAI_SYSTEM).
    """
def getdefaulttimeout() -> float | None:
    """The timeout of new sockets in seconds (float), or None, as at the start: they block."""
def gethostbyaddr(ip_address: str | bytes | bytearray, /) -> tuple[str, list[str], list[str]]:
    """gethostbyaddr_r(3): (name, [aliases], [addresses]) of an IPv4 or IPv6 address, all of them str.

    herror where the address has no name. A name (str through IDNA, RFC 3490, or bytes) is resolved to an address first:
    gaierror where it has none. getnameinfo() asks for the same in a newer way. Audited (PEP 578) as
    `socket.gethostbyaddr`.
    """
def gethostbyname(hostname: str | bytes | bytearray, /) -> str:
    """The host's IPv4 address as a dotted str, by getaddrinfo(3); gaierror where it has none.

    `hostname` is a name (str through IDNA, RFC 3490, or bytes), or such an address, which nobody is asked for; `""` is
    0.0.0.0 and `"<broadcast>"` 255.255.255.255. UnicodeError for a str that IDNA refuses, TypeError for a NUL in it. Of
    IPv6 only getaddrinfo() knows. Audited (PEP 578) as `socket.gethostbyname`.
    """
def gethostbyname_ex(hostname: str | bytes | bytearray, /) -> tuple[str, list[str], list[str]]:
    """gethostbyname_r(3): (name, [aliases], [IPv4 addresses]), all of them str.

    gaierror where the host has no address, herror where only getaddrinfo(3) knows one; `hostname`, the other errors and
    the auditing event are those of gethostbyname().
    """
def gethostname() -> str:
    """gethostname(2): this machine's name, a str, with a domain only where it was named so: see getfqdn().

    Audited (PEP 578) as `socket.gethostname`.
    """
def getnameinfo(address: InetAddress | tuple[str, int, int] | Inet6Address, flags: int, /) -> tuple[str, str]:
    """getnameinfo(3): (host, service), two str, for an AF_INET or AF_INET6 address with a numeric host.

    `address` is (host, port) or (host, port, flowinfo, scope_id). `flags` (`NI_*`) choose names or numbers: 0 gives
    names where there are any, NI_NUMERICHOST and NI_NUMERICSERV together ask nobody. gaierror where the host is not
    numeric or (NI_NAMEREQD) has no name; TypeError, OverflowError or OSError for what is no such address. Audited (PEP
    578) as `socket.getnameinfo`.
    """
def getprotobyname(protocolname: str, /) -> int:
    """getprotobyname_r(3): the number of a protocol (`"icmp"`), for the third argument of a raw socket.

    As /etc/protocols has it (protocols(5)); OSError where it has none of that name.
    """
def getservbyname(servicename: str, protocolname: str = ..., /) -> int:
    """getservbyname_r(3): the port of a service (`"http"`), of "tcp" or "udp" where given, else of any protocol.

    As /etc/services has it (services(5)); OSError where it has none of that name. Audited (PEP 578) as
    `socket.getservbyname`.
    """
def getservbyport(port: int, protocolname: str = ..., /) -> str:
    """getservbyport_r(3): the name of the service at a port, of "tcp" or "udp" where given, else of any protocol.

    As /etc/services has it (services(5)); OSError where it has none at that port, OverflowError for a port beyond 0 to
    65535. Audited (PEP 578) as `socket.getservbyport`.
    """
def htonl(x: int, /) -> int:
    """A 32-bit number (int) from host to network order (byteorder(3)).

    OverflowError for a larger one; for a negative one ValueError from Python 3.14 on, and OverflowError before.
    """
def htons(x: int, /) -> int:
    """A 16-bit number (int) from host to network order (byteorder(3)).

    OverflowError for a larger one; for a negative one ValueError from Python 3.14 on, and OverflowError before.
    """
def if_indextoname(if_index: int, /) -> str:
    """if_indextoname(3): the interface's name (str). OSError (ENXIO) where there is no such interface."""
def if_nameindex() -> list[tuple[int, str]]:
    """if_nameindex(3): the network interfaces, as a list of (index, name): int and str.

    They are those of the process's network namespace (network_namespaces(7)); OSError where the kernel cannot be asked.
    """
def if_nametoindex(if_name: StrOrBytesPath, /) -> int:
    """if_nametoindex(3): the interface's index, from 1. OSError (ENODEV) where there is no such interface.

    The name is a str, bytes or a path, as a file's is: ValueError for a NUL in it.
    """
def inet_aton(ip_string: str, /) -> bytes:
    """inet_aton(3): the four bytes of an IPv4 address, in any form that it takes (`"127.1"`). OSError for others.

    inet_pton() takes the form with three dots alone, and IPv6.
    """
def inet_ntoa(packed_ip: ReadableBuffer, /) -> str:
    """The dotted form (str) of four bytes (bytes-like), as of inet_ntoa(3). OSError for another length."""
def inet_ntop(address_family: int, packed_ip: ReadableBuffer, /) -> str:
    """The text (str) of 4 bytes (AF_INET) or 16 (AF_INET6), as of inet_ntop(3).

    IPv6 comes in its short form (RFC 5952). ValueError for another length or family.
    """
def inet_pton(address_family: int, ip_string: str, /) -> bytes:
    """inet_pton(3): the bytes of an IPv4 (4) or IPv6 (16) address. OSError for text that is none.

    `address_family` is AF_INET or AF_INET6: OSError (EAFNOSUPPORT) for others.
    """
def ntohl(x: int, /) -> int:
    """A 32-bit number (int) from network to host order (byteorder(3)).

    OverflowError for a larger one; for a negative one ValueError from Python 3.14 on, and OverflowError before.
    """
def ntohs(x: int, /) -> int:
    """A 16-bit number (int) from network to host order (byteorder(3)).

    OverflowError for a larger one; for a negative one ValueError from Python 3.14 on, and OverflowError before.
    """
def setdefaulttimeout(timeout: float | None, /) -> None:
    """Set the timeout of new sockets: seconds (int or float), 0 for non-blocking, None for blocking.

    Sockets that are there keep theirs. Numbers and errors are those of settimeout().
    """
def sethostname(name: StrOrBytesPath, /) -> None:
    """sethostname(2): name this machine (str, bytes or a path). PermissionError without the right to.

    OSError (EINVAL) for more than 64 bytes. Audited (PEP 578) as `socket.sethostname`.
    """
def socketpair(family: int = ..., type: int = ..., proto: int = 0, /) -> tuple[socket, socket]:
    """socketpair(2): two connected sockets of the base type, not inheritable."""
