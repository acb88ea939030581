# Opening sockets, adopting descriptors, and what happens to a socket that nobody closed.

cdef extern from "Python.h":
    PyObject *PyErr_SetFromErrno(PyObject *error)
    int warn_unclosed "PyErr_ResourceWarning"(PyObject *source, Py_ssize_t level, const char *format, ...)
    void PyErr_WriteUnraisable(PyObject *source)
    bint warning_raised "PyErr_ExceptionMatches"(PyObject *category)
    void PyErr_Fetch(PyObject **type, PyObject **value, PyObject **traceback)
    void PyErr_Restore(PyObject *type, PyObject *value, PyObject *traceback)


cdef int open_socket(socket sock, int family, int kind, int proto, object fileno) except -1:
    cdef Handle handle
    cdef int64_t timeout
    cdef bint named = fileno is not None
    if named or not of_face(sock):      # whose events name what will be
        PySys_Audit(b"socket.__new__", "Oiii", <PyObject *>sock, family, kind, proto)
    if named:
        return open_descriptor(sock, fileno, family, kind, proto)
    family = AF_INET if family == -1 else family
    kind = SOCK_STREAM if kind == -1 else kind
    proto = 0 if proto == -1 else proto
    if of_face(sock):
        PySys_Audit(b"socket.__new__", "Oiii", <PyObject *>sock, family, kind, proto)
    timeout = new_timeout(kind)
    handle = open_handle(family, kind, proto, timeout >= 0)
    if keepalive():
        keep_alive(handle, family, kind, proto)
    take_descriptor(sock, handle, family, kind, proto, timeout)
    return 0


cdef struct Opening:
    int family
    int kind
    int proto
    bint nonblocking


cdef ssize_t call_open(Handle none, void *arguments) noexcept nogil:
    cdef Opening *opening = <Opening *>arguments
    return system_open(opening.family, opening.kind, opening.proto, opening.nonblocking)


cdef inline Handle open_handle(int family, int kind, int proto, bint nonblocking) except NO_HANDLE:
    cdef Opening opening
    opening.family, opening.kind, opening.proto, opening.nonblocking = family, kind, proto, nonblocking
    return <Handle>run_once(OP_OPEN, NO_HANDLE, &opening, call_open)


cdef int open_descriptor(socket sock, object fileno, int family, int kind, int proto) except -1:
    """Take a descriptor that the program names; what it does not say of it, the kernel is asked."""
    cdef Handle handle = as_plain_int(fileno)
    cdef Address address
    cdef ssize_t error
    if handle < 0:
        raise ValueError("negative file descriptor")
    # Asked even when all is known: a number that is no socket must not pass for one.
    clear_address(&address)
    address.length = sizeof(sockaddr_storage)
    error = once(OP_GETSOCKNAME, handle, &address, call_getsockname)
    if error < 0:
        if family == -1 or error == -EBADF or error == -ENOTSOCK:
            raise_errno(<int>-error)        # others are forgiven: an AF_ALG socket has no name
    elif family == -1:
        family = address.storage.ss_family
    if kind == -1:
        kind = int_option(handle, SOL_SOCKET, SO_TYPE)
    if proto == -1:
        proto = int_option(handle, SOL_SOCKET, SO_PROTOCOL)
    return take_foreign(sock, handle, family, kind, proto)


cdef int64_t new_timeout(int kind) noexcept:
    """The timeout of a new socket: SOCK_NONBLOCK in its type comes before the default."""
    return 0 if kind & SOCK_NONBLOCK else default_timeout()


cdef inline void take_descriptor(socket sock, Handle handle, int family, int kind, int proto, int64_t timeout) noexcept:
    """Make the descriptor, which has the mode that goes with the timeout, the socket's.

    Under the socket's lock, where there is no interpreter lock: of two threads that call __init__, one comes after the
    other.
    """
    with cython.critical_section(sock):
        store_int(&sock.sock_fd, handle)
        store_int(&sock.sock_family, family)
        store_int(&sock.sock_type, kind & ~(SOCK_NONBLOCK | SOCK_CLOEXEC))
        store_int(&sock.sock_proto, proto)
        store_long(&sock.sock_timeout, timeout)
        if aside_of(sock) != NULL:
            sock.aside.own_timeout = timeout
            store_int(&sock.aside.unblocked, 0)
            store_long(&sock.aside.blocked_since, 0)
        store_char(&sock.hints, 0)
        set_file_count(&sock.io_refs, 0)
        set_closed(&sock.closed, False)
        forget_address(sock)        # another descriptor's, where __init__ is called again


