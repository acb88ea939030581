# Making and ending connections: accept4(2), bind(2), connect(2), close(2), and the sockets' names.

cdef ssize_t call_accept(int fd, void *arguments) noexcept nogil:
    cdef Address *address = <Address *>arguments
    address.length = sizeof(sockaddr_storage)
    return accept4(fd, <sockaddr *>&address.storage, &address.length, SOCK_CLOEXEC)


cdef ssize_t call_accept_nameless(int fd, void *arguments) noexcept nogil:
    """An AF_ALG operation has no address, and the kernel refuses to be asked for one."""
    return accept4(fd, NULL, NULL, SOCK_CLOEXEC)


cdef tuple sock_accept(socket sock):
    """(descriptor, peer's address)."""
    cdef Address address
    cdef Wait wait
    cdef ssize_t fd
    clear_address(&address)
    wait_for(&wait, sock, POLLIN)
    fd = perform(sock, call_accept_nameless if sock.sock_family == AF_ALG else call_accept, &address, &wait)
    try:
        return fd, unpack_address(sock, &address)
    except:
        c_close(<int>fd)
        raise


cdef object sock_bind(socket sock, object address):
    cdef Address packed
    cdef int failed
    pack_address(sock, b"bind", b"socket.bind", address, &packed)
    with nogil:
        failed = c_bind(sock.sock_fd, <sockaddr *>&packed.storage, packed.length)
    if failed:
        raise_errno(errno)


cdef struct Connect:
    Address address
    bint waits          # is the socket blocking, or has it a timeout?
    bint timed
    int state

cdef enum:
    CONNECT_FRESH
    CONNECT_INTERRUPTED
    CONNECT_STARTED


cdef ssize_t call_connect(int fd, void *arguments) noexcept nogil:
    """connect(2) once; then, when the socket is writable, its outcome.

    A connect that a signal interrupts goes on in the kernel and must not be called again (connect(2), POSIX).
    """
    global errno
    cdef Connect *connect = <Connect *>arguments
    cdef int error = 0
    cdef socklen_t size = sizeof(int)
    if connect.state == CONNECT_FRESH:
        if c_connect(fd, <sockaddr *>&connect.address.storage, connect.address.length) == 0:
            return 0
        if errno == EINTR:
            if connect.address.storage.ss_family != AF_UNIX:    # there nothing has begun: it is tried again
                connect.state = CONNECT_INTERRUPTED
            return -1       # the loop runs the signal's handler, and calls again
        if errno == EINPROGRESS and connect.timed:
            connect.state = CONNECT_STARTED
            return WAIT
        return -1
    if connect.state == CONNECT_INTERRUPTED:
        if not connect.waits:
            return GIVE_UP
        connect.state = CONNECT_STARTED
        return WAIT
    if c_getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0:
        return -1
    errno = error
    return 0 if error == 0 or error == EISCONN else -1


cdef ssize_t start_connect(socket sock, const char *caller, object address) except? -1:
    """0, a negated errno or TIMED_OUT; what a signal's handler raises is raised."""
    cdef Connect connect
    cdef Wait wait
    cdef ssize_t result
    pack_address(sock, caller, b"socket.connect", address, &connect.address)
    connect.state = CONNECT_FRESH
    connect.timed = sock.sock_timeout > 0
    connect.waits = sock.sock_timeout != 0
    wait_for(&wait, sock, POLLOUT)
    wait.again = False      # EAGAIN is an answer here: a full backlog (unix), no free port (inet)
    result = attempt(sock, call_connect, &connect, &wait)
    if result == RAISED:
        return -1
    return -EINTR if result == GIVE_UP else result


cdef object sock_connect(socket sock, object address):
    cdef ssize_t result = start_connect(sock, b"connect", address)
    if result < 0:
        raise_outcome(result)


cdef object sock_connect_ex(socket sock, object address):
    cdef ssize_t result = start_connect(sock, b"connect_ex", address)
    return EWOULDBLOCK if result == TIMED_OUT else -result


cdef object sock_listen(socket sock, object backlog):
    cdef int limit = min(SOMAXCONN, 128) if backlog is UNSET else max(as_int(backlog), 0)
    cdef int failed
    with nogil:
        failed = c_listen(sock.sock_fd, limit)
    if failed:
        raise_errno(errno)


cdef object sock_shutdown(socket sock, object how):
    cdef int direction = as_plain_int(how)
    cdef int failed
    with nogil:
        failed = c_shutdown(sock.sock_fd, direction)
    if failed:
        raise_errno(errno)


cdef extern from *:
    """
    /* Taken and marked closed in one step: of two threads that close, one gets the number, the other nothing. */
    #define take_fd(place) __atomic_exchange_n(place, -1, __ATOMIC_ACQ_REL)
    """
    int take_fd(int *place)


cdef int close_descriptor(int fd) except -1:
    """close(2), once: Linux frees the number even when a signal interrupts. A reset peer is no news to a closer."""
    cdef int failed
    with nogil:
        failed = c_close(fd)
    if failed and errno != ECONNRESET:
        raise_errno(errno)
    return 0


ctypedef int (*NameCall)(int fd, sockaddr *address, socklen_t *size) noexcept nogil

cdef object sock_name(socket sock, NameCall call):
    cdef Address address
    if not ask_name(sock, call, &address):
        raise_errno(errno)
    return unpack_address(sock, &address)


cdef bint ask_name(socket sock, NameCall call, Address *address) noexcept:
    cdef int failed
    clear_address(address)
    address.length = sizeof(sockaddr_storage)
    with nogil:
        failed = call(sock.sock_fd, <sockaddr *>&address.storage, &address.length)
    return not failed
