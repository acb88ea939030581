# The older databases: hosts (gethostby*), services, protocols, by the reentrant calls of glibc, and the host's name.

from cpython.mem cimport PyMem_Realloc

cdef enum:
    ENTRY_SIZE = 1024       # doubled as long as a call says ERANGE

cdef struct Scratch:
    # Where a reentrant call puts its strings.
    char *bytes
    size_t size


cdef int grow(Scratch *scratch) except -1:
    cdef size_t size = scratch.size * 2 if scratch.size else ENTRY_SIZE
    cdef char *larger = <char *>PyMem_Realloc(scratch.bytes, size)
    if larger == NULL:
        raise MemoryError
    scratch.bytes = larger
    scratch.size = size
    return 0


# --- hosts

def gethostbyname(hostname, /):
    """The host's IPv4 address as a dotted str; gaierror where it has none."""
    cdef Address found
    name = idna_name(hostname)
    PySys_Audit(b"socket.gethostbyname", "(O)", <PyObject *>hostname)
    resolve_host(PyBytes_AS_STRING(name), AF_INET, &found)
    return ipv4_text(<uint8_t *>&(<sockaddr_in *>&found.storage).sin_addr)


def gethostbyname_ex(hostname, /):
    """gethostbyname_r(3): (name, [aliases], [IPv4 addresses]); gaierror where the host has no address."""
    cdef Address found
    name = idna_name(hostname)
    PySys_Audit(b"socket.gethostbyname", "(O)", <PyObject *>hostname)
    # The special forms ("", "<broadcast>") are ours, not libc's, and errors are getaddrinfo's: resolved first.
    resolve_host(PyBytes_AS_STRING(name), AF_INET, &found)
    return host_entry(PyBytes_AS_STRING(name), NULL, 0, AF_INET)


def gethostbyaddr(ip_address, /):
    """gethostbyaddr_r(3): (name, [aliases], [addresses]) of an IPv4 or IPv6 address; herror where it has no name."""
    cdef Address found
    cdef void *address
    cdef socklen_t size
    name = idna_name(ip_address)
    PySys_Audit(b"socket.gethostbyaddr", "(O)", <PyObject *>ip_address)
    resolve_host(PyBytes_AS_STRING(name), AF_UNSPEC, &found)
    if found.storage.ss_family == AF_INET:
        address = &(<sockaddr_in *>&found.storage).sin_addr
        size = sizeof(in_addr)
    else:
        address = &(<sockaddr_in6 *>&found.storage).sin6_addr
        size = sizeof(in6_addr)
    return host_entry(NULL, address, size, found.storage.ss_family)


cdef bytes idna_name(object name):
    """Bytes without NUL: a str by IDNA (RFC 3490), other bytes as they are."""
    if PyUnicode_Check(name):
        name = name.encode("idna")
    elif PyByteArray_Check(name):
        name = bytes(name)
    elif not PyBytes_Check(name):
        raise TypeError(f"expected str, bytes or bytearray, not {type_name(name)}")
    if strlen(PyBytes_AS_STRING(name)) != <size_t>PyBytes_GET_SIZE(name):
        raise ValueError("embedded null byte")
    return name


cdef tuple host_entry(const char *name, const void *address, socklen_t size, int family):
    """The entry of a name (gethostbyname_r) or of an address (gethostbyaddr_r)."""
    cdef hostent entry
    cdef hostent *found
    cdef int failed = ERANGE, reason = 0
    cdef Scratch scratch
    scratch.bytes = NULL
    scratch.size = 0
    try:
        while failed == ERANGE:
            grow(&scratch)
            with nogil:
                if name != NULL:
                    failed = gethostbyname_r(name, &entry, scratch.bytes, scratch.size, &found, &reason)
                else:
                    failed = gethostbyaddr_r(address, size, family, &entry, scratch.bytes, scratch.size,
                                             &found, &reason)
        if found == NULL:
            raise_herror(reason)
        if found.h_addrtype != family:
            raise_errno(EAFNOSUPPORT)
        return PyUnicode_DecodeFSDefault(found.h_name), host_aliases(found), host_addresses(found)
    finally:
        PyMem_Free(scratch.bytes)


cdef list host_aliases(hostent *entry):
    cdef char **alias = entry.h_aliases
    names = []
    while alias != NULL and alias[0] != NULL:
        names.append(PyUnicode_DecodeFSDefault(alias[0]))
        alias += 1
    return names


