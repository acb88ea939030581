# Messages: recvmsg(2) and sendmsg(2), with several buffers and ancillary data.

cdef struct Message:
    Operation operation
    msghdr header
    Address address


cdef ssize_t call_recvmsg(Handle handle, Operation *operation) noexcept nogil:
    cdef Message *message = <Message *>operation
    message.header.msg_namelen = sizeof(sockaddr_storage)
    return answer(c_recvmsg(handle, &message.header, operation.flags))


cdef ssize_t call_recvmsg_once(Handle handle, void *arguments) noexcept nogil:
    return call_recvmsg(handle, <Operation *>arguments)


cdef ssize_t call_sendmsg(Handle handle, Operation *operation) noexcept nogil:
    cdef Message *message = <Message *>operation
    return answer(c_sendmsg(handle, &message.header, operation.flags))


cdef enum:
    FEW = 4         # buffers, as most messages have, need no allocation

cdef struct Buffers:
    # Views of the program's buffers, and the vector over them, held until `release_buffers`.
    Py_buffer *views
    iovec *vector
    Py_ssize_t count
    Py_buffer few_views[FEW]
    iovec few_vector[FEW]


cdef int hold_buffers(object items, Buffers *buffers, int access) except -1:
    """Views of the items of a list or tuple from `as_items`."""
    cdef Py_ssize_t index, count = item_count(items)
    buffers.count = 0
    buffers.views = buffers.few_views
    buffers.vector = buffers.few_vector
    try:
        if count > FEW:
            buffers.views = <Py_buffer *>PyMem_Calloc(count, sizeof(Py_buffer))
            buffers.vector = <iovec *>PyMem_Calloc(count, sizeof(iovec))
            if buffers.views == NULL or buffers.vector == NULL:
                raise MemoryError
        for index in range(count):
            item = <object>item_at(items, index)        # held: its code may take it out of the list
            PyObject_GetBuffer(item, &buffers.views[index], access)
            buffers.count += 1
            buffers.vector[index].iov_base = buffers.views[index].buf
            buffers.vector[index].iov_len = buffers.views[index].len
    except:
        release_buffers(buffers)
        raise
    return 0


cdef void release_buffers(Buffers *buffers) noexcept:
    cdef Py_ssize_t index
    for index in range(buffers.count):
        PyBuffer_Release(&buffers.views[index])
    if buffers.views != buffers.few_views:
        PyMem_Free(buffers.views)
        PyMem_Free(buffers.vector)


# --- receiving

def recv_queued(socket sock not None, bufsize, ancbufsize, /):
    """One message of the socket's error queue, as recvmsg() gives it; BlockingIOError where there is none.

    It does not wait, whatever the socket's timeout is, and the deadlines around it.
    """
    return sock_recvmsg(sock, bufsize, ancbufsize, MSG_ERRQUEUE | MSG_DONTWAIT, False)


cdef object sock_recvmsg(socket sock, object bufsize, object ancbufsize, object flags, bint waits=True):
    cdef Py_ssize_t size = as_size(bufsize), room = as_size(ancbufsize)
    cdef int how = as_int(flags)
    cdef iovec target
    cdef PyObject *data
    if size < 0:
        raise ValueError("negative buffer size in recvmsg()")
    data = NewBytes(NULL, size)
    if how & MSG_TRUNC:
        memset(BytesData(data), 0, size)        # tcp(7) counts the data then, and stores none
    target.iov_base = BytesData(data)
    target.iov_len = size
    try:
        return receive_message(sock, &target, 1, how, room, &data, waits)
    finally:
        Py_XDECREF(data)


cdef object sock_recvmsg_into(socket sock, object buffers, object ancbufsize, object flags):
    cdef Py_ssize_t room = as_size(ancbufsize)
    cdef int how = as_int(flags)
    cdef Buffers held
    cdef bint writable = True
    items = as_items(buffers, "recvmsg_into() argument 1 must be an iterable")
    if item_count(items) > INT_MAX:
        raise OSError("recvmsg_into() argument 1 is too long")
    try:
        hold_buffers(items, &held, PyBUF_WRITABLE)
    except MemoryError:
        raise
    except Exception:
        writable = False
    if not writable:        # raised here, it has no __context__, as CPython's has none
        raise TypeError("recvmsg_into() argument 1 must be an iterable of single-segment read-write buffers")
    try:
        return receive_message(sock, held.vector, held.count, how, room, NULL, True)
    finally:
        release_buffers(&held)


