# Moving data: recv(2), send(2) and their kin.

cdef extern from "Python.h":
    int _PyBytes_Resize(PyObject **bytes, Py_ssize_t size) except -1
    PyObject *NewBytes "PyBytes_FromStringAndSize"(const char *data, Py_ssize_t size) except NULL
    char *BytesData "PyBytes_AS_STRING"(PyObject *value)

cdef enum:
    SMALL = 1024            # up to here, data is received on the stack and copied once
    # From here malloc(3) maps memory for each buffer, and gives it back: M_MMAP_THRESHOLD's first value.
    LARGE = 128 * 1024

cdef struct Transfer:
    Operation operation
    void *data
    size_t size
    Address address


cdef ssize_t call_recv(Handle handle, Operation *operation) noexcept nogil:
    cdef Transfer *transfer = <Transfer *>operation
    return answer(c_recv(handle, transfer.data, transfer.size, operation.flags))


cdef ssize_t call_recvfrom(Handle handle, Operation *operation) noexcept nogil:
    cdef Transfer *transfer = <Transfer *>operation
    transfer.address.length = sizeof(sockaddr_storage)
    return answer(c_recvfrom(handle, transfer.data, transfer.size, operation.flags,
                             <sockaddr *>&transfer.address.storage, &transfer.address.length))


cdef ssize_t call_send(Handle handle, Operation *operation) noexcept nogil:
    cdef Transfer *transfer = <Transfer *>operation
    return answer(c_send(handle, transfer.data, transfer.size, operation.flags))


cdef ssize_t call_sendto(Handle handle, Operation *operation) noexcept nogil:
    cdef Transfer *transfer = <Transfer *>operation
    return answer(c_sendto(handle, transfer.data, transfer.size, operation.flags,
                           <sockaddr *>&transfer.address.storage, transfer.address.length))


# --- receiving

cdef inline bytes receive(socket sock, int kind, Py_ssize_t size, int flags, Transfer *transfer, Call call):
    """Up to `size` bytes by `call`, in a bytes object of just the length that came."""
    cdef char small[SMALL]
    cdef ssize_t got
    cdef PyObject *target
    transfer.size = size
    begin(&transfer.operation, sock, kind, flags)
    ask_first(sock, &transfer.operation)
    if size <= SMALL:
        transfer.data = small
        if flags & MSG_TRUNC:
            memset(small, 0, size)      # tcp(7) counts the data then, and stores none
        got = run(sock, &transfer.operation, call)
        return PyBytes_FromStringAndSize(small, got) if got <= size else extended(small, size, got)
    target = NewBytes(NULL, size)
    try:
        transfer.data = BytesData(target)
        if flags & MSG_TRUNC:
            memset(transfer.data, 0, size)
        got = run(sock, &transfer.operation, call)
        if got > size:
            return extended(BytesData(target), size, got)
        if size >= LARGE and got < size // 2:
            # Copied and freed whole, which teaches malloc(3) to keep such a block; shrunk in place, the rest of a
            # mapping goes back to the kernel, and each call maps anew.
            return PyBytes_FromStringAndSize(BytesData(target), got)
        if got != size:
            _PyBytes_Resize(&target, got)
        return <bytes>target
    finally:
        Py_XDECREF(target)


cdef bytes extended(const char *data, Py_ssize_t size, Py_ssize_t length):
    """What MSG_TRUNC makes of a cut datagram: its whole length (recv(2)), of which `size` bytes came; then zeros."""
    cdef bytes whole = PyBytes_FromStringAndSize(NULL, length)
    memcpy(PyBytes_AS_STRING(whole), data, size)
    memset(PyBytes_AS_STRING(whole) + size, 0, length - size)
    return whole


cdef object sock_recv(socket sock, object bufsize, object flags):
    cdef Transfer transfer
    cdef Py_ssize_t size = as_size(bufsize)
    cdef int how = as_int(flags)
    if size < 0:
        raise ValueError("negative buffersize in recv")
    if size == 0:
        return b""      # as CPython: no call, so a datagram stays where it is
    return receive(sock, OP_RECV, size, how, &transfer, call_recv)


cdef object sock_recvfrom(socket sock, object bufsize, object flags):
    cdef Transfer transfer
    cdef Py_ssize_t size = as_size(bufsize)
    cdef int how = as_int(flags)
    if size < 0:
        raise ValueError("negative buffersize in recvfrom")
    clear_address(&transfer.address)
    data = receive(sock, OP_RECVFROM, size, how, &transfer, call_recvfrom)
    return data, unpack_address(sock, &transfer.address)


cdef inline ssize_t receive_into(socket sock, int kind, Py_buffer *view, Py_ssize_t size, int flags, Transfer *transfer,
                                 Call call) except -1:
    transfer.data = view.buf
    transfer.size = size if size else view.len
    begin(&transfer.operation, sock, kind, flags)
    ask_first(sock, &transfer.operation)
    return run(sock, &transfer.operation, call)


