# Options and modes: getsockopt(2), setsockopt(2), and timeouts.

cdef extern from "<sys/socket.h>":
    int SO_GET_FILTER "SO_ATTACH_FILTER"    # the same number, with another meaning

cdef enum:
    SMALL_OPTION = 1024                     # bytes: up to here on the stack
    LARGEST_OPTION = 512 * 1024 * 1024      # the kernel's largest answer: a table of iptables (XT_MAX_TABLE_SIZE)
    INSTRUCTION = 8                         # bytes of a struct sock_filter

cdef struct Option:
    int level
    int name
    void *value
    socklen_t length


cdef ssize_t call_getsockopt(Handle handle, void *arguments) noexcept nogil:
    cdef Option *option = <Option *>arguments
    return answer(c_getsockopt(handle, option.level, option.name, option.value, &option.length))


cdef ssize_t call_setsockopt(Handle handle, void *arguments) noexcept nogil:
    cdef Option *option = <Option *>arguments
    return answer(c_setsockopt(handle, option.level, option.name, option.value, option.length))


cdef inline socklen_t get_option(Handle handle, int level, int name, void *value, socklen_t length) except? 0:
    """The length of what the kernel has for it, which may be more than it gave."""
    cdef Option option
    option.level, option.name, option.value, option.length = level, name, value, length
    run_once(OP_GETSOCKOPT, handle, &option, call_getsockopt)
    return option.length


cdef inline int int_option(Handle handle, int level, int name) except? -1:
    cdef int value = 0
    get_option(handle, level, name, &value, sizeof(value))
    return value


cdef object sock_getsockopt(socket sock, object level, object optname, object buflen):
    cdef int at = as_int(level), name = as_int(optname), size = as_int(buflen)
    return integer_option(sock, at, name) if size == 0 else buffer_option(sock, at, name, size)


cdef bytes buffer_option(socket sock, int level, int name, int size):
    cdef char small[SMALL_OPTION]
    cdef char *buffer = small
    if family_of(sock) == AF_VSOCK:
        raise OSError("getsockopt string buffer not allowed")
    if size < 0 or size > LARGEST_OPTION:
        raise OSError("getsockopt buflen out of range")
    if size > SMALL_OPTION:
        buffer = <char *>PyMem_Calloc(1, size)
        if buffer == NULL:
            raise MemoryError
    else:
        memset(buffer, 0, sizeof(small))
    try:
        return bytes_option(sock, level, name, buffer, size)
    finally:
        if buffer != small:
            PyMem_Free(buffer)


