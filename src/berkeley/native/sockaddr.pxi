# Socket addresses: Python values to struct sockaddr and back.
#
# AF_INET, AF_INET6 and AF_UNIX are converted here, since every program meets them; AF_NETLINK, and in interfaces.pxi
# what AF_PACKET brings, since it comes with each message. Each other family has its file in families/, reached through
# the lookup that the package hands in once (use_families), so that nothing here looks up.

cdef extern from *:
    """
    /* How many events hooks have refused in this thread (PEP 578): an error that comes with one is no kernel's. */
    static __thread unsigned long berkeley_refusals = 0;
    static inline int berkeley_refusal(void) { berkeley_refusals++; return -1; }
    #define berkeley_audit(...) (__builtin_expect(PySys_Audit(__VA_ARGS__) < 0, 0) ? berkeley_refusal() : 0)
    """
    int PySys_Audit "berkeley_audit"(const char *event, const char *format, ...) except -1
    unsigned long berkeley_refusals

cdef extern from "<linux/netlink.h>":
    struct sockaddr_nl:
        unsigned short nl_family
        uint32_t nl_pid, nl_groups

cdef extern from "Python.h":
    object PyUnicode_New(Py_ssize_t size, Py_UCS4 limit)
    unsigned char *PyUnicode_1BYTE_DATA(object text)

cdef object family_codec = None     # families.lookup: AF number -> (pack, unpack)


def use_families(lookup):
    """Tell the core where address families are looked up: lookup(family) -> (pack, unpack)."""
    global family_codec
    family_codec = lookup


def audits_refused():
    """How many audit events of ours hooks have refused, in this thread."""
    return berkeley_refusals


# --- to the kernel

cdef int pack_address(socket sock, const char *caller, const char *event, object address, Address *packed) except -1:
    """Fill `packed` from `address`, as the socket's family wants it, and raise the audit event.

    The event comes after the address's shape is checked and before a name is resolved: an audit hook that forbids the
    call must not cause a DNS query first.
    """
    cdef int family = family_of(sock)
    if recall_packed(sock, address, packed):
        PySys_Audit(event, "OO", <PyObject *>sock, <PyObject *>address)
        return 0
    if family == AF_INET or family == AF_RDS:       # rds(7): its addresses are AF_INET's
        return pack_inet(sock, caller, event, address, packed)
    if family == AF_INET6:
        return pack_inet6(sock, caller, event, address, packed)
    if family == AF_UNIX:
        pack_unix(address, packed)
    else:
        if family == AF_NETLINK:
            pack_nl(caller, address, packed)
        else:
            pack_elsewhere(sock, family, caller, address, packed)
        if lasting(family) and unchanging(address):
            keep_address(sock, packed, address, True)
    PySys_Audit(event, "OO", <PyObject *>sock, <PyObject *>address)
    return 0


cdef int pack_inet(socket sock, const char *caller, const char *event, object address, Address *packed) except -1:
    cdef sockaddr_in *struct = <sockaddr_in *>&packed.storage
    if not PyTuple_Check(address):
        raise TypeError(f"{caller.decode()}(): AF_INET address must be tuple, not {type_name(address)}")
    if len(<tuple>address) != 2:
        raise TypeError("AF_INET address must be a pair (host, port)")
    host = read_text((<tuple>address)[0], &HOST, b"")
    memset(struct, 0, sizeof(sockaddr_in))
    struct.sin_port = as_port(caller, (<tuple>address)[1])
    PySys_Audit(event, "OO", <PyObject *>sock, <PyObject *>address)
    resolve_host(chars_of(host), AF_INET, packed, address)
    struct.sin_family = <unsigned short>AF_INET
    packed.length = sizeof(sockaddr_in)
    return 0


cdef int pack_inet6(socket sock, const char *caller, const char *event, object address, Address *packed) except -1:
    cdef sockaddr_in6 *struct = <sockaddr_in6 *>&packed.storage
    cdef Py_ssize_t size
    cdef unsigned int flowinfo = 0, scope_id = 0
    cdef long number
    cdef uint16_t port
    if not PyTuple_Check(address):
        raise TypeError(f"{caller.decode()}(): AF_INET6 address must be tuple, not {type_name(address)}")
    size = len(<tuple>address)
    if size < 2 or size > 4:
        raise TypeError("AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])")
    host = read_text((<tuple>address)[0], &HOST, b"")
    number = port_number((<tuple>address)[1])
    if number > INT_MAX:
        checked_port(caller, number)        # as in CPython, before the rest is looked at
    if size > 2:
        PyArg_ParseTuple((<tuple>address)[2:],
                         "I|I;AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])",
                         &flowinfo, &scope_id)
    port = checked_port(caller, number)
    if flowinfo > 0xFFFFF:
        raise OverflowError(f"{caller.decode()}(): flowinfo must be 0-1048575.")
    PySys_Audit(event, "OO", <PyObject *>sock, <PyObject *>address)
    memset(struct, 0, sizeof(sockaddr_in6))
    resolve_host(chars_of(host), AF_INET6, packed, address)
    struct.sin6_family = <unsigned short>AF_INET6
    struct.sin6_port = port
    struct.sin6_flowinfo = c_htonl(flowinfo)
    struct.sin6_scope_id = scope_id
    packed.length = sizeof(sockaddr_in6)
    return 0


