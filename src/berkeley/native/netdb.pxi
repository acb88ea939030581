# The older databases: hosts (gethostby*), services, protocols, by the reentrant calls of glibc, and the host's name.

cdef int look_up(Query *query, Ask call) except -1:
    """Have the query answered. Nothing found is no error here."""
    query.ask = call
    ask(query)
    if query.code == ENOMEM and not query.found:
        raise MemoryError
    return 0


# --- hosts

def gethostbyname(hostname, /):
    """The host's IPv4 address as a dotted str, by getaddrinfo(3); gaierror where it has none.

    `hostname` is a name (str through IDNA, RFC 3490, or bytes), or such an address, which nobody is asked for; `""` is
    0.0.0.0 and `"<broadcast>"` 255.255.255.255. UnicodeError for a str that IDNA refuses, TypeError for a NUL in it. Of
    IPv6 only getaddrinfo() knows. Audited (PEP 578) as `socket.gethostbyname`.
    """
    cdef Address found
    name = read_text(hostname, &HOST_BY_NAME, b"gethostbyname() argument 1")
    PySys_Audit(b"socket.gethostbyname", "(O)", <PyObject *>hostname)
    resolve_host(chars_of(name), AF_INET, &found, hostname)
    return ipv4_text(<uint8_t *>&(<sockaddr_in *>&found.storage).sin_addr)


def gethostbyname_ex(hostname, /):
    """gethostbyname_r(3): (name, [aliases], [IPv4 addresses]), all of them str.

    gaierror where the host has no address, herror where only getaddrinfo(3) knows one; `hostname`, the other errors and
    the auditing event are those of gethostbyname().
    """
    cdef Address found
    cdef Query query
    name = read_text(hostname, &HOST_BY_NAME, b"gethostbyname_ex() argument 1")
    PySys_Audit(b"socket.gethostbyname", "(O)", <PyObject *>hostname)
    # The special forms ("", "<broadcast>") are ours, not libc's, and errors are getaddrinfo's: resolved first.
    try:
        rows = ask_layers(chars_of(name), None, AF_INET, 0, 0, 0)
    except OSError as error:
        tell_address(error, hostname)
        raise
    if rows is not None:
        addresses = {}
        for _family, _kind, _proto, _name, address in rows:
            addresses[address[0]] = None
        return PyUnicode_DecodeFSDefault(chars_of(name)), [], list(addresses)
    resolve_host(chars_of(name), AF_INET, &found, hostname)
    memset(&query, 0, sizeof(query))
    query.name = chars_of(name)
    return host_entry(&query, by_host_name, AF_INET, hostname)


def gethostbyaddr(ip_address, /):
    """gethostbyaddr_r(3): (name, [aliases], [addresses]) of an IPv4 or IPv6 address, all of them str.

    herror where the address has no name. A name (str through IDNA, RFC 3490, or bytes) is resolved to an address first:
    gaierror where it has none. getnameinfo() asks for the same in a newer way. Audited (PEP 578) as
    `socket.gethostbyaddr`.
    """
    cdef Address found
    cdef Query query
    name = read_text(ip_address, &HOST_BY_NAME, b"gethostbyaddr() argument 1")
    PySys_Audit(b"socket.gethostbyaddr", "(O)", <PyObject *>ip_address)
    resolve_host(chars_of(name), AF_UNSPEC, &found, ip_address)
    memset(&query, 0, sizeof(query))
    query.address = found
    return host_entry(&query, by_host_address, found.storage.ss_family, ip_address)


cdef void by_host_name(Query *query) noexcept nogil:
    cdef hostent *entry = NULL
    while has_room(query):
        query.code = gethostbyname_r(query.name, &query.entry.host, query.bytes, query.size, &entry, &query.reason)
    query.found = entry != NULL


cdef void by_host_address(Query *query) noexcept nogil:
    cdef hostent *entry = NULL
    cdef const void *address = &(<sockaddr_in6 *>&query.address.storage).sin6_addr
    cdef socklen_t length = sizeof(in6_addr)
    if query.address.storage.ss_family == AF_INET:
        address = &(<sockaddr_in *>&query.address.storage).sin_addr
        length = sizeof(in_addr)
    while has_room(query):
        query.code = gethostbyaddr_r(address, length, query.address.storage.ss_family, &query.entry.host, query.bytes,
                                     query.size, &entry, &query.reason)
    query.found = entry != NULL


cdef tuple host_entry(Query *query, Ask call, int family, object asked_for):
    try:
        look_up(query, call)
        if not query.found:
            raise_herror(query.reason)
        if query.entry.host.h_addrtype != family:
            raise_errno(EAFNOSUPPORT)
        return (PyUnicode_DecodeFSDefault(query.entry.host.h_name), host_aliases(&query.entry.host),
                host_addresses(&query.entry.host))
    except OSError as error:
        tell_address(error, asked_for)
        raise
    finally:
        free_answer(query)


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

