# The floor: what the system is asked for, under names of our own. Another system is another file with these names.
#
# Each gives its result, or a negated errno, taken before anything else could change it: so they are called with the
# interpreter lock or without, and errno is read nowhere else in the core.

cdef extern from "wakes.h" nogil:
    const sigset_t *mask_of_sleep(sigset_t *mask)

ctypedef int Handle         # a socket, as the system numbers it

cdef enum:
    NO_HANDLE = -1

cdef struct Address:
    sockaddr_storage storage
    socklen_t length


cdef inline ssize_t answer(ssize_t result) noexcept nogil:
    """A call's result, which is -1 where errno has the reason: the negated errno then."""
    return result if result >= 0 else -errno


cdef inline Handle system_open(int family, int kind, int proto, bint nonblocking) noexcept nogil:
    return <Handle>answer(c_socket(family, kind | SOCK_CLOEXEC | (SOCK_NONBLOCK if nonblocking else 0), proto))


cdef inline int system_pair(int family, int kind, int proto, Handle *pair) noexcept nogil:
    return <int>answer(c_socketpair(family, kind | SOCK_CLOEXEC, proto, pair))


cdef inline Handle system_accept(Handle listener, sockaddr *address, socklen_t *length) noexcept nogil:
    return <Handle>answer(accept4(listener, address, length, SOCK_CLOEXEC))


cdef inline Handle system_dup(Handle handle) noexcept nogil:
    return <Handle>answer(fcntl(handle, F_DUPFD_CLOEXEC, 0))


cdef inline int system_close(Handle handle) noexcept nogil:
    """Once: Linux frees the number even when a signal interrupts (close(2)). A reset peer is no news to a closer."""
    cdef int result = <int>answer(c_close(handle))
    return 0 if result == -ECONNRESET else result


cdef inline int system_set_nonblocking(Handle handle, int nonblocking) noexcept nogil:
    return <int>answer(ioctl(handle, FIONBIO, &nonblocking))


cdef inline bint system_is_nonblocking(Handle handle) noexcept nogil:
    return fcntl(handle, F_GETFL) & O_NONBLOCK


cdef inline bint system_is_open(Handle handle) noexcept nogil:
    return fcntl(handle, F_GETFD) >= 0


cdef int system_mark(Handle handle) noexcept nogil:
    """Close it, but keep the number: all calls fail with EBADF, as with whatever is opened by O_PATH (open(2))."""
    cdef int marker = <int>answer(c_open(b"/", O_PATH | O_CLOEXEC))
    cdef int result = marker
    if marker >= 0:
        result = min(0, <int>answer(dup3(marker, handle, O_CLOEXEC)))
        c_close(marker)
    return result


cdef inline bint system_is_marker(Handle handle) noexcept nogil:
    cdef int flags = fcntl(handle, F_GETFL)
    return flags >= 0 and flags & O_PATH


cdef inline int system_poll(Handle handle, short events, int64_t nanoseconds) noexcept nogil:
    """ppoll(2): the events that have come, errors among them; 0 when the time is over, of which -1 is no end.

    And not select(2): that cannot watch descriptors from 1024 on.
    """
    cdef pollfd watched
    cdef int ready
    watched.fd = handle
    watched.events = events
    ready = wakeable_poll(&watched, 1, nanoseconds)
    return watched.revents if ready > 0 else ready


cdef inline int system_pause(int64_t nanoseconds) noexcept nogil:
    """Nothing but time goes by, or a signal comes: -EINTR."""
    return wakeable_poll(NULL, 0, nanoseconds)


cdef int wakeable_poll(pollfd *watched, int count, int64_t nanoseconds) noexcept nogil:
    cdef sigset_t mask
    cdef timespec time
    time.tv_sec = nanoseconds // 1000000000
    time.tv_nsec = nanoseconds % 1000000000
    return <int>answer(ppoll(watched, count, &time if nanoseconds >= 0 else NULL, mask_of_sleep(&mask)))


cdef inline int system_map(Handle handle, size_t size, void **start) noexcept nogil:
    """mmap(2): what the descriptor shares, to be read and written."""
    start[0] = c_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, handle, 0)
    return 0 if start[0] != MAP_FAILED else -errno


cdef inline void system_unmap(void *start, size_t size) noexcept nogil:
    c_munmap(start, size)


cdef inline int64_t system_clock() noexcept nogil:
    """Nanoseconds that never go back (clock_gettime(2), CLOCK_MONOTONIC)."""
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return now.tv_sec * 1000000000 + now.tv_nsec


cdef inline int system_getaddrinfo(const char *host, const char *service, const addrinfo *hints, addrinfo **results,
                                   int *reason) noexcept nogil:
    """getaddrinfo(3): 0 or an EAI_* code. `reason` is the errno that EAI_SYSTEM is about."""
    cdef int code = c_getaddrinfo(host, service, hints, results)
    reason[0] = errno
    return code


cdef inline int system_getnameinfo(const Address *address, char *host, socklen_t host_size, char *service,
                                   socklen_t service_size, int flags, int *reason) noexcept nogil:
    """getnameinfo(3): as above."""
    cdef int code = c_getnameinfo(<sockaddr *>&address.storage, address.length, host, host_size, service, service_size,
                                  flags)
    reason[0] = errno
    return code


cdef inline int system_if_nameindex(if_nameindex_entry **entries) noexcept nogil:
    entries[0] = c_if_nameindex()
    return 0 if entries[0] != NULL else -errno


cdef inline int64_t system_if_nametoindex(const char *name) noexcept nogil:
    cdef unsigned int index = c_if_nametoindex(name)
    return <int64_t>index if index != 0 else -<int64_t>errno


cdef inline int system_if_indextoname(unsigned int index, char *name) noexcept nogil:
    return 0 if c_if_indextoname(index, name) != NULL else -errno
