# Calls that never wait: made once, with the interpreter lock let go unless the kernel only looks something up.
# The loop for the others is in wait.pxi.

# Makes the system call, and gives its result or a negated errno.
ctypedef ssize_t (*Once)(Handle handle, void *arguments) noexcept nogil


cdef inline ssize_t once(int kind, Handle handle, void *arguments, Once call) noexcept:
    """The call's result, or a negated errno."""
    cdef ssize_t result
    if KINDS[kind].sleeps == INSTANT:
        return call(handle, arguments)
    with nogil:
        result = call(handle, arguments)
    return result


cdef inline ssize_t once_on(socket sock, int kind, void *arguments, Once call) noexcept:
    """The same on a socket, whose number stays its own meanwhile."""
    cdef ssize_t result
    cdef Flight flight
    cdef Guard place
    if KINDS[kind].sleeps == INSTANT:
        guard(&place, sock)
        result = call(handle_of(sock), arguments)
        unguard(&place)
        return result
    depart(sock, &flight, NULL)
    with nogil:
        result = call(flight.handle, arguments)
    return land(sock, &flight, result)


cdef inline ssize_t run_once(int kind, Handle handle, void *arguments, Once call) except -1:
    """The call's result; OSError."""
    cdef ssize_t result = once(kind, handle, arguments, call)
    if result < 0:
        raise_errno(<int>-result)
    return result


cdef inline ssize_t run_once_on(socket sock, int kind, void *arguments, Once call) except -1:
    cdef ssize_t result = once_on(sock, kind, arguments, call)
    if result < 0:
        raise_errno(<int>-result)
    return result
