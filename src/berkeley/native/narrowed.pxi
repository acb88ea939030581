# Calls of `_ssl`, which are bounded by the socket's timeout alone: it reads the field as a call begins.
#
# So within a deadline the field has the time that is left, and the descriptor does not block, until the call ends; to
# the program the socket's timeout is what it was. Each of several calls takes what the field has as it begins: that is
# the nearest of their ends, and a call that ends by another's is made again. So is one that began with no timeout: if
# it has to wait while the field has one, `_ssl` takes it for over (PySSL_select of Modules/_ssl.c).
#
# No signal's handler runs between these steps: it could raise, and leave a socket with another's timeout.

cdef enum:
    SOONEST = 1000000       # ns: a timeout of 0 would be another mode

# Of a call that is under way, on the stack of its thread.
cdef struct Narrowing:
    int64_t end             # by system_clock(); LLONG_MAX without
    Narrowing *next


def call_narrowed(method, bint blocks, /, *arguments):
    """Call it, a method of an SSLSocket, which is the first of the arguments, so that it ends with the deadline.

    `blocks`: it waits even where the socket does not.
    """
    cdef socket sock = arguments[0]
    cdef int64_t began = system_clock(), end
    cdef int64_t nearest = nearest_deadline()
    cdef int64_t own
    cdef int others = narrowings_of(sock)
    own = own_timeout_of(sock)
    if blocks and own == 0:
        own = -1
    end = LLONG_MAX if own < 0 else began + min(own, LLONG_MAX - began)
    if own != 0 and nearest != 0:
        if nearest <= began:
            raise_outcome(TIMED_OUT, None)
        return call_until(method, sock, min(end, nearest), arguments)
    try:
        return method(*arguments)
    except (TimeoutError, BlockingIOError) as error:
        # Narrowed before, or since: an odd number says that it is, and each that it was.
        if own == 0 or (others % 2 == 0 and others == narrowings_of(sock)) or is_over_for(end, error):
            raise
    return call_until(method, sock, end, arguments)


cdef object call_until(object method, socket sock, int64_t end, tuple arguments):
    while True:
        try:
            return call_with_narrowing(method, sock, end, arguments)
        except (TimeoutError, BlockingIOError) as error:
            if is_over_for(end, error):
                raise


cdef object call_with_narrowing(object method, socket sock, int64_t end, tuple arguments):
    cdef Narrowing narrowing
    narrowing.end = end
    enter(sock, &narrowing)
    try:
        return method(*arguments)
    finally:
        leave_narrowing(sock, &narrowing)


cdef bint is_over_for(int64_t end, object error) except -1:
    """Is it time, or is the error another than `_ssl`'s? The kernel's has a text; a handler's comes from elsewhere.

    EAGAIN is `_ssl`'s where two threads are in calls on a descriptor that does not block: OpenSSL forgets for the one,
    while it serves the other, that it only has to wait.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or trace.tb_frame.f_globals.get("__name__") != "ssl":
        return True
    if isinstance(error, BlockingIOError):
        return error.args[0] != EAGAIN
    return error.strerror is not None or system_clock() >= end


# --- the socket's timeout, in the socket's critical section

cdef int64_t own_timeout_of(socket sock) noexcept:
    """As the program has set it."""
    cdef int64_t timeout
    if aside_of(sock) == NULL:
        return timeout_of(sock)
    with cython.critical_section(sock):
        timeout = sock.aside.own_timeout if is_narrowed(sock) else timeout_of(sock)
    return timeout


cdef int narrowings_of(socket sock) noexcept:
    """How often it was narrowed and widened."""
    cdef int count
    if aside_of(sock) == NULL:
        return 0
    with cython.critical_section(sock):
        is_narrowed(sock)
        count = sock.aside.narrowed_count
    return count


cdef bint is_narrowed(socket sock) noexcept:
    """A forked child has none of the calls that were under way in other threads, nor their stacks."""
    cdef Aside *aside = aside_of(sock)
    if aside == NULL or aside.narrowings == NULL:
        return False
    if aside.narrowed_by != getpid():
        aside.narrowings = NULL
        aside.narrowed_count += 1
        store_long(&sock.sock_timeout, aside.own_timeout)
    return aside.narrowings != NULL


cdef int enter(socket sock, Narrowing *narrowing) except -1:
    cdef Aside *aside
    with cython.critical_section(sock):
        aside = aside_made(sock)
        if not is_narrowed(sock):
            aside.own_timeout = timeout_of(sock)
            aside.narrowed_by = getpid()
            aside.did_not_block = aside.own_timeout < 0 and system_is_nonblocking(handle_of(sock))
            aside.narrowed_count += 1
        narrowing.next = aside.narrowings
        aside.narrowings = narrowing
        narrow_field(sock)
    return 0


cdef void leave_narrowing(socket sock, Narrowing *narrowing) noexcept:
    cdef Narrowing **place
    with cython.critical_section(sock):
        if is_narrowed(sock):
            place = &sock.aside.narrowings
            while place[0] != NULL and place[0] != narrowing:
                place = &place[0].next
            if place[0] != NULL:
                place[0] = narrowing.next
            narrow_field(sock)
            sock.aside.narrowed_count += sock.aside.narrowings == NULL


cdef void narrow_field(socket sock) noexcept:
    """The time until the nearest end, or, once nobody is in a call, what there was."""
    cdef Narrowing *narrowing = sock.aside.narrowings
    cdef int64_t nearest = LLONG_MAX
    cdef int64_t timeout = sock.aside.own_timeout
    while narrowing != NULL:
        nearest = min(nearest, narrowing.end)
        narrowing = narrowing.next
    if nearest != LLONG_MAX and timeout != 0:
        timeout = max(nearest - system_clock(), SOONEST)
    if sock.aside.own_timeout < 0 and not sock.aside.did_not_block:
        system_set_nonblocking(handle_of(sock), timeout >= 0)
    store_long(&sock.sock_timeout, timeout)


cdef void widen(socket sock, Handle handle) noexcept:
    """Give a descriptor that is no more the socket's the mode that the program knows of."""
    if is_narrowed(sock) and sock.aside.own_timeout < 0 and not sock.aside.did_not_block:
        system_set_nonblocking(handle, False)


cdef void set_own_timeout(socket sock, int64_t timeout) noexcept:
    """By the program, while there are calls."""
    sock.aside.own_timeout = timeout
    sock.aside.did_not_block = False
    narrow_field(sock)
