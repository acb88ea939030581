# What few sockets need, beyond the fields of the type. It is made when the first of it is needed, and is there as long
# as the socket: who reads it without a lock has a pointer that stays good.

from cpython.mem cimport PyMem_Calloc, PyMem_Free

cdef struct Narrowing           # narrowed.pxi

cdef struct Aside:
    # While `_ssl` makes calls within deadlines (narrowed.pxi): these, what the program has set, in which process.
    Narrowing *narrowings
    int64_t own_timeout
    int narrowed_by
    int narrowed_count
    # When the last call had ended that made it non-blocking for a while (unblocked.pxi), and how many there are.
    int64_t blocked_since
    int unblocked
    unsigned int cancels        # how often cancel() was called
    # The address converted last (kept.pxi).
    PyObject *address           # a reference, or NULL
    unsigned char length        # of the packed one, or 0
    unsigned char given         # by the program, and so no answer to it: the kernel's may hold less than its numbers
    unsigned char packed[28]    # a struct sockaddr_in6 at most
    # Within narrowings: the descriptor did not, whatever the timeout said.
    unsigned char did_not_block


cdef inline Aside *aside_of(socket sock) noexcept nogil:
    """NULL where nothing of it was needed yet."""
    return load_aside(&sock.aside)


cdef Aside *aside_made(socket sock) except NULL:
    """In the socket's critical section."""
    cdef Aside *aside = aside_of(sock)
    if aside == NULL:
        aside = new_aside(sock)
        if aside == NULL:
            raise MemoryError
    return aside


cdef Aside *new_aside(socket sock) noexcept:
    """NULL without memory."""
    cdef Aside *aside = <Aside *>PyMem_Calloc(1, sizeof(Aside))
    if aside != NULL:
        store_aside(&sock.aside, aside)
    return aside


cdef inline unsigned int cancels_of(socket sock) noexcept nogil:
    """How often cancel() was called."""
    cdef Aside *aside = aside_of(sock)
    return load_count(&aside.cancels) if aside != NULL else 0
