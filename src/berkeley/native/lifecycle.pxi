# Opening sockets, adopting descriptors, and what happens to a socket that nobody closed.

cdef extern from "Python.h":
    PyObject *PyErr_SetFromErrno(PyObject *error)
    int warn_unclosed "PyErr_ResourceWarning"(PyObject *source, Py_ssize_t level, const char *format, ...)
    void PyErr_WriteUnraisable(PyObject *source)
    bint warning_raised "PyErr_ExceptionMatches"(PyObject *category)
    void PyErr_Fetch(PyObject **type, PyObject **value, PyObject **traceback)
    void PyErr_Restore(PyObject *type, PyObject *value, PyObject *traceback)


cdef int open_socket(socket sock, int family, int kind, int proto, object fileno) except -1:
    cdef int fd
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
    with nogil:
        fd = c_socket(family, kind | SOCK_CLOEXEC | (SOCK_NONBLOCK if timeout >= 0 else 0), proto)
    if fd < 0:
        raise_errno(errno)
    take_descriptor(sock, fd, family, kind, proto, timeout)
    return 0


cdef int open_descriptor(socket sock, object fileno, int family, int kind, int proto) except -1:
    """Take a descriptor that the program names; what it does not say of it, the kernel is asked."""
    cdef int fd
    cdef Address address
    cdef socklen_t size = sizeof(int)
    fd = as_plain_int(fileno)
    if fd < 0:
        raise ValueError("negative file descriptor")
    clear_address(&address)
    address.length = sizeof(sockaddr_storage)
    # Asked even when all is known: a number that is no socket must not pass for one.
    if c_getsockname(fd, <sockaddr *>&address.storage, &address.length) < 0:
        if family == -1 or errno == EBADF or errno == ENOTSOCK:
            raise_errno(errno)      # others are forgiven: an AF_ALG socket has no name
    elif family == -1:
        family = address.storage.ss_family
    if kind == -1 and c_getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &size) < 0:
        raise_errno(errno)
    if proto == -1 and c_getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &proto, &size) < 0:
        raise_errno(errno)
    return take_foreign(sock, fd, family, kind, proto)


cdef int64_t new_timeout(int kind) noexcept:
    """The timeout of a new socket: SOCK_NONBLOCK in its type comes before the default."""
    return 0 if kind & SOCK_NONBLOCK else default_timeout()


cdef void take_descriptor(socket sock, int fd, int family, int kind, int proto, int64_t timeout) noexcept:
    """Make the descriptor, which has the mode that goes with the timeout, the socket's."""
    sock.sock_fd = fd
    sock.sock_family = family
    sock.sock_type = kind & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)
    sock.sock_proto = proto
    sock.sock_timeout = timeout
    sock.io_refs = 0
    sock.closed = False
    sock.last_length = 0        # of another descriptor, where __init__ is called again
    sock.last_address = None


cdef int take_foreign(socket sock, int fd, int family, int kind, int proto) except -1:
    """Make a descriptor that others have made the socket's: under a default timeout it becomes non-blocking."""
    cdef int64_t timeout = new_timeout(kind)
    if timeout >= 0 and not kind & SOCK_NONBLOCK:
        set_nonblocking(fd, True)
    take_descriptor(sock, fd, family, kind, proto, timeout)
    return 0


cdef int close_socket(socket sock) except -1:
    cdef int fd = take_fd(&sock.sock_fd)
    return close_descriptor(fd) if fd != -1 else 0


cdef int finalize(socket sock) except -1:
    """Nobody closed it: warn, then close. The warning comes first, so that its text can still show the socket."""
    cdef PyObject *error_type
    cdef PyObject *error
    cdef PyObject *traceback
    cdef int fd
    PyErr_Fetch(&error_type, &error, &traceback)
    if warn_unclosed(<PyObject *>sock, 1, "unclosed %R", <PyObject *>sock) < 0 and warning_raised(<PyObject *>Warning):
        PyErr_WriteUnraisable(<PyObject *>sock)
    PyErr_Clear()
    fd = take_fd(&sock.sock_fd)     # the warning runs Python code, which may have closed it
    if fd != -1:
        with nogil:
            c_close(fd)             # SO_LINGER makes it wait
    PyErr_Restore(error_type, error, traceback)
    return 0


# --- descriptors

def close(fd, /):
    """close(2) a socket's descriptor, given as an int. That the peer has reset the connection is no error.

    OSError (EBADF) for a descriptor that is not open, OverflowError for a number that no C int holds.
    """
    close_descriptor(as_plain_int(fd))


def dup(fd, /):
    """A new descriptor (int), not inheritable (PEP 446), for the same socket: fcntl(2) F_DUPFD_CLOEXEC.

    OSError for one that is not open (EBADF) and where the process has none left (EMFILE).
    """
    cdef int source = as_plain_int(fd), copy
    with nogil:
        copy = fcntl(source, F_DUPFD_CLOEXEC, 0)
    if copy < 0:
        raise_errno(errno)
    return copy


def socketpair(family=AF_UNIX, type=SOCK_STREAM, proto=0, /):
    """socketpair(2): two connected sockets of the base type, not inheritable."""
    cdef int number = as_int(family), kind = as_int(type), protocol = as_int(proto)
    cdef int fds[2]
    cdef socket first = socket.__new__(socket), second = socket.__new__(socket)
    make_pair(number, kind, protocol, fds)
    try:
        take_foreign(first, fds[0], number, kind, protocol)
        take_foreign(second, fds[1], number, kind, protocol)
    except:
        first.sock_fd = -1
        c_close(fds[0])
        c_close(fds[1])
        raise
    return first, second


cdef int make_pair(int family, int kind, int proto, int *fds) except -1:
    cdef int failed
    with nogil:
        failed = c_socketpair(family, kind | SOCK_CLOEXEC, proto, fds)
    if failed:
        raise_errno(errno)
    return 0
