# recvmmsg(2) and sendmmsg(2): many messages, one call.
#
# The timeout that recvmmsg(2) takes is looked at only after a message has come: it is not used, and a call waits for
# the first one as all others do (wait.pxi). It takes what is there then.

cdef extern from "Python.h":
    const Py_ssize_t PY_SSIZE_T_MAX

cdef struct Multiple:
    Operation operation
    mmsghdr *headers
    unsigned int count
    Slots *slots                # that are received into


cdef ssize_t call_recvmmsg(Handle handle, Operation *operation) noexcept nogil:
    cdef Multiple *multiple = <Multiple *>operation
    ready_slots(multiple.slots, multiple.count)
    return answer(c_recvmmsg(handle, multiple.headers, multiple.count, operation.flags, NULL))


cdef ssize_t call_sendmmsg(Handle handle, Operation *operation) noexcept nogil:
    cdef Multiple *multiple = <Multiple *>operation
    return answer(c_sendmmsg(handle, multiple.headers, multiple.count, operation.flags))


cdef int check_messages(socket sock, str caller) except -1:
    """A stream would glue them together, or cut them where it likes."""
    if type_of(sock) == SOCK_STREAM:
        raise ValueError(f"{caller}(): a SOCK_STREAM socket does not keep messages apart")
    return 0


# --- receiving

cdef int check_receiving(socket sock, Slots *slots, str caller) except -1:
    check_messages(sock, caller)
    return check_coalescing(sock, slots, caller)


cdef Py_ssize_t receive_many(socket sock, Slots *slots, int flags) except -1:
    """How many came: what there is, one at the least."""
    cdef Multiple multiple
    multiple.slots = slots
    multiple.headers = slots.headers
    # Each look would find the same datagram, and make descriptors of it anew.
    multiple.count = 1 if flags & MSG_PEEK else <unsigned int>slots.count
    flags |= MSG_WAITFORONE     # on a socket that blocks, only the first is waited for
    if family_of(sock) == AF_UNIX:
        flags |= MSG_CMSG_CLOEXEC       # others have no descriptors to give, and some refuse what they do not know
    begin(&multiple.operation, sock, OP_RECVMMSG, flags)
    return run(sock, &multiple.operation, call_recvmmsg)


cdef list sock_recvmmsg(socket sock, object count, object bufsize, object ancbufsize, object flags):
    """Whatever fails after the call, no received descriptor stays open: the program never learns its number."""
    cdef Slots slots
    cdef Py_ssize_t index, got = 0
    cdef int how = as_int(flags)
    cdef list rows = []
    make_slots(&slots, as_size(count), as_size(bufsize), as_size(ancbufsize))
    try:
        check_receiving(sock, &slots, "recvmmsg")
        got = receive_many(sock, &slots, how)
        for index in range(got):
            rows.append((PyBytes_FromStringAndSize(slots.data + index * slots.stride, slot_length(&slots, index)),
                         unpack_control(&slots.headers[index].msg_hdr), slot_flags(&slots, index),
                         slot_address(sock, &slots, index)))
        return rows
    except:
        for index in range(got):
            close_rights(&slots.headers[index].msg_hdr)
        raise
    finally:
        free_slots(&slots)


# --- sending

cdef struct Outgoing:
    # `count` messages are held; the arrays have room for all.
    Py_ssize_t count
    mmsghdr *headers
    iovec *parts
    Address *addresses
    Data *data
    Control **controls          # NULL for a message without
    # The address converted last, and what it was converted to: many messages to one have one object.
    PyObject *named             # a reference
    Address *packed


cdef int make_outgoing(Outgoing *outgoing, Py_ssize_t count) except -1:
    cdef size_t each = sizeof(mmsghdr) + sizeof(iovec) + sizeof(Data) + sizeof(Control *) + sizeof(Address)
    outgoing.count = 0
    outgoing.named = NULL
    outgoing.headers = <mmsghdr *>PyMem_Malloc(count * each) if count <= PY_SSIZE_T_MAX // <Py_ssize_t>each else NULL
    if outgoing.headers == NULL:
        raise MemoryError
    outgoing.controls = <Control **>(outgoing.headers + count)
    memset(outgoing.headers, 0, count * (sizeof(mmsghdr) + sizeof(Control *)))
    outgoing.parts = <iovec *>(outgoing.controls + count)
    outgoing.data = <Data *>(outgoing.parts + count)
    outgoing.addresses = <Address *>(outgoing.data + count)
    return 0


cdef void release_outgoing(Outgoing *outgoing) noexcept:
    cdef Py_ssize_t index
    for index in range(outgoing.count):
        release_data(&outgoing.data[index])
        if outgoing.controls[index] != NULL:
            release_control(outgoing.controls[index])
            PyMem_Free(outgoing.controls[index])
    Py_XDECREF(outgoing.named)
    PyMem_Free(outgoing.headers)


