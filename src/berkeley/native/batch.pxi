# DatagramBatch: slots for many messages whose memory is made once, filled by recvmmsg(2) and sent by sendmmsg(2).
#
# The memory belongs to a Slab, which lives as long as the batch, one of its slots, or a view of one. How many views
# there are, and calls that send from it, is counted in one atomic number; a call that receives makes it HELD, and has
# the memory for itself.

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
    """
    enum:
        HELD
    bint pin_views "pin"(Py_ssize_t *views) nogil
    void unpin_views "unpin"(Py_ssize_t *views) nogil
    Py_ssize_t seize_views "seize"(Py_ssize_t *views) nogil
    void give_back_views "give_back"(Py_ssize_t *views) nogil

cdef extern from "Python.h":
    int PyBuffer_FillInfo(Py_buffer *view, object owner, void *start, Py_ssize_t size, bint readonly, int flags) \
        except -1
    object PyMemoryView_FromObject(object owner)


cdef class Slab:
    cdef Slots slots
    cdef Py_ssize_t views
    cdef Py_ssize_t used            # the slots that hold a datagram: the first ones
    cdef unsigned long generation   # how often they were used anew
    cdef unsigned char *taken       # of each, are its descriptors the program's?
    cdef socket sock                # that has received them

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
    slab.used = 0
    slab.generation += 1


cdef int hold_slab(Slab slab) except -1:
    """Until `unpin_views`: nothing is received into it."""
    if not pin_views(&slab.views):
        refuse_use(HELD)
    if slab.slots.headers == NULL:
        unpin_views(&slab.views)
        raise ValueError("the batch is closed")
    return 0


cdef int have_alone(Slab slab) except -1:
    """Until `give_back_views`."""
    cdef Py_ssize_t views = seize_views(&slab.views)
    if views != 0:
        refuse_use(views)
    if slab.slots.headers == NULL:
        give_back_views(&slab.views)
        raise ValueError("the batch is closed")
    return 0


cdef int refuse_use(Py_ssize_t views) except -1:
    if views == HELD:
        raise RuntimeError("another call receives into this batch")
    raise BufferError(f"the batch is in use: {views} views of its slots, or calls that send them")


cdef class DatagramSlot:
    """A datagram of a DatagramBatch, as recvmmsg(2) has them: what is at this place in it now. It is bytes-like."""

    cdef Slab slab
    cdef Py_ssize_t index
    cdef unsigned long generation       # of the slab, as of which these were given or decoded
    cdef object known_address, given_ancdata

    def __init__(self):
        raise TypeError("slots come with a DatagramBatch")

    def __len__(self):
        hold_slot(self)
        size = slot_length(&self.slab.slots, self.index)
        unpin_views(&self.slab.views)
        return size

    def __repr__(self):
        if self.index >= self.slab.used:
            return "<berkeley.DatagramSlot, empty>"
        return f"<berkeley.DatagramSlot, {len(self)} bytes, address={self.address!r}>"

    def __getbuffer__(self, Py_buffer *view, int flags):
        hold_slot(self)
        try:
            PyBuffer_FillInfo(view, self, slot_start(self), slot_length(&self.slab.slots, self.index), False, flags)
        except:
            unpin_views(&self.slab.views)
            raise

    def __releasebuffer__(self, Py_buffer *view):
        unpin_views(&self.slab.views)

    @property
    def data(self):
        """The datagram, a memoryview in place, which can be written. While it lives, the batch receives nothing.

        Bytes-like objects can be assigned: they are copied, as many bytes as the batch's size at most.
        """
        return PyMemoryView_FromObject(self)

    @data.setter
    def data(self, value):
        cdef Data data
        hold_data(value, &data)
        try:
            hold_slot(self)
            try:
                put_data(self.slab, self.index, &data)
            finally:
                unpin_views(&self.slab.views)
        finally:
            release_data(&data)

    @property
    def address(self):
        """Where it came from, in the form of the socket's family, decoded now; or whom it is for, as was assigned.

        None where the kernel gave none: on a connection, and from an AF_UNIX socket without an address.
        """
        hold_slot(self)
        try:
            if self.known_address is UNSET and self.slab.sock is not None:
                self.known_address = slot_address(self.slab.sock, &self.slab.slots, self.index)
            return self.known_address
        finally:
            unpin_views(&self.slab.views)

    @address.setter
    def address(self, value):
        hold_slot(self)
        self.known_address = value
        self.slab.slots.headers[self.index].msg_hdr.msg_namelen = 0
        unpin_views(&self.slab.views)

    @property
    def ancdata(self):
        """The control messages that came with it, a list of (level, type, bytes), or that go with it, as assigned.

        Descriptors among them (SCM_RIGHTS) are the program's from then on. They are not inheritable.
        """
        hold_slot(self)
        try:
            if self.given_ancdata is not UNSET:
                return self.given_ancdata
            self.slab.taken[self.index] = True
            return unpack_control(&self.slab.slots.headers[self.index].msg_hdr)
        finally:
            unpin_views(&self.slab.views)

    @ancdata.setter
    def ancdata(self, value):
        hold_slot(self)
        self.given_ancdata = value
        unpin_views(&self.slab.views)

    @property
    def info(self):
        """What the kernel knows of it, a DatagramInfo, where set_datagram_info() has asked for that.

        Descriptors that came with it are the program's from then on, as `descriptors`.
        """
        hold_slot(self)
        try:
            info = info_of(&self.slab.slots.headers[self.index].msg_hdr, slot_flags(&self.slab.slots, self.index))
            self.slab.taken[self.index] = True
            return info
        finally:
            unpin_views(&self.slab.views)

    def segments(self):
        """The datagrams that the kernel has joined here (set_coalescing()), a list of memoryviews; or of the one.

        All but the last are of one size. While one of them lives, the batch receives nothing.
        """
        cdef list parts = []
        cdef Py_ssize_t size, start = 0
        view = self.data
        hold_slot(self)
        size = segment_size_of(&self.slab.slots.headers[self.index].msg_hdr)
        unpin_views(&self.slab.views)
        if not 0 < size < len(view):
            return [view]
        while start < len(view):
            parts.append(view[start:start + size])
            start += size
        return parts

    @property
    def flags(self):
        """The message's `MSG_*` flags, an int: MSG_TRUNC where the datagram was cut, MSG_CTRUNC the control data."""
        hold_slot(self)
        flags = slot_flags(&self.slab.slots, self.index)
        unpin_views(&self.slab.views)
        return flags


