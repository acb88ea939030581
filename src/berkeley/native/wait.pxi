# The wait loop. Nothing else in the package loops around a system call, and `sleep` is the only place that sleeps.
#
# Try the call first, and poll only when it would block: a ready socket with a timeout costs one system call. The
# interpreter lock is let go once around the whole of it. It is taken again for the handlers of signals (PEP 475): after
# a signal, and whenever poll(2) and the call disagree. The deadline is kept across all of it.
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

cdef enum:
    # What a Call may give beside a result and a negated errno (errno ends at 4095), and in between:
    WAIT = -4097        # it is called again: when the socket is ready, if the operation's state says so
    SIGNALS = -4098     # signals' handlers come first, with the lock
    # What a Call may give, and `outcome` gives on:
    GIVE_UP = -4099     # EINTR, and it must not be called again
    # What `outcome` may give beside:
    TIMED_OUT = -4100
    RAISED = -4101      # a signal's handler raised: the exception is set

    # The pauses between tries, ms, while poll(2) says "ready" and the call "would block": each twice the one before.
    FIRST_PAUSE = 1
    LAST_PAUSE = 20
    NANOSECONDS = 1000000       # in a millisecond


# Inline, as all is up to the system call: each place that makes one knows which, and nothing is called by a pointer.

cdef inline ssize_t run(socket sock, Operation *operation, Call call) except -1:
    """The call's result; OSError, TimeoutError, or what a signal's handler raised."""
    return run_to(sock, operation, call, None)


cdef inline ssize_t run_to(socket sock, Operation *operation, Call call, object address) except -1:
    """The same, of a call whose TimeoutError is to have the peer's address."""
    cdef ssize_t result = outcome(sock, operation, call)
    if result < 0:
        set_outcome(result, address)
        return -1
    return result


cdef void set_outcome(ssize_t result, object address) noexcept:
    """Set the exception that goes with what `outcome` gave, unless a handler has."""
    if result == TIMED_OUT:
        set_timed_out(address)
    elif result != RAISED:
        set_errno(<int>-result)


cdef int raise_outcome(ssize_t result, object address) except -1:
    set_outcome(result, address)
    return -1


cdef inline ssize_t outcome(socket sock, Operation *operation, Call call) noexcept:
    """The call's result, a negated errno, TIMED_OUT, GIVE_UP or RAISED."""
    cdef ssize_t result
    if operation.state == ASKING or (operation.state == FRESH and may_hold(operation)):
        result = call(handle_of(sock), operation)
        if result < 0:
            operation.cancels = cancels_of(sock)
    else:
        result = without_lock(sock, operation, call, False)
    return result if result >= 0 else proceed(sock, operation, call, result)


cdef ssize_t outcome_again(socket sock, Operation *operation, Call call, unsigned int cancels) noexcept:
    """Of a further part of something: it ends where the socket's calls were cancelled since the count was taken."""
    cdef ssize_t result
    operation.cancels = cancels
    result = without_lock(sock, operation, call, True)
    return result if result >= 0 else proceed(sock, operation, call, result)


cdef inline ssize_t without_lock(socket sock, Operation *operation, Call call, bint again) noexcept:
    """`again`: not the first time, from which on cancel() counts."""
    cdef ssize_t result = -ECANCELED
    cdef Handle handle = depart(sock, &operation.flight, this_thread())
    if not again or cancels_of(sock) == operation.cancels:
        with nogil:
            result = steps(sock, handle, operation, call, again)
    return land(sock, &operation.flight, result)


cdef inline bint may_hold(const Operation *operation) noexcept:
    """May the lock stay for the first try?"""
    return operation.flags & MSG_DONTWAIT and operation.kind.sleeps == SLEEPS_UNLESS_TOLD and alone()


cdef ssize_t proceed(socket sock, Operation *operation, Call call, ssize_t result) noexcept:
    """From a step without a result to the end: the one place where the lock is held in between."""
    result = judge(sock, operation, result)
    while result == WAIT or result == SIGNALS:
        if result == SIGNALS and signals_raised() < 0:
            return RAISED
        result = without_lock(sock, operation, call, True)
    return result


cdef inline ssize_t steps(socket sock, Handle handle, Operation *operation, Call call, bint again) noexcept nogil:
    """A try, unless it is time to wait; and where that gives no result, all else that can be done without the lock."""
    cdef ssize_t result = WAIT
    if operation.state != WAITING:
        result = tried(handle, operation, call)
        if result >= 0:
            return result
    if not again:
        operation.cancels = cancels_of(sock)
    return sleep_and_try(sock, handle, operation, call, result)


cdef inline ssize_t tried(Handle handle, Operation *operation, Call call) noexcept nogil:
    return call_with_alarm(handle, operation, call) if unlikely(operation.alarm != NONE) else call(handle, operation)


