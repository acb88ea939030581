# The wait loop. Nothing else in the package loops around a system call.
#
# Try the call first, and poll only when it would block: a ready socket with a timeout costs one system call.
# The interpreter lock is let go once around the whole of it. A signal brings the lock back, so that Python's
# handlers run (PEP 475); the deadline is kept across them.
#
# To let the lock go and take it back costs a tenth to a fifth of a small call. Where there is no other thread that
# could want it, a call that cannot wait is made with the lock held.

cdef extern from *:
    """
    /* Is the calling thread the only one of its interpreter? Others get their states before they ask for the lock. */
    static inline int alone(void) {
    #ifdef Py_GIL_DISABLED
        return 0;
    #else
        PyThreadState *state = PyThreadState_Get();
        return state->next == NULL && state->prev == NULL;
    #endif
    }
    """
    bint alone()

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
    bint instant        # the call carries MSG_DONTWAIT: it cannot wait, whatever mode the descriptor is in
    int *probing        # flags with a MSG_DONTWAIT that is for the first try alone, or NULL


cdef inline void wait_for(Wait *wait, socket sock, short events) noexcept:
    wait.events = events
    wait.timeout = sock.sock_timeout
    wait.again = wait.timeout > 0
    wait.deadline = 0
    wait.waiting = False
    wait.instant = False
    wait.probing = NULL


# Inline, as all is up to the system call: each place that makes one knows which, and nothing is called by a pointer.

cdef inline ssize_t perform(socket sock, Call call, void *arguments, Wait *wait) except -1:
    """The call's result; OSError, TimeoutError, or what a signal's handler raised."""
    cdef ssize_t result = attempt(sock, call, arguments, wait)
    if result < 0:
        set_outcome(result)
        return -1
    return result


cdef void set_outcome(ssize_t result) noexcept:
    """Set the exception that goes with what `attempt` gave, unless a handler has."""
    if result == TIMED_OUT:
        set_timed_out()
    elif result != RAISED:
        set_errno(<int>-result)


cdef int raise_outcome(ssize_t result) except -1:
    set_outcome(result)
    return -1


cdef inline ssize_t attempt(socket sock, Call call, void *arguments, Wait *wait) noexcept:
    """The call's result, a negated errno, TIMED_OUT or RAISED."""
    cdef ssize_t result = attempt_once(sock, call, arguments, wait)
    return result if result != -EINTR else attempt_again(sock, call, arguments, wait)


cdef ssize_t attempt_again(socket sock, Call call, void *arguments, Wait *wait) noexcept:
    """After a signal: its handler first. It may have closed the socket, whose number may be another's by now."""
    cdef ssize_t result = -EINTR
    while result == -EINTR:
        if signals_raised() < 0:
            return RAISED
        result = attempt_once(sock, call, arguments, wait)
    return result


cdef inline ssize_t attempt_once(socket sock, Call call, void *arguments, Wait *wait) noexcept:
    cdef ssize_t result
    cdef int fd = sock.sock_fd
    if fd < 0:
        return -EBADF       # poll(2) takes no notice of a negative number, and would wait for ever
    if wait.probing != NULL or (wait.instant and not wait.waiting and alone()):
        result = call(fd, arguments)
        if result < 0:
            result = outcome(result, wait)
        if wait.probing != NULL and result == -EAGAIN:
            end_probe(sock, wait)
        elif result != WAIT:
            return result
        else:
            wait.waiting = True
    with nogil:
        result = try_then_wait(fd, &sock.sock_fd, call, arguments, wait)
    return result


# A blocking receive of datagrams asks first, with the lock held, for what is there already. A socket on which nothing
# was there is not asked for a while: who waits for each answer would pay for two calls every time.

cdef enum:
    NOT_ASKED = 16      # receives

cdef inline void probe_first(socket sock, Wait *wait, int *flags) noexcept:
    # With a stream it would not be the same: SO_RCVLOWAT and MSG_WAITALL say how much is worth waking up for.
    if (sock.sock_timeout >= 0 or sock.sock_type != SOCK_DGRAM or flags[0] & MSG_DONTWAIT
            or sock.sock_family not in (AF_INET, AF_INET6, AF_UNIX)):
        return
    if sock.not_asked:
        sock.not_asked -= 1
    elif alone():
        flags[0] |= MSG_DONTWAIT
        wait.probing = flags


cdef void end_probe(socket sock, Wait *wait) noexcept:
    sock.not_asked = NOT_ASKED
    wait.probing[0] &= ~MSG_DONTWAIT
    wait.probing = NULL


cdef inline ssize_t try_then_wait(int fd, const int *current, Call call, void *arguments, Wait *wait) noexcept nogil:
    cdef ssize_t result = WAIT if wait.waiting else call(fd, arguments)
    return result if result >= 0 else wait_then_try(fd, current, call, arguments, wait, result)


cdef ssize_t wait_then_try(int fd, const int *current, Call call, void *arguments, Wait *wait,
                           ssize_t result) noexcept nogil:
    cdef int ready
    while result < 0:
        result = outcome(result, wait)
        if result != WAIT:
            return result
        wait.waiting = True
        ready = poll_until_deadline(fd, wait)
        if ready < 0:
            return -errno
        if ready == 0:
            return TIMED_OUT
        wait.waiting = False
        if current[0] != fd:
            return -EBADF       # another thread closed the socket meanwhile: the number may be another's by now
        result = call(fd, arguments)
    return result


cdef inline ssize_t outcome(ssize_t result, Wait *wait) noexcept nogil:
    """Of a call that failed: WAIT if it is to be made again when the socket is ready, GIVE_UP, or a negated errno."""
    if result == GIVE_UP or result == WAIT:
        return result
    return WAIT if errno == EAGAIN and wait.again else -errno


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
