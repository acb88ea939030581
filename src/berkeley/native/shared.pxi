# What threads share of a socket without a lock: single fields, each read and written whole. Two that belong together
# are never needed at once; what is done to a socket in more than one step, is done under its lock (lifecycle.pxi).
#
# On builds with an interpreter lock it is what a plain access compiles to.

cdef struct Aside        # aside.pxi

cdef extern from *:
    """
    #define shared_load(place) __atomic_load_n(place, __ATOMIC_RELAXED)
    #define shared_store(place, value) __atomic_store_n(place, value, __ATOMIC_RELAXED)
    #define shared_or(place, bits) __atomic_fetch_or(place, bits, __ATOMIC_RELAXED)
    #define shared_and(place, bits) __atomic_fetch_and(place, bits, __ATOMIC_RELAXED)
    /* With what it points to. */
    #define shared_acquire(place) __atomic_load_n(place, __ATOMIC_ACQUIRE)
    #define shared_release(place, value) __atomic_store_n(place, value, __ATOMIC_RELEASE)
    /* Of two threads that take it, one gets what was there, the other what this one left. */
    #define shared_take(place, left) __atomic_exchange_n(place, left, __ATOMIC_ACQ_REL)
    """
    int load_int "shared_load"(const int *place) nogil
    int64_t load_long "shared_load"(const int64_t *place) nogil
    unsigned char load_char "shared_load"(const unsigned char *place) nogil
    unsigned int load_count "shared_load"(const unsigned int *place) nogil
    void store_count "shared_store"(unsigned int *place, unsigned int value) nogil
    void store_int "shared_store"(int *place, int value) nogil
    void store_long "shared_store"(int64_t *place, int64_t value) nogil
    void store_char "shared_store"(unsigned char *place, unsigned char value) nogil
    void add_bits "shared_or"(unsigned char *place, unsigned char bits) nogil
    void keep_bits "shared_and"(unsigned char *place, unsigned char bits) nogil
    Aside *load_aside "shared_acquire"(Aside *const *place) nogil
    void store_aside "shared_release"(Aside **place, Aside *aside) nogil
    Handle take_handle "shared_take"(Handle *place, Handle left) nogil
    unsigned char take_char "shared_take"(unsigned char *place, unsigned char left) nogil


# What is done in several steps in each call is guarded by these: Cython's own `critical_section` counts references, on
# builds with an interpreter lock too.

cdef extern from *:
    """
    #ifdef Py_GIL_DISABLED
    typedef PyCriticalSection Guard;
    #define guard(place, object) PyCriticalSection_Begin(place, (PyObject *)(object))
    #define unguard(place) PyCriticalSection_End(place)
    #else
    typedef char Guard;
    #define guard(place, object) ((void)(place))
    #define unguard(place) ((void)(place))
    #endif
    """
    ctypedef struct Guard:
        pass
    void guard(Guard *place, object thing)
    void unguard(Guard *place)


cdef inline Handle handle_of(socket sock) noexcept nogil:
    """Its number: NO_HANDLE once it is closed."""
    return load_int(&sock.sock_fd)


cdef inline int family_of(socket sock) noexcept nogil:
    return load_int(&sock.sock_family)


cdef inline int type_of(socket sock) noexcept nogil:
    return load_int(&sock.sock_type)


cdef inline int protocol_of(socket sock) noexcept nogil:
    return load_int(&sock.sock_proto)


cdef inline int64_t timeout_of(socket sock) noexcept nogil:
    """Nanoseconds; negative blocks, 0 never waits."""
    return load_long(&sock.sock_timeout)


cdef inline unsigned char hints_of(socket sock) noexcept nogil:
    """CONNECTING, POLL_TO_RECEIVE (operations.h)."""
    return load_char(&sock.hints)


cdef inline void add_hint(socket sock, unsigned char hint) noexcept nogil:
    add_bits(&sock.hints, hint)


cdef inline void drop_hint(socket sock, unsigned char hint) noexcept nogil:
    keep_bits(&sock.hints, ~hint)


# --- closing, and files

cdef extern from *:
    """
    /* Was close() called, and how many files are there? Of two threads, one that closes the socket and one that closes
       its last file, one at least must find that the descriptor is to be closed: each writes its part before it reads
       the other's, in an order that is the same for both (__ATOMIC_SEQ_CST). */
    #define is_closed(closed) __atomic_load_n(closed, __ATOMIC_SEQ_CST)
    #define set_closed(closed, value) __atomic_store_n(closed, value, __ATOMIC_SEQ_CST)
    #define file_count(files) __atomic_load_n(files, __ATOMIC_SEQ_CST)
    #define set_file_count(files, count) __atomic_store_n(files, count, __ATOMIC_SEQ_CST)
    #define add_file(files) ((void)__atomic_add_fetch(files, 1, __ATOMIC_SEQ_CST))

    static void take_file(Py_ssize_t *files) {
        Py_ssize_t count = file_count(files);
        while (count > 0 && !__atomic_compare_exchange_n(files, &count, count - 1, 0, __ATOMIC_SEQ_CST,
                                                         __ATOMIC_SEQ_CST))
            ;
    }
    """
    bint is_closed(unsigned char *closed)
    void set_closed(unsigned char *closed, bint value)
    Py_ssize_t file_count(Py_ssize_t *files)
    void set_file_count(Py_ssize_t *files, Py_ssize_t count)
    void add_file(Py_ssize_t *files)
    void take_file(Py_ssize_t *files)


# --- what all threads use, and nothing ever frees

cdef extern from *:
    """
    #if !defined(Py_GIL_DISABLED)
    #define make_immortal(object) ((void)0)
    #elif PY_VERSION_HEX >= 0x030F0000
    #define make_immortal(object) ((void)PyUnstable_SetImmortal(object))
    #else
    /* What that does, for which earlier versions have no function. */
    static void make_immortal(PyObject *object) {
        if (PyObject_IS_GC(object))
            PyObject_GC_UnTrack(object);
        object->ob_tid = 0;
        object->ob_ref_local = _Py_IMMORTAL_REFCNT_LOCAL;
        object->ob_ref_shared = 0;
    }
    #endif
    """
    void make_immortal(object)


def kept_for_good(dict table):
    """The same dict: no more references to it and to its values are counted, and they stay as long as the process.

    Without the interpreter lock, threads that take and drop a reference to the same object wait for each other: two did
    less than one. To be called before another thread has the objects.
    """
    for value in table.values():
        make_immortal(value)
    make_immortal(table)
    return table