cdef list host_addresses(hostent *entry):
    cdef char **address = entry.h_addr_list
    texts = []
    while address[0] != NULL:
        texts.append(ipv4_text(<uint8_t *>address[0]) if entry.h_addrtype == AF_INET
                     else ipv6_text(<in6_addr *>address[0]))
        address += 1
    return texts


# --- services and protocols

def getservbyname(servicename, protocolname=UNSET, /):
    """getservbyname_r(3): the port of a service ("http"), of "tcp" or "udp" where given, else of any protocol."""
    cdef servent entry
    cdef servent *found = NULL
    cdef int failed = ERANGE
    cdef const char *proto
    cdef const char *name = text_chars(servicename, b"getservbyname", 1)
    cdef Scratch scratch
    proto = optional_chars(protocolname, b"getservbyname")
    PySys_Audit(b"socket.getservbyname", "ss", name, proto)
    scratch.bytes = NULL
    scratch.size = 0
    try:
        while failed == ERANGE:
            grow(&scratch)
            with nogil:
                failed = getservbyname_r(name, proto, &entry, scratch.bytes, scratch.size, &found)
        if found == NULL:
            raise OSError("service/proto not found")
        return c_ntohs(<uint16_t>found.s_port)
    finally:
        PyMem_Free(scratch.bytes)


def getservbyport(port, protocolname=UNSET, /):
    """getservbyport_r(3): the name of the service at a port, of "tcp" or "udp" where given, else of any protocol."""
    cdef servent entry
    cdef servent *found = NULL
    cdef int failed = ERANGE, number = as_int(port)
    cdef const char *proto = optional_chars(protocolname, b"getservbyport")
    cdef Scratch scratch
    if number < 0 or number > 0xFFFF:
        raise OverflowError("getservbyport: port must be 0-65535.")
    PySys_Audit(b"socket.getservbyport", "is", number, proto)
    scratch.bytes = NULL
    scratch.size = 0
    try:
        while failed == ERANGE:
            grow(&scratch)
            with nogil:
                failed = getservbyport_r(c_htons(<uint16_t>number), proto, &entry, scratch.bytes, scratch.size, &found)
        if found == NULL:
            raise OSError("port/proto not found")
        return PyUnicode_FromString(found.s_name)
    finally:
        PyMem_Free(scratch.bytes)


def getprotobyname(protocolname, /):
    """getprotobyname_r(3): the number of a protocol ("icmp"), for the third argument of a raw socket."""
    cdef protoent entry
    cdef protoent *found = NULL
    cdef int failed = ERANGE
    cdef const char *name = text_chars(protocolname, b"getprotobyname", 0)
    cdef Scratch scratch
    scratch.bytes = NULL
    scratch.size = 0
    try:
        while failed == ERANGE:
            grow(&scratch)
            with nogil:
                failed = getprotobyname_r(name, &entry, scratch.bytes, scratch.size, &found)
        if found == NULL:
            raise OSError("protocol not found")
        return found.p_proto
    finally:
        PyMem_Free(scratch.bytes)


cdef const char *text_chars(object text, const char *function, int position) except NULL:
    """The UTF-8 of a str without NUL. `position` is the argument's number in messages, 0 for the only one."""
    cdef Py_ssize_t size
    cdef const char *chars
    if not PyUnicode_Check(text):
        which = f"argument {position}" if position else "argument"
        raise TypeError(f"{function.decode()}() {which} must be str, not {argument_name(text)}")
    chars = PyUnicode_AsUTF8AndSize(text, &size)
    if strlen(chars) != <size_t>size:
        raise ValueError("embedded null character")
    return chars


cdef const char *optional_chars(object text, const char *function) except? NULL:
    return NULL if text is UNSET else text_chars(text, function, 2)


# --- the host's own name

def gethostname():
    """gethostname(2): this machine's name."""
    cdef char name[1024]
    PySys_Audit(b"socket.gethostname", NULL)
    if c_gethostname(name, sizeof(name) - 1) < 0:
        raise_errno(errno)
    name[sizeof(name) - 1] = 0
    return PyUnicode_DecodeFSDefault(name)


def sethostname(name, /):
    """sethostname(2): name this machine (str, or bytes). OSError (EPERM) without the right to."""
    cdef int failed
    encoded = name if PyBytes_Check(name) else PyUnicode_EncodeFSDefault(name)
    PySys_Audit(b"socket.sethostname", "(O)", <PyObject *>name)
    failed = c_sethostname(PyBytes_AS_STRING(encoded), PyBytes_GET_SIZE(encoded))
    if failed:
        raise_errno(errno)
