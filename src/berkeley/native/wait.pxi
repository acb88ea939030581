# The wait loop. Nothing else in the package loops around a system call.
#
# Try the call first, and poll only when it would block: a ready socket with a timeout costs one system call.
# The interpreter lock is let go once around the whole of it. A signal brings the lock back, so that Python's
# handlers run (PEP 475); the deadline is kept across them.

cdef class socket  # its fields and methods: socket.pxi

ctypedef ssize_t (*Call)(int fd, void *arguments) noexcept nogil

cdef enum:
    # What `attempt` returns beside a count and a negated errno (errno ends at 4095).
    TIMED_OUT = -4097
    RAISED = -4098      # a signal's handler raised: the exception is set
    # What a Call may return beside its system call's result:
    WAIT = -4099        # call again when the socket is ready for the events waited for
    GIVE_UP = -4100     # EINTR, and it must not be called again

cdef struct Wait:
    short events        # POLLIN, POLLOUT
    bint again          # does EAGAIN mean "wait"? only under a timeout
    int64_t timeout     # ns; < 0 without end, 0 never waits
    int64_t deadline    # monotonic clock, ns; 0: not yet waited
    bint waiting        # a signal came in the middle of a poll


cdef inline void wait_for(Wait *wait, socket sock, short events) noexcept:
    wait.events = events
    wait.timeout = sock.sock_timeout
    wait.again = wait.timeout > 0
    wait.deadline = 0
    wait.waiting = False


cdef ssize_t perform(socket sock, Call call, void *arguments, Wait *wait) except -1:
    """The call's result; OSError, TimeoutError, or what a signal's handler raised."""
    cdef ssize_t result = attempt(sock, call, arguments, wait)
    if result < 0:
        return raise_outcome(result)
    return result


cdef ssize_t raise_outcome(ssize_t result) except -1:
    if result == TIMED_OUT:
        raise timed_out()
    if result != RAISED:
        raise_errno(<int>-result)
    return -1


cdef ssize_t attempt(socket sock, Call call, void *arguments, Wait *wait) noexcept:
    """The call's result, a negated errno, TIMED_OUT or RAISED."""
    cdef ssize_t result
    cdef int fd
    while True:
        # A signal's handler may have closed the socket, and its number may be another's by now.
        fd = sock.sock_fd
        if fd < 0:
            return -EBADF       # poll(2) takes no notice of a negative number, and would wait for ever
        with nogil:
            result = try_then_wait(fd, &sock.sock_fd, call, arguments, wait)
        if result != -EINTR:
            return result
        if signals_raised() < 0:
            return RAISED


cdef ssize_t try_then_wait(int fd, const int *current, Call call, void *arguments, Wait *wait) noexcept nogil:
    cdef ssize_t result
    cdef int ready
    while True:
        if not wait.waiting:
            result = call(fd, arguments)
            if result >= 0:
                return result
            if result == GIVE_UP:
                return GIVE_UP
            if result != WAIT and not (errno == EAGAIN and wait.again):
                return -errno
            wait.waiting = True
        ready = poll_until_deadline(fd, wait)
        if ready < 0:
            return -errno
        if ready == 0:
            return TIMED_OUT
        wait.waiting = False
        if current[0] != fd:
            return -EBADF       # another thread closed the socket meanwhile: the number may be another's by now


cdef int poll_until_deadline(int fd, Wait *wait) noexcept nogil:
    """poll(2): 1 when ready (or in error: the next call says which), 0 when the time is over, -1 with errno set.

    poll and not select: select cannot watch descriptors from 1024 on.
    """
    cdef pollfd watched
    cdef int64_t left, milliseconds
    cdef int ready
    watched.fd = fd
    watched.events = wait.events
    if wait.timeout < 0:
        return poll(&watched, 1, -1)
    if wait.deadline == 0:
        start_clock(wait)
    while True:
        left = wait.deadline - monotonic()
        if left <= 0:
            return poll(&watched, 1, 0)     # what is ready is not late
        # Rounded up: a wait of 0.5 ms must not become a busy loop, nor end early. INT_MAX ms are 24.8 days.
        milliseconds = (left - 1) // 1000000 + 1
        ready = poll(&watched, 1, <int>min(milliseconds, <int64_t>INT_MAX))
        if ready != 0 or milliseconds <= INT_MAX:
            return ready


cdef void start_clock(Wait *wait) noexcept nogil:
    cdef int64_t now = monotonic()
    wait.deadline = now + min(wait.timeout, LLONG_MAX - now)


cdef int64_t monotonic() noexcept nogil:
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return now.tv_sec * 1000000000 + now.tv_nsec
