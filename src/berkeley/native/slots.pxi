# Many messages for one call: their headers, and the memory that these point to. recvmmsg(2) fills it, a batch keeps it.

cdef enum:
    MOST_MESSAGES = 1024        # UIO_MAXIOV: of more, a call takes no notice
    LARGEST_SLOT = 0x7FFFFFFF
    SLOT_ALIGNMENT = 64

cdef struct Slots:
    Py_ssize_t count
    size_t size                 # bytes of data in each, and from one to the next
    size_t stride
    size_t room                 # bytes of control data
    size_t room_stride
    size_t total                # bytes of all
    # One block of memory, which begins with these:
    mmsghdr *headers
    iovec *parts
    Address *addresses
    char *control
    char *data


cdef int make_slots(Slots *slots, Py_ssize_t count, Py_ssize_t size, Py_ssize_t room) except -1:
    cdef size_t fixed = sizeof(mmsghdr) + sizeof(iovec) + sizeof(Address)
    cdef Py_ssize_t index
    cdef uint64_t total
    cdef msghdr *header
    if not 0 < count <= MOST_MESSAGES:
        raise ValueError(f"the count must be 1 to {MOST_MESSAGES}, not {count}")
    if not 0 <= size <= LARGEST_SLOT:
        raise ValueError(f"the size must be 0 to {LARGEST_SLOT} bytes, not {size}")
    if room < 0 or room > CONTROL_LIMIT:
        raise ValueError("invalid ancillary data buffer length")
    slots.count, slots.size, slots.room = count, size, room
    slots.stride = aligned(size)
    slots.room_stride = aligned(room)
    total = aligned(count * fixed) + <uint64_t>count * slots.stride + <uint64_t>count * slots.room_stride
    slots.total = <size_t>total
    slots.headers = <mmsghdr *>PyMem_Calloc(1, slots.total) if slots.total == total else NULL   # of 32 bits, perhaps
    if slots.headers == NULL:
        raise MemoryError
    slots.parts = <iovec *>(slots.headers + count)
    slots.addresses = <Address *>(slots.parts + count)
    slots.control = <char *>slots.headers + aligned(count * fixed)
    slots.data = slots.control + count * slots.room_stride
    for index in range(count):
        slots.parts[index].iov_base = slots.data + index * slots.stride
        header = &slots.headers[index].msg_hdr
        header.msg_iov = &slots.parts[index]
        header.msg_iovlen = 1
        header.msg_name = &slots.addresses[index].storage
        header.msg_control = slots.control + index * slots.room_stride if room else NULL
    return 0


cdef inline size_t aligned(size_t size) noexcept:
    return (size + SLOT_ALIGNMENT - 1) // SLOT_ALIGNMENT * SLOT_ALIGNMENT


cdef void free_slots(Slots *slots) noexcept:
    PyMem_Free(slots.headers)
    slots.headers = NULL


cdef inline void ready_slots(Slots *slots, Py_ssize_t count) noexcept nogil:
    """Before a call fills the first ones: it has changed what it was told of the room in them."""
    cdef Py_ssize_t index
    cdef msghdr *header
    for index in range(count):
        header = &slots.headers[index].msg_hdr
        header.msg_namelen = sizeof(sockaddr_storage)
        header.msg_controllen = slots.room
        header.msg_flags = 0
        slots.parts[index].iov_len = slots.size
        clear_address(&slots.addresses[index])


cdef inline size_t slot_length(Slots *slots, Py_ssize_t index) noexcept nogil:
    """The bytes in it: of a datagram that was cut, MSG_TRUNC has the kernel tell how long it was."""
    return min(<size_t>slots.headers[index].msg_len, slots.size)


cdef inline int slot_flags(Slots *slots, Py_ssize_t index) noexcept nogil:
    """Those that say something of the message: one that was asked for comes back among them."""
    return slots.headers[index].msg_hdr.msg_flags & ~MSG_CMSG_CLOEXEC


cdef inline object slot_address(socket sock, Slots *slots, Py_ssize_t index):
    slots.addresses[index].length = slots.headers[index].msg_hdr.msg_namelen
    return unpack_address(sock, &slots.addresses[index])