cdef object sock_sendmmsg(socket sock, object messages, object flags):
    """All that a program's code has to do with it is done before the first is sent."""
    cdef Outgoing outgoing
    cdef Py_ssize_t index
    cdef int how = as_sending_flags(flags)
    check_messages(sock, "sendmmsg")
    items = tuple(messages)     # bytes are held by it alone
    if item_count(items) == 0:
        return 0
    make_outgoing(&outgoing, item_count(items))
    try:
        for index in range(item_count(items)):
            add_message(sock, &outgoing, <object>item_at(items, index))
        return send_many(sock, &outgoing, how)
    finally:
        release_outgoing(&outgoing)


cdef int add_message(socket sock, Outgoing *outgoing, object message) except -1:
    """Bytes-like, a tuple (bytes-like[, ancdata[, address]]), or a slot of a batch."""
    cdef Py_ssize_t index = outgoing.count, size
    cdef Data *data = &outgoing.data[index]
    cdef mmsghdr *header = &outgoing.headers[index]
    if type(message) is DatagramSlot:
        return add_slot(sock, outgoing, <DatagramSlot>message)
    address = None
    ancdata = ()
    if PyTuple_Check(message):
        size = len(<tuple>message)
        if not 1 <= size <= 3:
            raise ValueError(A_MESSAGE)
        hold_data((<tuple>message)[0], data)
        if size > 1:
            ancdata = (<tuple>message)[1]
        if size > 2:
            address = (<tuple>message)[2]
    else:
        hold_data(message, data)
    outgoing.count += 1
    fill_message(outgoing, index, data.start, data.size)
    add_control(sock, outgoing, index, ancdata)
    return add_address(sock, outgoing, index, address)


cdef inline void fill_message(Outgoing *outgoing, Py_ssize_t index, void *start, size_t size) noexcept:
    cdef msghdr *header = &outgoing.headers[index].msg_hdr
    outgoing.parts[index].iov_base = start
    outgoing.parts[index].iov_len = size
    header.msg_iov = &outgoing.parts[index]
    header.msg_iovlen = 1


cdef int add_control(socket sock, Outgoing *outgoing, Py_ssize_t index, object ancdata) except -1:
    cdef msghdr *header = &outgoing.headers[index].msg_hdr
    cdef Control *control
    if type(ancdata) is tuple and len(<tuple>ancdata) == 0:
        return 0
    if type(ancdata) is DatagramInfo:
        ancdata = ancdata.ancdata(family_of(sock))
    control = <Control *>PyMem_Malloc(sizeof(Control))
    if control == NULL:
        raise MemoryError
    try:
        pack_control(ancdata, control)
    except TypeError as error:
        PyMem_Free(control)
        raise TypeError(f"ancdata must be an iterable of (level, type, bytes-like): {A_MESSAGE}") from error
    except:
        PyMem_Free(control)
        raise
    outgoing.controls[index] = control
    header.msg_control = control.bytes
    header.msg_controllen = control.size
    return 0


cdef inline int add_address(socket sock, Outgoing *outgoing, Py_ssize_t index, object address) except -1:
    cdef Address *packed = &outgoing.addresses[index]
    if address is None:
        PySys_Audit(b"socket.sendmsg", "OO", <PyObject *>sock, <PyObject *>None)
        return 0
    if outgoing.named == <PyObject *>address and unchanging(address):
        packed = outgoing.packed
        PySys_Audit(b"socket.sendmsg", "OO", <PyObject *>sock, <PyObject *>address)
    else:
        pack_address(sock, b"sendmmsg", b"socket.sendmsg", address, packed)
        Py_INCREF(address)
        Py_XDECREF(outgoing.named)
        outgoing.named, outgoing.packed = <PyObject *>address, packed
    outgoing.headers[index].msg_hdr.msg_name = &packed.storage
    outgoing.headers[index].msg_hdr.msg_namelen = packed.length
    return 0


cdef Py_ssize_t send_many(socket sock, Outgoing *outgoing, int flags) except -1:
    """How many were sent. What fails after the first ones, the next call tells."""
    cdef Multiple multiple
    cdef Operation *operation = &multiple.operation
    cdef Py_ssize_t sent = 0
    cdef ssize_t part
    cdef unsigned int before = cancels_of(sock)
    begin(operation, sock, OP_SENDMMSG, flags)
    if outgoing.count > MOST_MESSAGES and operation.timeout > 0 and operation.deadline == 0:
        start_clock(operation)
    try:
        while True:
            multiple.headers = outgoing.headers + sent
            multiple.count = <unsigned int>min(outgoing.count - sent, <Py_ssize_t>MOST_MESSAGES)
            part = (outcome_again(sock, operation, call_sendmmsg, before) if sent
                    else outcome(sock, operation, call_sendmmsg))
            if part < 0 and (sent == 0 or part == RAISED):
                raise_outcome(part, None)
            sent += max(part, 0)
            PyErr_CheckSignals()        # of a signal that has cut it short, too: its handler's exception has the count
            if sent == outgoing.count or part < <ssize_t>multiple.count or is_past(operation):
                return sent
            operation.state = FRESH
    except BaseException as error:
        tell(error, MESSAGES_SENT, sent)
        raise


cdef object MESSAGES_SENT = "messages_sent"
cdef str A_MESSAGE = "a message is bytes-like, or a tuple (bytes-like[, ancdata[, address]])"
