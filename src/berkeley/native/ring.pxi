# A packet ring: captured frames, read where the kernel has put them (blocks.pxi). How the socket is set up,
# _beyond/ring.py says.

cdef extern from *:
    """
    /* Of several threads that read a ring, or drop the memory of a closed one, one at a time. It is dropped by who
       closes, or at the end by who reads meanwhile: each writes a part before reading the other's. */
    #ifdef Py_GIL_DISABLED
    #define begin_reading(reading) (!__atomic_exchange_n(reading, 1, __ATOMIC_SEQ_CST))
    #define end_reading(reading) __atomic_store_n(reading, 0, __ATOMIC_SEQ_CST)
    #else
    #define begin_reading(reading) (!*(reading) && (*(reading) = 1))
    #define end_reading(reading) ((void)(*(reading) = 0))
    #endif

    /* The kernel has written it on another processor, perhaps: it comes while the program works on the frame before. */
    #define fetch_ahead(header) (__builtin_prefetch(header), __builtin_prefetch((char *)(header) + 64))
    """
    bint begin_reading(unsigned char *reading)
    void end_reading(unsigned char *reading)
    void fetch_ahead(const tpacket3_hdr *header)

cdef extern from "<linux/if_packet.h>":
    struct packet_mreq:
        int mr_ifindex
        unsigned short mr_type
    int PACKET_ADD_MEMBERSHIP, PACKET_DROP_MEMBERSHIP, PACKET_MR_PROMISC

cdef extern from "<linux/filter.h>":
    struct sock_filter:
        uint16_t code
    struct sock_fprog:
        unsigned short len
        sock_filter *filter
    int BPF_RET

cdef extern from "<sys/socket.h>":
    int SOL_PACKET, SO_ATTACH_FILTER

cdef extern from "Python.h":
    int PyBUF_FORMAT, PyBUF_ND, PyBUF_STRIDES

cdef enum:
    ETH_P_8021Q = 0x8100        # <linux/if_ether.h>, which is at odds with libc's headers


# --- frames

cdef struct Details:
    tpacket3_hdr header
    sockaddr_ll link


