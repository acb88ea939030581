# Settings of the process, which change what the standard module does: berkeley.configure() has them in its words.

cdef extern from *:
    """
    #include <stdint.h>
    static int64_t berkeley_resolve_timeout = -1;       /* ns; below 0: none */
    /* Seconds idle, seconds between probes, probes, of 16 bits each; 0: not set */
    static uint64_t berkeley_keepalive = 0;
    #define resolve_timeout() __atomic_load_n(&berkeley_resolve_timeout, __ATOMIC_RELAXED)
    #define store_resolve_timeout(value) __atomic_store_n(&berkeley_resolve_timeout, value, __ATOMIC_RELAXED)
    #define keepalive() __atomic_load_n(&berkeley_keepalive, __ATOMIC_RELAXED)
    #define store_keepalive(value) __atomic_store_n(&berkeley_keepalive, value, __ATOMIC_RELAXED)
    """
    int64_t resolve_timeout() nogil
    void store_resolve_timeout(int64_t value) nogil
    uint64_t keepalive() nogil
    void store_keepalive(uint64_t value) nogil


def set_resolve_timeout(seconds, /):
    """Have each look-up end after so many seconds, with TimeoutError; None: when it has its answer."""
    store_resolve_timeout(parse_timeout(seconds))


def set_keepalive(int idle, int interval, int count, /):
    """Have TCP sockets opened from now on ask for their peer: TCP_KEEPIDLE and its kin (tcp(7)); 0 for none."""
    store_keepalive(<uint64_t>idle << 32 | <uint64_t>interval << 16 | <uint64_t>count)


cdef void keep_alive(Handle handle, int family, int kind, int proto) noexcept:
    """As the process has it. Where the kernel refuses, a socket is as good as without."""
    cdef uint64_t words = keepalive()
    cdef int values[3]
    cdef int on = 1
    if not (family in (AF_INET, AF_INET6) and kind & ~(SOCK_NONBLOCK | SOCK_CLOEXEC) == SOCK_STREAM
            and proto in (0, IPPROTO_TCP)):
        return
    values = [words >> 32 & 0xFFFF, words >> 16 & 0xFFFF, words & 0xFFFF]
    c_setsockopt(handle, IPPROTO_TCP, TCP_KEEPIDLE, &values[0], sizeof(int))
    c_setsockopt(handle, IPPROTO_TCP, TCP_KEEPINTVL, &values[1], sizeof(int))
    c_setsockopt(handle, IPPROTO_TCP, TCP_KEEPCNT, &values[2], sizeof(int))
    c_setsockopt(handle, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(int))