cdef object sock_recv_into(socket sock, object buffer, object nbytes, object flags):
    cdef Transfer transfer
    cdef Py_buffer view
    cdef Py_ssize_t size
    cdef int how
    hold_writable(buffer, &view, b"recv_into")
    try:
        size = as_size(nbytes)
        how = as_int(flags)
        if size < 0:
            raise ValueError("negative buffersize in recv_into")
        if size > view.len:
            raise ValueError("buffer too small for requested bytes")
        if view.len == 0 and size == 0:
            return 0    # as CPython: no call
        return receive_into(sock, OP_RECV, &view, size, how, &transfer, call_recv)
    finally:
        PyBuffer_Release(&view)


cdef object sock_recvfrom_into(socket sock, object buffer, object nbytes, object flags):
    cdef Transfer transfer
    cdef Py_buffer view
    cdef Py_ssize_t size, got
    cdef int how
    hold_writable(buffer, &view, b"recvfrom_into")
    try:
        size = as_size(nbytes)
        how = as_int(flags)
        if size < 0:
            raise ValueError("negative buffersize in recvfrom_into")
        if size > view.len:
            raise ValueError("nbytes is greater than the length of the buffer")
        clear_address(&transfer.address)
        got = receive_into(sock, OP_RECVFROM, &view, size, how, &transfer, call_recvfrom)
    finally:
        PyBuffer_Release(&view)
    return got, unpack_address(sock, &transfer.address)


# --- sending

cdef object sock_send(socket sock, object value, object flags):
    cdef Transfer transfer
    cdef Data data
    hold_data(value, &data)
    try:
        begin(&transfer.operation, sock, OP_SEND, as_sending_flags(flags))
        transfer.data = data.start
        transfer.size = data.size
        return run(sock, &transfer.operation, call_send)
    finally:
        release_data(&data)


cdef object sock_sendall(socket sock, object value, object flags):
    """One deadline for the whole; signal handlers run after each part that went out, and may raise."""
    cdef Transfer transfer
    cdef Data data
    cdef Py_ssize_t sent = 0
    cdef ssize_t part
    cdef unsigned int before = cancels_of(sock)
    hold_data(value, &data)
    try:
        begin(&transfer.operation, sock, OP_SEND, as_sending_flags(flags))
        if transfer.operation.timeout > 0 and transfer.operation.deadline == 0:
            start_clock(&transfer.operation)
        while True:
            transfer.data = <char *>data.start + sent
            transfer.size = data.size - sent
            part = (outcome_again(sock, &transfer.operation, call_send, before) if sent
                    else outcome(sock, &transfer.operation, call_send))
            if part < 0:
                raise_outcome(part, None)
            sent += part
            PyErr_CheckSignals()
            if sent == data.size:
                return None
            go_on(&transfer.operation)
    except BaseException as error:
        tell(error, BYTES_SENT, sent)
        raise
    finally:
        release_data(&data)


cdef object sock_sendto(socket sock, object value, object flags, object address):
    cdef Transfer transfer
    cdef Data data
    cdef int how
    hold_data(value, &data)
    try:
        how = as_int(flags)
        pack_address(sock, b"sendto", b"socket.sendto", address, &transfer.address)
        begin_to(&transfer.operation, sock, OP_SENDTO, how, address)
        transfer.data = data.start
        transfer.size = data.size
        return run_to(sock, &transfer.operation, call_sendto, address)
    finally:
        release_data(&data)


cdef struct FileTransfer:
    Operation operation
    Handle source
    off_t offset
    size_t count


cdef ssize_t call_sendfile(Handle handle, Operation *operation) noexcept nogil:
    cdef FileTransfer *transfer = <FileTransfer *>operation
    return answer(c_sendfile(handle, transfer.source, &transfer.offset, transfer.count))


def sendfile(socket sock not None, source, offset, count, unsigned int before, /):
    """sendfile(2): how many bytes went from the file `source`, at `offset`, to the socket; 0 at the file's end.

    ECANCELED where cancel() was called since `cancels` gave `before`.
    """
    cdef ssize_t result
    cdef FileTransfer transfer
    transfer.source = as_plain_int(source)
    transfer.offset = PyLong_AsLong(offset)
    transfer.count = as_size(count)
    begin(&transfer.operation, sock, OP_SENDFILE, 0)
    if transfer.operation.alarm == WANTED and not ready_alarm():
        raise_errno(EOPNOTSUPP)     # once it sleeps, nothing would end it: who asked reads, and sends
    result = outcome_again(sock, &transfer.operation, call_sendfile, before)
    if result < 0:
        raise_outcome(result, None)
    return result
