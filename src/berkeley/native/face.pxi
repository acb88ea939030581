# What `socket.socket` has beyond the base type and every program calls: accept, dup, close, and the count of its files.
#
# The Python class takes these as descriptors of its own, and the base type's methods along with them (`adorn`): the
# interpreter calls a method straight from the bytecode where the object is of the very type that the method's
# descriptor belongs to, and on a longer way where the method is inherited.

cdef extern from "Python.h":
    ctypedef struct PyMethodDef:
        const char *ml_name
    ctypedef struct PyGetSetDef:
        const char *name
    bint PyType_IsSubtype(PyTypeObject *type, PyTypeObject *base)
    void *PyType_GetSlot(PyTypeObject *type, int slot)
    int Py_tp_methods, Py_tp_getset
    object PyDescr_NewMethod(PyTypeObject *type, PyMethodDef *method)
    object PyDescr_NewGetSet(PyTypeObject *type, PyGetSetDef *field)

    object new_object "berkeley_new_object"(PyTypeObject *type, tuple arguments)

cdef extern from *:
    """
    #define berkeley_new_object(type, arguments) ((type)->tp_new((type), (arguments), NULL))
    #define berkeley_own_names(type) ((type)->tp_dict)
    """
    PyObject *own_names "berkeley_own_names"(PyTypeObject *type)
    PyObject *PyDict_GetItem(PyObject *dict, object key)

# The class `socket.socket`, and the names of the module that shows it, where programs and test tools replace it. A
# program that has imported a second such module keeps the class as it is in one of the two, as eventlet does: sockets
# of the very class look into the one that came last.
cdef type face_type = None
cdef dict face_names = None, last_names = None
cdef list kept_names = []  # never dropped: another thread may be looking into those before
# The class's own methods of these names: where a program has put others in their places, those are called.
cdef object real_close = None, native_accept = None, native_getsockname = None, native_getpeername = None


def adorn(type cls not None, dict names not None, /):
    """Give the class `socket.socket` its native methods; tell the core of it, and of the names of its module.

    Again with the same class, tell of another module that shows it.
    """
    global face_type, face_names, last_names, real_close, native_accept, native_getsockname, native_getpeername
    cdef PyMethodDef *method
    cdef PyGetSetDef *field = <PyGetSetDef *>PyType_GetSlot(<PyTypeObject *>Face, Py_tp_getset)
    kept_names.append(names)
    last_names = names
    if cls is face_type:
        return  # what a program has put into the places of its methods since is not native
    for source in (Face, socket):
        method = <PyMethodDef *>PyType_GetSlot(<PyTypeObject *>source, Py_tp_methods)
        while method.ml_name != NULL:
            if method.ml_name.decode() not in vars(cls):
                setattr(cls, method.ml_name.decode(), PyDescr_NewMethod(<PyTypeObject *>cls, method))
            method += 1
    while field.name != NULL:
        setattr(cls, field.name.decode(), PyDescr_NewGetSet(<PyTypeObject *>cls, field))
        field += 1
    face_type = cls
    face_names = names
    real_close = cls._real_close
    native_accept = cls._accept
    native_getsockname = cls.getsockname
    native_getpeername = cls.getpeername


cdef inline bint own(socket sock, str name, method) noexcept:
    """Is it a `socket.socket` of no derived class, with the method that we gave it?"""
    return (Py_TYPE(sock) == <PyTypeObject *>face_type
            and PyDict_GetItem(own_names(Py_TYPE(sock)), name) == <PyObject *>method)


cdef inline bint of_face(socket sock) noexcept:
    """Is it a `socket.socket`, or of a class derived from that?"""
    return face_type is not None and PyType_IsSubtype(Py_TYPE(sock), <PyTypeObject *>face_type)


def open_pair(cls, family, type, proto, /):
    """socketpair(2): two connected sockets of the class that the module shows, not inheritable."""
    cdef int number = as_int(family), kind = as_int(type), protocol = as_int(proto)
    cdef Pair pair
    make_pair(number, kind, protocol, &pair)
    try:
        first = wrapped(cls, pair.handles[0], family, type, proto, number, kind, protocol)
    except:
        system_close(pair.handles[1])
        raise
    try:
        return first, wrapped(cls, pair.handles[1], family, type, proto, number, kind, protocol)
    except:
        first.close()
        raise


