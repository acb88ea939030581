# Timeouts and modes: nanoseconds in an int64; negative blocks, 0 never waits.

cdef extern from *:
    """
    #include <stdint.h>
    /* Of the whole process, whatever its interpreters and threads: atomic, so that no lock guards it. */
    static int64_t berkeley_default_timeout = -1;
    #define default_timeout() __atomic_load_n(&berkeley_default_timeout, __ATOMIC_RELAXED)
    #define set_default_timeout(value) __atomic_store_n(&berkeley_default_timeout, value, __ATOMIC_RELAXED)
    """
    int64_t default_timeout() nogil
    void set_default_timeout(int64_t value) nogil

cdef extern from "<math.h>" nogil:
    double ceil(double value)
    double floor(double value)
    bint isnan(double value)


def getdefaulttimeout():
    """The timeout of new sockets in seconds (float), or None, as at the start: they block."""
    return timeout_seconds(default_timeout())


def setdefaulttimeout(timeout, /):
    """Set the timeout of new sockets: seconds (int or float), 0 for non-blocking, None for blocking.

    Sockets that are there keep theirs. Numbers and errors are those of settimeout().
    """
    set_default_timeout(parse_timeout(timeout))


cdef object timeout_seconds(int64_t timeout):
    if timeout < 0:
        return None
    if timeout % 1000000000 == 0:
        return <double>(timeout // 1000000000)      # exact, where nanoseconds do not fit a double
    return timeout / 1e9


cdef int64_t parse_timeout(object value) except? -1:
    """Nanoseconds; -1 for None."""
    cdef int64_t timeout
    if value is None:
        return -1
    if PyFloat_Check(value):
        timeout = real_to_nanoseconds(value)
    elif REAL_TIMEOUTS and not PyIndex_Check(value):
        timeout = real_to_nanoseconds(PyFloat_AsDouble(value))
    else:
        timeout = whole_to_nanoseconds(value)
    if timeout < 0:
        raise ValueError("Timeout value out of range")
    return timeout


cdef int64_t real_to_nanoseconds(double seconds) except? -1:
    """Rounded away from zero, so that a timeout that is not 0 never becomes 0."""
    cdef double nanoseconds = seconds * 1e9
    if isnan(nanoseconds):
        raise ValueError("Invalid value NaN (not a number)")
    nanoseconds = ceil(nanoseconds) if nanoseconds >= 0 else floor(nanoseconds)
    # 2**63 as a double: the next one below it is the last that fits.
    if not -9223372036854775808.0 <= nanoseconds < 9223372036854775808.0:
        raise OverflowError(TIMEOUT_BEYOND)
    return <int64_t>nanoseconds


cdef int64_t whole_to_nanoseconds(object value) except? -1:
    cdef long long seconds
    cdef bint refused = False
    try:
        seconds = PyLong_AsLongLong(value)
    except OverflowError:
        seconds = LLONG_MAX
    except TypeError:
        if NO_TIMEOUT is None:
            raise
        refused = True
    if refused:         # raised here, it has no __context__, as CPython's has none
        raise TypeError(NO_TIMEOUT.format(full_type_name(value)))
    if not -LLONG_MAX // 1000000000 <= seconds <= LLONG_MAX // 1000000000:
        raise OverflowError(WHOLE_TIMEOUT_BEYOND)
    return seconds * 1000000000


cdef inline bint as_flag(object value) except -1:
    return value if ANY_FLAG else PyLong_AsLong(value) != 0


cdef object sock_settimeout(socket sock, int64_t timeout):
    """Between two timeouts above 0 the descriptor stays as it is: non-blocking.

    Under the socket's lock, where there is no interpreter lock: the mode and the timeout go together.
    """
    cdef Handle handle
    with cython.critical_section(sock):
        handle = handle_of(sock)
        if handle < 0:
            raise_errno(EBADF)
        if is_narrowed(sock):
            set_own_timeout(sock, timeout)
        else:
            if not (timeout > 0 and timeout_of(sock) > 0):
                set_nonblocking(handle, timeout >= 0)
            store_long(&sock.sock_timeout, timeout)


cdef ssize_t call_set_nonblocking(Handle handle, void *nonblocking) noexcept nogil:
    return system_set_nonblocking(handle, (<int *>nonblocking)[0])


cdef int set_nonblocking(Handle handle, int nonblocking) except -1:
    run_once(OP_SETBLOCKING, handle, &nonblocking, call_set_nonblocking)
    return 0
