# Slab: the slots of a DatagramBatch, and SlotMemory, where they are: as long as there is the batch, a slot, or a view.
#
# How many views there are, and calls that send, is counted in one number. A call that receives makes it HELD, and has
# the memory for itself. All views of slots are parts of one view of the whole (views.pxi), which is made when the first
# is asked for, and dropped before anything is received.

cdef extern from *:
    """
    /* Below 0: a call has it, in the process that was forked so often. */
    #define HELD (-1 - (Py_ssize_t)berkeley_forks)

    #ifdef Py_GIL_DISABLED
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
    #else
    /* The interpreter lock is held. */
    static int pin(Py_ssize_t *views) {
        if (*views < 0)
            return 0;
        ++*views;
        return 1;
    }
    #define unpin(views) ((void)--*(views))

    static Py_ssize_t seize(Py_ssize_t *views) {
        Py_ssize_t count = *views;
        if (count == 0)
            *views = HELD;
        return count;
    }
    #endif
    #define give_back(views) __atomic_store_n(views, 0, __ATOMIC_RELEASE)
    #define let_go(views, held) \
        ((void)__atomic_compare_exchange_n(views, &(Py_ssize_t){held}, 0, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))

    /* Who finds that a slot is used, finds what is in it. */
    #define load_used(used) __atomic_load_n(used, __ATOMIC_ACQUIRE)
    #define store_used(used, count) __atomic_store_n(used, count, __ATOMIC_RELEASE)
    """
    const Py_ssize_t HELD
    bint pin_views "pin"(Py_ssize_t *views)
    void unpin_views "unpin"(Py_ssize_t *views)
    Py_ssize_t seize_views "seize"(Py_ssize_t *views)
    void give_back_views "give_back"(Py_ssize_t *views)
    void let_go_views "let_go"(Py_ssize_t *views, Py_ssize_t held)
    Py_ssize_t load_views "shared_load"(const Py_ssize_t *views)
    Py_ssize_t load_used(const Py_ssize_t *used)
    void store_used(Py_ssize_t *used, Py_ssize_t count)

cdef extern from "Python.h":
    Py_ssize_t PyNumber_AsSsize_t(object number, object error) except? -1
    PyObject *PyList_GET_ITEM(object list, Py_ssize_t place)


@cython.final
cdef class SlotMemory:
    """Has no references, so that no cycle can take anything from it while there is a view."""

    cdef Slots slots
    cdef Py_ssize_t views

    def __cinit__(self, Py_ssize_t count, Py_ssize_t size, Py_ssize_t room):
        make_slots(&self.slots, count, size, room)

    def __dealloc__(self):
        free_slots(&self.slots)

    def __getbuffer__(self, Py_buffer *view, int flags):
        hold_memory(self)
        try:
            fill_view(view, self, self.slots.data, self.slots.count * self.slots.stride, False, flags)
        except:
            unpin_views(&self.views)
            raise

    def __releasebuffer__(self, Py_buffer *view):
        unpin_views(&self.views)


# In a cycle it keeps its memory until it goes: the descriptors in it are to be closed then.
@cython.no_gc_clear
@cython.final
cdef class Slab:
    cdef SlotMemory memory
    cdef Slots *slots               # in it
    cdef Py_ssize_t used            # the slots that hold a datagram: the first ones
    cdef unsigned long generation   # how often they were used anew
    cdef unsigned char *marks       # of each slot
    cdef object whole               # a view of all slots, or None
    cdef Spares spares              # views of its parts
    cdef socket sock                # that has received them
    cdef unsigned char closed

    def __cinit__(self, Py_ssize_t count, Py_ssize_t size, Py_ssize_t room):
        self.memory = SlotMemory(count, size, room)
        self.slots = &self.memory.slots
        self.marks = <unsigned char *>PyMem_Calloc(count, 1)
        if self.marks == NULL:
            raise MemoryError

    def __dealloc__(self):
        drop_spares(&self.spares)
        if self.marks != NULL:
            drop_descriptors(self)
        PyMem_Free(self.marks)

# What is so of a slot since it was received into:
cdef enum:
    TAKEN = 1           # its descriptors are the program's
    REWRITTEN = 2       # its data is


cdef void drop_datagrams(Slab slab) noexcept:
    """The memory is this thread's alone."""
    drop_descriptors(slab)
    store_used(&slab.used, 0)
    slab.generation += 1


cdef void drop_descriptors(Slab slab) noexcept:
    """Close those in the slots that nobody has taken."""
    cdef Py_ssize_t index
    for index in range(slab.used):
        if slab.slots.headers[index].msg_hdr.msg_controllen > 0 and not slab.marks[index] & TAKEN:
            close_rights(&slab.slots.headers[index].msg_hdr)
        slab.marks[index] = 0


cdef int hold_memory(SlotMemory memory) except -1:
    """Until `unpin_views`: nothing is received into it."""
    cdef Py_ssize_t views
    while not pin_views(&memory.views):
        views = load_views(&memory.views)
        if views < 0:
            refuse_use(memory, views)
    return 0


cdef inline int hold_slab(Slab slab) except -1:
    """The same of an open batch."""
    hold_memory(slab.memory)
    if is_closed(&slab.closed):
        unpin_views(&slab.memory.views)
        raise ValueError("the batch is closed")
    return 0


cdef int have_alone(Slab slab) except -1:
    """Until `give_back_views`."""
    seize_slab(slab)
    if is_closed(&slab.closed):
        give_back_views(&slab.memory.views)
        raise ValueError("the batch is closed")
    return 0


cdef int seize_slab(Slab slab) except -1:
    cdef Py_ssize_t views = seized(slab)
    while views != 0:
        refuse_use(slab.memory, views)
        views = seized(slab)
    return 0


cdef Py_ssize_t seized(Slab slab) noexcept:
    """0, or what keeps it."""
    drop_whole(slab)
    return seize_views(&slab.memory.views)


cdef int refuse_use(SlotMemory memory, Py_ssize_t views) except -1:
    """It is in use: unless by a call in a process from which this one was forked."""
    if views > 0:
        raise BufferError("the batch is in use by a view of a slot (a loop's variable, perhaps), "
                          "or by a call that sends")
    if views == HELD:
        raise RuntimeError("another call receives into this batch")
    let_go_views(&memory.views, views)
    return 0


cdef inline object whole_of(Slab slab):
    """The view of all slots: while it is there, nothing is received, nor is the memory freed."""
    cdef Guard place
    guard(&place, slab)
    whole = slab.whole
    unguard(&place)
    return new_whole(slab) if whole is None else whole


cdef object new_whole(Slab slab):
    cdef Guard place
    hold_slab(slab)
    try:
        whole = PyMemoryView_FromObject(slab.memory)
    finally:
        unpin_views(&slab.memory.views)
    guard(&place, slab)
    if slab.whole is None:
        slab.whole = whole
    unguard(&place)
    return whole


cdef void drop_whole(Slab slab) noexcept:
    cdef Guard place
    guard(&place, slab)
    whole = slab.whole
    slab.whole = None
    unguard(&place)
    drop_spares(&slab.spares)
