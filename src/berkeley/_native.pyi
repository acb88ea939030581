"""The typed face of the extension: what the Python files of the package take from it."""

from collections.abc import Callable, Iterable
from typing import Any, Literal, SupportsIndex, TypeAlias, overload

from _typeshed import ReadableBuffer, StrOrBytesPath, WriteableBuffer
from typing_extensions import CapsuleType, Self

from ._enums import AddressFamily, SocketKind
from ._sock import socket as Socket

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
ControlMessage: TypeAlias = tuple[int, int, ReadableBuffer]
Received: TypeAlias = list[tuple[int, int, bytes]]

CAPI: CapsuleType
COMPILED: dict[str, int]
NUMERIC_KINDS: dict[int, tuple[tuple[int, int], ...]]

class gaierror(OSError): ...
class herror(OSError): ...

class socket:
    """A socket: the native base of `socket.socket`."""

    def __init__(
        self, family: int = -1, type: int = -1, proto: int = -1, fileno: SupportsIndex | None = None
    ) -> None: ...
    @property
    def family(self) -> int:
        """The address family: AF_*, an int."""
    @property
    def type(self) -> int:
        """The type: SOCK_*, an int, without SOCK_NONBLOCK and SOCK_CLOEXEC."""
    @property
    def proto(self) -> int:
        """The protocol's number; 0 is the default of family and type."""
    @property
    def timeout(self) -> float | None:
        """The timeout in seconds (float), or None: as gettimeout()."""
    def _accept(self) -> tuple[int, Address]:
        """accept4(2): (descriptor, the peer's address). The descriptor is not inheritable."""
    def bind(self, address: ToAddress, /) -> None:
        """bind(2): give the socket its own address. OSError, or TypeError/OverflowError for a malformed address."""
    def close(self) -> None:
        """close(2): give the descriptor back. Closing twice is no error."""
    def connect(self, address: ToAddress, /) -> None:
        """connect(2): connect to `address`, waiting as long as the timeout allows.

        TimeoutError after the timeout; BlockingIOError (EINPROGRESS) on a non-blocking socket whose connection is
        under way; gaierror where the host has no address. A signal does not end the wait (PEP 475).
        """
    def connect_ex(self, address: ToAddress, /) -> int:
        """connect(2), with its errno as the result: 0 is success, EAGAIN a timeout. A bad address still raises."""
    def detach(self) -> int:
        """The descriptor, which stays open; the object is closed from then on (fileno() is -1)."""
    def fileno(self) -> int:
        """The descriptor's number; -1 once closed."""
    def getblocking(self) -> bool:
        """True unless the socket is non-blocking: gettimeout() != 0."""
    def getpeername(self) -> Address:
        """getpeername(2): the address of the other end. OSError (ENOTCONN) where there is none."""
    def getsockname(self) -> Address:
        """getsockname(2): the socket's own address."""
    @overload
    def getsockopt(self, level: int, optname: int, /) -> int:
        """getsockopt(2): the option as an int, or with `buflen` (1 to 1024) as bytes of at most that length."""
    @overload
    def getsockopt(self, level: int, optname: int, buflen: int, /) -> bytes: ...
    def gettimeout(self) -> float | None:
        """The timeout in seconds (float); None when the socket blocks, 0.0 when it never waits."""
    def listen(self, backlog: int = ..., /) -> None:
        """listen(2): accept connections, `backlog` of them waiting at most (min(SOMAXCONN, 128); negative is 0)."""
    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """recv(2): up to `bufsize` bytes; b"" means that the peer has closed (or an empty datagram came)."""
    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0) -> int:
        """recv(2) into a writable buffer: the count received, up to `nbytes` (0: the whole buffer)."""
    def recvfrom(self, bufsize: int, flags: int = 0, /) -> tuple[bytes, Address]:
        """recvfrom(2): (up to `bufsize` bytes, the sender's address)."""
    def recvfrom_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0) -> tuple[int, Address]:
        """recvfrom(2) into a writable buffer: (the count received, the sender's address)."""
    def recvmsg(
        self, bufsize: int, ancbufsize: int = 0, flags: int = 0, /
    ) -> tuple[bytes, Received, int, Address]:
        """recvmsg(2): (up to `bufsize` bytes, ancillary data, MSG_* flags, address).

        Ancillary data is a list of (level, type, bytes) from a buffer of `ancbufsize` bytes (CMSG_SPACE).
        RuntimeWarning where an item was cut off.
        """
    def recvmsg_into(
        self, buffers: Iterable[WriteableBuffer], ancbufsize: int = 0, flags: int = 0, /
    ) -> tuple[int, Received, int, Address]:
        """recvmsg(2) into writable buffers, filled one after the other: (count, ancillary data, flags, address)."""
    def send(self, data: ReadableBuffer, flags: int = 0, /) -> int:
        """send(2): how many of the bytes went out, which may be fewer than there are."""
    def sendall(self, data: ReadableBuffer, flags: int = 0, /) -> None:
        """send(2) until all bytes are out, within one timeout. After an error, how many went is not known."""
    @overload
    def sendto(self, data: ReadableBuffer, address: ToAddress, /) -> int:
        """sendto(2): sendto(data, address) or sendto(data, flags, address); how many bytes went out."""
    @overload
    def sendto(self, data: ReadableBuffer, flags: int, address: ToAddress, /) -> int: ...
    def sendmsg(
        self,
        buffers: Iterable[ReadableBuffer],
        ancdata: Iterable[ControlMessage] = (),
        flags: int = 0,
        address: ToAddress | None = None,
        /,
    ) -> int:
        """sendmsg(2): how many bytes of `buffers` went out, sent as one message.

        `ancdata` is an iterable of (level, type, bytes-like) control messages.
        """
    def sendmsg_afalg(
        self,
        msg: Iterable[ReadableBuffer] = ...,
        *,
        op: int,
        iv: ReadableBuffer = ...,
        assoclen: int = ...,
        flags: int = 0,
    ) -> int:
        """sendmsg(2) to the kernel's cryptography (AF_ALG): how many bytes went out.

        `op` is ALG_OP_*, `iv` the initialisation vector, `assoclen` the length of the associated data (AEAD).
        """
    def setblocking(self, flag: bool, /) -> None:
        """settimeout(None) for a true flag, settimeout(0) for a false one."""
    @overload
    def setsockopt(self, level: int, optname: int, value: int | ReadableBuffer, /) -> None:
        """setsockopt(2): set the option to an int, to a buffer's bytes, or, as None, to a null pointer of `optlen`."""
    @overload
    def setsockopt(self, level: int, optname: int, value: None, optlen: int, /) -> None: ...
    def settimeout(self, timeout: float | None, /) -> None:
        """Set the timeout: seconds (int or float, above 0), 0 for non-blocking, None for blocking.

        It bounds each call as a whole; TimeoutError says that it is over. The descriptor itself becomes non-blocking
        under a timeout, for all who share it.
        """
    def shutdown(self, how: int, /) -> None:
        """shutdown(2): end receiving (SHUT_RD), sending (SHUT_WR) or both (SHUT_RDWR)."""