cdef inline object wrapped(cls, int fd, family, type, proto, int number, int kind, int protocol):
    """A socket of the class that the module shows, for a descriptor that the kernel has just given.

    One that is not ours is called as its users expect, with what the program knows, and asks the kernel.
    """
    if cls is face_type:
        return made(fd, number, kind, protocol, None)
    return adopted(cls, family, type, proto, fd)


cdef object adopted(cls, family, kind, proto, int fd):
    """An object of the program's class, with a descriptor that is closed where `__init__` fails before it is taken."""
    if type(cls) is not type or not PyType_IsSubtype(<PyTypeObject *>cls, <PyTypeObject *>socket):
        return cls(family, kind, proto, fileno=fd)
    cdef socket sock = None
    try:
        made = cls.__new__(cls, family, kind, proto, fileno=fd)
        if not isinstance(made, socket):
            return made     # which type() would not initialise either
        sock = <socket>made
        sock.__init__(family, kind, proto, fileno=fd)
        return sock
    except:
        if sock is None or (handle_of(sock) == NO_HANDLE and not is_closed(&sock.closed)):
            system_close(fd)
        raise


cdef socket made(int fd, int family, int kind, int proto, socket like):
    """A `socket.socket`, with no call to ask what it is. Whatever fails, the descriptor is closed.

    `like` is a socket of the same open file: the descriptor has its mode already, the socket gets its timeout.
    """
    cdef socket sock
    try:
        sock = <socket?>new_object(<PyTypeObject *>face_type, ())
        PySys_Audit(b"socket.__new__", "Oiii", <PyObject *>sock, family, kind, proto)
        if like is None:
            take_foreign(sock, fd, family, kind, proto)
        else:
            take_descriptor(sock, fd, family, kind, proto, timeout_of(like))
        return sock
    except:
        system_close(fd)
        raise


cdef int pass_hints(socket sock, object heir) except -1:
    """Of the same connection, or accepted: what is known of the one is true of the other (tcp(7))."""
    if isinstance(heir, socket):
        add_hint(<socket>heir, hints_of(sock))
    return 0


