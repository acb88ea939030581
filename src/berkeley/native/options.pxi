# Options: getsockopt(2), setsockopt(2).

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


cdef inline socklen_t get_option(socket sock, int level, int name, void *value, socklen_t length) except? 0:
    """The length of what the kernel has for it, which may be more than it gave."""
    cdef Option option
    option.level, option.name, option.value, option.length = level, name, value, length
    run_once_on(sock, OP_GETSOCKOPT, &option, call_getsockopt)
    return option.length


cdef inline int int_option(Handle handle, int level, int name) except? -1:
    """Of a descriptor that is no socket object's yet."""
    cdef int value = 0
    cdef Option option
    option.level, option.name, option.value, option.length = level, name, &value, sizeof(value)
    run_once(OP_GETSOCKOPT, handle, &option, call_getsockopt)
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
    cdef socklen_t length = unit * get_option(sock, level, name, buffer, max(<socklen_t>size // unit, 1))
    # Some options give the length there would have been (NETLINK_LIST_MEMBERSHIPS).
    if length > max(<socklen_t>size, unit):
        return extended(buffer, size, min(length, <socklen_t>LARGEST_OPTION))
    return PyBytes_FromStringAndSize(buffer, min(length, <socklen_t>size))


cdef inline socklen_t unit_of(int level, int name) noexcept:
    """The bytes that the option's length counts: a filter's is told and given in instructions (net/core/filter.c)."""
    return INSTRUCTION if level == SOL_SOCKET and name == SO_GET_FILTER else 1


cdef object integer_option(socket sock, int level, int name):
    cdef uint64_t wide = 0
    cdef int number = 0
    if family_of(sock) == AF_VSOCK:
        get_option(sock, level, name, &wide, sizeof(wide))      # vsock(7): its options are 64 bits wide
        return wide
    if unit_of(level, name) == 1:
        get_option(sock, level, name, &number, sizeof(number))
        return number
    return get_option(sock, level, name, NULL, 0)        # with 0 it says how long it is


cdef object sock_setsockopt(socket sock, object level, object optname, object value, object optlen):
    """The value is an int, None with a length, or a buffer: told apart by type. For AF_VSOCK it is an int."""
    cdef int at, name, number
    cdef unsigned int length = 0
    cdef Data data
    if optlen is not UNSET and not SETSOCKOPT_BY_PLACE:
        return clear_option(sock, level, optname, value, optlen)
    at = as_int(level)
    name = as_int(optname)
    if SETSOCKOPT_BY_PLACE and (value is None or optlen is not UNSET):
        length = length_alone(value, optlen)
    if family_of(sock) == AF_VSOCK:
        return set_wide_option(sock, at, name, value)
    if optlen is not UNSET:
        return set_option(sock, at, name, NULL, length)
    if PyIndex_Check(value) and read_number(value, &number):
        return set_option(sock, at, name, &number, sizeof(number))
    if SETSOCKOPT_BY_PLACE and not PyObject_CheckBuffer(value):
        raise TypeError(f"socket option should be int, bytes-like object or None (got {full_type_name(value)})")
    hold_data(value, &data)
    try:
        return set_option(sock, at, name, data.start, <socklen_t>data.size)
    finally:
        release_data(&data)


cdef int refuse_count(tuple arguments) except -1:
    cdef int given = 0
    for each in arguments:
        given += each is not UNSET
    bounds = "exactly 3" if not SETSOCKOPT_BY_PLACE else "at least 3" if given < 3 else "at most 4"
    raise TypeError(f"setsockopt() takes {bounds} arguments ({given} given)")


cdef inline bint read_number(object value, int *number) except -1:
    """Is the value an int? An array of several numbers has __index__ as well, and refuses it."""
    if not (PyLong_Check(value) or SETSOCKOPT_BY_PLACE):
        return read_index(value, number)
    number[0] = as_int(value)
    return True


cdef bint read_index(object value, int *number) except -1:
    cdef bint taken = True
    try:
        number[0] = as_int(value)
    except OverflowError:
        raise
    except Exception:
        taken = False
    return taken


cdef object set_wide_option(socket sock, int level, int name, object value):
    """vsock(7): its options are 64 bits wide."""
    cdef uint64_t wide
    if not (PyLong_Check(value) or INDEX_WORDS and PyIndex_Check(value)):
        if SETSOCKOPT_BY_PLACE:
            raise TypeError(f"setsockopt() argument 3 for AF_VSOCK must be an int (got {full_type_name(value)})")
        raise TypeError(f"setsockopt() argument 3 must be int, not {argument_name(value)}")
    wide = cut(value, 64)
    return set_option(sock, level, name, &wide, sizeof(wide))


cdef unsigned int length_alone(object value, object optlen) except? 0xFFFFFFFF:
    """The length of the null pointer that None stands for: the one goes with the other."""
    cdef unsigned int length
    if optlen is UNSET:
        raise TypeError("setsockopt() requires 4 arguments when the third argument is None")
    length = <unsigned int>cut(optlen, 32)
    if value is not None:
        raise TypeError(f"setsockopt() only takes 4 arguments when the third argument is None "
                        f"(got {full_type_name(value)})")
    return length


cdef object clear_option(socket sock, object level, object optname, object value, object optlen):
    """Set an option to a null pointer of a length. Where anything is wrong, older CPython blames the fourth."""
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
    run_once_on(sock, OP_SETSOCKOPT, &option, call_setsockopt)
    if level == SOL_SOCKET and name == SO_RCVLOWAT:
        add_hint(sock, POLL_TO_RECEIVE)
    elif level == SOL_UDP and name == UDP_GRO and length >= sizeof(int):
        note_coalescing(sock, (<const int *>value)[0] != 0)
