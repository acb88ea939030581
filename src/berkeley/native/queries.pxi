# Questions to libc's resolver and its databases. Within a deadline a thread asks, which can be left (errands.h).

from libc.stdlib cimport calloc, free, realloc

cdef extern from "errands.h" nogil:
    struct errand:
        void (*run)(errand *)
        void (*drop)(errand *)
        int done
    int errand_turns, errands_ended
    int load_done(const int *word)
    int errand_sleep(int *word, int seen, int64_t until)
    bint errand_take_turn(int *seen)
    void errand_give_turn()
    void errand_tell_end()
    void errand_pass_turn()
    int errand_set_limit(int limit)
    int errand_begin(errand *errand)
    void errand_leave(errand *errand)

cdef enum:
    ENTRY_SIZE = 1024       # bytes; doubled as long as a call says ERANGE

cdef union Entry:
    hostent host
    servent service
    protoent protocol

# Asks once, and fills in the answer.
ctypedef void (*Ask)(Query *query) noexcept nogil

cdef struct Query:
    Ask ask
    # What is asked for: each takes the fields that it needs.
    const char *name
    const char *service     # or its protocol
    addrinfo hints
    Address address
    int number              # an address family, a port in network order, or flags
    # The answer. `bytes` has the entry's texts, or a host's and a service's; they and the results are to be freed.
    int code                # EAI_*, or an errno
    int reason              # the errno that EAI_SYSTEM is about, or an h_errno
    addrinfo *results
    Entry entry
    bint found
    char *bytes
    size_t size

cdef struct Errand:
    errand base             # first, as errands.h knows it
    Query query             # its texts lie behind it


cdef int ask(Query *query) except -1:
    """Have the query answered; TimeoutError once the nearest deadline is over, or the time that each may take."""
    cdef int64_t until = nearer(end_of_lookup())
    if until:
        return ask_until(query, until)
    with nogil:
        query.ask(query)
    return 0


cdef int64_t end_of_lookup() noexcept:
    """When the time is over that a look-up may take which begins now, by system_clock(); 0 for never."""
    cdef int64_t timeout = resolve_timeout()
    return timeout + min(system_clock(), LLONG_MAX - timeout) if timeout >= 0 else 0


cdef int raise_query_timed_out(const Query *query) except -1:
    if query.name != NULL:
        raise TimeoutError(f"timed out looking up {PyUnicode_DecodeFSDefault(query.name)!r}")
    if query.address.storage.ss_family == AF_INET:
        text = ipv4_text(<uint8_t *>&(<sockaddr_in *>&query.address.storage).sin_addr)
    elif query.address.storage.ss_family == AF_INET6:
        text = ipv6_text(&(<sockaddr_in6 *>&query.address.storage).sin6_addr)
    else:
        raise TimeoutError("timed out looking up a service")
    raise TimeoutError(f"timed out looking up {text!r}")


cdef bint has_room(Query *query) noexcept nogil:
    """Before the first try, and after each for which there was too little of it: is there more room now?"""
    cdef size_t size = query.size * 2 if query.size else <size_t>ENTRY_SIZE
    cdef char *larger
    if query.size and query.code != ERANGE:
        return False
    larger = <char *>realloc(query.bytes, size)
    if larger == NULL:
        query.code = ENOMEM
        return False
    query.bytes = larger
    query.size = size
    return True


cdef void free_answer(Query *query) noexcept nogil:
    if query.results != NULL:
        freeaddrinfo(query.results)
    free(query.bytes)


# --- by a thread

cdef int ask_until(Query *query, int64_t until) except -1:
    cdef Errand *own
    if until <= system_clock():
        raise_query_timed_out(query)
    wait_for_turn(query, until)
    own = begun(query)
    try:
        wait_for_answer(query, own, until)
        take_answer(query, own)
    finally:
        errand_leave(&own.base)
    return 0


cdef Errand *begun(const Query *query) except NULL:
    """Its errand, for which a turn was taken."""
    cdef Errand *own = errand_of(query)
    if own == NULL or errand_begin(&own.base) < 0:
        errand_give_turn()
        errand_tell_end()       # who waits for others to end may begin one
        drop_errand(&own.base)
        # As libc says where it lacks memory or descriptors: in a moment it may be otherwise.
        raise_gaierror(EAI_AGAIN, 0)
    return own


cdef void take_answer(Query *query, Errand *own) noexcept:
    query.code = own.query.code
    query.reason = own.query.reason
    query.results = own.query.results
    query.entry = own.query.entry
    query.found = own.query.found
    query.bytes = own.query.bytes
    own.query.results = NULL
    own.query.bytes = NULL


cdef Errand *errand_of(const Query *query) noexcept:
    """A copy of the question, which holds its texts; NULL without memory."""
    cdef size_t name_size = strlen(query.name) + 1 if query.name != NULL else 0
    cdef size_t service_size = strlen(query.service) + 1 if query.service != NULL else 0
    cdef Errand *own = <Errand *>calloc(1, sizeof(Errand) + name_size + service_size)
    cdef char *texts
    if own == NULL:
        return NULL
    own.base.run = run_errand
    own.base.drop = drop_errand
    own.query = query[0]
    texts = <char *>(own + 1)
    if query.name != NULL:
        own.query.name = <char *>memcpy(texts, query.name, name_size)
    if query.service != NULL:
        own.query.service = <char *>memcpy(texts + name_size, query.service, service_size)
    return own


cdef void run_errand(errand *base) noexcept nogil:
    (<Errand *>base).query.ask(&(<Errand *>base).query)


cdef void drop_errand(errand *base) noexcept nogil:
    if base != NULL:
        free_answer(&(<Errand *>base).query)
        free(base)


cdef int wait_for_turn(const Query *query, int64_t until) except -1:
    cdef int seen
    while not errand_take_turn(&seen):
        try:
            if sleep_on(&errand_turns, seen, until) == -ETIMEDOUT:
                raise_query_timed_out(query)
        except:
            errand_pass_turn()
            raise
    return 0


cdef int wait_for_answer(const Query *query, Errand *own, int64_t until) except -1:
    cdef int seen
    while True:
        seen = load_done(&errands_ended)
        if load_done(&own.base.done):
            return 0
        if sleep_on(&errands_ended, seen, until) == -ETIMEDOUT:
            raise_query_timed_out(query)


cdef int sleep_on(int *word, int seen, int64_t until) except -1:
    """errand_sleep, and the handlers of signals."""
    cdef int slept
    with nogil:
        slept = errand_sleep(word, seen, until)
    if slept == -EINTR:
        PyErr_CheckSignals()
    return slept