@cython.final
@cython.freelist(16)
cdef class PacketFrame:
    """A frame that a `PacketRing` gave, and what the kernel knows of it (packet(7)).

    It is good for as long as it is kept, whatever becomes of the ring. It is bytes-like itself, read-only.
    """

    cdef Frame own

    def __init__(self):
        raise TypeError("packet frames come from a PacketRing")

    def __dealloc__(self):
        if self.own.memory != NULL:
            remove_frame(&self.own)

    def __getbuffer__(self, Py_buffer *view, int flags):
        cdef const tpacket3_hdr *header
        if flags & PyBUF_WRITABLE:
            raise BufferError("a packet frame is read-only")
        if self.own.memory == NULL:
            raise BufferError(NO_FRAME)
        header = hold_frame(&self.own)
        if header == NULL:
            refuse_child()
        view.buf = <char *>header + header.tp_mac
        view.obj = self
        view.len = header.tp_snaplen
        view.readonly = True
        view.itemsize = 1
        view.ndim = 1
        view.format = NULL
        if flags & PyBUF_FORMAT:
            view.format = b"B"
        view.shape = &view.len if flags & PyBUF_ND else NULL
        view.strides = &view.itemsize if flags & PyBUF_STRIDES == PyBUF_STRIDES else NULL
        view.suboffsets = NULL
        view.internal = NULL

    def __releasebuffer__(self, Py_buffer *view):
        let_go_frame(&self.own)

    @property
    def data(self):
        """The frame's bytes, a read-only memoryview: in place, or of the frame's own copy, if its block has gone.

        It begins with the link layer's header, without a VLAN's tag that the card has taken off: `vlan`. It is shorter
        than `length` where a filter or the size of a block has cut it.
        """
        cdef Block *block = self.own.block
        if TURNS_VIEWS and block != NULL and block.read and block.memory.forks == forks:
            return part_of(whole_block(block), &block.spares,
                           <char *>self.own.header + self.own.header.tp_mac - <char *>block.start,
                           self.own.header.tp_snaplen)
        return PyMemoryView_FromObject(self)

    @property
    def timestamp(self):
        """When the kernel received it, in integer nanoseconds since 1970."""
        cdef Details details = look(self)
        return <int64_t>details.header.tp_sec * 1000000000 + details.header.tp_nsec

    @property
    def length(self):
        """How many bytes it has had on the wire, of which `data` has the first."""
        return look(self).header.tp_len

    @property
    def vlan(self):
        """(tag control information, protocol), the VLAN's tag beside the frame (IEEE 802.1Q), or None.

        Of the first number the low 12 bits are the VLAN. The second is ETH_P_8021Q or ETH_P_8021AD.
        """
        cdef Details details = look(self)
        if not details.header.tp_status & TP_STATUS_VLAN_VALID:
            return None
        return (details.header.hv1.tp_vlan_tci,
                details.header.hv1.tp_vlan_tpid if details.header.tp_status & TP_STATUS_VLAN_TPID_VALID
                else ETH_P_8021Q)

    @property
    def type(self):
        """PACKET_HOST, PACKET_BROADCAST, PACKET_OTHERHOST ... or PACKET_OUTGOING, for what went out: packet(7).

        On loopback each frame comes twice, once as PACKET_OUTGOING.
        """
        return look(self).link.sll_pkttype

    @property
    def interface(self):
        """The number of the interface by which it came or went."""
        return look(self).link.sll_ifindex

    @property
    def protocol(self):
        """Its `ETH_P_*` number, in host order."""
        return c_ntohs(look(self).link.sll_protocol)

    @property
    def address(self):
        """(interface, protocol, packet type, hardware type, hardware address), as recvfrom() gives it.

        The interface's name is asked for now: '' once the ring is closed.
        """
        cdef Address raw
        cdef Details details = look(self)
        memcpy(&raw.storage, &details.link, sizeof(sockaddr_ll))
        raw.length = sizeof(sockaddr_ll)
        return unpack_link(<socket>self.own.memory.sock, &raw)


cdef object whole_block(Block *block):
    """A view of it, of which those of its frames are parts, while the ring reads it."""
    cdef BlockView view
    if block.whole == NULL:
        view = BlockView.__new__(BlockView)
        view.block = block
        block.memory.users += 1
        whole = PyMemoryView_FromObject(view)
        Py_INCREF(whole)
        block.whole = <PyObject *>whole
    return <object>block.whole


