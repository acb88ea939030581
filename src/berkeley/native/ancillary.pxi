# Ancillary data: control messages (cmsg(3)) to bytes and back.

from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_Free, PyMem_Malloc

cdef extern from "Python.h":
    void *PyMem_Calloc(size_t count, size_t size)
    bint PyCFunction_Check(object value)

cdef enum:
    CONTROL_LIMIT = 0x7FFFFFFF      # a socklen_t that every system takes
    SCM_PIDFD = 4                   # the sender's process, with SO_PASSPIDFD (unix(7), Linux 6.5)

cdef size_t CMSG_HEADER = c_CMSG_LEN(0)


def CMSG_LEN(length, /):
    """The bytes that a control message with `length` bytes of data takes, without padding (cmsg(3), RFC 3542).

    OverflowError where the length is negative or more than a socklen_t holds.
    """
    cdef Py_ssize_t size = as_size(length)
    if size < 0 or <size_t>size > CONTROL_LIMIT - CMSG_HEADER:
        raise OverflowError("CMSG_LEN() argument out of range")
    return c_CMSG_LEN(size)


def CMSG_SPACE(length, /):
    """The bytes that a control message with `length` bytes of data takes, padding included (cmsg(3), RFC 3542).

    Added up over all messages it is recvmsg()'s `ancbufsize`. OverflowError where the length is negative or more than a
    socklen_t holds.
    """
    cdef Py_ssize_t size = as_size(length)
    if size < 0 or <size_t>size > CONTROL_LIMIT - c_CMSG_SPACE(1):
        raise OverflowError("CMSG_SPACE() argument out of range")
    return c_CMSG_SPACE(size)


# --- sending

cdef struct ControlItem:
    int level
    int type
    Py_buffer data

cdef enum:
    FEW_MESSAGES = 2        # as most sends have, need no allocation
    FEW_BYTES = 256

cdef struct Control:
    # The control messages of one send: their views are held until `release_control`.
    ControlItem *items
    Py_ssize_t count
    char *bytes
    size_t size
    ControlItem few_items[FEW_MESSAGES]
    char few_bytes[FEW_BYTES]


cdef int pack_control(object messages, Control *control) except -1:
    """Encode (level, type, data) items; on error nothing is held.

    The items are taken into a tuple first: others may change the list, and a data object's own code that runs here too.
    """
    cdef Py_ssize_t index, count
    cdef size_t total = 0
    cdef ControlItem *item
    messages = as_items(messages, "sendmsg() argument 2 must be an iterable")
    count = item_count(messages)
    control.items = control.few_items
    control.bytes = NULL
    control.count = 0
    control.size = 0
    if count == 0:
        return 0
    try:
        if count > FEW_MESSAGES:
            control.items = <ControlItem *>PyMem_Calloc(count, sizeof(ControlItem))
            if control.items == NULL:
                raise MemoryError
        for index in range(count):
            item = &control.items[index]
            message = <object>item_at(messages, index)      # held: its code may take it out of the list
            read_item(message, item)
            control.count += 1
            if <size_t>item.data.len > CONTROL_LIMIT - CMSG_HEADER:
                raise OSError("ancillary data item too large")
            total += c_CMSG_SPACE(item.data.len)
            if total > CONTROL_LIMIT:
                raise OSError("too much ancillary data")
        control.bytes = control.few_bytes
        if total > FEW_BYTES:
            control.bytes = <char *>PyMem_Malloc(total)
            if control.bytes == NULL:
                raise MemoryError
        memset(control.bytes, 0, total)
        control.size = total
        write_control(control)
    except:
        release_control(control)
        raise
    return 0


cdef int read_item(object message, ControlItem *item) except -1:
    """One (level, type, data), by a short way for two ints and bytes."""
    cdef bint overflows = False
    if type(message) is tuple and len(<tuple>message) == 3:
        level, kind, data = <tuple>message
        if PyLong_CheckExact(level) and PyLong_CheckExact(kind) and PyBytes_CheckExact(data):
            item.level = small_int(level, &overflows)
            item.type = small_int(kind, &overflows)
            if not overflows:
                return PyObject_GetBuffer(data, &item.data, PyBUF_SIMPLE)
    PyArg_Parse(message, "(iiy*):[sendmsg() ancillary data items]", &item.level, &item.type, &item.data)
    return 0


cdef inline int small_int(object number, bint *overflows) noexcept:
    cdef int beyond
    cdef long value = PyLong_AsLongAndOverflow(number, &beyond)
    if beyond or value > INT_MAX or value < INT_MIN:
        overflows[0] = True
    return <int>value


