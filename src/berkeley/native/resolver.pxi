# Names and addresses: getaddrinfo(3), getnameinfo(3). The interpreter lock is let go while libc asks around.

def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
    """getaddrinfo(3): a list of (family, type, proto, canonname, address), all of them numbers and strings.

    `host` is a name, a numeric address or None, `port` a service's name, a number or None. gaierror (code, text) where
    there is no answer; OSError where the system failed (EAI_SYSTEM).
    """
    return resolve(host, port, as_int(family), as_int(type), as_int(proto), as_int(flags), {}, {})


def getaddrinfo_as(families, kinds, host, port, family, type, proto, flags, /):
    """`getaddrinfo`, with the members of `families` and `kinds` (dicts from int) in place of numbers they have."""
    return resolve(host, port, as_int(family), as_int(type), as_int(proto), as_int(flags), families, kinds)


cdef list resolve(object host, object port, int family, int kind, int proto, int flags, dict families, dict kinds):
    encoded = None if host is None else read_text(host, &HOST_TO_ASK, b"getaddrinfo() argument 1")
    service = resolver_port(port)
    PySys_Audit(b"socket.getaddrinfo", "OOiii", <PyObject *>host, <PyObject *>port, family, kind, proto)
    rows = numeric_rows(encoded, port, family, kind, proto, flags, families, kinds)
    if rows is not None:
        return rows
    try:
        if encoded is not None:
            rows = ask_layers(chars_of(encoded), port, family, kind, proto, flags)
        if rows is None:
            return asked(encoded, service, family, kind, proto, flags, families, kinds)
        found = []
        for family, kind, proto, name, address in rows:
            found.append((families.get(family, family), kinds.get(kind, kind), proto, name, address))
        return found
    except OSError as error:
        tell_address(error, (host, port))
        raise


def getaddrinfo_of_system(host, port, family=0, type=0, proto=0, flags=0):
    """`getaddrinfo`, whatever stands between a program and the system's resolver."""
    encoded = None if host is None else read_text(plain_host(host), &HOST_TO_ASK, b"getaddrinfo() argument 1")
    service = resolver_port(port)
    PySys_Audit(b"socket.getaddrinfo", "OOOO", <PyObject *>host, <PyObject *>port, <PyObject *>family, <PyObject *>type)
    return asked(encoded, service, as_int(family), as_int(type), as_int(proto), as_int(flags), {}, {})


cdef object plain_host(object host):
    """Of what a program gave as bytes beyond ASCII, a resolver sees surrogates, which stand for them (PEP 383)."""
    try:
        return host.encode("ascii", "surrogateescape")
    except (AttributeError, UnicodeEncodeError):
        pass
    return host


cdef list asked(object host, object service, int family, int kind, int proto, int flags, dict families, dict kinds):
    cdef Query query
    fill_query(&query, host, service, family, kind, proto, flags)
    ask(&query)
    return rows_of(&query, families, kinds)


cdef int fill_query(Query *query, object host, object service, int family, int kind, int proto, int flags) except -1:
    """A query of getaddrinfo(3), as long as the texts are held."""
    memset(query, 0, sizeof(Query))
    query.ask = by_host
    if host is not None:
        query.name = chars_of(host)
    if service is not None:
        query.service = chars_of(service)
    query.hints.ai_family = family
    query.hints.ai_socktype = kind
    query.hints.ai_protocol = proto
    query.hints.ai_flags = flags
    return 0


cdef list rows_of(Query *query, dict families, dict kinds):
    """What was answered, which is freed."""
    if query.code:
        raise_gaierror(query.code, query.reason)
    try:
        return result_rows(query.results, families, kinds)
    finally:
        free_answer(query)


cdef object resolver_port(object port):
    """None or a text.

    A number's size is left to getaddrinfo(3), which refuses what no unsigned long holds and wraps what no port holds.
    """
    if port is None:
        return None
    if PyLong_CheckExact(port):
        if LONG_PORTS:
            PyLong_AsLong(port)
        return b"%d" % port
    if INDEX_PORTS and PyIndex_Check(port):
        return PyNumber_ToBase(port, 10)
    return read_text(port, &SERVICE_TO_ASK, b"")


cdef struct NumericRow:
    int type
    int proto

# The rows that getaddrinfo(3) answers to a numeric host without asking anybody: of these, what the hints let through.
cdef NumericRow[3] NUMERIC_ROWS = [
    NumericRow(SOCK_STREAM, IPPROTO_TCP),
    NumericRow(SOCK_DGRAM, IPPROTO_UDP),
    NumericRow(SOCK_RAW, 0),
]