@cython.final
cdef class BlockView:
    """With the interpreter lock alone."""

    cdef Block *block

    def __dealloc__(self):
        if self.block != NULL:
            leave_users(self.block.memory)

    def __getbuffer__(self, Py_buffer *view, int flags):
        fill_view(view, self, self.block.start, self.block.memory.size // self.block.memory.count, True, flags)
        self.block.views += 1

    def __releasebuffer__(self, Py_buffer *view):
        self.block.views -= 1
        end_memory(self.block.memory, settle_block(self.block), False)


cdef object NO_FRAME = "a packet frame that no PacketRing gave"


cdef int refuse_child() except -1:
    raise RuntimeError("a packet ring is read by the process that opened it")


cdef Details look(PacketFrame frame) except *:
    cdef Details details
    cdef const tpacket3_hdr *header
    if frame.own.memory == NULL:
        raise ValueError(NO_FRAME)
    header = hold_frame(&frame.own)
    if header == NULL:
        refuse_child()
    details.header = header[0]
    memcpy(&details.link, <char *>header + TPACKET_ALIGN(sizeof(tpacket3_hdr)), sizeof(sockaddr_ll))
    let_go_frame(&frame.own)
    return details


# --- the ring

cdef class Ring:
    """Ring(sock, interface, protocol, block_size, blocks, promiscuous, /)\n--\n
    `berkeley.PacketRing` without its settings.

    The socket is one of AF_PACKET that has a ring of TPACKET_V3 (packet(7)), `interface` an index, 0 for all. It is
    bound here, when all else is done.
    """

    cdef socket sock
    cdef Memory *memory             # NULL once it is closed
    cdef Block *block               # that is being read, or NULL
    cdef tpacket3_hdr *coming       # the next frame
    cdef unsigned int left          # frames in the block, that one included
    cdef unsigned int turn          # which block comes next
    cdef int promiscuous            # the index of the interface that is, or 0
    cdef unsigned int forks         # of the process that opened it
    cdef unsigned char reading
    cdef unsigned char closed

    def __init__(self, socket sock not None, int interface, int protocol, size_t block_size, unsigned int blocks,
                 bint promiscuous, /):
        if self.sock is not None:
            raise RuntimeError("a packet ring is opened once")
        self.forks = forks
        self.memory = map_blocks(sock, block_size, blocks)
        try:
            if promiscuous:
                set_promiscuous(sock, PACKET_ADD_MEMBERSHIP, interface)
                self.promiscuous = interface
            bind_link(sock, interface, protocol)
        except:
            drop_ring(self)
            raise
        self.sock = sock

    def __dealloc__(self):
        drop_ring(self)

    def __del__(self):
        if self.sock is not None and handle_of(self.sock) != NO_HANDLE:
            end_capture(self)
            finalize(self.sock)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback, /):
        close_ring(self)

    def __iter__(self):
        return self

    def __next__(self):
        if not begin_reading(&self.reading):
            if is_closed(&self.closed):
                raise_errno(EBADF)
            raise RuntimeError("the ring is being read already: one thread at a time")
        try:
            return next_frame(self)
        finally:
            end_reading(&self.reading)
            if is_closed(&self.closed):
                drop_ring(self)

    def close(self):
        """close(2): end the capture. A thread that waits for a frame gets OSError (EBADF); frames and views stay good.

        The interface is no longer promiscuous, unless another wants it to be. Once closed, it does nothing.
        """
        close_ring(self)

    def cancel(self):
        """End the wait for a frame that is under way in another thread: OSError (ECANCELED) there. How many ended.

        The ring can be read on. It is what `socket.cancel()` is.
        """
        return 0 if self.sock is None else sock_cancel(self.sock)

    def fileno(self):
        """The descriptor's number, for poll(2) and the like: readable, when the next block is full; -1 once closed."""
        return NO_HANDLE if self.sock is None else handle_of(self.sock)


# --- reading

cdef inline PacketFrame next_frame(Ring ring):
    cdef PacketFrame frame
    if ring.memory == NULL or is_closed(&ring.closed):
        raise_errno(EBADF)
    if not is_own(ring.memory):
        refuse_child()
    if open_deadlines() and timeout_of(ring.sock) != 0 and is_over():
        raise_outcome(TIMED_OUT, None)
    if ring.left == 0:
        next_block(ring)
    frame = PacketFrame.__new__(PacketFrame)
    add_frame(ring.block, &frame.own, ring.coming)
    ring.left -= 1
    ring.coming = <tpacket3_hdr *>(<char *>ring.coming + ring.coming.tp_next_offset)
    fetch_ahead(ring.coming)
    return frame


cdef struct Waiting:
    Operation operation
    const Block *block


cdef ssize_t call_frames(Handle handle, Operation *operation) noexcept nogil:
    """Where the interface is gone or down, that is the socket's error (netdevice(7)), and poll(2) tells of it."""
    cdef Option option
    cdef int error = 0
    cdef ssize_t result
    if is_full((<Waiting *>operation).block):
        return 0
    option.level, option.name, option.value, option.length = SOL_SOCKET, SO_ERROR, &error, sizeof(error)
    result = call_getsockopt(handle, &option)
    if result < 0 or error:
        return result or -error
    return -EAGAIN if operation.timeout == 0 else WAIT


