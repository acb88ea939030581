# Descriptors that block, and do not for a while: a connection within a deadline makes them so (connection.pxi). To
# other threads' calls the socket blocks all the same.

cdef struct Unblocked:
    Handle handle
    uint64_t identity       # of the open file, for all who share it


cdef void unblock(socket sock, Unblocked *descriptor) noexcept:
    """Until `block_again` it does not block."""
    with cython.critical_section(sock):
        if forks != 0:
            follow_forks(sock)
        descriptor.handle = handle_of(sock)
        descriptor.identity = system_identity(descriptor.handle)
        add_hint(sock, UNBLOCKED)
        store_int(&sock.unblocked, sock.unblocked + 1)
        system_set_nonblocking(descriptor.handle, True)


cdef void block_again(socket sock, const Unblocked *descriptor) noexcept:
    """Also where it was detached meanwhile; of a socket that was closed, the closer has put the mode back."""
    with cython.critical_section(sock):
        store_int(&sock.unblocked, max(sock.unblocked - 1, 0))
        if sock.unblocked == 0 and system_identity(descriptor.handle) == descriptor.identity:
            system_set_nonblocking(descriptor.handle, timeout_of(sock) >= 0)


cdef void put_mode_back(socket sock, Handle handle) noexcept:
    """Of a descriptor that is closed while calls are made: others may share the open file. In the critical section."""
    if sock.unblocked > 0:
        system_set_nonblocking(handle, timeout_of(sock) >= 0)
    widen(sock, handle)


cdef Handle detach_socket(socket sock) noexcept:
    cdef Handle handle
    with cython.critical_section(sock):
        handle = take_handle(&sock.sock_fd, NO_HANDLE)
        widen(sock, handle)
    return handle


cdef bint was_unblocked(socket sock, const Operation *operation) noexcept nogil:
    """Was it for another thread's call that this one, of a socket that blocks, was told to come again?"""
    return (operation.timeout < 0 and hints_of(sock) & UNBLOCKED and operation.kind.would_block == WAITS_TIMED
            and not operation.flags & MSG_DONTWAIT
            and (load_int(&sock.unblocked) > 0 or not system_is_nonblocking(handle_of(sock))))


cdef bint never_waits(socket sock, const Kind *kind) noexcept nogil:
    """Has the program made the descriptor of a socket that blocks non-blocking itself (fcntl(2))?"""
    return kind.would_block != WAITS and load_int(&sock.unblocked) == 0 and system_is_nonblocking(handle_of(sock))
