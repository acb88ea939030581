# The memory of a packet ring (TPACKET_V3, <linux/if_packet.h>): blocks that the kernel fills with frames and hands
# over, one after the other and round again. A block is handed back by a word in it, and what was in it is lost then.
#
#     KERNEL'S ──take_block──> READ ──leave_block──> LEFT ──> KERNEL'S
#                                                    where no view of a frame's data is exported, at once;
#                                                    else with the last of these views
#
# The frames of a block that are still there as it goes back get a copy of their own first. So a frame is good for as
# long as it is kept, as is a view; but views alone keep the block from the kernel.
#
# A child that is forked has the same memory, in which the parent's frames come and go: it follows no number in there,
# and hands nothing back.

from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.ref cimport Py_INCREF, Py_XDECREF

cdef extern from "<linux/if_packet.h>":
    struct tpacket_hdr_v1:
        uint32_t block_status, num_pkts, offset_to_first_pkt
    union tpacket_bd_header_u:
        tpacket_hdr_v1 bh1
    struct tpacket_block_desc:
        tpacket_bd_header_u hdr
    struct tpacket_hdr_variant1:
        uint32_t tp_vlan_tci
        uint16_t tp_vlan_tpid
    struct tpacket3_hdr:
        uint32_t tp_next_offset, tp_sec, tp_nsec, tp_snaplen, tp_len, tp_status
        uint16_t tp_mac
        tpacket_hdr_variant1 hv1
    enum:
        TP_STATUS_KERNEL, TP_STATUS_USER, TP_STATUS_VLAN_VALID, TP_STATUS_VLAN_TPID_VALID
    size_t TPACKET_ALIGN(size_t size) nogil

cdef struct Block
cdef struct Memory

cdef extern from *:
    """
    /* The word by which a block changes hands. */
    #define status_of(block) __atomic_load_n(&(block)->hdr.bh1.block_status, __ATOMIC_ACQUIRE)
    #define set_status_of(block, status) __atomic_store_n(&(block)->hdr.bh1.block_status, status, __ATOMIC_RELEASE)

    /* Around what is done to blocks and frames in several steps, none of which calls the interpreter. */
    #ifdef Py_GIL_DISABLED
    typedef PyMutex Lock;
    #define lock_memory(memory) PyMutex_Lock(&(memory)->lock)
    #define unlock_memory(memory) PyMutex_Unlock(&(memory)->lock)
    #else
    typedef char Lock;
    #define lock_memory(memory) ((void)(memory))
    #define unlock_memory(memory) ((void)(memory))
    #endif
    """
    ctypedef struct Lock:
        pass
    uint32_t status_of(const tpacket_block_desc *block) nogil
    void set_status_of(tpacket_block_desc *block, uint32_t status)
    void lock_memory(Memory *memory)
    void unlock_memory(Memory *memory)

cdef struct Frame:
    Memory *memory
    Block *block                # NULL: what `header` leads to is a copy, its own
    tpacket3_hdr *header        # then the sender's address, then the data
    Frame *next
    Frame **place               # what points here

cdef struct Block:
    Memory *memory
    tpacket_block_desc *start
    Frame *frames               # that are there
    Py_ssize_t views            # of their data
    bint taken                  # not the kernel's
    bint read                   # the ring is not through with it
    # With the interpreter lock, while it is read: a view of all of it, or NULL, and of frames (views.pxi).
    PyObject *whole
    Spares spares

# It is there for the ring and for frames; what it maps, for the ring and for blocks that are taken.
cdef struct Memory:
    Lock lock
    Py_ssize_t users
    Py_ssize_t maps
    char *start
    size_t size
    unsigned int forks          # of the process that mapped it
    PyObject *sock
    unsigned int count
    Block blocks[1]             # so many


cdef struct Mapping:
    void *start
    size_t size


cdef ssize_t call_map(Handle handle, void *arguments) noexcept nogil:
    cdef Mapping *mapping = <Mapping *>arguments
    return system_map(handle, mapping.size, &mapping.start)


cdef Memory *map_blocks(socket sock, size_t size, unsigned int count) except NULL:
    """The socket's ring of `count` blocks of `size` bytes."""
    cdef Mapping mapping
    cdef unsigned int index
    cdef Memory *memory = <Memory *>PyMem_Calloc(1, sizeof(Memory) + (count - 1) * sizeof(Block))
    if memory == NULL:
        raise MemoryError
    mapping.size = size * count
    try:
        run_once_on(sock, OP_MAP, &mapping, call_map)
    except:
        PyMem_Free(memory)
        raise
    memory.users = memory.maps = 1
    memory.start = <char *>mapping.start
    memory.size = mapping.size
    memory.forks = forks
    memory.count = count
    memory.sock = <PyObject *>sock
    Py_INCREF(sock)
    for index in range(count):
        memory.blocks[index].memory = memory
        memory.blocks[index].start = <tpacket_block_desc *>(memory.start + index * size)
    return memory