cdef int take_foreign(socket sock, Handle handle, int family, int kind, int proto) except -1:
    """Make a descriptor that others have made the socket's: under a default timeout it becomes non-blocking."""
    cdef int64_t timeout = new_timeout(kind)
    if timeout >= 0 and not kind & SOCK_NONBLOCK:
        set_nonblocking(handle, True)
    take_descriptor(sock, handle, family, kind, proto, timeout)
    notice_coalescing(sock)
    return 0


cdef ssize_t call_close(Handle handle, void *none) noexcept nogil:
    return system_close(handle)


cdef int finalize(socket sock) except -1:
    """Nobody closed it: warn, then close. The warning comes first, so that its text can still show the socket."""
    cdef PyObject *error_type
    cdef PyObject *error
    cdef PyObject *traceback
    cdef Handle handle
    PyErr_Fetch(&error_type, &error, &traceback)
    if warn_unclosed(<PyObject *>sock, 1, "unclosed %R", <PyObject *>sock) < 0 and warning_raised(<PyObject *>Warning):
        PyErr_WriteUnraisable(<PyObject *>sock)
    PyErr_Clear()
    handle = take_handle(&sock.sock_fd, NO_HANDLE)      # the warning runs Python code, which may have closed it
    if handle != NO_HANDLE:
        once(OP_CLOSE, handle, NULL, call_close)        # SO_LINGER makes it wait
    PyErr_Restore(error_type, error, traceback)
    return 0


# --- descriptors

def close(fd, /):
    """close(2) a socket's descriptor, given as an int. That the peer has reset the connection is no error.

    OSError (EBADF) for a descriptor that is not open, OverflowError for a number that no C int holds.
    """
    run_once(OP_CLOSE, as_plain_int(fd), NULL, call_close)


cdef ssize_t call_dup(Handle handle, void *none) noexcept nogil:
    return system_dup(handle)


def dup(fd, /):
    """A new descriptor (int), not inheritable (PEP 446), for the same socket: fcntl(2) F_DUPFD_CLOEXEC.

    OSError for one that is not open (EBADF) and where the process has none left (EMFILE).
    """
    return run_once(OP_DUP, as_plain_int(fd), NULL, call_dup)


cdef Handle dup_of(socket sock) except NO_HANDLE:
    """The same, of a socket: a marker in its place (inflight.pxi) can be duplicated too."""
    cdef Flight flight
    cdef ssize_t result
    depart(sock, &flight, NULL)
    with nogil:
        result = system_dup(flight.handle)
    result = land(sock, &flight, result)
    if result >= 0 and flight.told & CLOSED and system_is_marker(<Handle>result):
        system_close(<Handle>result)
        result = -EBADF
    if result < 0:
        raise_errno(<int>-result)
    return <Handle>result


def socketpair(family=AF_UNIX, type=SOCK_STREAM, proto=0, /):
    """socketpair(2): two connected sockets of the base type, not inheritable."""
    cdef int number = as_int(family), kind = as_int(type), protocol = as_int(proto)
    cdef Pair pair
    cdef socket first = socket.__new__(socket), second = socket.__new__(socket)
    make_pair(number, kind, protocol, &pair)
    try:
        take_foreign(first, pair.handles[0], number, kind, protocol)
        take_foreign(second, pair.handles[1], number, kind, protocol)
    except:
        take_handle(&first.sock_fd, NO_HANDLE)
        system_close(pair.handles[0])
        system_close(pair.handles[1])
        raise
    return first, second


cdef struct Pair:
    int family
    int kind
    int proto
    Handle handles[2]


cdef ssize_t call_pair(Handle none, void *arguments) noexcept nogil:
    cdef Pair *pair = <Pair *>arguments
    return system_pair(pair.family, pair.kind, pair.proto, pair.handles)


cdef int make_pair(int family, int kind, int proto, Pair *pair) except -1:
    pair.family, pair.kind, pair.proto = family, kind, proto
    run_once(OP_PAIR, NO_HANDLE, pair, call_pair)
    return 0
