# DatagramBatch: slots for many messages whose memory is made once, filled by recvmmsg(2) and sent by sendmmsg(2).
#
# What is known of one slot, its own critical section guards. To drop what a program gave may run its code, which may
# look at the slot again: it is dropped when all else is done.

cdef extern from "Python.h":
    int PyBuffer_FillInfo(Py_buffer *view, object owner, void *start, Py_ssize_t size, bint readonly, int flags) \
        except -1
    object PyMemoryView_FromObject(object owner)


cdef class DatagramSlot:
    """A datagram of a DatagramBatch, as recvmmsg(2) has them: what is at this place in it now. It is bytes-like."""

    cdef Slab slab
    cdef Py_ssize_t index
    cdef unsigned long generation       # of the slab, as of which these were given or decoded
    cdef object known_address, given_ancdata

    def __init__(self):
        raise TypeError("slots come with a DatagramBatch")

    def __len__(self):
        cdef Guard place
        hold_slot(self, &place)
        size = slot_length(&self.slab.slots, self.index)
        let_go_slot(self, &place)
        return size

    def __repr__(self):
        if self.index >= load_used(&self.slab.used):
            return "<berkeley.DatagramSlot, empty>"
        return f"<berkeley.DatagramSlot, {len(self)} bytes, address={self.address!r}>"

    def __getbuffer__(self, Py_buffer *view, int flags):
        cdef Guard place
        cdef Py_ssize_t size
        hold_slot(self, &place)
        size = <Py_ssize_t>slot_length(&self.slab.slots, self.index)
        unguard(&place)
        try:
            PyBuffer_FillInfo(view, self, slot_start(self), size, False, flags)
        except:
            unpin_views(&self.slab.views)
            raise

    def __releasebuffer__(self, Py_buffer *view):
        if self.slab is not None:       # of a cycle that is collected, in which the view ends last
            unpin_views(&self.slab.views)

    @property
    def data(self):
        """The datagram, a memoryview in place, which can be written. While it lives, the batch receives nothing.

        Bytes-like objects can be assigned: they are copied, as many bytes as the batch's size at most.
        """
        return PyMemoryView_FromObject(self)

    @data.setter
    def data(self, value):
        cdef Guard place
        cdef Data data
        hold_data(value, &data)
        try:
            hold_slot(self, &place)
            try:
                put_data(self.slab, self.index, &data)
            finally:
                let_go_slot(self, &place)
        finally:
            release_data(&data)

    @property
    def address(self):
        """Where it came from, in the form of the socket's family, decoded now; or whom it is for, as was assigned.

        None where the kernel gave none: on a connection, and from an AF_UNIX socket without an address.
        """
        cdef Guard place
        hold_slot(self, &place)
        try:
            return address_of(self)
        finally:
            let_go_slot(self, &place)

    @address.setter
    def address(self, value):
        cdef Guard place
        hold_slot(self, &place)
        old, self.known_address = self.known_address, value
        self.slab.slots.headers[self.index].msg_hdr.msg_namelen = 0
        let_go_slot(self, &place)
        del old

    @property
    def ancdata(self):
        """The control messages that came with it, a list of (level, type, bytes), or that go with it, as assigned.

        Descriptors among them (SCM_RIGHTS) are the program's from then on. They are not inheritable.
        """
        cdef Guard place
        hold_slot(self, &place)
        try:
            if self.given_ancdata is not UNSET:
                return self.given_ancdata
            messages = unpack_control(&self.slab.slots.headers[self.index].msg_hdr)
            self.slab.taken[self.index] = True
            return messages
        finally:
            let_go_slot(self, &place)

    @ancdata.setter
    def ancdata(self, value):
        cdef Guard place
        hold_slot(self, &place)
        old, self.given_ancdata = self.given_ancdata, value
        let_go_slot(self, &place)
        del old

    @property
    def info(self):
        """What the kernel knows of it, a DatagramInfo, where set_datagram_info() has asked for that.

        Descriptors that came with it are the program's from then on, as `descriptors`.
        """
        cdef Guard place
        hold_slot(self, &place)
        try:
            info = info_of(&self.slab.slots.headers[self.index].msg_hdr, slot_flags(&self.slab.slots, self.index))
            self.slab.taken[self.index] = True
            return info
        finally:
            let_go_slot(self, &place)

    def segments(self):
        """The datagrams that the kernel has joined here (set_coalescing()), a list of memoryviews; or of the one.

        All but the last are of one size. While one of them lives, the batch receives nothing.
        """
        cdef Guard place
        cdef list parts = []
        cdef Py_ssize_t size, start = 0
        view = self.data
        hold_slot(self, &place)
        size = segment_size_of(&self.slab.slots.headers[self.index].msg_hdr)
        let_go_slot(self, &place)
        if not 0 < size < len(view):
            return [view]
        while start < len(view):
            parts.append(view[start:start + size])
            start += size
        return parts

    @property
    def flags(self):
        """The message's `MSG_*` flags, an int: MSG_TRUNC where the datagram was cut, MSG_CTRUNC the control data."""
        cdef Guard place
        hold_slot(self, &place)
        flags = slot_flags(&self.slab.slots, self.index)
        let_go_slot(self, &place)
        return flags