cdef int hold_slot(DatagramSlot slot) except -1:
    """Until `unpin_views`: there is a datagram in it, and will be."""
    hold_slab(slot.slab)
    if slot.index >= slot.slab.used:
        unpin_views(&slot.slab.views)
        raise ValueError("there is no datagram in the slot")
    if slot.generation != slot.slab.generation:
        slot.generation = slot.slab.generation
        slot.known_address = slot.given_ancdata = UNSET
    return 0


cdef inline char *slot_start(DatagramSlot slot) noexcept:
    return slot.slab.slots.data + slot.index * slot.slab.slots.stride


cdef int put_data(Slab slab, Py_ssize_t index, Data *data) except -1:
    if <size_t>data.size > slab.slots.size:
        raise ValueError(f"{data.size} bytes for a slot of {slab.slots.size}")
    memmove(slab.slots.data + index * slab.slots.stride, data.start, data.size)     # it may be a part of the same
    slab.slots.headers[index].msg_len = <unsigned int>data.size
    return 0


cdef class DatagramBatch:
    """DatagramBatch(count, size, *, ancbufsize=0)\n--\n
    Room for `count` datagrams of `size` bytes, with `ancbufsize` bytes of control data each: made once, used again.

    `recvmmsg_into()` fills it, and `sendmmsg()` sends what it holds (recvmmsg(2), sendmmsg(2)): what came last, or was
    appended. It is a sequence of DatagramSlots, as many as it holds. `count` is 1 to 1024, `size` at most 65535 for
    UDP; a datagram that is longer is cut. It takes `nbytes` of memory, which are freed with the last of it, of its
    slots and of their views. In a `with` statement it is closed at the end. ValueError for numbers out of range.
    """

    cdef Slab slab
    cdef list all_slots

    def __init__(self, count, size, *, ancbufsize=0):
        cdef DatagramSlot slot
        cdef Py_ssize_t index
        if self.slab is not None:
            raise RuntimeError("a batch is made once")
        self.slab = Slab(as_size(count), as_size(size), as_size(ancbufsize))
        self.all_slots = []
        for index in range(self.slab.slots.count):
            slot = <DatagramSlot>DatagramSlot.__new__(DatagramSlot)
            slot.slab = self.slab
            slot.index = index
            slot.known_address = slot.given_ancdata = UNSET
            self.all_slots.append(slot)

    def __len__(self):
        return slab_of(self).used

    def __getitem__(self, index):
        return self.all_slots[:slab_of(self).used][index]

    def __iter__(self):
        return iter(self.all_slots[:slab_of(self).used])

    def __enter__(self):
        slab_of(self)
        return self

    def __exit__(self, *args):
        self.close()

    def __repr__(self):
        return f"<berkeley.DatagramBatch, {len(self)} of {self.count} slots of {self.size} bytes>"

    @property
    def count(self):
        """How many slots there are."""
        return slab_of(self).slots.count

    @property
    def size(self):
        """The bytes of data that a slot has room for."""
        return slab_of(self).slots.size

    @property
    def ancbufsize(self):
        """The bytes of control data that a slot has room for when it is received into."""
        return slab_of(self).slots.room

    @property
    def nbytes(self):
        """The bytes of memory that all slots take. What was never written, the system has not given yet."""
        return slab_of(self).slots.total

    def append(self, data, address=None, ancdata=()):
        """Put one more datagram into the next slot: bytes-like, copied; whom it is for, and what goes with it.

        `address` and `ancdata` are as for sendmsg(), which looks at them when they are sent. ValueError where the batch
        is full, or the data has more bytes than a slot.
        """
        cdef Slab slab = slab_of(self)
        cdef Data held
        hold_data(data, &held)
        try:
            hold_slab(slab)
            try:
                with cython.critical_section(slab):
                    append_slot(slab, self.all_slots, &held, address, ancdata)
            finally:
                unpin_views(&slab.views)
        finally:
            release_data(&held)

    def clear(self):
        """Hold no datagram any more. BufferError while a view of a slot lives."""
        cdef Slab slab = slab_of(self)
        have_alone(slab)
        drop_datagrams(slab)
        give_back_views(&slab.views)

    def close(self):
        """Free the memory: the batch is of no use any more. BufferError while a view of a slot lives."""
        cdef Slab slab = self.slab
        if slab is None or slab.slots.headers == NULL:
            return
        have_alone(slab)
        drop_datagrams(slab)
        free_slots(&slab.slots)
        give_back_views(&slab.views)