cdef inline bint is_own(const Memory *memory) noexcept nogil:
    """Is it this process that mapped it?"""
    return memory.forks == forks


cdef void leave_memory(Memory *memory) noexcept:
    """The ring does."""
    cdef bint unmapped, unused
    lock_memory(memory)
    memory.maps -= 1
    memory.users -= 1
    unmapped = memory.maps == 0
    unused = memory.users == 0
    unlock_memory(memory)
    end_memory(memory, unmapped, unused)


cdef inline void leave_users(Memory *memory) noexcept:
    """With the interpreter lock alone."""
    memory.users -= 1
    end_memory(memory, False, memory.users == 0)


cdef inline void end_memory(Memory *memory, bint unmapped, bint unused) noexcept:
    if unmapped:
        system_unmap(memory.start, memory.size)
    if unused:
        Py_XDECREF(memory.sock)
        PyMem_Free(memory)


# --- blocks

cdef inline bint is_full(const Block *block) noexcept nogil:
    """Has the kernel handed it over?"""
    return status_of(block.start) & TP_STATUS_USER


cdef bint is_taken(Block *block) noexcept:
    """Still? There was no memory to copy its frames, perhaps, and now there is."""
    cdef bint taken
    lock_memory(block.memory)
    settle_block(block)         # which unmaps nothing: the ring that asks is there
    taken = block.taken
    unlock_memory(block.memory)
    return taken


cdef void take_block(Block *block) noexcept:
    lock_memory(block.memory)
    block.taken = block.read = True
    block.memory.maps += 1
    unlock_memory(block.memory)


cdef void leave_block(Block *block) noexcept:
    cdef bint unmapped
    cdef PyObject *whole = block.whole
    block.whole = NULL
    drop_spares(&block.spares)
    Py_XDECREF(whole)
    lock_memory(block.memory)
    block.read = False
    unmapped = settle_block(block)
    unlock_memory(block.memory)
    end_memory(block.memory, unmapped, False)


cdef inline bint settle_block(Block *block) noexcept:
    """With the lock: hand it back, if nothing keeps it. Was it the last that kept the memory mapped?"""
    return not block.read and block.views == 0 and block.taken and hand_back(block)


cdef bint hand_back(Block *block) noexcept:
    while block.frames != NULL:
        if not is_own(block.memory) or not copy_frame(block.frames):
            return False        # the frame keeps it
    block.taken = False
    if is_own(block.memory):
        set_status_of(block.start, TP_STATUS_KERNEL)
    block.memory.maps -= 1
    return block.memory.maps == 0


# --- frames

cdef inline void add_frame(Block *block, Frame *frame, tpacket3_hdr *header) noexcept:
    frame.memory = block.memory
    frame.block = block
    frame.header = header
    lock_memory(block.memory)
    block.memory.users += 1
    frame.next = block.frames
    frame.place = &block.frames
    if frame.next != NULL:
        frame.next.place = &frame.next
    block.frames = frame
    unlock_memory(block.memory)


cdef inline void unlink_frame(Frame *frame) noexcept:
    frame.place[0] = frame.next
    if frame.next != NULL:
        frame.next.place = frame.place
    frame.block = NULL


cdef bint copy_frame(Frame *frame) noexcept:
    """With the lock: take it out of its block, with a copy of it and of its data. False without memory for that."""
    cdef size_t size = frame.header.tp_mac + frame.header.tp_snaplen
    cdef void *copy = PyMem_Malloc(size)
    if copy == NULL:
        return False
    memcpy(copy, frame.header, size)
    frame.header = <tpacket3_hdr *>copy
    unlink_frame(frame)
    return True


cdef inline void remove_frame(Frame *frame) noexcept:
    """It is not there any more."""
    cdef Memory *memory = frame.memory
    cdef Block *block
    cdef bint unmapped = False, unused
    lock_memory(memory)
    block = frame.block
    if block != NULL:
        unlink_frame(frame)
        unmapped = settle_block(block)
    memory.users -= 1
    unused = memory.users == 0
    unlock_memory(memory)
    if block == NULL:
        PyMem_Free(frame.header)
    if unmapped or unused:
        end_memory(memory, unmapped, unused)


cdef inline const tpacket3_hdr *hold_frame(Frame *frame) noexcept:
    """Its header, behind which the data is; both stay where they are until it is let go. NULL in a child, of a frame
    that has no copy of its own."""
    cdef const tpacket3_hdr *header = NULL
    lock_memory(frame.memory)
    if frame.block == NULL:
        header = frame.header
    elif is_own(frame.memory):
        header = frame.header
        frame.block.views += 1
    unlock_memory(frame.memory)
    return header


cdef inline void let_go_frame(Frame *frame) noexcept:
    cdef bint unmapped = False
    lock_memory(frame.memory)
    if frame.block != NULL:
        frame.block.views -= 1
        unmapped = settle_block(frame.block)
    unlock_memory(frame.memory)
    if unmapped:
        end_memory(frame.memory, unmapped, False)
