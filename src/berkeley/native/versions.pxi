# What depends on the version of Python that runs, and a program can tell: a row for each such thing, from which version
# on it is what. All are chosen once, at import: one wheel is for all patch levels of a version.
#
# Of versions of several branches in one row, each holds on its own branch, and the last on all after it: what came in
# "3.13.10 3.14.1" is in 3.13.10, not in 3.14.0, and in 3.15.0.

cdef object chosen(dict values):
    """Of values by the versions that brought them, in order, the running Python's."""
    from sys import version_info
    for versions, value in values.items():
        if has_come(versions, version_info[:3]):
            found = value
    return found


cdef bint has_come(str versions, tuple running) except -1:
    for version in versions.split():
        first = tuple(map(int, version.split(".")))
        if first[:2] == running[:2]:
            break
    return running >= first


cdef bint since(str versions) except -1:
    return chosen({"3.0": False, versions: True})


# --- numbers

# The C int that is too large: "Python int too large to convert to C int", of whatever size, and before that "signed
# integer is greater than maximum", or "... to convert to C long".
cdef bint PLAIN_KINDS = since("3.11")           # socket(): family, type and protocol
cdef bint PLAIN_SHORTS = since("3.13")          # htons(), ntohs()
cdef bint PLAIN_SENDING_FLAGS = since("3.15")   # send(), sendall(), sendmsg()

# htons() and its kin, if_indextoname(): negatives are a ValueError, the OverflowError names the C type, and __index__
# will do for all.
cdef bint C_TYPES = since("3.14")

cdef bint INDEX_PORTS = since("3.14")           # getaddrinfo(): a port is what has __index__, not only an int itself
cdef bint LONG_PORTS = not since("3.12")        # a port that no C long holds is an OverflowError
INDEX_WORDS = since("3.14")                     # where any int is cut to a C long, __index__ will do: AF_VSOCK, AF_CAN
WARNS_OF_CUTS = since("3.15")                   # an int that is cut to a C type, and is too large: DeprecationWarning

# --- timeouts

cdef bint ANY_FLAG = since("3.12")              # setblocking() takes any object for true or false, not only an int
cdef bint REAL_TIMEOUTS = since("3.15")         # what has __float__ is a timeout

cdef str NO_TIMEOUT = chosen({
    "3.0": None,                                # the interpreter's own words
    "3.14": "'{}' object cannot be interpreted as an integer or float",
    "3.15": None,
})
cdef str TIMEOUT_BEYOND = chosen({
    "3.0": "timestamp too large to convert to C _PyTime_t",
    "3.11.3": "timestamp out of range for platform time_t",
    "3.13.15 3.14.7": "timestamp out of range for C PyTime_t",
})
cdef str WHOLE_TIMEOUT_BEYOND = chosen({
    "3.0": "timestamp too large to convert to C _PyTime_t",
    "3.13": "timestamp too large to convert to C PyTime_t",
    "3.13.15 3.14.7": "timestamp out of range for C PyTime_t",
})

# --- calls

# What an iterable for sendmsg() and recvmsg_into() raises becomes "argument 1 must be an iterable", not a TypeError of
# iter() alone.
cdef bint ITERABLE_OR_ELSE = since("3.13.15 3.14.7")

cdef bint INTERFACE_ERRNO = since("3.13.10 3.14.1")     # if_nametoindex(): an errno, and its text

# setsockopt(): the arguments are looked at one by one, and each error says what is wrong. Before, an int that was none
# was taken for a buffer, and with four arguments all errors were of their number.
cdef bint SETSOCKOPT_BY_PLACE = since("3.15")

cdef const char *INET_ATON = b"inet_aton() argument" if since("3.13") else b"inet_aton() argument 1"

cdef str NO_SETTER = chosen({
    "3.0": "can't set attribute '{}'",
    "3.11": "property '{}' of '{}' object has no setter",
})
cdef str NO_DELETER = chosen({
    "3.0": "can't delete attribute '{}'",
    "3.11": "property '{}' of '{}' object has no deleter",
})