cdef bytes bytes_option(socket sock, int level, int name, char *buffer, int size):
    cdef socklen_t unit = unit_of(level, name)
    cdef socklen_t length = unit * get_option(handle_of(sock), level, name, buffer, max(<socklen_t>size // unit, 1))
    # Some options give the length there would have been (NETLINK_LIST_MEMBERSHIPS).
    if length > max(<socklen_t>size, unit):
        return extended(buffer, size, min(length, <socklen_t>LARGEST_OPTION))
    return PyBytes_FromStringAndSize(buffer, min(length, <socklen_t>size))


cdef inline socklen_t unit_of(int level, int name) noexcept:
    """The bytes that the option's length counts: a filter's is told and given in instructions (net/core/filter.c)."""
    return INSTRUCTION if level == SOL_SOCKET and name == SO_GET_FILTER else 1


cdef object integer_option(socket sock, int level, int name):
    cdef uint64_t wide = 0
    if family_of(sock) == AF_VSOCK:
        get_option(handle_of(sock), level, name, &wide, sizeof(wide))      # vsock(7): its options are 64 bits wide
        return wide
    if unit_of(level, name) == 1:
        return int_option(handle_of(sock), level, name)
    return get_option(handle_of(sock), level, name, NULL, 0)        # with 0 it says how long it is


cdef object sock_setsockopt(socket sock, object level, object optname, object value, object optlen):
    """The value is an int, None with a length, or a buffer: told apart by type. For AF_VSOCK it is an int."""
    cdef int at, name, number
    cdef uint64_t wide
    cdef Data data
    if optlen is not UNSET:
        return clear_option(sock, level, optname, value, optlen)
    at = as_int(level)
    name = as_int(optname)
    if family_of(sock) == AF_VSOCK:
        if not PyLong_Check(value):
            raise TypeError(f"setsockopt() argument 3 must be int, not {argument_name(value)}")
        wide = PyLong_AsUnsignedLongLongMask(value)
        return set_option(sock, at, name, &wide, sizeof(wide))
    if PyIndex_Check(value):
        try:
            number = as_int(value)
        except OverflowError:
            raise
        except Exception:
            pass        # an array of several numbers has __index__ as well, and refuses it
        else:
            return set_option(sock, at, name, &number, sizeof(number))
    hold_data(value, &data)
    try:
        return set_option(sock, at, name, data.start, <socklen_t>data.size)
    finally:
        release_data(&data)


cdef object clear_option(socket sock, object level, object optname, object value, object optlen):
    """Set an option to a null pointer of a length. Where anything is wrong with that, CPython blames the fourth."""
    cdef int at, name
    cdef unsigned int length
    cdef bint taken = value is None and PyIndex_Check(optlen) and family_of(sock) != AF_VSOCK
    if taken:
        try:
            at = as_int(level)
            name = as_int(optname)
            length = <unsigned int>PyLong_AsUnsignedLongMask(optlen)
        except Exception:
            taken = False
    if not taken:       # raised here, it has no __context__, as CPython's has none
        raise TypeError("setsockopt() takes exactly 3 arguments (4 given)")
    return set_option(sock, at, name, NULL, length)


cdef object set_option(socket sock, int level, int name, const void *value, socklen_t length):
    cdef Option option
    option.level, option.name, option.value, option.length = level, name, <void *>value, length
    run_once(OP_SETSOCKOPT, handle_of(sock), &option, call_setsockopt)
    if level == SOL_SOCKET and name == SO_RCVLOWAT:
        add_hint(sock, POLL_TO_RECEIVE)


# --- timeouts: int64 ns; negative blocks, 0 never waits

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

    Sockets that are there keep theirs. Errors are those of settimeout() for a number that is no timeout.
    """
    set_default_timeout(parse_timeout(timeout))


cdef object timeout_seconds(int64_t timeout):
    if timeout < 0:
        return None
    if timeout % 1000000000 == 0:
        return <double>(timeout // 1000000000)      # exact, where nanoseconds do not fit a double
    return timeout / 1e9


cdef int64_t parse_timeout(object value) except? -1:
    """Nanoseconds, rounded away from zero, so that a timeout that is not 0 never becomes 0."""
    cdef double nanoseconds
    cdef int64_t timeout
    if value is None:
        return -1
    if PyFloat_Check(value):
        nanoseconds = <double>value * 1e9
        if isnan(nanoseconds):
            raise ValueError("Invalid value NaN (not a number)")
        nanoseconds = ceil(nanoseconds) if nanoseconds >= 0 else floor(nanoseconds)
        # 2**63 as a double: the next one below it is the last that fits.
        if not -9223372036854775808.0 <= nanoseconds < 9223372036854775808.0:
            raise OverflowError("timestamp out of range for platform time_t")
        timeout = <int64_t>nanoseconds
    else:
        timeout = seconds_to_nanoseconds(value)
    if timeout < 0:
        raise ValueError("Timeout value out of range")
    return timeout


cdef int64_t seconds_to_nanoseconds(object value) except? -1:
    cdef long long seconds
    try:
        seconds = PyLong_AsLongLong(value)
    except OverflowError:
        seconds = LLONG_MAX
    if not -LLONG_MAX // 1000000000 <= seconds <= LLONG_MAX // 1000000000:
        raise OverflowError("timestamp too large to convert to C PyTime_t")
    return seconds * 1000000000


cdef object sock_settimeout(socket sock, int64_t timeout):
    """Between two timeouts above 0 the descriptor stays as it is: non-blocking.

    Under the socket's lock, where there is no interpreter lock: the mode and the timeout go together.
    """
    cdef Handle handle
    with cython.critical_section(sock):
        handle = handle_of(sock)
        if handle < 0:
            raise_errno(EBADF)
        if not (timeout > 0 and timeout_of(sock) > 0):
            set_nonblocking(handle, timeout >= 0)
        store_long(&sock.sock_timeout, timeout)


cdef ssize_t call_set_nonblocking(Handle handle, void *nonblocking) noexcept nogil:
    return system_set_nonblocking(handle, (<int *>nonblocking)[0])


cdef int set_nonblocking(Handle handle, int nonblocking) except -1:
    run_once(OP_SETBLOCKING, handle, &nonblocking, call_set_nonblocking)
    return 0