cdef class Face(socket):
    """Holds the methods: there are no objects of it."""

    @property
    def _closed(self):
        return is_closed(&self.closed)

    @_closed.setter
    def _closed(self, value):
        set_closed(&self.closed, value)

    @_closed.deleter
    def _closed(self):
        no_deleter(self, "_closed")

    @property
    def _io_refs(self):
        return file_count(&self.io_refs)

    @_io_refs.setter
    def _io_refs(self, value):
        set_file_count(&self.io_refs, value)

    @_io_refs.deleter
    def _io_refs(self):
        no_deleter(self, "_io_refs")

    def __enter__(self):
        return self

    def __exit__(self, *args):
        if not is_closed(&self.closed):
            self.close()

    def accept(self):
        """accept4(2): (a new socket for the connection, the peer's address).

        The new socket is a `socket.socket`, not inheritable (PEP 446). It has the default timeout where there is one,
        and blocks otherwise, whatever the mode of this one. The address has the form of the socket's family.
        BlockingIOError where nobody waits and the socket does not either, TimeoutError after the timeout; OSError
        before listen() (EINVAL) and where the process has no descriptor left (EMFILE).
        """
        cdef Handle accepted
        cls = (last_names if Py_TYPE(self) is <PyTypeObject *>face_type else face_names)["socket"]
        if own(self, "_accept", native_accept):
            address = accept_from(self, &accepted)
        else:
            accepted, address = self._accept()
        if cls is face_type:
            sock = made(accepted, family_of(self), type_of(self), protocol_of(self), None)
        else:
            sock = adopted(cls, self.family, self.type, self.proto, accepted)
        if hints_of(self):
            pass_hints(self, sock)
        return sock, address

    def dup(self):
        """A socket of the same class for the same connection, on a descriptor of its own: fcntl(2) F_DUPFD_CLOEXEC.

        It is not inheritable (PEP 446), and has the timeout of this one. Both are to be closed. OSError for a closed
        socket (EBADF) and where the process has no descriptor left (EMFILE).
        """
        cdef type cls = type(self)
        if cls is face_type:
            fd = dup_of(self)
            sock = made(fd, family_of(self), type_of(self), protocol_of(self), self)
        else:
            sock = adopted(cls, self.family, self.type, self.proto, dup(self.fileno()))
            sock.settimeout(self.gettimeout())
        if hints_of(self):
            pass_hints(self, sock)
        return sock

    def close(self):
        """Close the socket: close(2), now, or when the last file that makefile() made is closed.

        Closing twice is no error. Once it is closed, calls fail with OSError (EBADF), those too that other threads are
        in, and fileno() is -1. The peer gets what was sent before, then the end; where a child process has the
        connection too, only shutdown() ends it. OSError where close(2) fails, except that the peer has reset the
        connection.
        """
        set_closed(&self.closed, True)
        if file_count(&self.io_refs) > 0:
            return
        if own(self, "_real_close", real_close):
            close_socket(self)
        else:
            self._real_close()

    def detach(self):
        """The descriptor, which stays open; the object is closed from then on, and its fileno() is -1.

        The number is the caller's to close, with close() of this module or close(2), or to give to a new
        `socket(fileno=n)`; it is -1 where the socket was closed already.
        """
        set_closed(&self.closed, True)
        return detach_socket(self)

    def cancel(self):
        """End the calls that other threads are in with this socket: how many were woken. The socket stays open.

        They raise OSError (ECANCELED), unless they have a result already; calls that begin later are not touched. That
        is for accept(), connect(), recv(), send() and their kin, also where makefile()'s files make them; a connection
        that was to be made goes on in the kernel. Called by a signal's handler, it ends the call that the handler
        interrupts. Not woken are calls inside `ssl`, select(2) and epoll(7), and threads that block all signals in a
        call without a timeout. It returns when the woken have left.
        """
        return sock_cancel(self)

    # Beyond the standard class, too: many datagrams at once.

    def recvmmsg(self, count, bufsize, ancbufsize=0, flags=0):
        """recvmmsg(2): the datagrams that are there, `count` at most (1 to 1024), one at least: a list of tuples.

        Each is (up to `bufsize` bytes, ancillary data, flags, address), as recvmsg() gives it. It waits for the first,
        as settimeout() says, and takes what else there is; with MSG_PEEK it is one. At the end of a SOCK_SEQPACKET
        connection all are empty. Descriptors that come are not inheritable. An error that waits on the socket comes
        before data. Errors are those of recvmsg(); ValueError for a SOCK_STREAM socket, which keeps no messages apart,
        for numbers out of range, and where datagrams come joined (set_coalescing()) for fewer than 65535 bytes.
        """
        return sock_recvmmsg(self, count, bufsize, ancbufsize, flags)

    def recvmmsg_into(self, batch, flags=0):
        """recvmmsg(2) into a `berkeley.DatagramBatch`: how many datagrams came, one at least; it holds these then.

        What it held before is gone, and descriptors are closed that nobody has taken from it. BufferError while a view
        of a slot lives, RuntimeError while another thread receives into it. Else as recvmmsg().
        """
        if type(batch) is not DatagramBatch:
            raise TypeError(f"recvmmsg_into() argument 1 must be berkeley.DatagramBatch, not {argument_name(batch)}")
        return sock_recvmmsg_into(self, <DatagramBatch>batch, flags)

    def sendmmsg(self, messages, flags=0):
        """sendmmsg(2): how many of the messages were sent, the first ones.

        `messages` is an iterable of bytes-like objects, tuples (bytes-like[, ancdata[, address]]), as for sendmsg(),
        and slots of batches; or a `berkeley.DatagramBatch`. As `ancdata`, a `berkeley.DatagramInfo` will do. All are
        looked at, audited and their hosts looked up before the first is sent. More than 1024 take several calls. Fewer
        are sent where there is no room for more, and where one fails: that is an error if it is the first, and else
        that of the next call that begins with it. What a network answers later may be lost so; IP_RECVERR (ip(7)) keeps
        it. An exception of a signal's handler has the count as `messages_sent`. Errors are those of sendmsg();
        ValueError for a SOCK_STREAM socket. Audited (PEP 578) as `socket.sendmsg`, once for each.
        """
        return sock_sendmmsg(self, messages, flags)

    def send_segments(self, data, segment_size, address=None, flags=0):
        """Send `data` as datagrams of `segment_size` bytes, the last one shorter: how many bytes were sent.

        UDP_SEGMENT (udp(7)): the kernel cuts it, up to 64 segments for each call, and makes no fragments: OSError
        (EMSGSIZE) for a segment that the route does not take whole. Where the kernel does not cut, see
        segments_in_kernel(), each is a sendmsg(2) of its own, and may go in fragments (IP_MTU_DISCOVER of ip(7)).
        Without data it is one empty datagram, and 0. The count is of whole segments; it is less than all where a
        timeout, or an error, comes after the first ones. An exception of a signal's handler has it as `bytes_sent`.
        ValueError for a SOCK_STREAM socket and for a size out of 1 to 65535. Errors are those of sendmsg(). Audited
        (PEP 578) as `socket.sendmsg`, once.
        """
        return sock_send_segments(self, data, segment_size, address, flags)

    def segments_in_kernel(self):
        """Does the kernel cut what send_segments() sends (UDP_SEGMENT, udp(7))? A bool.

        Not for other protocols than UDP, nor on old kernels. It may turn out when it is tried: some devices cannot
        (EIO). From then on it is False for this socket.
        """
        return segments_in_kernel(self)

    def set_coalescing(self, enable, /):
        """Have the kernel join datagrams of one sender as they come, or not: is it so now? A bool.

        UDP_GRO (udp(7)). A DatagramBatch of 65535 bytes for each slot and an `ancbufsize` of 24 at least receives
        them, and `slot.segments()` parts them again; a smaller buffer would lose all but the first, and recv() gives
        them in one piece. False where the kernel has no such thing for this socket.
        """
        return set_coalescing(self, enable)

    # ssl.SSLSocket overrides the first, uvloop calls the second and counts in `_io_refs` itself.

    def _real_close(self, _ss=None):
        if _ss is None:
            close_socket(self)
        else:
            _ss.close(self)

    def _decref_socketios(self):
        take_file(&self.io_refs)
        if is_closed(&self.closed):
            self.close()