cdef list numeric_rows(object host, object port, int family, int kind, int proto, int flags, dict families, dict kinds):
    """The rows for a numeric host and port in the forms that need no rules; None leaves it to getaddrinfo(3)."""
    cdef Address found
    cdef NumericRow row
    cdef list rows = []
    if host is None or not PyLong_CheckExact(port) or flags & ~(AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV):
        return None
    if family != AF_UNSPEC and family != AF_INET and family != AF_INET6:
        return None
    if (kind != 0 and kind != SOCK_STREAM and kind != SOCK_DGRAM) or not 0 <= port <= 0xFFFF:
        return None
    clear_address(&found)
    if not numeric_text(chars_of(host), family, &found):
        return None
    if found.storage.ss_family == AF_INET:
        address = (ipv4_text(<uint8_t *>&(<sockaddr_in *>&found.storage).sin_addr), port)
    else:
        address = (ipv6_text(&(<sockaddr_in6 *>&found.storage).sin6_addr), port, 0, 0)
    family = found.storage.ss_family
    member = families.get(family, family)
    for row in NUMERIC_ROWS:
        if (kind == 0 or kind == row.type) and (proto == 0 or proto == row.proto):
            rows.append((member, kinds.get(row.type, row.type), row.proto, "", address))
    return rows or None


cdef bint numeric_text(const char *host, int family, Address *found) noexcept nogil:
    """Dotted IPv4 or IPv6 without a zone, of the family asked for."""
    return host[0] != 0 and host[0] != c"<" and numeric_host(host, family, found)


cdef list result_rows(addrinfo *result, dict families, dict kinds):
    cdef Address raw
    cdef list rows = []
    while result != NULL:
        memcpy(&raw.storage, result.ai_addr, min(<size_t>result.ai_addrlen, sizeof(raw.storage)))
        raw.length = result.ai_addrlen
        name = PyUnicode_DecodeFSDefault(result.ai_canonname) if result.ai_canonname != NULL else ""
        family, kind = result.ai_family, result.ai_socktype
        rows.append((families.get(family, family), kinds.get(kind, kind), result.ai_protocol, name,
                     convert_address(None, &raw)))
        result = result.ai_next
    return rows


cdef class Lookup:
    """One of several getaddrinfo(3) that are made at once, each by a thread of its own.

    Its arguments are those of getaddrinfo(), whose audit event it raises. It is begun when there is a turn for it.
    """

    cdef object host, service           # the texts that are asked for
    cdef int family, kind, proto, flags
    cdef Errand *own                    # NULL before it begins
    cdef int64_t end                    # by system_clock(), once it has begun; 0 without one

    def __init__(self, host, port, family=0, type=0, proto=0, flags=0):
        self.family, self.kind, self.proto, self.flags = as_int(family), as_int(type), as_int(proto), as_int(flags)
        self.host = None if host is None else read_text(host, &HOST_TO_ASK, b"getaddrinfo() argument 1")
        self.service = resolver_port(port)
        PySys_Audit(b"socket.getaddrinfo", "OOiii", <PyObject *>host, <PyObject *>port, self.family, self.kind,
                    self.proto)

    def __dealloc__(self):
        if self.own != NULL:
            errand_leave(&self.own.base)

    def begin(self):
        """Has it begun now? False while too many others are under way. gaierror (EAI_AGAIN) without a thread."""
        cdef Query query
        cdef int seen
        if self.own != NULL:
            raise RuntimeError("a look-up is begun once")
        fill_query(&query, self.host, self.service, self.family, self.kind, self.proto, self.flags)
        if not errand_take_turn(&seen):
            return False
        self.own = begun(&query)
        self.end = end_of_lookup()
        return True

    @property
    def until(self):
        """When its time is over, as `moment` has it, once it has begun: see set_resolve_timeout(); 0 for never."""
        return self.end

    @property
    def done(self):
        return self.own != NULL and load_done(&self.own.base.done)

    def rows(self, dict families, dict kinds, /):
        """Once it is done: what getaddrinfo() would give, or raise."""
        cdef Query query
        if not self.done:
            raise RuntimeError("a look-up is not done")
        take_answer(&query, self.own)
        return rows_of(&query, families, kinds)


def lookups_ended():
    """How many look-ups of this process have ended, for `await_lookup`."""
    return load_done(&errands_ended)


def await_lookup(int seen, int64_t until, /):
    """Wait until another has ended than the `seen`: False where `until` (`moment`) or a deadline comes first."""
    cdef int64_t end = nearer(until)
    if end and end <= system_clock():
        return False
    return sleep_on(&errands_ended, seen, end or LLONG_MAX) != -ETIMEDOUT


def set_lookup_limit(limit, /):
    """Let so many look-ups (getaddrinfo(3)) be under way at once, each in a thread: the limit until now, at first 64.

    It is for those with a timeout or a deadline: others are made by their callers. Further ones wait for their turn,
    until their own deadline. ValueError for less than 1.
    """
    cdef int count = as_int(limit)
    if count < 1:
        raise ValueError("a limit of look-ups is 1 at least")
    return errand_set_limit(count)


