# Slab: the memory of a DatagramBatch, which lives as long as the batch, one of its slots, or a view of one.
#
# How many views there are, and calls that send from it, is counted in one atomic number; a call that receives makes it
# HELD, and has the memory for itself.

cdef extern from *:
    """
    #define HELD (-1)

    /* Count one more view; false while a call receives. */
    static int pin(Py_ssize_t *views) {
        Py_ssize_t count = __atomic_load_n(views, __ATOMIC_RELAXED);
        while (count >= 0)
            if (__atomic_compare_exchange_n(views, &count, count + 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
                return 1;
        return 0;
    }
    #define unpin(views) ((void)__atomic_sub_fetch(views, 1, __ATOMIC_RELEASE))

    /* Have it alone: 0, or how many views there are, or HELD. */
    static Py_ssize_t seize(Py_ssize_t *views) {
        Py_ssize_t count = 0;
        __atomic_compare_exchange_n(views, &count, HELD, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
        return count;
    }
    #define give_back(views) __atomic_store_n(views, 0, __ATOMIC_RELEASE)

    /* Who finds that a slot is used, finds what is in it. */
    #define load_used(used) __atomic_load_n(used, __ATOMIC_ACQUIRE)
    #define store_used(used, count) __atomic_store_n(used, count, __ATOMIC_RELEASE)
    """
    enum:
        HELD
    bint pin_views "pin"(Py_ssize_t *views) nogil
    void unpin_views "unpin"(Py_ssize_t *views) nogil
    Py_ssize_t seize_views "seize"(Py_ssize_t *views) nogil
    void give_back_views "give_back"(Py_ssize_t *views) nogil
    Py_ssize_t load_used(const Py_ssize_t *used) nogil
    void store_used(Py_ssize_t *used, Py_ssize_t count) nogil


cdef class Slab:
    cdef Slots slots
    cdef Py_ssize_t views
    cdef Py_ssize_t used            # the slots that hold a datagram: the first ones
    cdef unsigned long generation   # how often they were used anew
    cdef unsigned char *taken       # of each, are its descriptors the program's?
    cdef socket sock                # that has received them
    cdef unsigned char closed

    def __cinit__(self, Py_ssize_t count, Py_ssize_t size, Py_ssize_t room):
        make_slots(&self.slots, count, size, room)
        self.taken = <unsigned char *>PyMem_Calloc(count, 1)
        if self.taken == NULL:
            raise MemoryError

    def __dealloc__(self):
        drop_datagrams(self)
        PyMem_Free(self.taken)
        free_slots(&self.slots)


cdef void drop_datagrams(Slab slab) noexcept:
    """Of those in the slots, close the descriptors that nobody has taken."""
    cdef Py_ssize_t index
    for index in range(slab.used):
        if slab.slots.headers[index].msg_hdr.msg_controllen > 0 and not slab.taken[index]:
            close_rights(&slab.slots.headers[index].msg_hdr)
        slab.taken[index] = False
    store_used(&slab.used, 0)
    slab.generation += 1


cdef int hold_slab(Slab slab) except -1:
    """Until `unpin_views`: nothing is received into it."""
    if not pin_views(&slab.views):
        refuse_use(HELD)
    if is_closed(&slab.closed):
        unpin_views(&slab.views)
        raise ValueError("the batch is closed")
    return 0


cdef int have_alone(Slab slab) except -1:
    """Until `give_back_views`."""
    cdef Py_ssize_t views = seize_views(&slab.views)
    if views != 0:
        refuse_use(views)
    if is_closed(&slab.closed):
        give_back_views(&slab.views)
        raise ValueError("the batch is closed")
    return 0


cdef int refuse_use(Py_ssize_t views) except -1:
    if views == HELD:
        raise RuntimeError("another call receives into this batch")
    raise BufferError(f"the batch is in use: {views} views of its slots, or calls that send them")