cdef int pack_unix(object address, Address *packed) except -1:
    """A path, an abstract name (first byte NUL), or nothing: autobind (unix(7))."""
    cdef sockaddr_un *struct = <sockaddr_un *>&packed.storage
    cdef Py_buffer path
    cdef Py_ssize_t limit = sizeof(struct.sun_path)
    if PyUnicode_Check(address):
        address = PyUnicode_EncodeFSDefault(address)
    PyObject_GetBuffer(address, &path, PyBUF_SIMPLE)
    try:
        if path.len > 0 and (<char *>path.buf)[0] != 0:
            limit -= 1      # room for the NUL that ends a path
            if strnlen(<char *>path.buf, path.len) != <size_t>path.len:
                raise ValueError("embedded null byte in AF_UNIX path")
        if path.len > limit:
            raise OSError("AF_UNIX path too long")
        memset(struct, 0, sizeof(sockaddr_un))
        struct.sun_family = <unsigned short>AF_UNIX
        memcpy(struct.sun_path, path.buf, path.len)
        packed.length = <socklen_t>(path.len + (<char *>struct.sun_path - <char *>struct))
    finally:
        PyBuffer_Release(&path)
    return 0


cdef int pack_nl(const char *caller, object address, Address *packed) except -1:
    """Of each number the low 32 bits count."""
    cdef sockaddr_nl *struct = <sockaddr_nl *>&packed.storage
    cdef unsigned int pid, groups
    if not PyTuple_Check(address):
        raise TypeError(f"{caller.decode()}(): AF_NETLINK address must be tuple, not {type_name(address)}")
    PyArg_ParseTuple(address, "II;AF_NETLINK address must be a pair (pid, groups)", &pid, &groups)
    memset(struct, 0, sizeof(sockaddr_nl))
    struct.nl_family = <unsigned short>AF_NETLINK
    struct.nl_pid = pid
    struct.nl_groups = groups
    packed.length = sizeof(sockaddr_nl)
    return 0


def pack_netlink(sock, str caller not None, address, /):
    """struct sockaddr_nl for (pid, groups), of which the low 32 bits count. TypeError for anything but such a pair."""
    cdef Address packed
    pack_nl(caller.encode(), address, &packed)
    return (<char *>&packed.storage)[:packed.length]


cdef int pack_elsewhere(socket sock, int family, const char *caller, object address, Address *packed) except -1:
    """By the family's file, or by what a program has registered: its word on the size is not taken."""
    struct = family_codec(family)[0](sock, caller.decode(), address)
    if type(struct) is not bytes:
        raise TypeError(f"the address of family {family} was packed to {type_name(struct)}, not bytes")
    if <size_t>PyBytes_GET_SIZE(struct) > sizeof(sockaddr_storage):
        raise ValueError(f"the address of family {family} was packed to {PyBytes_GET_SIZE(struct)} bytes: "
                         f"a struct sockaddr has at most {sizeof(sockaddr_storage)}")
    packed.length = <socklen_t>PyBytes_GET_SIZE(struct)
    memcpy(&packed.storage, PyBytes_AS_STRING(struct), packed.length)
    return 0


cdef uint16_t as_port(const char *caller, object port) except? 0xFFFF:
    """The port in network order."""
    return checked_port(caller, port_number(port))


cdef long port_number(object port) except? -1:
    """LLONG_MAX for what no C int holds."""
    try:
        return as_int(port)
    except OverflowError:
        return LLONG_MAX


cdef uint16_t checked_port(const char *caller, long number) except? 0xFFFF:
    if number < 0 or number > 0xFFFF:
        raise OverflowError(f"{caller.decode()}(): port must be 0-65535.")
    return c_htons(<uint16_t>number)


# --- from the kernel

cdef inline void clear_address(Address *raw) noexcept nogil:
    """Before a call fills it: a kernel that gives no address leaves AF_UNSPEC, one that gives less leaves zeros."""
    memset(&raw.storage, 0, sizeof(sockaddr_in6))
    raw.length = 0


