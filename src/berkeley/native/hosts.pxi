# Hosts: the address that a name or a numeric text stands for.

cdef inline int resolve_host(const char *host, int family, Address *found, object given) except -1:
    """Write the host's address into `found`: AF_INET or AF_INET6, for AF_UNSPEC whichever comes first.

    "" is every interface, "<broadcast>" and "255.255.255.255" the broadcast address. Other parts of `found` are left.
    `given` is what an error is to have for its address.
    """
    return 0 if numeric_host(host, family, found) else resolve_name(host, family, found, given)


cdef int resolve_name(const char *host, int family, Address *found, object given) except -1:
    if strcmp(host, "<broadcast>") == 0 or strcmp(host, "255.255.255.255") == 0:
        raise OSError("address family mismatched")      # numeric_host took it for the others
    try:
        rows = ask_layers(host, None, family, 0, 0, 0)
        if rows is None:
            return system_address(host, family, found)
        return first_address(rows, family, found)
    except OSError as error:
        tell_address(error, given)
        raise


cdef int system_address(const char *host, int family, Address *found) except -1:
    """What libc answers first."""
    cdef addrinfo hints
    cdef addrinfo *results
    cdef const char *service = NULL
    memset(&hints, 0, sizeof(hints))
    hints.ai_family = family
    if host[0] == 0:
        hints.ai_socktype = SOCK_DGRAM      # not one answer for each type
        hints.ai_flags = AI_PASSIVE
        host = NULL
        service = b"0"
    results = look_up_host(host, service, &hints)
    try:
        if host == NULL and results.ai_next != NULL:
            raise OSError("wildcard resolved to multiple address")
        if results.ai_family == AF_INET:
            (<sockaddr_in *>&found.storage).sin_addr = (<sockaddr_in *>results.ai_addr).sin_addr
        elif results.ai_family == AF_INET6:
            (<sockaddr_in6 *>&found.storage).sin6_addr = (<sockaddr_in6 *>results.ai_addr).sin6_addr
            (<sockaddr_in6 *>&found.storage).sin6_scope_id = (<sockaddr_in6 *>results.ai_addr).sin6_scope_id
        else:
            raise OSError("unknown address family")
        found.storage.ss_family = results.ai_addr.sa_family
    finally:
        freeaddrinfo(results)
    return 0


# --- what stands between a program and the system's resolver

cdef extern from *:
    """
    static int berkeley_lookup_layers = 0;
    #define layered() __atomic_load_n(&berkeley_lookup_layers, __ATOMIC_RELAXED)
    #define add_lookup_layers(count) ((void)__atomic_add_fetch(&berkeley_lookup_layers, count, __ATOMIC_RELAXED))
    """
    int layered()
    void add_lookup_layers(int count)

cdef object lookup_layers = None


def layer_lookups(function, change, /):
    """`change` more resolvers of the program's own: while there are any, `function` is asked for names.

    It is called as getaddrinfo(host, port, family, type, proto, flags), and gives rows such as that one's, of numbers;
    None where no resolver is in force. It is the same one each time.
    """
    global lookup_layers
    if lookup_layers is None:
        make_immortal(function)
        lookup_layers = function
    add_lookup_layers(as_int(change))


cdef list ask_layers(const char *host, object port, int family, int kind, int proto, int flags):
    """Their rows; None where there are none, and where `host` is no name: empty or NULL, or numeric in any form."""
    if host == NULL or host[0] == 0 or not layered() or flags & AI_NUMERICHOST or is_numeric(host):
        return None
    name = PyUnicode_DecodeASCII(host, strlen(host), b"surrogateescape")
    return lookup_layers(name, port, family, kind, proto, flags)


cdef bint is_numeric(const char *host) noexcept nogil:
    """To getaddrinfo(3), which nobody is asked by this: it takes "127.1" and IPv6 with a zone too (inet_aton(3))."""
    cdef addrinfo hints
    cdef addrinfo *results = NULL
    cdef int reason
    memset(&hints, 0, sizeof(hints))
    hints.ai_flags = AI_NUMERICHOST
    if system_getaddrinfo(host, NULL, &hints, &results, &reason) != 0:
        return False
    freeaddrinfo(results)
    return True


cdef int first_address(list rows, int family, Address *found) except -1:
    row_family, _kind, _proto, _name, address = rows[0]
    host = address[0].partition("%")[0]
    if not numeric_host(chars_of(host), row_family, found) or (family != AF_UNSPEC and row_family != family):
        raise OSError("unknown address family")
    if row_family == AF_INET6 and len(address) == 4:
        (<sockaddr_in6 *>&found.storage).sin6_scope_id = address[3]
    return 0


# --- libc's

cdef addrinfo *look_up_host(const char *host, const char *service, const addrinfo *hints) except NULL:
    """getaddrinfo(3): its answers, to be freed."""
    cdef Query query
    memset(&query, 0, sizeof(query))
    query.ask = by_host
    query.name = host
    query.service = service
    query.hints = hints[0]
    ask(&query)
    if query.code:
        raise_gaierror(query.code, query.reason)
    return query.results


cdef void by_host(Query *query) noexcept nogil:
    query.code = system_getaddrinfo(query.name, query.service, &query.hints, &query.results, &query.reason)


cdef bint numeric_host(const char *host, int family, Address *found) noexcept nogil:
    """What needs no resolver: dotted IPv4, IPv6 without a zone, and for AF_INET the special forms."""
    cdef sockaddr_in *v4 = <sockaddr_in *>&found.storage
    cdef sockaddr_in6 *v6 = <sockaddr_in6 *>&found.storage
    if family == AF_INET or family == AF_UNSPEC:
        if host[0] == 0 and family == AF_INET:
            v4.sin_addr.s_addr = INADDR_ANY
        elif host[0] == c"<" and strcmp(host, "<broadcast>") == 0:
            v4.sin_addr.s_addr = INADDR_BROADCAST
        elif c_inet_pton(AF_INET, host, &v4.sin_addr) != 1:
            if family == AF_INET or host[0] == 0:
                return False
            return numeric_host(host, AF_INET6, found)
        v4.sin_family = <unsigned short>AF_INET
        return True
    if family != AF_INET6:
        return False
    if host[0] == 0:
        memset(&v6.sin6_addr, 0, sizeof(in6_addr))
    elif c_inet_pton(AF_INET6, host, &v6.sin6_addr) != 1:
        return False
    v6.sin6_scope_id = 0
    v6.sin6_family = <unsigned short>AF_INET6
    return True