class Face(socket):
    """Holds the methods: there are no objects of it."""

    @property
    def _closed(self) -> bool: ...
    @_closed.setter
    def _closed(self, value: bool) -> None: ...
    @property
    def _io_refs(self) -> int: ...
    @_io_refs.setter
    def _io_refs(self, value: int) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *args: object) -> None: ...
    def accept(self) -> tuple[Socket, Address]:
        """accept4(2): (a new socket for the connection, the peer's address).

        The new socket is not inheritable. It has the default timeout where there is one, and blocks otherwise,
        whatever the mode of this one.
        """
    def dup(self) -> Self:
        """A socket of the same class for the same connection, on a descriptor of its own, not inheritable."""
    def close(self) -> None:
        """Close the socket: close(2), now, or when the last file that makefile() made is closed."""
    def detach(self) -> int:
        """The descriptor, which stays open; the object is closed from then on."""
    def _real_close(self) -> None: ...
    def _decref_socketios(self) -> None: ...

class EnumAttribute:
    """A read-only attribute of `socket.socket`: the member of an enumeration for a number of the base type.

    `members` is a dict from numbers; a number that it lacks is given as it is.
    """

    def __init__(self, name: str, members: dict[int, Any], doc: str) -> None: ...
    def __get__(self, sock: socket | None, owner: object = None, /) -> Any: ...
    def __set__(self, sock: socket, value: object, /) -> None: ...
    def __delete__(self, sock: socket, /) -> None: ...

def adorn(cls: type[Socket], names: dict[str, Any], /) -> None:
    """Give the class `socket.socket` its native methods; tell the core of it, and of the names of its module."""
def close_received(ancillary: Received, /) -> None:
    """Close the descriptors in ancillary data that recvmsg() gave. It needs no memory."""
def getaddrinfo_as(
    families: dict[int, AddressFamily],
    kinds: dict[int, SocketKind],
    host: Host,
    port: Port,
    family: int,
    type: int,
    proto: int,
    flags: int,
    /,
) -> list[NamedRow]:
    """`getaddrinfo`, with the members of `families` and `kinds` (dicts from int) in place of numbers they have."""
def interface_name(sock: socket, index: int, /) -> str:
    """The name of an interface in an address that the socket was given; '' for 0 and where there is none any more.

    The address kept last (sockaddr.pxi) spares the question where it is of the same interface.
    """
def open_pair(family: int, type: int, proto: int, /) -> tuple[Socket, Socket]:
    """socketpair(2): two connected `socket.socket`, not inheritable."""
def pack_descriptors(fds: Iterable[int], /) -> bytes:
    """The bytes of C ints that SCM_RIGHTS carries, for an iterable of descriptors; bytes are taken for such already."""
def sendfile(sock: socket, source: int, offset: int, count: int, /) -> int:
    """sendfile(2): how many bytes went from the file `source`, at `offset`, to the socket; 0 at the file's end."""
def socket_interface_index(fd: int, name: bytes, /) -> int:
    """ioctl(2) SIOCGIFINDEX: the index of an interface, of whose name the first 15 bytes count. OSError (ENODEV)."""