cdef object unpack_address(socket sock, Address *raw):
    """The address as Python has it; None where the kernel gave none."""
    if raw.length == 0:
        return None     # recvfrom on a connected stream
    if raw.length > sizeof(sockaddr_storage):
        raw.length = sizeof(sockaddr_storage)   # the kernel says how much it had, not how much it gave
    if recalls(sock, raw):
        return <object>sock.aside.address
    address = convert_address(sock, raw)
    keep_address(sock, raw, address, False)
    return address


cdef void copy_address(Address *copy, bytes raw) noexcept:
    clear_address(copy)
    copy.length = <socklen_t>min(<size_t>PyBytes_GET_SIZE(raw), sizeof(sockaddr_storage))
    memcpy(&copy.storage, PyBytes_AS_STRING(raw), copy.length)


def unpack_sockaddr(socket sock not None, bytes raw not None, /):
    """The address of a struct sockaddr, of whatever length, as the socket would give it; None for AF_UNSPEC."""
    cdef Address address
    copy_address(&address, raw)
    return None if address.storage.ss_family == AF_UNSPEC else convert_address(sock, &address)


cdef object convert_address(socket sock, Address *raw):
    if raw.storage.ss_family == AF_INET:
        return unpack_inet(<sockaddr_in *>&raw.storage)
    if raw.storage.ss_family == AF_INET6:
        return unpack_inet6(<sockaddr_in6 *>&raw.storage)
    if raw.storage.ss_family == AF_UNIX:
        return unpack_unix(raw)
    if raw.storage.ss_family == AF_NETLINK:
        return unpack_nl(<sockaddr_nl *>&raw.storage)
    if raw.storage.ss_family == AF_PACKET:
        return unpack_link(sock, raw)
    return family_codec(raw.storage.ss_family)[1](sock, (<char *>&raw.storage)[:raw.length])


cdef object unpack_inet(sockaddr_in *raw):
    return ipv4_text(<uint8_t *>&raw.sin_addr), c_ntohs(raw.sin_port)


cdef object unpack_inet6(sockaddr_in6 *raw):
    """Without a zone in the host: the scope is the fourth element."""
    return (ipv6_text(&raw.sin6_addr), c_ntohs(raw.sin6_port), c_ntohl(raw.sin6_flowinfo), raw.sin6_scope_id)


cdef object unpack_unix(Address *raw):
    cdef sockaddr_un *struct = <sockaddr_un *>&raw.storage
    cdef Py_ssize_t size = raw.length - (<char *>struct.sun_path - <char *>struct)
    if size <= 0:
        return ""       # not bound
    if struct.sun_path[0] == 0:
        return struct.sun_path[:size]
    # A path of 108 bytes has no NUL (unix(7)).
    size = strnlen(struct.sun_path, min(<size_t>size, sizeof(struct.sun_path)))
    return PyUnicode_DecodeFSDefaultAndSize(struct.sun_path, size)


cdef object unpack_nl(sockaddr_nl *raw):
    return raw.nl_pid, raw.nl_groups


def unpack_netlink(sock, bytes raw not None, /):
    """(pid, groups) from a struct sockaddr_nl; what is cut off is 0."""
    cdef Address copy
    copy_address(&copy, raw)
    return unpack_nl(<sockaddr_nl *>&copy.storage)


cdef str ipv4_text(const uint8_t *octets):
    cdef char text[16]
    cdef Py_ssize_t size = 0
    cdef int index
    cdef uint8_t octet
    for index in range(4):
        octet = octets[index]
        if octet >= 100:
            text[size] = c"0" + octet // 100
            size += 1
        if octet >= 10:
            text[size] = c"0" + octet // 10 % 10
            size += 1
        text[size] = c"0" + octet % 10
        text[size + 1] = c"."
        size += 2
    return ascii_text(text, size - 1)


cdef str ipv6_text(const in6_addr *address):
    cdef char text[46]
    c_inet_ntop(AF_INET6, address, text, sizeof(text))
    return ascii_text(text, strlen(text))


cdef const char *ascii_chars(object text, Py_ssize_t *size) noexcept:
    """The characters of an ASCII str, or NULL."""
    if not PyUnicode_IS_COMPACT_ASCII(text):
        return NULL
    size[0] = len(<str>text)
    return <const char *>PyUnicode_1BYTE_DATA(text)


cdef str ascii_text(const char *text, Py_ssize_t size):
    result = PyUnicode_New(size, 127)
    memcpy(PyUnicode_1BYTE_DATA(result), text, size)
    return result