cdef ssize_t sleep_and_try(socket sock, Handle handle, Operation *operation, Call call,
                           ssize_t result) noexcept nogil:
    """Until there is a result, or the holder of the lock is needed."""
    result = judge(sock, operation, result)
    while result == WAIT:
        if operation.state == WAITING:
            if cancels_of(sock) != operation.cancels:
                return -ECANCELED
            if handle < 0:
                return -EBADF       # poll(2) takes no notice of a negative number, and would wait for ever
            result = sleep(handle, operation)
            if result < 0:
                return result
            if handle_of(sock) != handle:
                return -EBADF       # another thread closed the socket meanwhile: the number may be another's by now
            if hints_of(sock) & CONNECTING:
                drop_hint(sock, CONNECTING)
        result = tried(handle, operation, call)
        if result < 0:
            result = judge(sock, operation, result)
    return result


cdef ssize_t judge(socket sock, Operation *operation, ssize_t result) noexcept nogil:
    """What comes of a result below 0: WAIT, SIGNALS, or what it is."""
    if result == -EINTR:
        return TIMED_OUT if operation.alarm == SET and system_clock() >= operation.deadline else SIGNALS
    if result == -EAGAIN and operation.state == ASKING:
        end_asking(sock, operation)
        return WAIT
    if result != WAIT and not (result == -EAGAIN and waits(operation)):
        if result == -EAGAIN and is_for_another(sock, operation):
            return WAIT if system_pause(FIRST_PAUSE * NANOSECONDS) == 0 else SIGNALS
        return result
    if operation.state == LAST_TRY:
        return TIMED_OUT
    if operation.state == WOKEN:
        operation.state = WAITING
        return WAIT if agreed(operation) else SIGNALS
    if operation.state == FRESH:
        if operation.blocks and never_waits(sock, operation.kind):
            return -EAGAIN
        wait_from_now(operation)
    return WAIT


cdef bint agreed(Operation *operation) noexcept nogil:
    """Did poll(2) sleep before it said "ready"? Then another has taken what was there, and it will sleep again.

    If it did not, it may go on so: an unconnected AF_UNIX datagram socket is writable whatever the receiver's queue
    holds (unix(7)), one with something in its error queue ready for all (ip(7)). Only time helps: the next poll comes
    after a pause.
    """
    cdef int64_t now = system_clock()
    if now - operation.polled >= FIRST_PAUSE * NANOSECONDS:
        operation.pause = FIRST_PAUSE
        return True
    operation.resume = now + operation.pause * NANOSECONDS
    operation.pause = min(2 * operation.pause, <int>LAST_PAUSE)
    return False


cdef ssize_t sleep(Handle handle, Operation *operation) noexcept nogil:
    """Sleep until poll(2) says that the socket is ready, or in error: the next try tells which. 0, or TIMED_OUT.

    SIGNALS where one came: called again, it goes on where it was.
    """
    cdef int64_t left, now
    cdef int ready
    if operation.deadline == 0:
        start_clock(operation)
    now = system_clock()
    if now < operation.resume:
        ready = system_pause(max(min(operation.resume, operation.deadline) - now, 0))
        if ready < 0:
            return interrupted(ready)
        now = system_clock()
    operation.polled = now
    left = operation.deadline - now
    ready = system_poll(handle, operation.events, max(left, 0) if operation.timeout >= 0 else -1)
    if ready < 0:
        return interrupted(ready)
    if ready == 0:
        return TIMED_OUT
    operation.told = ready
    operation.state = WOKEN if left > 0 else LAST_TRY       # what is ready is not late
    return 0


cdef inline ssize_t interrupted(int error) noexcept nogil:
    return SIGNALS if error == -EINTR else error


# A blocking receive of datagrams asks first, with the lock held, for what is there already. A socket on which nothing
# was there is not asked for a while: who waits for each answer would pay for two calls every time.

cdef enum:
    NOT_ASKED = 16      # receives

cdef inline void ask_first(socket sock, Operation *operation) noexcept:
    # With a stream it would not be the same: SO_RCVLOWAT and MSG_WAITALL say how much is worth waking up for.
    if (operation.timeout >= 0 or type_of(sock) != SOCK_DGRAM or operation.flags & MSG_DONTWAIT
            or family_of(sock) not in (AF_INET, AF_INET6, AF_UNIX)):
        return
    if sock.not_asked:
        sock.not_asked -= 1
    elif alone():
        operation.flags |= MSG_DONTWAIT
        operation.state = ASKING


cdef inline void end_asking(socket sock, Operation *operation) noexcept nogil:
    sock.not_asked = NOT_ASKED
    operation.flags &= ~MSG_DONTWAIT
    operation.state = FRESH