cdef int next_block(Ring ring) except -1:
    """Be through with the block, and take the next that has frames."""
    cdef Memory *memory = ring.memory
    cdef Waiting waiting
    while ring.left == 0:
        if ring.block != NULL:
            leave_block(ring.block)
            ring.block = NULL
        PyErr_CheckSignals()
        waiting.block = &memory.blocks[ring.turn]
        if is_taken(<Block *>waiting.block):
            raise BufferError("views of frames keep the block in which the next frames would be: release them")
        if not is_full(waiting.block):
            begin(&waiting.operation, ring.sock, OP_FRAMES, 0)
            run(ring.sock, &waiting.operation, call_frames)
        begin_block(ring, &memory.blocks[ring.turn])
    return 0


cdef void begin_block(Ring ring, Block *block) noexcept:
    cdef tpacket_hdr_v1 *header = &block.start.hdr.bh1
    take_block(block)
    ring.block = block
    ring.left = header.num_pkts
    ring.coming = <tpacket3_hdr *>(<char *>block.start + header.offset_to_first_pkt)
    ring.turn = (ring.turn + 1) % block.memory.count


# --- opening and closing

cdef int bind_link(socket sock, int interface, int protocol) except -1:
    cdef Address address
    cdef sockaddr_ll *link = <sockaddr_ll *>&address.storage
    memset(link, 0, sizeof(sockaddr_ll))
    link.sll_family = <unsigned short>AF_PACKET
    link.sll_protocol = c_htons(<uint16_t>protocol)
    link.sll_ifindex = interface
    address.length = sizeof(sockaddr_ll)
    where = (name_of_interface(sock, interface), protocol)
    PySys_Audit(b"socket.bind", "OO", <PyObject *>sock, <PyObject *>where)
    run_once_on(sock, OP_BIND, &address, call_bind)
    return 0


cdef int set_promiscuous(socket sock, int option, int interface) except -1:
    cdef packet_mreq membership
    memset(&membership, 0, sizeof(membership))
    membership.mr_ifindex = interface
    membership.mr_type = <unsigned short>PACKET_MR_PROMISC
    set_option(sock, SOL_PACKET, option, &membership, sizeof(membership))
    return 0


cdef int close_ring(Ring ring) except -1:
    set_closed(&ring.closed, True)
    if ring.sock is None:
        return 0
    try:
        end_capture(ring)
    finally:
        set_closed(&ring.sock.closed, True)
        close_socket(ring.sock)
        drop_ring(ring)
    return 0


cdef int end_capture(Ring ring) except -1:
    """Memory that views keep mapped keeps the socket in the kernel as well, whoever closes it. Not from a child."""
    cdef sock_filter nothing
    cdef sock_fprog program
    if handle_of(ring.sock) == NO_HANDLE or ring.forks != forks:
        return 0
    memset(&nothing, 0, sizeof(nothing))
    nothing.code = <uint16_t>BPF_RET
    program.len, program.filter = 1, &nothing
    try:
        set_option(ring.sock, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program))
        if ring.promiscuous:
            set_promiscuous(ring.sock, PACKET_DROP_MEMBERSHIP, ring.promiscuous)
    except OSError:
        pass        # another thread has closed it, or the interface is gone
    return 0


cdef void drop_ring(Ring ring) noexcept:
    """Of a closed ring, unless it is being read."""
    cdef Memory *memory
    if not begin_reading(&ring.reading):
        return
    memory = ring.memory
    ring.memory = NULL
    if ring.block != NULL:
        leave_block(ring.block)
        ring.block = NULL
    ring.left = 0
    if memory != NULL:
        leave_memory(memory)
    end_reading(&ring.reading)
