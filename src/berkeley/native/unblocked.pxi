# Descriptors that block, and do not for a while: a connection within a deadline makes them so (connection.pxi). To
# other threads' calls the socket blocks all the same: they are made again until it does.

cdef enum:
    # ns: so long after it, a call may still come back from the kernel with what it was told meanwhile.
    AFTERWARDS = 20000000


cdef Handle unblock(socket sock) except? NO_HANDLE:
    """Its descriptor, which does not block until `block_again`."""
    cdef Handle handle
    cdef Aside *aside
    with cython.critical_section(sock):
        if forks != 0:
            follow_forks(sock)
        aside = aside_made(sock)
        handle = handle_of(sock)
        store_int(&aside.unblocked, aside.unblocked + 1)
        system_set_nonblocking(handle, True)
    return handle


cdef void block_again(socket sock, Handle handle) noexcept:
    with cython.critical_section(sock):
        # Who has closed or detached it meanwhile, has put the mode back.
        if handle_of(sock) == handle and sock.aside.unblocked > 0:
            if sock.aside.unblocked == 1:
                system_set_nonblocking(handle, timeout_of(sock) >= 0)
            end_unblocked(sock.aside, sock.aside.unblocked - 1)


cdef void put_mode_back(socket sock, Handle handle) noexcept:
    """Of a descriptor that is the socket's no more: others may share the open file. In the critical section."""
    if forks != 0:
        follow_forks(sock)
    if aside_of(sock) == NULL:
        return
    if sock.aside.unblocked > 0:
        system_set_nonblocking(handle, timeout_of(sock) >= 0)
        end_unblocked(sock.aside, 0)
    widen(sock, handle)


cdef void end_unblocked(Aside *aside, int others) noexcept:
    store_long(&aside.blocked_since, system_clock())
    store_int(&aside.unblocked, others)


cdef Handle detach_socket(socket sock) noexcept:
    cdef Handle handle
    with cython.critical_section(sock):
        handle = take_handle(&sock.sock_fd, NO_HANDLE)
        put_mode_back(sock, handle)
    return handle


cdef inline bint was_unblocked(socket sock) noexcept nogil:
    """May what a call was told be for another thread's connection?"""
    cdef Aside *aside = aside_of(sock)
    if aside == NULL:
        return False
    return load_int(&aside.unblocked) > 0 or (load_long(&aside.blocked_since) != 0
                                              and system_clock() - load_long(&aside.blocked_since) < AFTERWARDS)


cdef bint is_for_another(socket sock, const Operation *operation) noexcept nogil:
    """Is it, of a call that waits in the kernel?"""
    return operation.timeout < 0 and not operation.flags & MSG_DONTWAIT and was_unblocked(sock)


cdef bint never_waits(socket sock, const Kind *kind) noexcept nogil:
    """Has the program made the descriptor of a socket that blocks non-blocking itself (fcntl(2))?"""
    return kind.would_block != WAITS and system_is_nonblocking(handle_of(sock)) and not was_unblocked(sock)
