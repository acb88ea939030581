# Making and ending connections: accept(2), bind(2), connect(2), listen(2), shutdown(2), and the sockets' names.

cdef struct Arrival:
    Operation operation
    Address address


cdef ssize_t call_accept(Handle handle, Operation *operation) noexcept nogil:
    cdef Arrival *arrival = <Arrival *>operation
    arrival.address.length = sizeof(sockaddr_storage)
    return system_accept(handle, <sockaddr *>&arrival.address.storage, &arrival.address.length)


cdef ssize_t call_accept_nameless(Handle handle, Operation *operation) noexcept nogil:
    """An AF_ALG operation has no address, and the kernel refuses to be asked for one."""
    return system_accept(handle, NULL, NULL)


cdef object accept_from(socket sock, Handle *accepted):
    """The peer's address; `accepted` is filled."""
    cdef Arrival arrival
    clear_address(&arrival.address)
    begin(&arrival.operation, sock, OP_ACCEPT, 0)
    if family_of(sock) == AF_ALG:
        accepted[0] = <Handle>run(sock, &arrival.operation, call_accept_nameless)
    else:
        accepted[0] = <Handle>run(sock, &arrival.operation, call_accept)
    try:
        return unpack_address(sock, &arrival.address)
    except:
        system_close(accepted[0])
        raise


cdef tuple sock_accept(socket sock):
    """(descriptor, peer's address)."""
    cdef Handle accepted
    address = accept_from(sock, &accepted)
    return accepted, address


cdef struct Connect:
    Operation operation
    Address address
    bint interrupted    # by a signal: it goes on in the kernel
    bint started        # the outcome is there when the socket is writable


cdef ssize_t call_connect(Handle handle, Operation *operation) noexcept nogil:
    """connect(2) once; then, when the socket is writable, its outcome.

    A connect that a signal interrupts goes on in the kernel and must not be called again (connect(2), POSIX).
    """
    cdef Connect *connect = <Connect *>operation
    cdef int error = 0
    cdef socklen_t size = sizeof(int)
    cdef ssize_t result
    if connect.started:
        result = answer(c_getsockopt(handle, SOL_SOCKET, SO_ERROR, &error, &size))
        if result == 0 and error == 0 and not operation.told & POLLOUT:
            return WAIT     # what poll(2) told of was in the error queue, from an earlier connection
        return result if result < 0 or error == EISCONN else -error
    if connect.interrupted:
        if operation.timeout == 0:
            return GIVE_UP
        connect.started = True
        return WAIT
    result = answer(c_connect(handle, <sockaddr *>&connect.address.storage, connect.address.length))
    if connect.address.storage.ss_family == AF_UNIX and result == -EAGAIN and operation.timeout > 0:
        return WAIT     # nothing has begun: the backlog is full, and may have room later (unix(7))
    if result == -EINTR:
        # The loop runs the signal's handler, and calls again. These two have not begun, or given it up (unix(7),
        # vsock(7)): they are tried again.
        connect.interrupted = connect.address.storage.ss_family not in (AF_UNIX, AF_VSOCK)
    elif result == -EINPROGRESS and operation.timeout > 0:
        connect.started = True
        return WAIT
    return result


cdef ssize_t connect_in_time(socket sock, Connect *connect) except? -1:
    """Within a deadline, a socket that blocks does not while it connects: to know when to stop, it must be told."""
    cdef ssize_t result
    cdef Handle handle
    if connect.operation.alarm == NONE:
        return outcome(sock, &connect.operation, call_connect)
    connect.operation.alarm = NONE
    connect.operation.state = FRESH
    handle = unblock(sock)
    result = outcome(sock, &connect.operation, call_connect)
    block_again(sock, handle)
    return result


cdef ssize_t connect_to(socket sock, const char *caller, object address) except? -1:
    """0, a negated errno or TIMED_OUT; what a signal's handler raises is raised."""
    cdef Connect connect
    cdef ssize_t result
    pack_address(sock, caller, b"socket.connect", address, &connect.address)
    connect.interrupted = connect.started = False
    if timeout_of(sock) != 0 and is_over() and not (timeout_of(sock) < 0 and never_waits(sock, &KINDS[OP_CONNECT])):
        return TIMED_OUT        # the answer of connect_ex() is not raised
    begin(&connect.operation, sock, OP_CONNECT, 0)
    result = connect_in_time(sock, &connect)
    if result == -EINPROGRESS or (connect.started or connect.interrupted) and result in (TIMED_OUT, RAISED, -ECANCELED):
        add_hint(sock, CONNECTING)      # the kernel goes on with it
    if result == RAISED:
        return -1
    return -EINTR if result == GIVE_UP else result


cdef object sock_connect(socket sock, object address):
    cdef ssize_t result
    try:
        result = connect_to(sock, b"connect", address)
        if result < 0:
            raise_outcome(result, address)
    except BlockingIOError:
        raise
    except OSError as error:
        tell_address(error, address)
        raise


cdef object sock_connect_ex(socket sock, object address):
    cdef ssize_t result = connect_to(sock, b"connect_ex", address)
    return EWOULDBLOCK if result == TIMED_OUT else -result


# --- what never waits

cdef ssize_t call_bind(Handle handle, void *arguments) noexcept nogil:
    cdef Address *address = <Address *>arguments
    return answer(c_bind(handle, <sockaddr *>&address.storage, address.length))


cdef object sock_bind(socket sock, object address):
    cdef Address packed
    try:
        pack_address(sock, b"bind", b"socket.bind", address, &packed)
        run_once_on(sock, OP_BIND, &packed, call_bind)
    except OSError as error:
        tell_address(error, address)
        raise


cdef ssize_t call_listen(Handle handle, void *backlog) noexcept nogil:
    return answer(c_listen(handle, (<int *>backlog)[0]))


cdef object sock_listen(socket sock, object backlog):
    cdef int limit = min(SOMAXCONN, 128) if backlog is UNSET else max(as_int(backlog), 0)
    run_once_on(sock, OP_LISTEN, &limit, call_listen)


cdef ssize_t call_shutdown(Handle handle, void *how) noexcept nogil:
    return answer(c_shutdown(handle, (<int *>how)[0]))


cdef object sock_shutdown(socket sock, object how):
    cdef int direction = as_plain_int(how)
    run_once_on(sock, OP_SHUTDOWN, &direction, call_shutdown)


cdef ssize_t call_getsockname(Handle handle, void *arguments) noexcept nogil:
    cdef Address *address = <Address *>arguments
    return answer(c_getsockname(handle, <sockaddr *>&address.storage, &address.length))


cdef ssize_t call_getpeername(Handle handle, void *arguments) noexcept nogil:
    cdef Address *address = <Address *>arguments
    return answer(c_getpeername(handle, <sockaddr *>&address.storage, &address.length))


cdef inline ssize_t ask_name(socket sock, int kind, Address *address) noexcept:
    """OP_GETSOCKNAME or OP_GETPEERNAME: 0, or a negated errno."""
    clear_address(address)
    address.length = sizeof(sockaddr_storage)
    return once_on(sock, kind, address, call_getsockname if kind == OP_GETSOCKNAME else call_getpeername)


cdef object sock_name(socket sock, int kind):
    cdef Address address
    cdef ssize_t result = ask_name(sock, kind, &address)
    if result < 0:
        raise_errno(<int>-result)
    return unpack_address(sock, &address)
