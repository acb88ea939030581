# The base type, `_socket.socket`: the fields, and one method for each call. What a method does is in the pieces above.

cdef object UNSET = object()

cdef class socket:
    """socket(family=-1, type=-1, proto=-1, fileno=None)\n--\n\nA socket: the native base of `socket.socket`."""

    # The fields of CPython's PySocketSockObject, in its order: _ssl reads the descriptor and the timeout from them
    # (capi.pxi asserts the layout). A cdef method here would put a table's pointer before them.
    cdef int sock_fd
    cdef int sock_family
    cdef int sock_type
    cdef int sock_proto
    cdef PyObject *(*errorhandler)() noexcept
    cdef int64_t sock_timeout
    cdef void *state
    # Ours: the address converted last, packed and as Python has it, and when the interface that it names was looked up
    # (sockaddr.pxi).
    cdef unsigned char last_packed[28]
    cdef unsigned char last_length
    cdef unsigned char last_given
    # Was close() called, and how many files that makefile() made are open? (face.pxi)
    cdef unsigned char closed
    # How many receives go by before a datagram is asked for that is there already (wait.pxi).
    cdef unsigned char not_asked
    cdef int64_t last_time
    cdef object last_address
    cdef int io_refs

    def __cinit__(self):
        self.sock_fd = -1
        self.sock_timeout = -1
        self.errorhandler = raise_current_errno

    def __init__(self, family=-1, type=-1, proto=-1, fileno=None):
        open_socket(self, as_plain_int(family), as_plain_int(type), as_plain_int(proto), fileno)

    def __repr__(self):
        if of_face(self):
            return describe(self)
        return (f"<socket object, fd={self.sock_fd}, family={self.sock_family}, type={self.sock_type}, "
                f"proto={self.sock_proto}>")

    def __del__(self):
        if self.sock_fd != -1:
            finalize(self)

    @property
    def family(self):
        """The address family: AF_*, an int."""
        return self.sock_family

    @property
    def type(self):
        """The type: SOCK_*, an int, without SOCK_NONBLOCK and SOCK_CLOEXEC."""
        return self.sock_type

    @property
    def proto(self):
        """The protocol's number; 0 is the default of family and type."""
        return self.sock_proto

    @property
    def timeout(self):
        """The timeout in seconds (float), or None: as gettimeout()."""
        return timeout_seconds(self.sock_timeout)

    def _accept(self):
        """accept4(2): (descriptor, the peer's address). The descriptor is not inheritable."""
        return sock_accept(self)

    def bind(self, address, /):
        """bind(2): give the socket its own address. OSError, or TypeError/OverflowError for a malformed address."""
        return sock_bind(self, address)

    def close(self):
        """close(2): give the descriptor back. Closing twice is no error."""
        close_socket(self)

    def connect(self, address, /):
        """connect(2): connect to `address`, waiting as long as the timeout allows.

        TimeoutError after the timeout; BlockingIOError (EINPROGRESS) on a non-blocking socket whose connection is
        under way; gaierror where the host has no address. A signal does not end the wait (PEP 475).
        """
        return sock_connect(self, address)

    def connect_ex(self, address, /):
        """connect(2), with its errno as the result: 0 is success, EAGAIN a timeout. A bad address still raises."""
        return sock_connect_ex(self, address)

    def detach(self):
        """The descriptor, which stays open; the object is closed from then on (fileno() is -1)."""
        return take_fd(&self.sock_fd)

    def fileno(self):
        """The descriptor's number; -1 once closed."""
        return self.sock_fd

    def getpeername(self):
        """getpeername(2): the address of the other end. OSError (ENOTCONN) where there is none."""
        return sock_name(self, c_getpeername)

    def getsockname(self):
        """getsockname(2): the socket's own address."""
        return sock_name(self, c_getsockname)

    def getsockopt(self, level, optname, buflen=0, /):
        """getsockopt(2): the option as an int, or with `buflen` (1 to 1024) as bytes of at most that length."""
        return sock_getsockopt(self, level, optname, buflen)

    def setsockopt(self, level, optname, value, optlen=UNSET, /):
        """setsockopt(2): set the option to an int, to a buffer's bytes, or, as None, to a null pointer of `optlen`."""
        return sock_setsockopt(self, level, optname, value, optlen)

    def gettimeout(self):
        """The timeout in seconds (float); None when the socket blocks, 0.0 when it never waits."""
        return timeout_seconds(self.sock_timeout)

    def settimeout(self, timeout, /):
        """Set the timeout: seconds (int or float, above 0), 0 for non-blocking, None for blocking.

        It bounds each call as a whole; TimeoutError says that it is over. The descriptor itself becomes non-blocking
        under a timeout, for all who share it.
        """
        return sock_settimeout(self, parse_timeout(timeout))

    def getblocking(self):
        """True unless the socket is non-blocking: gettimeout() != 0."""
        return self.sock_timeout != 0

    def setblocking(self, flag, /):
        """settimeout(None) for a true flag, settimeout(0) for a false one."""
        return sock_settimeout(self, -1 if flag else 0)

    def listen(self, backlog=UNSET, /):
        """listen(2): accept connections, `backlog` of them waiting at most (min(SOMAXCONN, 128); negative is 0)."""
        return sock_listen(self, backlog)

    def recv(self, bufsize, flags=0, /):
        """recv(2): up to `bufsize` bytes; b"" means that the peer has closed (or an empty datagram came)."""
        return sock_recv(self, bufsize, flags)

    def recv_into(self, buffer, nbytes=0, flags=0):
        """recv(2) into a writable buffer: the count received, up to `nbytes` (0: the whole buffer)."""
        return sock_recv_into(self, buffer, nbytes, flags)

    def recvfrom(self, bufsize, flags=0, /):
        """recvfrom(2): (up to `bufsize` bytes, the sender's address)."""
        return sock_recvfrom(self, bufsize, flags)

    def recvfrom_into(self, buffer, nbytes=0, flags=0):
        """recvfrom(2) into a writable buffer: (the count received, the sender's address)."""
        return sock_recvfrom_into(self, buffer, nbytes, flags)

    def recvmsg(self, bufsize, ancbufsize=0, flags=0, /):
        """recvmsg(2): (up to `bufsize` bytes, ancillary data, MSG_* flags, address).

        Ancillary data is a list of (level, type, bytes) from a buffer of `ancbufsize` bytes (CMSG_SPACE).
        RuntimeWarning where an item was cut off.
        """
        return sock_recvmsg(self, bufsize, ancbufsize, flags)

    def recvmsg_into(self, buffers, ancbufsize=0, flags=0, /):
        """recvmsg(2) into writable buffers, filled one after the other: (count, ancillary data, flags, address)."""
        return sock_recvmsg_into(self, buffers, ancbufsize, flags)

    def send(self, data, flags=0, /):
        """send(2): how many of the bytes went out, which may be fewer than there are."""
        return sock_send(self, data, flags)

    def sendall(self, data, flags=0, /):
        """send(2) until all bytes are out, within one timeout. After an error, how many went is not known."""
        return sock_sendall(self, data, flags)

    def sendto(self, data, flags_or_address, address=UNSET, /):
        """sendto(2): sendto(data, address) or sendto(data, flags, address); how many bytes went out."""
        if address is UNSET:
            return sock_sendto(self, data, ZERO, flags_or_address)
        return sock_sendto(self, data, flags_or_address, address)

    def sendmsg(self, buffers, ancdata=(), flags=0, address=None, /):
        """sendmsg(2): how many bytes of `buffers` went out, sent as one message.

        `ancdata` is an iterable of (level, type, bytes-like) control messages.
        """
        return sock_sendmsg(self, buffers, ancdata, flags, address)

    def sendmsg_afalg(self, msg=UNSET, *, op=UNSET, iv=UNSET, assoclen=UNSET, flags=0):
        """sendmsg(2) to the kernel's cryptography (AF_ALG): how many bytes went out.

        `op` is ALG_OP_*, `iv` the initialisation vector, `assoclen` the length of the associated data (AEAD).
        """
        return sock_sendmsg_afalg(self, msg, op, iv, assoclen, flags)

    def shutdown(self, how, /):
        """shutdown(2): end receiving (SHUT_RD), sending (SHUT_WR) or both (SHUT_RDWR)."""
        return sock_shutdown(self, how)


cdef PyObject *raise_current_errno() noexcept:
    PyErr_SetFromErrno(<PyObject *>OSError)
    return NULL


cdef class EnumAttribute:
    """A read-only attribute of `socket.socket`: the member of an enumeration for a number of the base type.

    `members` is a dict from numbers; a number that it lacks is given as it is.
    """

    cdef str name
    cdef bint of_family
    cdef dict members
    cdef readonly str __doc__

    def __init__(self, str name, dict members, str doc):
        self.name = name
        self.of_family = name == "family"
        self.members = members
        self.__doc__ = doc

    def __get__(self, sock, owner):
        cdef socket holder
        cdef int number
        if sock is None:
            return self
        holder = <socket?>sock
        number = holder.sock_family if self.of_family else holder.sock_type
        return self.members.get(number, number)

    def __set__(self, sock, value):
        raise AttributeError(f"property {self.name!r} of {type(sock).__name__!r} object has no setter")

    def __delete__(self, sock):
        raise AttributeError(f"property {self.name!r} of {type(sock).__name__!r} object has no deleter")