def hold(sock, /):
    """Count one more file of the socket: it stays open until `_decref_socketios()` has been called for each.

    What is no socket of ours, but looks like one, counts by itself.
    """
    if isinstance(sock, socket):
        add_file(&(<socket>sock).io_refs)
    else:
        sock._io_refs += 1


cdef int no_deleter(object sock, str name) except -1:
    raise AttributeError(f"property {name!r} of {type(sock).__name__!r} object has no deleter")


cdef str describe(socket sock):
    """The repr of a `socket.socket`: its class, descriptor and kind, and its addresses where it has them."""
    cdef type cls = type(sock)
    cdef str near = "", far = ""
    if not is_closed(&sock.closed):
        near = (own_name(sock, OP_GETSOCKNAME) if own(sock, "getsockname", native_getsockname)
                else told(sock.getsockname))
        far = (own_name(sock, OP_GETPEERNAME) if own(sock, "getpeername", native_getpeername)
               else told(sock.getpeername))
    return (f"<{cls.__module__}.{cls.__qualname__}{' [closed]' if is_closed(&sock.closed) else ''} fd={sock.fileno()}, "
            f"family={sock.family!s}, type={sock.type!s}, proto={sock.proto}"
            f"{', laddr=' if near else ''}{near}{', raddr=' if far else ''}{far}>")


cdef str own_name(socket sock, int kind):
    """An address's text; none where there is no address: not bound, not connected, or closed underneath."""
    cdef Address address
    cdef sockaddr_in *inet = <sockaddr_in *>&address.storage
    cdef int port
    if ask_name(sock, kind, &address) < 0:
        return ""
    if address.storage.ss_family == AF_INET:
        port = c_ntohs(inet.sin_port)
        return f"('{ipv4_text(<uint8_t *>&inet.sin_addr)}', {port})"
    try:
        found = unpack_address(sock, &address)
    except OSError:
        return ""       # by the family's word
    return str(found) if found else ""


cdef str told(call):
    """The same where a derived class may have a word in it."""
    try:
        found = call()
    except OSError:
        return ""
    return str(found) if found else ""