@cython.embedsignature(False)
def getservbyname(servicename, protocolname=UNSET, /):
    """getservbyname(servicename, protocolname=None, /)\n--\n
    getservbyname_r(3): the port of a service (`"http"`), of "tcp" or "udp" where given, else of any protocol.

    As /etc/services has it (services(5)); OSError where it has none of that name. Audited (PEP 578) as
    `socket.getservbyname`.
    """
    cdef Query query
    memset(&query, 0, sizeof(query))
    query.name = read_chars(servicename, &NAME, b"getservbyname() argument 1")
    query.service = optional_chars(protocolname, b"getservbyname() argument 2")
    PySys_Audit(b"socket.getservbyname", "ss", query.name, query.service)
    try:
        look_up(&query, by_service_name)
        if not query.found:
            raise OSError("service/proto not found")
        return c_ntohs(<uint16_t>query.entry.service.s_port)
    finally:
        free_answer(&query)


@cython.embedsignature(False)
def getservbyport(port, protocolname=UNSET, /):
    """getservbyport(port, protocolname=None, /)\n--\n
    getservbyport_r(3): the name of the service at a port, of "tcp" or "udp" where given, else of any protocol.

    As /etc/services has it (services(5)); OSError where it has none at that port, OverflowError for a port beyond 0 to
    65535. Audited (PEP 578) as `socket.getservbyport`.
    """
    cdef Query query
    cdef int number = as_int(port)
    memset(&query, 0, sizeof(query))
    query.service = optional_chars(protocolname, b"getservbyport() argument 2")
    if number < 0 or number > 0xFFFF:
        raise OverflowError("getservbyport: port must be 0-65535.")
    PySys_Audit(b"socket.getservbyport", "is", number, query.service)
    query.number = c_htons(<uint16_t>number)
    try:
        look_up(&query, by_service_port)
        if not query.found:
            raise OSError("port/proto not found")
        return PyUnicode_FromString(query.entry.service.s_name)
    finally:
        free_answer(&query)


def getprotobyname(protocolname, /):
    """getprotobyname_r(3): the number of a protocol (`"icmp"`), for the third argument of a raw socket.

    As /etc/protocols has it (protocols(5)); OSError where it has none of that name.
    """
    cdef Query query
    memset(&query, 0, sizeof(query))
    query.name = read_chars(protocolname, &NAME, b"getprotobyname() argument 1")
    try:
        look_up(&query, by_protocol_name)
        if not query.found:
            raise OSError("protocol not found")
        return query.entry.protocol.p_proto
    finally:
        free_answer(&query)


cdef void by_service_name(Query *query) noexcept nogil:
    cdef servent *entry = NULL
    while has_room(query):
        query.code = getservbyname_r(query.name, query.service, &query.entry.service, query.bytes, query.size, &entry)
    query.found = entry != NULL


cdef void by_service_port(Query *query) noexcept nogil:
    cdef servent *entry = NULL
    while has_room(query):
        query.code = getservbyport_r(query.number, query.service, &query.entry.service, query.bytes, query.size, &entry)
    query.found = entry != NULL


cdef void by_protocol_name(Query *query) noexcept nogil:
    cdef protoent *entry = NULL
    while has_room(query):
        query.code = getprotobyname_r(query.name, &query.entry.protocol, query.bytes, query.size, &entry)
    query.found = entry != NULL


cdef const char *optional_chars(object text, const char *where) except? NULL:
    if text is UNSET:
        return NULL
    return read_chars(text, &NAME, where)


# --- the host's own name

def gethostname():
    """gethostname(2): this machine's name, a str, with a domain only where it was named so: see getfqdn().

    Audited (PEP 578) as `socket.gethostname`.
    """
    cdef char name[1024]
    cdef int error
    PySys_Audit(b"socket.gethostname", NULL)
    error = <int>answer(c_gethostname(name, sizeof(name) - 1))
    if error < 0:
        raise_errno(-error)
    name[sizeof(name) - 1] = 0
    return PyUnicode_DecodeFSDefault(name)


def sethostname(name, /):
    """sethostname(2): name this machine (str, bytes or a path). PermissionError without the right to.

    OSError (EINVAL) for more than 64 bytes. Audited (PEP 578) as `socket.sethostname`.
    """
    cdef int error
    cdef PyObject *encoded = NULL
    PyUnicode_FSConverter(name, &encoded)
    try:
        PySys_Audit(b"socket.sethostname", "(O)", encoded)
        error = <int>answer(c_sethostname(BytesData(encoded), PyBytes_GET_SIZE(<object>encoded)))
    finally:
        Py_XDECREF(encoded)
    if error < 0:
        raise_errno(-error)