def getnameinfo(address, flags, /):
    """getnameinfo(3): (host, service), two str, for an AF_INET or AF_INET6 address with a numeric host.

    `address` is (host, port) or (host, port, flowinfo, scope_id). `flags` (`NI_*`) choose names or numbers: 0 gives
    names where there are any, NI_NUMERICHOST and NI_NUMERICSERV together ask nobody. gaierror where the host is not
    numeric or (NI_NAMEREQD) has no name; TypeError, OverflowError or OSError for what is no such address. Audited (PEP
    578) as `socket.getnameinfo`.
    """
    cdef int how = as_int(flags), port
    cdef unsigned int flowinfo = 0, scope_id = 0
    cdef char *name
    cdef Address raw
    if not PyTuple_Check(address):
        raise TypeError("getnameinfo() argument 1 must be a tuple")
    PyArg_ParseTuple(address, "si|II;getnameinfo(): illegal sockaddr argument", &name, &port, &flowinfo, &scope_id)
    if flowinfo > 0xFFFFF:
        raise OverflowError("getnameinfo(): flowinfo must be 0-1048575.")
    PySys_Audit(b"socket.getnameinfo", "(O)", <PyObject *>address)
    numeric_address(name, port, &raw)
    if raw.storage.ss_family == AF_INET and len(<tuple>address) != 2:
        raise OSError("IPv4 sockaddr must be 2 tuple")
    if raw.storage.ss_family == AF_INET6:
        (<sockaddr_in6 *>&raw.storage).sin6_flowinfo = c_htonl(flowinfo)
        (<sockaddr_in6 *>&raw.storage).sin6_scope_id = scope_id
    # The texts of the numbers: nobody to ask. A scope would be an interface's name.
    if how == NI_NUMERICHOST | NI_NUMERICSERV and scope_id == 0:
        if raw.storage.ss_family == AF_INET:
            return ipv4_text(<uint8_t *>&(<sockaddr_in *>&raw.storage).sin_addr), number_text(&raw)
        return ipv6_text(&(<sockaddr_in6 *>&raw.storage).sin6_addr), number_text(&raw)
    try:
        return names_of(&raw, how)
    except OSError as error:
        tell_address(error, address)
        raise


cdef tuple names_of(const Address *address, int flags):
    cdef Query query
    memset(&query, 0, sizeof(query))
    query.ask = by_address
    query.address = address[0]
    query.number = flags
    try:
        ask(&query)
        if query.code:
            raise_gaierror(query.code, query.reason)
        return PyUnicode_DecodeFSDefault(query.bytes), PyUnicode_FromString(query.bytes + NI_MAXHOST)
    finally:
        free_answer(&query)


cdef void by_address(Query *query) noexcept nogil:
    query.bytes = <char *>calloc(1, NI_MAXHOST + NI_MAXSERV)
    if query.bytes == NULL:
        query.code = EAI_MEMORY
        return
    query.code = system_getnameinfo(&query.address, query.bytes, NI_MAXHOST, query.bytes + NI_MAXHOST, NI_MAXSERV,
                                    query.number, &query.reason)


cdef str number_text(Address *address):
    """The port, which is at the same place in both families."""
    cdef unsigned int port = c_ntohs((<sockaddr_in *>&address.storage).sin_port)
    return f"{port}"


cdef int numeric_address(const char *name, int port, Address *address) except -1:
    """The address of a numeric host; getaddrinfo(3) sees to the forms that inet_pton(3) does not take ("127.1")."""
    cdef addrinfo hints
    cdef addrinfo *found
    clear_address(address)
    if 0 <= port <= 0xFFFF and numeric_text(name, AF_UNSPEC, address):
        if address.storage.ss_family == AF_INET:
            address.length = sizeof(sockaddr_in)
            (<sockaddr_in *>&address.storage).sin_port = c_htons(<uint16_t>port)
        else:
            address.length = sizeof(sockaddr_in6)
            (<sockaddr_in6 *>&address.storage).sin6_port = c_htons(<uint16_t>port)
        return 0
    memset(&hints, 0, sizeof(hints))
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = SOCK_DGRAM      # one answer, not one for each type
    hints.ai_flags = AI_NUMERICHOST     # a name would be a query of its own (RFC 3493)
    found = look_up_host(name, b"%d" % port, &hints)
    try:
        if found.ai_next != NULL:
            raise OSError("sockaddr resolved to multiple addresses")
        memcpy(&address.storage, found.ai_addr, found.ai_addrlen)
        address.length = found.ai_addrlen
    finally:
        freeaddrinfo(found)
    return 0
