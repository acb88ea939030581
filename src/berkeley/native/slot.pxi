# DatagramSlot: what a DatagramBatch has at one place.
#
# What is known of one slot, its own critical section guards. To drop what a program gave may run its code, which may
# look at the slot again: it is dropped when all else is done.

@cython.final
cdef class DatagramSlot:
    """A datagram of a DatagramBatch, as recvmmsg(2) has them: what is at this place in it now. It is bytes-like."""

    cdef Slab slab
    cdef Py_ssize_t index
    cdef unsigned long generation       # of the slab, as of which these were given or decoded:
    cdef object known_address, given_ancdata

    def __init__(self):
        raise TypeError("slots come with a DatagramBatch")

    def __len__(self):
        cdef Py_ssize_t size
        begin_looking(self)
        size = length_of(self)
        unpin_views(&self.slab.memory.views)
        return size

    def __repr__(self):
        try:
            return f"<berkeley.DatagramSlot, {len(self)} bytes, address={self.address!r}>"
        except (ValueError, RuntimeError):
            return "<berkeley.DatagramSlot, empty>"

    def __getbuffer__(self, Py_buffer *view, int flags):
        cdef SlotMemory memory
        begin_looking(self)
        memory = self.slab.memory
        try:
            # It is the memory that the view keeps, and that is told of its end.
            fill_view(view, memory, slot_start(self), length_of(self), False, flags)
        except:
            unpin_views(&memory.views)
            raise

    @property
    def data(self):
        """The datagram, a memoryview in place, which can be written. While it lives, the batch receives nothing.

        Bytes-like objects can be assigned: they are copied, as many bytes as the batch's size at most.
        """
        whole = whole_for(self)
        return part_of(whole, &self.slab.spares, start_of(self), length_of(self))

    @data.setter
    def data(self, value):
        cdef Guard place
        cdef Data data
        hold_data(value, &data)
        try:
            hold_slot(self, &place)
            try:
                put_data(self.slab, self.index, &data)
                self.slab.marks[self.index] |= REWRITTEN
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

        Descriptors among them (SCM_RIGHTS) are closed when the slot is used again: see take_descriptors().
        """
        cdef Guard place
        hold_slot(self, &place)
        try:
            if self.given_ancdata is not UNSET:
                return self.given_ancdata
            return unpack_control(&self.slab.slots.headers[self.index].msg_hdr)
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

        Its `descriptors` are closed when the slot is used again: see take_descriptors().
        """
        cdef Guard place
        hold_slot(self, &place)
        try:
            return info_of(&self.slab.slots.headers[self.index].msg_hdr, slot_flags(self.slab.slots, self.index))
        finally:
            let_go_slot(self, &place)

    def take_descriptors(self):
        """The descriptors that came with it (SCM_RIGHTS, unix(7)), a list of ints: from now on the caller's to close.

        They are not inheritable. Once taken, they are given no more; those that nobody takes are closed when the slot
        is used again, and with the batch.
        """
        cdef Guard place
        hold_slot(self, &place)
        try:
            if self.slab.marks[self.index] & TAKEN:
                return []
            info = info_of(&self.slab.slots.headers[self.index].msg_hdr, 0)
            taken = list((<DatagramInfo>info).descriptors)
            self.slab.marks[self.index] |= TAKEN
            return taken
        finally:
            let_go_slot(self, &place)

    def segments(self):
        """The datagrams that the kernel has joined here (set_coalescing()), one by one, as memoryviews; or the one.

        All but the last are of one size. While the iterator or one of them lives, the batch receives nothing.
        ValueError where the control data was cut that says how long they are (MSG_CTRUNC): the batch's `ancbufsize` is
        too small.
        """
        cdef Guard place
        cdef SegmentViews segments = SegmentViews.__new__(SegmentViews)
        segments.whole = whole_for(self)
        segments.start = start_of(self)
        segments.left = length_of(self)
        hold_slot(self, &place)
        try:
            segments.size = segment_size(self) or max(segments.left, 1)
        finally:
            let_go_slot(self, &place)
        segments.begun = False
        return segments

    @property
    def flags(self):
        """The message's `MSG_*` flags, an int: MSG_TRUNC where the datagram was cut, MSG_CTRUNC the control data."""
        cdef Guard place
        cdef int flags
        hold_slot(self, &place)
        flags = slot_flags(self.slab.slots, self.index)
        let_go_slot(self, &place)
        return flags