def type_name(value: object, /) -> str:
    """The name of the value's type, as the interpreter's own messages have it: "int", "collections.deque"."""
def unpack_descriptors(rights: bytes, /) -> list[int]:
    """The descriptors in SCM_RIGHTS data, as a list; a last one that was cut is left out."""
def unpack_packet(sock: socket, raw: bytes, /) -> tuple[str, int, int, int, bytes]:
    """(interface, protocol, packet type, hardware type, hardware address) from a struct sockaddr_ll (packet(7)).

    The interface is '' where none is named or its index has no name any more. A hardware address may be longer than
    the struct (InfiniBand's has 20 bytes); what the kernel gave of it is given.
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

    OverflowError where the length is negative or more than a socklen_t holds.
    """
def close(fd: SupportsIndex, /) -> None:
    """close(2) a socket's descriptor, given as an int. That the peer has reset the connection is no error."""
def dup(fd: SupportsIndex, /) -> int:
    """A new descriptor, not inheritable, for the same socket: fcntl(2) F_DUPFD_CLOEXEC."""
def getaddrinfo(
    host: Host,
    port: Port,
    family: int = 0,
    type: int = 0,
    proto: int = 0,
    flags: int = 0,
) -> list[Row]:
    """getaddrinfo(3): a list of (family, type, proto, canonname, address), all of them numbers and strings.

    `host` is a name, a numeric address or None, `port` a service's name, a number or None. gaierror (code, text)
    where there is no answer; OSError where the system failed (EAI_SYSTEM).
    """
def getdefaulttimeout() -> float | None:
    """The timeout of new sockets in seconds (float), or None: they block."""
def gethostbyaddr(ip_address: str | bytes | bytearray, /) -> tuple[str, list[str], list[str]]:
    """gethostbyaddr_r(3): (name, [aliases], [addresses]) of an IPv4 or IPv6 address; herror where it has no name."""
def gethostbyname(hostname: str | bytes | bytearray, /) -> str:
    """The host's IPv4 address as a dotted str; gaierror where it has none."""
def gethostbyname_ex(hostname: str | bytes | bytearray, /) -> tuple[str, list[str], list[str]]:
    """gethostbyname_r(3): (name, [aliases], [IPv4 addresses]); gaierror where the host has no address."""
def gethostname() -> str:
    """gethostname(2): this machine's name."""
def getnameinfo(address: InetAddress | tuple[str, int, int] | Inet6Address, flags: int, /) -> tuple[str, str]:
    """getnameinfo(3): (host, service) for an AF_INET or AF_INET6 address with a numeric host.

    NI_* flags choose names or numbers. gaierror where the host is not numeric or (NI_NAMEREQD) has no name.
    """
def getprotobyname(protocolname: str, /) -> int:
    """getprotobyname_r(3): the number of a protocol ("icmp"), for the third argument of a raw socket."""
def getservbyname(servicename: str, protocolname: str = ..., /) -> int:
    """getservbyname_r(3): the port of a service ("http"), of "tcp" or "udp" where given, else of any protocol."""
def getservbyport(port: int, protocolname: str = ..., /) -> str:
    """getservbyport_r(3): the name of the service at a port, of "tcp" or "udp" where given, else of any protocol."""
def htonl(x: int, /) -> int:
    """A 32-bit number from host to network order."""
def htons(x: int, /) -> int:
    """A 16-bit number from host to network order."""
def if_indextoname(if_index: int, /) -> str:
    """if_indextoname(3): the interface's name. OSError (ENXIO) where there is no such interface."""
def if_nameindex() -> list[tuple[int, str]]:
    """if_nameindex(3): the network interfaces, as a list of (index, name)."""
def if_nametoindex(if_name: StrOrBytesPath, /) -> int:
    """if_nametoindex(3): the interface's index. OSError where there is no such interface."""
def inet_aton(ip_string: str, /) -> bytes:
    """The four bytes of an IPv4 address, in any form that inet_aton(3) takes ("127.1"). OSError for others."""
def inet_ntoa(packed_ip: ReadableBuffer, /) -> str:
    """The dotted form of four bytes. OSError for another length."""
def inet_ntop(address_family: int, packed_ip: ReadableBuffer, /) -> str:
    """The text of 4 bytes (AF_INET) or 16 (AF_INET6). ValueError for another length or family."""
def inet_pton(address_family: int, ip_string: str, /) -> bytes:
    """inet_pton(3): the bytes of an IPv4 (4) or IPv6 (16) address. OSError for text that is none."""
def ntohl(x: int, /) -> int:
    """A 32-bit number from network to host order."""
def ntohs(x: int, /) -> int:
    """A 16-bit number from network to host order."""
def setdefaulttimeout(timeout: float | None, /) -> None:
    """Set the timeout of new sockets: seconds (int or float), 0 for non-blocking, None for blocking."""
def sethostname(name: StrOrBytesPath, /) -> None:
    """sethostname(2): name this machine (str, bytes or a path). OSError (EPERM) without the right to."""
def socketpair(family: int = ..., type: int = ..., proto: int = 0, /) -> tuple[socket, socket]:
    """socketpair(2): two connected sockets of the base type, not inheritable."""
