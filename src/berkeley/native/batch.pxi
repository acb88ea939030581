# DatagramBatch: slots for many messages whose memory is made once, filled by recvmmsg(2) and sent by sendmmsg(2).

@cython.final
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
        slab = Slab(as_size(count), as_size(size), as_size(ancbufsize))
        all_slots = []
        for index in range((<Slab>slab).slots.count):
            slot = <DatagramSlot>DatagramSlot.__new__(DatagramSlot)
            slot.slab = slab
            slot.index = index
            slot.known_address = slot.given_ancdata = UNSET
            all_slots.append(slot)
        self.all_slots = all_slots
        self.slab = slab

    def __len__(self):
        return load_used(&slab_of(self).used)

    def __getitem__(self, index):
        cdef Py_ssize_t used = load_used(&slab_of(self).used), place
        if isinstance(index, slice):
            return self.all_slots[:used][index]
        place = PyNumber_AsSsize_t(index, IndexError)
        if place < 0:
            place += used
        if not 0 <= place < used:
            raise IndexError("a batch has as many slots as it holds datagrams")
        return <object>PyList_GET_ITEM(self.all_slots, place)

    def __iter__(self):
        return iter(self.all_slots[:load_used(&slab_of(self).used)])

    def __enter__(self):
        slab_of(self)
        return self

    def __exit__(self, *args):
        """Closed in any case: where there is still a view, the memory is freed with the last one."""
        if self.slab is not None:
            set_closed(&self.slab.closed, True)
            if seized(self.slab) == 0:
                end_slab(self.slab)

    def __repr__(self):
        if self.slab is None or is_closed(&self.slab.closed):
            return "<berkeley.DatagramBatch, closed>"
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
                unpin_views(&slab.memory.views)
        finally:
            release_data(&held)

    def clear(self):
        """Hold no datagram any more. BufferError while a view of a slot lives."""
        cdef Slab slab = slab_of(self)
        have_alone(slab)
        drop_datagrams(slab)
        slab.sock = None
        give_back_views(&slab.memory.views)

    def close(self):
        """Free the memory: the batch is of no use any more. BufferError while a view of a slot lives.

        The end of a `with` block closes it even then: the memory is freed with the last view.
        """
        cdef Slab slab = self.slab
        if slab is None or is_closed(&slab.closed):
            return
        seize_slab(slab)
        end_slab(slab)


cdef void end_slab(Slab slab) noexcept:
    """Of one that this thread has alone. Another may have done so before."""
    set_closed(&slab.closed, True)
    drop_datagrams(slab)
    free_slots(slab.slots)
    slab.sock = None
    give_back_views(&slab.memory.views)


cdef int append_slot(Slab slab, list slots, Data *data, object address, object ancdata) except -1:
    cdef Py_ssize_t index = slab.used
    cdef msghdr *header = &slab.slots.headers[index].msg_hdr
    cdef DatagramSlot slot
    if index == slab.slots.count:
        raise ValueError(f"the batch is full: it has {index} slots")
    put_data(slab, index, data)
    header.msg_namelen = header.msg_controllen = 0
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
        check_receiving(sock, slab.slots, "recvmmsg_into")
        drop_datagrams(slab)
        slab.sock = sock
        store_used(&slab.used, receive_many(sock, slab.slots, how))
        return slab.used
    finally:
        if slab.used == 0:
            slab.sock = None
        give_back_views(&slab.memory.views)


cdef int add_slot(socket sock, Outgoing *outgoing, DatagramSlot slot) except -1:
    """What has come goes to where it came from, unless another address was assigned."""
    cdef Py_ssize_t index = outgoing.count
    cdef Guard place
    cdef msghdr *header
    cdef msghdr *received
    cdef socklen_t named
    cdef uint16_t size
    hold_data(slot, &outgoing.data[index])
    outgoing.count += 1
    fill_message(outgoing, index, outgoing.data[index].start, outgoing.data[index].size)
    hold_slot(slot, &place)
    try:
        address = address_of(slot)
        ancdata = slot.given_ancdata
        received = &slot.slab.slots.headers[slot.index].msg_hdr
        named = received.msg_namelen
        size = <uint16_t>segment_size(slot)
    finally:
        let_go_slot(slot, &place)
    if ancdata is UNSET and size:       # joined as it came: it goes in the same parts
        ancdata = [(SOL_UDP, UDP_SEGMENT, (<char *>&size)[:sizeof(size)])]
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
