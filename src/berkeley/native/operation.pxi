# An operation: what is known of a call on a socket while it is made. operations.h has the kinds, a row each; `begin`
# is the one way to make one; wait.pxi runs those that may wait, once.pxi the others.
#
#     FRESH ───────> a result
#       │ would block
#       v       poll(2): ready             would block: the two disagree, and a pause comes before the next poll
#     WAITING ────────────────> WOKEN ───> WAITING
#       │ the deadline is past             or a result
#       v
#     LAST_TRY ────> a result, or TIMED_OUT: poll's word does not count any more
#
# ASKING is FRESH with a MSG_DONTWAIT that is for this try alone.

cdef extern from "operations.h" nogil:
    enum:
        ANSWERS, WAITS_TIMED, WAITS
        SLEEPS, SLEEPS_UNLESS_TOLD, INSTANT
        CONNECTING, POLL_TO_RECEIVE, ALWAYS, COALESCES, CUTS_ITSELF
        OP_ACCEPT, OP_CONNECT, OP_RECV, OP_RECVFROM, OP_RECVMSG, OP_SEND, OP_SENDTO, OP_SENDMSG, OP_SENDFILE
        OP_RECVMMSG, OP_SENDMMSG, OP_FRAMES
        OP_OPEN, OP_PAIR, OP_DUP, OP_CLOSE, OP_BIND, OP_LISTEN, OP_SHUTDOWN, OP_GETSOCKNAME, OP_GETPEERNAME
        OP_GETSOCKOPT, OP_SETSOCKOPT, OP_SETBLOCKING, OP_IFNAME, OP_IFINDEX, OP_MAP
    ctypedef struct Kind "operation_kind":
        const char *name
        short events
        unsigned char would_block
        unsigned char polls_first
        unsigned char sleeps
    const Kind *KINDS

cdef enum State:
    FRESH
    ASKING
    WAITING
    WOKEN
    LAST_TRY

cdef extern from *:
    bint unlikely(bint condition) nogil

# What cannot be told not to wait, on a descriptor that blocks, is ended by a timer within a deadline (deadline.pxi).
cdef enum Alarm:
    NONE
    WANTED
    SET

cdef extern from "wakes.h" nogil:
    ctypedef void *thread_mark

# What a closer has to know of a call while it is under way (inflight.pxi).
cdef struct Flight:
    Flight *next
    thread_mark thread      # NULL: it does not sleep
    Handle handle
    unsigned int told       # CLOSED, CANCELLED, and how often its thread was woken

cdef struct Operation:
    const Kind *kind
    Flight flight
    int flags               # MSG_*, as the call carries them
    short events            # what poll(2) is asked for; POLLERR and POLLHUP it tells in any case
    State state
    Alarm alarm
    bint blocks             # the socket does, and the timeout is a deadline's
    int64_t timeout         # ns; < 0 without end, 0 never waits
    int64_t deadline        # by system_clock(); 0: the clock was not needed yet
    # From the first try without a result on (wait.pxi):
    unsigned int cancels    # the socket's count of them
    int told                # what poll(2) said last
    int64_t polled          # when it was called last
    int64_t resume          # when a pause ends; 0: none
    int pause               # how long the next one is, ms

# Makes the system call, and gives its result or a negated errno, or what wait.pxi names. Its arguments follow the
# Operation, which is the first field of a struct.
ctypedef ssize_t (*Call)(Handle handle, Operation *operation) noexcept nogil


cdef inline int begin(Operation *operation, socket sock, int kind, int flags) except -1:
    """Each call that may wait begins here; TimeoutError where a deadline of the context is over."""
    return begin_to(operation, sock, kind, flags, None)


cdef inline int begin_to(Operation *operation, socket sock, int kind, int flags, object address) except -1:
    """The same, of a call whose TimeoutError is to have the peer's address."""
    if open_deadlines():
        begin_within(operation, sock, kind, flags, address)
    else:
        fill(operation, sock, flags)
        settle(operation, sock, kind, flags)
    operation.kind = &KINDS[kind]       # last, so that the compiler knows it
    return 0


cdef inline void fill(Operation *operation, socket sock, int flags) noexcept:
    operation.timeout = timeout_of(sock)
    operation.deadline = 0
    operation.state = FRESH
    operation.alarm = NONE
    operation.blocks = False
    operation.flags = flags


cdef inline void settle(Operation *operation, socket sock, int kind, int flags) noexcept:
    """What is to be done otherwise for the timeout.

    On a socket that never waits, and under a timeout, the call carries MSG_DONTWAIT where it can: the descriptor's own
    mode belongs to everyone who shares the open file (dup, fork), and another holder may have changed it.
    """
    operation.events = KINDS[kind].events
    if operation.timeout >= 0:
        if KINDS[kind].sleeps == SLEEPS_UNLESS_TOLD:
            operation.flags = flags | MSG_DONTWAIT
        if operation.timeout > 0 and (KINDS[kind].polls_first & (hints_of(sock) | ALWAYS)
                                      or flags & (MSG_OOB | MSG_ERRQUEUE)):
            begin_waiting(operation, sock, kind)


cdef void begin_waiting(Operation *operation, socket sock, int kind) noexcept:
    """Where a try would give another answer than waiting does, poll(2) comes first."""
    cdef bint receives = KINDS[kind].events == POLLIN
    if receives and operation.flags & MSG_ERRQUEUE and family_of(sock) not in (AF_UNIX, AF_NETLINK):
        # The error queue (ip(7)) has an event of its own, POLLERR, which is always told. These two know no such flag.
        operation.events = 0
    elif receives and operation.flags & MSG_OOB and has_urgent_data(sock):
        # What is not there is EINVAL (tcp(7)); a peer that has shut down its side sends none any more.
        operation.events = POLLPRI | POLLRDHUP
        add_hint(sock, POLL_TO_RECEIVE)
        wait_from_now(operation)
    elif KINDS[kind].polls_first & (hints_of(sock) | ALWAYS):
        wait_from_now(operation)


cdef inline bint has_urgent_data(socket sock) noexcept:
    """Of TCP and of AF_UNIX streams: others take no notice of the flag, or refuse it."""
    return type_of(sock) == SOCK_STREAM and (
        family_of(sock) == AF_UNIX
        or (family_of(sock) in (AF_INET, AF_INET6) and protocol_of(sock) in (0, IPPROTO_TCP)))


cdef inline void wait_from_now(Operation *operation) noexcept nogil:
    operation.state = WAITING
    operation.resume = 0
    operation.pause = FIRST_PAUSE


cdef inline bint waits(const Operation *operation) noexcept nogil:
    """Does EAGAIN mean that the call waits?"""
    return (operation.kind.would_block == WAITS
            or (operation.kind.would_block == WAITS_TIMED and operation.timeout > 0))


cdef inline void start_clock(Operation *operation) noexcept nogil:
    """The deadline counts from here on, through signals and parts."""
    cdef int64_t now = system_clock()
    if 0 <= operation.timeout < LLONG_MAX - now:
        operation.deadline = now + operation.timeout
    else:
        operation.deadline = LLONG_MAX


cdef inline int go_on(Operation *operation) except -1:
    """For the next part of what one call does in several: TimeoutError once the deadline is past."""
    if is_past(operation):
        raise_outcome(TIMED_OUT, None)
    operation.state = FRESH
    return 0


cdef inline bint is_past(const Operation *operation) noexcept nogil:
    """Is the deadline of a timed call past, once its clock has started?"""
    return operation.timeout > 0 and system_clock() >= operation.deadline