cdef object receive_message(socket sock, iovec *vector, Py_ssize_t count, int flags, Py_ssize_t room,
                            PyObject **data, bint waits):
    """(data or a count, ancillary data, flags, address). Whatever fails after the call, no received descriptor stays
    open: the program never learns its number."""
    cdef Message message
    cdef ssize_t got
    if room < 0 or room > CONTROL_LIMIT:
        raise ValueError("invalid ancillary data buffer length")
    memset(&message.header, 0, sizeof(msghdr))
    clear_address(&message.address)
    message.header.msg_name = &message.address.storage
    message.header.msg_iov = vector
    message.header.msg_iovlen = count
    if room > 0:
        # Zeroed: glibc's CMSG_NXTHDR looks at the header behind the last.
        message.header.msg_control = PyMem_Calloc(1, room)
        if message.header.msg_control == NULL:
            raise MemoryError
        message.header.msg_controllen = room
    try:
        if waits:
            begin(&message.operation, sock, OP_RECVMSG, flags)
            got = run(sock, &message.operation, call_recvmsg)
        else:
            message.operation.flags = flags
            got = run_once_on(sock, OP_RECVMSG, &message, call_recvmsg_once)
        try:
            ancillary = unpack_control(&message.header)
            message.address.length = message.header.msg_namelen
            address = unpack_address(sock, &message.address)
            if data == NULL:
                return got, ancillary, message.header.msg_flags, address
            if got < PyBytes_GET_SIZE(<object>data[0]):     # MSG_TRUNC gives the datagram's whole length
                _PyBytes_Resize(data, got)
            return <object>data[0], ancillary, message.header.msg_flags, address
        except:
            close_rights(&message.header)
            raise
    finally:
        PyMem_Free(message.header.msg_control)


# --- sending

cdef object sock_sendmsg(socket sock, object buffers, object ancdata, object flags, object address):
    cdef Message message
    cdef int how = as_sending_flags(flags)
    memset(&message.header, 0, sizeof(msghdr))
    if address is not None:
        pack_address(sock, b"sendmsg", b"socket.sendmsg", address, &message.address)
        message.header.msg_name = &message.address.storage
        message.header.msg_namelen = message.address.length
    else:
        PySys_Audit(b"socket.sendmsg", "OO", <PyObject *>sock, <PyObject *>None)
    return send_message(sock, &message, buffers, ancdata, how, address)


cdef object send_message(socket sock, Message *message, object buffers, object ancdata, int flags, object address):
    cdef Buffers held
    cdef Control control
    items = as_items(buffers, "sendmsg() argument 1 must be an iterable")
    if item_count(items) > INT_MAX:
        raise OSError("sendmsg() argument 1 is too long")
    hold_buffers(items, &held, PyBUF_SIMPLE)
    try:
        pack_control(ancdata, &control)
        try:
            message.header.msg_iov = held.vector
            message.header.msg_iovlen = held.count
            message.header.msg_control = control.bytes
            message.header.msg_controllen = control.size
            begin_to(&message.operation, sock, OP_SENDMSG, flags, address)
            return run_to(sock, &message.operation, call_sendmsg, address)
        finally:
            release_control(&control)
    finally:
        release_buffers(&held)


cdef object sock_sendmsg_afalg(socket sock, object msg, object op, object iv, object assoclen, object flags):
    """The kernel's cryptography takes its parameters as control messages (<linux/if_alg.h>)."""
    cdef Message message
    cdef int operation, length
    cdef Data data
    if family_of(sock) != AF_ALG:
        raise OSError("algset is only supported for AF_ALG")
    if not PyLong_Check(op):
        raise TypeError("Invalid or missing argument 'op'")
    operation = as_int(op)
    if operation < 0:
        raise TypeError("Invalid or missing argument 'op'")
    ancdata = [(SOL_ALG, ALG_SET_OP, (<char *>&operation)[:sizeof(int)])]
    if iv is not UNSET:
        hold_data(iv, &data)
        try:
            length = <int>data.size
            vector = (<char *>&length)[:sizeof(int)] + (<char *>data.start)[:data.size]
        finally:
            release_data(&data)
        ancdata.append((SOL_ALG, ALG_SET_IV, vector))
    if assoclen is not UNSET:
        if not PyLong_Check(assoclen):
            raise TypeError(f"sendmsg_afalg() argument 4 must be int, not {argument_name(assoclen)}")
        length = as_int(assoclen)
        if length < 0:
            raise TypeError("assoclen must be positive")
        ancdata.append((SOL_ALG, ALG_SET_AEAD_ASSOCLEN, (<char *>&length)[:sizeof(int)]))
    memset(&message.header, 0, sizeof(msghdr))
    return send_message(sock, &message, () if msg is UNSET else msg, ancdata, as_int(flags), None)