cdef inline object whole_for(DatagramSlot slot):
    """The view of all slots; there is a datagram in this one, and will be while the view is there."""
    if slot.slab is None:
        raise ValueError("slots come with a DatagramBatch")
    whole = whole_of(slot.slab)
    if slot.index >= load_used(&slot.slab.used):
        raise ValueError("there is no datagram in the slot")
    return whole


cdef inline Py_ssize_t length_of(DatagramSlot slot) noexcept:
    """Of the datagram in it."""
    cdef Guard place
    cdef Py_ssize_t size
    guard(&place, slot)
    size = <Py_ssize_t>slot_length(slot.slab.slots, slot.index)
    unguard(&place)
    return size


cdef inline Py_ssize_t start_of(DatagramSlot slot) noexcept:
    """In the view of all slots."""
    return slot.index * <Py_ssize_t>slot.slab.slots.stride


cdef inline int begin_looking(DatagramSlot slot) except -1:
    """Until `unpin_views`: there is a datagram in it, and will be."""
    if slot.slab is None:
        raise ValueError("slots come with a DatagramBatch")
    hold_slab(slot.slab)
    if slot.index >= load_used(&slot.slab.used):
        unpin_views(&slot.slab.memory.views)
        raise ValueError("there is no datagram in the slot")
    return 0


cdef int hold_slot(DatagramSlot slot, Guard *place) except -1:
    """Until `let_go_slot`: and this thread alone is at what is known of it."""
    begin_looking(slot)
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
    unpin_views(&slot.slab.memory.views)


cdef object address_of(DatagramSlot slot):
    """Of a slot that is held."""
    if slot.known_address is UNSET and slot.slab.sock is not None:
        address = slot_address(slot.slab.sock, slot.slab.slots, slot.index)
        if slot.known_address is UNSET:     # still: the family's own code may have run
            slot.known_address = address
    return None if slot.known_address is UNSET else slot.known_address


cdef Py_ssize_t segment_size(DatagramSlot slot) except -1:
    """Of what was joined; 0 of what was not, or is the program's by now."""
    cdef msghdr *message = &slot.slab.slots.headers[slot.index].msg_hdr
    cdef Py_ssize_t size
    if slot.slab.marks[slot.index] & REWRITTEN:
        return 0
    size = segment_size_of(message)
    if size == 0 and message.msg_flags & MSG_CTRUNC and slot.slab.sock is not None \
            and hints_of(slot.slab.sock) & COALESCES:
        raise ValueError(f"the control data was cut: {slot.slab.slots.room} bytes had no room for the segments' size")
    return size if size < <Py_ssize_t>slot_length(slot.slab.slots, slot.index) else 0


cdef inline char *slot_start(DatagramSlot slot) noexcept:
    return slot.slab.slots.data + start_of(slot)


cdef int put_data(Slab slab, Py_ssize_t index, Data *data) except -1:
    if <size_t>data.size > slab.slots.size:
        raise ValueError(f"{data.size} bytes for a slot of {slab.slots.size}")
    memmove(slab.slots.data + index * slab.slots.stride, data.start, data.size)     # it may be a part of the same
    slab.slots.headers[index].msg_len = <unsigned int>data.size
    slab.slots.headers[index].msg_hdr.msg_flags = 0
    return 0


@cython.final
cdef class SegmentViews:
    """What segments() gives: an iterator."""

    cdef object whole               # the view of all slots
    cdef Spares spares
    cdef Py_ssize_t start, left, size
    cdef bint begun

    def __dealloc__(self):
        drop_spares(&self.spares)

    def __iter__(self):
        return self

    def __length_hint__(self):
        return -(-self.left // self.size) or not self.begun

    def __next__(self):
        cdef Guard place
        cdef Py_ssize_t start, size
        guard(&place, self)
        start = self.start
        size = min(self.size, self.left)
        over = self.left == 0 and self.begun
        self.begun = True
        self.start += size
        self.left -= size
        unguard(&place)
        if over:
            raise StopIteration
        return part_of(self.whole, &self.spares, start, size)