cdef int hold_slot(DatagramSlot slot, Guard *place) except -1:
    """Until `let_go_slot`: there is a datagram in it, and will be, and this thread alone is at it."""
    hold_slab(slot.slab)
    if slot.index >= load_used(&slot.slab.used):
        unpin_views(&slot.slab.views)
        raise ValueError("there is no datagram in the slot")
    guard(place, slot)
    if slot.generation != slot.slab.generation:
        slot.generation = slot.slab.generation
        if slot.known_address is not UNSET or slot.given_ancdata is not UNSET:
            old, older = slot.known_address, slot.given_ancdata
            slot.known_address = slot.given_ancdata = UNSET
            del old, older
    return 0


cdef inline void let_go_slot(DatagramSlot slot, Guard *place) noexcept:
    unguard(place)
    unpin_views(&slot.slab.views)


cdef object address_of(DatagramSlot slot):
    """Of a slot that is held."""
    if slot.known_address is UNSET and slot.slab.sock is not None:
        address = slot_address(slot.slab.sock, &slot.slab.slots, slot.index)
        if slot.known_address is UNSET:     # still: the family's own code may have run
            slot.known_address = address
    return slot.known_address


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
        return load_used(&slab_of(self).used)

    def __getitem__(self, index):
        return self.all_slots[:load_used(&slab_of(self).used)][index]

    def __iter__(self):
        return iter(self.all_slots[:load_used(&slab_of(self).used)])

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
        cdef Py_ssize_t views
        if slab is None or is_closed(&slab.closed):
            return
        views = seize_views(&slab.views)
        if views != 0:
            refuse_use(views)
        set_closed(&slab.closed, True)
        drop_datagrams(slab)        # none, where another thread has closed it meanwhile
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
    old, older = slot.known_address, slot.given_ancdata
    slot.generation = slab.generation
    slot.known_address = address
    slot.given_ancdata = ancdata
    store_used(&slab.used, index + 1)
    del old, older
    return 0


cdef Slab slab_of(DatagramBatch batch):
    if batch.slab is None:
        raise ValueError("the batch was never made: DatagramBatch.__init__() was not called")
    if is_closed(&batch.slab.closed):
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
        store_used(&slab.used, receive_many(sock, &slab.slots, "recvmmsg_into", how))
        return slab.used
    finally:
        give_back_views(&slab.views)


cdef int add_slot(socket sock, Outgoing *outgoing, DatagramSlot slot) except -1:
    """What has come goes to where it came from, unless another address was assigned."""
    cdef Py_ssize_t index = outgoing.count
    cdef Guard place
    cdef msghdr *header
    cdef msghdr *received
    cdef socklen_t named
    hold_data(slot, &outgoing.data[index])
    outgoing.count += 1
    fill_message(outgoing, index, outgoing.data[index].start, outgoing.data[index].size)
    hold_slot(slot, &place)
    try:
        address = address_of(slot)
        ancdata = slot.given_ancdata
        received = &slot.slab.slots.headers[slot.index].msg_hdr
        named = received.msg_namelen
    finally:
        let_go_slot(slot, &place)
    if ancdata is not UNSET:
        add_control(sock, outgoing, index, ancdata)
    if named == 0:
        return add_address(sock, outgoing, index, address)
    if (<sockaddr *>received.msg_name).sa_family != family_of(sock):
        raise ValueError(f"a datagram of family {(<sockaddr *>received.msg_name).sa_family} "
                         f"for a socket of family {family_of(sock)}")
    PySys_Audit(b"socket.sendmsg", "OO", <PyObject *>sock, <PyObject *>address)
    header = &outgoing.headers[index].msg_hdr
    header.msg_name = received.msg_name
    header.msg_namelen = named
    return 0
