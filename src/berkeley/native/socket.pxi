# The base type, `_socket.socket`: the fields, and one method for each call. What a method does is in the pieces above.

# What nobody can give. Where it is a default, the text signature (inspect.signature) is written down: it can only say
# what has a literal form.
cdef object UNSET = object()

cdef class socket:
    """socket(family=-1, type=-1, proto=-1, fileno=None)\n--\n\nA socket: the native base of `socket.socket`.

    It has a method for each system call (socket(2)), and takes the arguments of `socket.socket`. Of its own it gives
    `family` and `type` as plain ints, and has no accept(), dup(), makefile() and sendfile().
    """

    # The fields of CPython's PySocketSockObject, in its order: _ssl reads the descriptor and the timeout from them
    # (capi.pxi asserts the layout). A cdef method here would put a table's pointer before them.
    cdef Handle sock_fd
    cdef int sock_family
    cdef int sock_type
    cdef int sock_proto
    cdef PyObject *(*errorhandler)() noexcept
    cdef int64_t sock_timeout
    # Ours. A socket takes no more memory than CPython's, which has its module's state here since 3.12.
    cdef Aside *aside                   # what few sockets need (aside.pxi), or NULL
    cdef Flight *flights                # calls under way (inflight.pxi), as of so many forks
    cdef Py_ssize_t io_refs             # how many files that makefile() made are open (face.pxi)
    cdef unsigned int forks
    cdef unsigned char closed           # was close() called?
    cdef unsigned char hints            # what makes a timed call poll first (operation.pxi)
    cdef unsigned char not_asked        # how many receives go by before one asks first again (wait.pxi)

    def __cinit__(self):
        self.sock_fd = NO_HANDLE
        self.sock_timeout = -1
        self.errorhandler = raise_current_errno

    def __dealloc__(self):
        forget_address(self)
        PyMem_Free(self.aside)

    def __init__(self, family=-1, type=-1, proto=-1, fileno=None):
        """Open the socket, or take the descriptor, as the class says."""
        open_socket(self, as_int_or_else(family, PLAIN_KINDS), as_int_or_else(type, PLAIN_KINDS),
                    as_int_or_else(proto, PLAIN_KINDS), fileno)

    def __repr__(self):
        if of_face(self):
            return describe(self)
        return (f"<socket object, fd={handle_of(self)}, family={family_of(self)}, type={type_of(self)}, "
                f"proto={protocol_of(self)}>")

    def __del__(self):
        if handle_of(self) != NO_HANDLE:
            finalize(self)

    @property
    def family(self):
        """The address family (`AF_*`), an int: as given, or of a descriptor, what getsockname(2) told."""
        return family_of(self)

    @property
    def type(self):
        """The type (`SOCK_*`), an int without SOCK_NONBLOCK and SOCK_CLOEXEC: as given, or SO_TYPE (socket(7))."""
        return type_of(self)

    @property
    def proto(self):
        """The protocol's number, as given, or SO_PROTOCOL (socket(7)); 0 is the default of family and type."""
        return protocol_of(self)

    @property
    def timeout(self):
        """The timeout in seconds (float), or None: as gettimeout()."""
        return timeout_seconds(own_timeout_of(self))

    def _accept(self):
        """accept4(2): (descriptor, the peer's address). The descriptor is not inheritable."""
        return sock_accept(self)

    def bind(self, address, /):
        """bind(2): give the socket its own address, in the form of its family.

        The kernel chooses the port where it is 0, and an abstract name where an AF_UNIX path is empty (ip(7), unix(7)):
        getsockname() tells which. OSError where the kernel refuses: the address is in use (EADDRINUSE) or not one of
        this machine (EADDRNOTAVAIL), the port takes a privilege (PermissionError). gaierror for a host without an
        address; TypeError, ValueError or OverflowError for what is no address. Audited (PEP 578) as `socket.bind`.
        """
        return sock_bind(self, address)

    def close(self):
        """close(2): give the descriptor back. That the peer has reset the connection is no error."""
        set_closed(&self.closed, True)
        close_socket(self)

    def connect(self, address, /):
        """connect(2): connect to `address`, in the form of the socket's family, waiting as long as the timeout allows.

        A datagram socket is connected at once: `address` is where it sends to, and all that it receives from.
        TimeoutError after the timeout, or after the kernel's own of about two minutes (tcp(7)). BlockingIOError
        (EINPROGRESS) on a non-blocking socket whose connection is under way: once it is writable, getsockopt() of
        SO_ERROR has the outcome. ConnectionRefusedError where nobody listens, OSError for what else the kernel says;
        gaierror for a host without an address, and what bind() raises for what is no address. A signal does not end the
        wait (PEP 475). Audited (PEP 578) as `socket.connect`, before a host is looked up.
        """
        return sock_connect(self, address)

    def connect_ex(self, address, /):
        """connect(2), with its errno as the result: 0 is success, EAGAIN a timeout. A bad address still raises.

        EINPROGRESS says that a non-blocking socket's connection is under way, EISCONN that there is one. Raised is what
        is not the kernel's answer: gaierror, and what bind() raises for what is no address. Audited (PEP 578) as
        `socket.connect`.
        """
        return sock_connect_ex(self, address)

    def detach(self):
        """The descriptor, which stays open; the object is closed from then on, and its fileno() is -1."""
        set_closed(&self.closed, True)
        return detach_socket(self)

    def fileno(self):
        """The descriptor's number, for poll(2), fcntl(2) and the like; -1 once closed or detached."""
        return handle_of(self)

    def getpeername(self):
        """getpeername(2): the address of the other end, in the form of the socket's family.

        OSError where there is none (ENOTCONN): not connected, or reset by the peer.
        """
        return sock_name(self, OP_GETPEERNAME)

    def getsockname(self):
        """getsockname(2): the socket's own address, in the form of its family.

        Before it has one: `("0.0.0.0", 0)` for AF_INET, `("::", 0, 0, 0)` for AF_INET6, `""` for AF_UNIX. OSError
        (EBADF) once closed.
        """
        return sock_name(self, OP_GETSOCKNAME)

    def getsockopt(self, level, optname, buflen=0, /):
        """getsockopt(2): the option as an int, or with `buflen` (up to 512 MiB) as bytes of that length at most.

        `level` is SOL_SOCKET or a protocol's (`IPPROTO_*`, `SOL_*`), `optname` one of its options: socket(7), ip(7),
        ipv6(7), tcp(7), udp(7). Bytes are the kernel's struct, in this machine's layout. OSError where the kernel has
        no such option (ENOPROTOOPT) and for a `buflen` out of range. AF_VSOCK has only ints, of 64 bits (vsock(7)).
        """
        return sock_getsockopt(self, level, optname, buflen)

    @cython.embedsignature(False)
    def setsockopt(self, level=UNSET, optname=UNSET, value=UNSET, optlen=UNSET, /, *more):
        """setsockopt($self, level, optname, value, optlen=None, /)\n--\n
        setsockopt(2): set the option to an int, to a buffer's bytes, or, as None, to a null pointer of `optlen`.

        `level` and `optname` are as for getsockopt(). An int becomes a C int: OverflowError for one that is too large;
        for AF_VSOCK its low 64 bits count. A struct is given as bytes-like object in this machine's layout. OSError
        where the kernel has no such option (ENOPROTOOPT), not that value (EINVAL), or wants a privilege
        (PermissionError). TypeError for a value that is none of these.
        """
        if value is UNSET or more:
            refuse_count((level, optname, value, optlen, *more))
        return sock_setsockopt(self, level, optname, value, optlen)

    def gettimeout(self):
        """The timeout in seconds (float); None when the socket blocks, 0.0 when it never waits.

        It is what settimeout() or setblocking() set last, or setdefaulttimeout() before the socket was made.
        """
        return timeout_seconds(own_timeout_of(self))

    def settimeout(self, timeout, /):
        """Set the timeout: seconds (int or float, above 0), 0 for non-blocking, None for blocking.

        From Python 3.15 on any real number will do. It bounds each call as a whole: TimeoutError says that it is over.
        At 0, a call that would wait raises BlockingIOError instead. The descriptor itself becomes non-blocking
        (O_NONBLOCK, fcntl(2)) at 0 and under a timeout, for all who share it. ValueError for a negative timeout or NaN,
        OverflowError for more than 292 years, OSError (EBADF) once closed. See "Notes on socket timeouts" in Python's
        documentation.
        """
        return sock_settimeout(self, parse_timeout(timeout))

    def getblocking(self):
        """True unless the socket is non-blocking: `gettimeout() != 0`.

        That is the object's mode. The descriptor's (O_NONBLOCK, fcntl(2)) is non-blocking under a timeout too.
        """
        return own_timeout_of(self) != 0

    def setblocking(self, flag, /):
        """`settimeout(None)` for a true flag, `settimeout(0)` for a false one.

        For all who share the descriptor (O_NONBLOCK, fcntl(2)). OSError (EBADF) once closed.
        """
        return sock_settimeout(self, -1 if as_flag(flag) else 0)

    @cython.embedsignature(False)
    def listen(self, backlog=UNSET, /):
        """listen($self, backlog=128, /)\n--\n
        listen(2): accept connections, `backlog` of them waiting at most: 128 unless given; a negative one is 0.

        The kernel lowers it to net.core.somaxconn. A socket of AF_INET or AF_INET6 without an address gets a free port.
        OSError where another socket listens at the address (EADDRINUSE) and for a type without connections
        (EOPNOTSUPP).
        """
        return sock_listen(self, backlog)

    def recv(self, bufsize, flags=0, /):
        """recv(2): up to `bufsize` bytes; `b""` means that the peer has closed (or an empty datagram came).

        It waits, as settimeout() says, until something is there, not until `bufsize` bytes are. Of a datagram what is
        too long is lost; with MSG_TRUNC in `flags` (`MSG_*`) the result has the datagram's length, filled up with
        zeros. BlockingIOError where nothing is there and the socket does not wait, TimeoutError after the timeout,
        ConnectionResetError where the peer has reset the connection, OSError (ENOTCONN) where there is none. ValueError
        for a negative `bufsize`; 0 gives `b""` without a call.
        """
        return sock_recv(self, bufsize, flags)

    def recv_into(self, buffer, nbytes=0, flags=0):
        """recv(2) into a writable buffer: the count received, up to `nbytes` (0: the whole buffer).

        0 means that the peer has closed, that an empty datagram came, or that the buffer has no room. With MSG_TRUNC in
        `flags` the count is the datagram's length, which may be more than the buffer's. Errors are those of recv();
        TypeError for a buffer that cannot be written, ValueError where `nbytes` is negative or more than its length.
        """
        return sock_recv_into(self, buffer, nbytes, flags)

    def recvfrom(self, bufsize, flags=0, /):
        """recvfrom(2): (up to `bufsize` bytes, the sender's address).

        The address has the form of the socket's family. It is None where the kernel gives none: on a connection, and
        from an AF_UNIX socket that has no address. `flags` and errors are those of recv(), but 0 bytes too are a call,
        which takes a datagram away.
        """
        return sock_recvfrom(self, bufsize, flags)

    def recvfrom_into(self, buffer, nbytes=0, flags=0):
        """recvfrom(2) into a writable buffer: (the count received, the sender's address).

        The count and the arguments are those of recv_into(), the address is that of recvfrom(); so are the errors.
        """
        return sock_recvfrom_into(self, buffer, nbytes, flags)

    def recvmsg(self, bufsize, ancbufsize=0, flags=0, /):
        """recvmsg(2): (up to `bufsize` bytes, ancillary data, `MSG_*` flags, address).

        Ancillary data is a list of (level, type, bytes) from a buffer of `ancbufsize` bytes: the sum of CMSG_SPACE()
        over what is to come; 0 is none (cmsg(3)). The flags tell what was cut: MSG_TRUNC the data, MSG_CTRUNC the
        ancillary data. The address is that of recvfrom(). Descriptors (SCM_RIGHTS, unix(7)) come as C ints, inheritable
        unless `flags` has MSG_CMSG_CLOEXEC: recv_fds() sees to that. Errors are those of recv(); ValueError also for an
        `ancbufsize` that is negative or beyond 31 bits. RuntimeWarning where an item was cut off.
        """
        return sock_recvmsg(self, bufsize, ancbufsize, flags)

    def recvmsg_into(self, buffers, ancbufsize=0, flags=0, /):
        """recvmsg(2) into writable buffers, filled one after the other: (count, ancillary data, flags, address).

        `buffers` is an iterable of at most 1024 (IOV_MAX, readv(2)): OSError (EMSGSIZE) for more, TypeError for one
        that cannot be written. All else is as for recvmsg().
        """
        return sock_recvmsg_into(self, buffers, ancbufsize, flags)

    def send(self, data, flags=0, /):
        """send(2): how many of the bytes went out, which may be fewer than there are.

        `data` is any contiguous bytes-like object, `flags` are `MSG_*`; sendall() goes on until all are out. It waits
        for room as settimeout() says: BlockingIOError where there is none and the socket does not wait, TimeoutError
        after the timeout. BrokenPipeError or ConnectionResetError where the connection is over, OSError for a datagram
        without a peer (EDESTADDRREQ) or of too many bytes (EMSGSIZE). TypeError for what is not bytes-like.
        """
        return sock_send(self, data, flags)

    def sendall(self, data, flags=0, /):
        """send(2) until all bytes are out, within one timeout. After an error, how many went is not known.

        The arguments and errors are those of send(): BlockingIOError too may come when a part is out. Handlers of
        signals run in between, and what they raise ends it (PEP 475).
        """
        return sock_sendall(self, data, flags)

    @cython.embedsignature(False)
    def sendto(self, data, flags_or_address, address=UNSET, /):
        """sendto($self, data, flags_or_address, address=None, /)\n--\n
        sendto(2): `sendto(data, address)` or `sendto(data, flags, address)`; how many bytes went out.

        `address` has the form of the socket's family. Errors are those of send(), and for the address those of
        connect(): gaierror for a host without one, TypeError, ValueError or OverflowError for what is none. Audited
        (PEP 578) as `socket.sendto`.
        """
        if address is UNSET:
            return sock_sendto(self, data, ZERO, flags_or_address)
        return sock_sendto(self, data, flags_or_address, address)

    def sendmsg(self, buffers, ancdata=(), flags=0, address=None, /):
        """sendmsg(2): how many bytes of `buffers` went out, sent as one message.

        `buffers` is an iterable of at most 1024 bytes-like objects (IOV_MAX, writev(2)): OSError (EMSGSIZE) for more.
        `ancdata` is an iterable of (level, type, bytes-like) control messages (cmsg(3)), which an AF_UNIX stream
        carries only with a byte of data at least (unix(7)). `address` has the form of the socket's family; None is the
        peer. Errors are those of sendto(). Audited (PEP 578) as `socket.sendmsg`.
        """
        return sock_sendmsg(self, buffers, ancdata, flags, address)

    @cython.embedsignature(False)
    def sendmsg_afalg(self, msg=UNSET, *, op=UNSET, iv=UNSET, assoclen=UNSET, flags=0):
        """sendmsg_afalg($self, /, msg=(), *, op, iv=None, assoclen=None, flags=0)\n--\n
        sendmsg(2) to the kernel's cryptography (AF_ALG): how many bytes went out.

        `msg` is an iterable of bytes-like objects, `op` is ALG_OP_ENCRYPT or another of `ALG_OP_*`, `iv` the
        initialisation vector (bytes-like), `assoclen` the length in bytes of the associated data (AEAD) that `msg`
        begins with. TypeError without `op` and for a negative number, OSError for a socket of another family and for
        what the algorithm refuses. The kernel's documentation: "User Space Interface", crypto API.
        """
        return sock_sendmsg_afalg(self, msg, op, iv, assoclen, flags)

    def shutdown(self, how, /):
        """shutdown(2): end receiving (SHUT_RD), sending (SHUT_WR) or both (SHUT_RDWR).

        It holds for all who share the connection: the peer reads `b""` after what was sent before. The descriptor stays
        open. OSError where nothing is connected (ENOTCONN) or `how` is another number (EINVAL).
        """
        return sock_shutdown(self, how)


cdef PyObject *raise_current_errno() noexcept:
    PyErr_SetFromErrno(<PyObject *>OSError)
    return NULL


# A read-only attribute of `socket.socket`: the member of an enumeration for a number of the base type. `members` is a
# dict from numbers; a number that it lacks is given as it is. (A docstring here would hide those of the attributes.)
cdef class EnumAttribute:
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
        number = family_of(holder) if self.of_family else type_of(holder)
        return self.members.get(number, number)

    def __set__(self, sock, value):
        raise AttributeError(NO_SETTER.format(self.name, type(sock).__name__))

    def __delete__(self, sock):
        raise AttributeError(NO_DELETER.format(self.name, type(sock).__name__))
