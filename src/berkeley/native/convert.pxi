# Conversions: addresses as text and packed (inet(3)), byte order (byteorder(3)), interfaces (if_nameindex(3)).

def inet_aton(ip_string, /):
    """inet_aton(3): the four bytes of an IPv4 address, in any form that it takes (`"127.1"`). OSError for others.

    inet_pton() takes the form with three dots alone, and IPv6.
    """
    cdef in_addr address
    cdef const char *text = read_chars(ip_string, &NAME, INET_ATON)
    # inet_pton(3) takes the common form alone, and is the faster.
    if c_inet_pton(AF_INET, text, &address) != 1 and not c_inet_aton(text, &address):
        raise OSError("illegal IP address string passed to inet_aton")
    return PyBytes_FromStringAndSize(<char *>&address, sizeof(address))


def inet_ntoa(packed_ip, /):
    """The dotted form (str) of four bytes (bytes-like), as of inet_ntoa(3). OSError for another length."""
    cdef Data data
    hold_data(packed_ip, &data)
    try:
        if data.size != sizeof(in_addr):
            raise OSError("packed IP wrong length for inet_ntoa")
        return ipv4_text(<uint8_t *>data.start)
    finally:
        release_data(&data)


def inet_pton(address_family, ip_string, /):
    """inet_pton(3): the bytes of an IPv4 (4) or IPv6 (16) address. OSError for text that is none.

    `address_family` is AF_INET or AF_INET6: OSError (EAFNOSUPPORT) for others.
    """
    cdef uint8_t packed[16]
    cdef int family = as_int(address_family)
    cdef int taken = <int>answer(c_inet_pton(family, read_chars(ip_string, &NAME, b"inet_pton() argument 2"), packed))
    if taken < 0:
        raise_errno(-taken)
    if taken == 0:
        raise OSError("illegal IP address string passed to inet_pton")
    return PyBytes_FromStringAndSize(<char *>packed, 4 if family == AF_INET else 16)


def inet_ntop(address_family, packed_ip, /):
    """The text (str) of 4 bytes (AF_INET) or 16 (AF_INET6), as of inet_ntop(3).

    IPv6 comes in its short form (RFC 5952). ValueError for another length or family.
    """
    cdef int family = as_int(address_family)
    cdef Py_ssize_t size
    cdef Data data
    hold_data(packed_ip, &data)
    try:
        if family != AF_INET and family != AF_INET6:
            raise ValueError(f"unknown address family {family}")
        if data.size != (4 if family == AF_INET else 16):
            raise ValueError("invalid length of packed IP address string")
        return ipv4_text(<uint8_t *>data.start) if family == AF_INET else ipv6_text(<in6_addr *>data.start)
    finally:
        release_data(&data)


# --- byte order

def ntohs(x, /):
    """A 16-bit number (int) from network to host order (byteorder(3)).

    OverflowError for a larger one; for a negative one ValueError from Python 3.14 on, and OverflowError before.
    """
    return c_ntohs(as_uint16(x, "ntohs"))


def htons(x, /):
    """A 16-bit number (int) from host to network order (byteorder(3)).

    OverflowError for a larger one; for a negative one ValueError from Python 3.14 on, and OverflowError before.
    """
    return c_htons(as_uint16(x, "htons"))


def ntohl(x, /):
    """A 32-bit number (int) from network to host order (byteorder(3)).

    OverflowError for a larger one; for a negative one ValueError from Python 3.14 on, and OverflowError before.
    """
    return PyLong_FromUnsignedLong(c_ntohl(as_uint32(x)))


def htonl(x, /):
    """A 32-bit number (int) from host to network order (byteorder(3)).

    OverflowError for a larger one; for a negative one ValueError from Python 3.14 on, and OverflowError before.
    """
    return PyLong_FromUnsignedLong(c_htonl(as_uint32(x)))


cdef inline uint32_t as_uint32(object value) except? 0xFFFFFFFF:
    if not (PyLong_Check(value) or C_TYPES):
        refuse_type(value)
    return as_unsigned(value, "uint32_t", "int larger than 32 bits")


cdef int refuse_type(object value) except -1:
    raise TypeError(f"expected int, {type_name(value)} found")


# --- interfaces

def if_nameindex():
    """if_nameindex(3): the network interfaces, as a list of (index, name): int and str.

    They are those of the process's network namespace (network_namespaces(7)); OSError where the kernel cannot be asked.
    """
    cdef if_nameindex_entry *entries
    cdef if_nameindex_entry *entry
    cdef int error
    with nogil:
        error = system_if_nameindex(&entries)
    if error:
        raise_errno(-error)
    try:
        interfaces = []
        entry = entries
        while entry.if_index != 0 or entry.if_name != NULL:
            interfaces.append((entry.if_index, PyUnicode_DecodeFSDefault(entry.if_name)))
            entry += 1
        return interfaces
    finally:
        if_freenameindex(entries)


def if_nametoindex(if_name, /):
    """if_nametoindex(3): the interface's index, from 1. OSError (ENODEV) where there is no such interface.

    The name is a str, bytes or a path, as a file's is: ValueError for a NUL in it.
    """
    cdef int64_t index
    cdef PyObject *encoded = NULL
    cdef const char *name
    PyUnicode_FSConverter(if_name, &encoded)
    name = BytesData(encoded)
    try:
        with nogil:
            index = system_if_nametoindex(name)
        if index < 0 and INTERFACE_ERRNO:
            raise_errno(<int>-index)
        if index < 0:
            raise OSError("no interface with this name")
        return index
    finally:
        Py_XDECREF(encoded)


def if_indextoname(if_index, /):
    """if_indextoname(3): the interface's name (str). OSError (ENXIO) where there is no such interface."""
    cdef char name[IF_NAMESIZE]
    cdef unsigned int index
    cdef int error
    if not (PyLong_Check(if_index) or C_TYPES):
        PyLong_AsUnsignedLong(if_index)     # which refuses it, in its own words
    index = as_unsigned(if_index, "unsigned int", "index is too large")
    with nogil:
        error = system_if_indextoname(index, name)
    if error:
        raise_errno(-error)
    return PyUnicode_DecodeFSDefault(name)