cdef int append_slot(Slab slab, list slots, Data *data, object address, object ancdata) except -1:
    cdef Py_ssize_t index = slab.used
    cdef msghdr *header = &slab.slots.headers[index].msg_hdr
    cdef DatagramSlot slot
    if index == slab.slots.count:
        raise ValueError(f"the batch is full: it has {index} slots")
    put_data(slab, index, data)
    header.msg_namelen = header.msg_controllen = header.msg_flags = 0
    slot = <DatagramSlot>slots[index]
    slot.generation = slab.generation
    slot.known_address = address
    slot.given_ancdata = ancdata
    slab.used = index + 1
    return 0


cdef Slab slab_of(DatagramBatch batch):
    if batch.slab is None:
        raise ValueError("the batch was never made: DatagramBatch.__init__() was not called")
    if batch.slab.slots.headers == NULL:
        raise ValueError("the batch is closed")
    return batch.slab


# --- received into, and sent

cdef Py_ssize_t sock_recvmmsg_into(socket sock, DatagramBatch batch, object flags) except -1:
    cdef Slab slab = slab_of(batch)
    cdef int how = as_int(flags)
    have_alone(slab)
    try:
        drop_datagrams(slab)
        slab.sock = sock
        slab.used = receive_many(sock, &slab.slots, "recvmmsg_into", how)
        return slab.used
    finally:
        give_back_views(&slab.views)


cdef int add_slot(socket sock, Outgoing *outgoing, DatagramSlot slot) except -1:
    """What has come goes to where it came from, unless another address was assigned."""
    cdef Py_ssize_t index = outgoing.count
    cdef msghdr *header
    cdef msghdr *received
    hold_data(slot, &outgoing.data[index])
    outgoing.count += 1
    fill_message(outgoing, index, outgoing.data[index].start, outgoing.data[index].size)
    if slot.given_ancdata is not UNSET:
        add_control(sock, outgoing, index, slot.given_ancdata)
    address = slot.address
    received = &slot.slab.slots.headers[slot.index].msg_hdr
    if received.msg_namelen == 0:
        return add_address(sock, outgoing, index, address)
    if (<sockaddr *>received.msg_name).sa_family != family_of(sock):
        raise ValueError(f"a datagram of family {(<sockaddr *>received.msg_name).sa_family} "
                         f"for a socket of family {family_of(sock)}")
    PySys_Audit(b"socket.sendmsg", "OO", <PyObject *>sock, <PyObject *>address)
    header = &outgoing.headers[index].msg_hdr
    header.msg_name = received.msg_name
    header.msg_namelen = received.msg_namelen
    return 0