cdef void write_control(Control *control) noexcept:
    cdef msghdr message
    cdef cmsghdr *header
    cdef ControlItem *item
    cdef Py_ssize_t index
    message.msg_control = control.bytes
    message.msg_controllen = control.size
    header = CMSG_FIRSTHDR(&message)
    for index in range(control.count):
        item = &control.items[index]
        header.cmsg_level = item.level
        header.cmsg_type = item.type
        header.cmsg_len = c_CMSG_LEN(item.data.len)
        memcpy(CMSG_DATA(header), item.data.buf, item.data.len)
        # The buffer is zeroed: glibc's CMSG_NXTHDR reads the next header's length to see that it fits.
        header = CMSG_NXTHDR(&message, header)


cdef void release_control(Control *control) noexcept:
    cdef Py_ssize_t index
    for index in range(control.count):
        PyBuffer_Release(&control.items[index].data)
    if control.items != control.few_items:
        PyMem_Free(control.items)
    if control.bytes != control.few_bytes:
        PyMem_Free(control.bytes)


# --- receiving

cdef list unpack_control(msghdr *message):
    """The (level, type, data) items; RuntimeWarning where one runs past the end of the buffer.

    Of such an item, what lies inside the buffer is returned, unless it was cut before its data.
    """
    cdef list items = []
    cdef cmsghdr *header = CMSG_FIRSTHDR(message) if message.msg_controllen > 0 else NULL
    cdef size_t size
    cdef bint cut
    while header != NULL:
        cut = data_size(message, header, &size)
        if cut:
            PyErr_WarnEx(RuntimeWarning, b"received malformed or improperly-truncated ancillary data", 1)
            if header.cmsg_len < CMSG_HEADER:
                break
        items.append((header.cmsg_level, header.cmsg_type, (<char *>CMSG_DATA(header))[:size]))
        if cut:
            break
        header = CMSG_NXTHDR(message, header)
    return items


cdef bint data_size(msghdr *message, cmsghdr *header, size_t *size) noexcept:
    """The bytes of the item's data inside the buffer; true when its header claims more, or less than a header."""
    cdef size_t offset = <char *>header - <char *>message.msg_control
    size[0] = 0
    if offset + CMSG_HEADER > message.msg_controllen or header.cmsg_len < CMSG_HEADER:
        return True
    size[0] = min(header.cmsg_len, message.msg_controllen - offset) - CMSG_HEADER
    return header.cmsg_len > message.msg_controllen - offset


cdef void close_rights(msghdr *message) noexcept:
    """Close the descriptors that came with a message nobody will see (SCM_RIGHTS and SCM_PIDFD, unix(7))."""
    cdef cmsghdr *header = CMSG_FIRSTHDR(message) if message.msg_controllen > 0 else NULL
    cdef size_t size
    cdef bint cut
    while header != NULL:
        cut = data_size(message, header, &size)
        if header.cmsg_level == SOL_SOCKET and header.cmsg_type in (SCM_RIGHTS, SCM_PIDFD):
            close_all(<int *>CMSG_DATA(header), size // sizeof(int))
        if cut:
            break
        header = CMSG_NXTHDR(message, header)


# --- descriptors as data (SCM_RIGHTS)

def pack_descriptors(fds, /):
    """The bytes of C ints that SCM_RIGHTS carries, for an iterable of descriptors; bytes are taken for such already."""
    if isinstance(fds, (bytes, bytearray)):
        fds = bytes(fds)
        if len(fds) % sizeof(int):
            raise ValueError("bytes length not a multiple of item size")
        return fds
    if PyUnicode_Check(fds):
        raise TypeError("descriptors must be integers, not the characters of a 'str'")
    cdef list numbers = list(fds)
    cdef bytes packed = PyBytes_FromStringAndSize(NULL, len(numbers) * <Py_ssize_t>sizeof(int))
    cdef int *fields = <int *>PyBytes_AS_STRING(packed)
    cdef Py_ssize_t index
    for index in range(len(numbers)):
        fields[index] = as_int(numbers[index])
    return packed


def unpack_descriptors(rights, /):
    """The descriptors in SCM_RIGHTS data (bytes-like), as a list; a last one that was cut is left out."""
    cdef Data data
    cdef Py_ssize_t index
    cdef list descriptors = []
    hold_data(rights, &data)
    try:
        for index in range(data.size // <Py_ssize_t>sizeof(int)):
            descriptors.append((<int *>data.start)[index])
        return descriptors
    finally:
        release_data(&data)


def close_received(receive, ancillary, /):
    """Close the descriptors in the ancillary data that `receive`, the recvmsg() of a socket, gave. It needs no memory.

    Of a method in Python nothing is closed: it may say what it likes, and received is what the kernel says.
    """
    if not PyCFunction_Check(receive):
        return
    for level, kind, rights in ancillary:
        if level == SOL_SOCKET and kind == SCM_RIGHTS and PyBytes_CheckExact(rights):
            close_all(<int *>PyBytes_AS_STRING(rights), PyBytes_GET_SIZE(rights) // sizeof(int))


cdef void close_all(const int *fds, size_t count) noexcept:
    cdef size_t index
    for index in range(count):
        system_close(fds[index])
