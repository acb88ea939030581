# UDP_SEGMENT and UDP_GRO (udp(7)): the kernel cuts what is sent, and joins what comes, once for many datagrams.

cdef enum:
    MOST_SEGMENTS = 64          # UDP_MAX_SEGMENTS, as it was first
    LARGEST_DATAGRAM = 65507    # 65535 less the headers of IPv4 and UDP: IPv6 takes 20 bytes more
    LARGEST_JOINED = 65535
    MSG_PROBE = 0x10            # include/linux/socket.h: find the way, and send nothing

cdef struct Segments:
    Operation operation
    msghdr header
    iovec part
    char control[32]


cdef ssize_t call_send_segments(Handle handle, Operation *operation) noexcept nogil:
    cdef Segments *segments = <Segments *>operation
    return answer(c_sendmsg(handle, &segments.header, operation.flags))


cdef ssize_t call_probe(Handle handle, void *arguments) noexcept nogil:
    cdef Segments *segments = <Segments *>arguments
    return answer(c_sendmsg(handle, &segments.header, segments.operation.flags | MSG_DONTWAIT | MSG_PROBE))


cdef object sock_send_segments(socket sock, object value, object segment_size, object address, object flags):
    cdef Py_ssize_t size = as_size(segment_size)
    cdef int how = as_sending_flags(flags)
    cdef Address packed
    cdef Data data
    check_messages(sock, "send_segments")
    if not 1 <= size <= LARGEST_JOINED:
        raise ValueError(f"a segment has 1 to {LARGEST_JOINED} bytes, not {size}")
    hold_data(value, &data)
    try:
        packed.length = 0
        if address is None:
            PySys_Audit(b"socket.sendmsg", "OO", <PyObject *>sock, <PyObject *>None)
        else:
            pack_address(sock, b"send_segments", b"socket.sendmsg", address, &packed)
        return send_in_parts(sock, &data, size, &packed, how)
    finally:
        release_data(&data)


cdef Py_ssize_t send_in_parts(socket sock, Data *data, Py_ssize_t size, Address *packed, int flags) except -1:
    """One deadline for the whole. What fails after the first parts, the next call tells."""
    cdef Segments segments
    cdef Operation *operation = &segments.operation
    cdef Py_ssize_t sent = 0, most = size
    cdef ssize_t part
    cdef unsigned int before = cancels_of(sock)
    cdef bint known = knows_segments(sock), cuts = known and not hints_of(sock) & CUTS_ITSELF
    if cuts:
        most = max(size, min(<Py_ssize_t>MOST_SEGMENTS, LARGEST_DATAGRAM // size) * size)
    memset(&segments.header, 0, sizeof(msghdr))
    segments.header.msg_iov = &segments.part
    segments.header.msg_iovlen = 1
    if packed.length:
        segments.header.msg_name = &packed.storage
        segments.header.msg_namelen = packed.length
    begin(operation, sock, OP_SENDMSG, flags)
    if operation.timeout > 0 and operation.deadline == 0:
        start_clock(operation)
    try:
        while True:
            segments.part.iov_base = <char *>data.start + sent
            segments.part.iov_len = min(most, data.size - sent)
            if known:
                tell_segment(&segments, min(size, <Py_ssize_t>segments.part.iov_len) if cuts else 0)
            part = (outcome_again(sock, operation, call_send_segments, before) if sent
                    else outcome(sock, operation, call_send_segments))
            if part < 0 and cuts and refuses_segments(sock, part):
                cuts = False
                most = size
            else:
                if part < 0 and (sent == 0 or part == RAISED):
                    raise_outcome(-EMSGSIZE if part == -EINVAL and cuts and goes_whole(sock, &segments) else part, None)
                sent += max(part, 0)
                PyErr_CheckSignals()
                if part < 0 or sent >= data.size or is_past(operation):
                    return sent
            operation.state = FRESH
    except BaseException as error:
        tell(error, BYTES_SENT, sent)
        raise


cdef void tell_segment(Segments *segments, Py_ssize_t size) noexcept:
    """Of a single one as well, which goes in fragments else; 0: do not cut, whatever the socket's option says."""
    cdef cmsghdr *header
    segments.header.msg_control = segments.control
    segments.header.msg_controllen = c_CMSG_SPACE(sizeof(uint16_t))
    header = CMSG_FIRSTHDR(&segments.header)
    header.cmsg_level = SOL_UDP
    header.cmsg_type = UDP_SEGMENT
    header.cmsg_len = c_CMSG_LEN(sizeof(uint16_t))
    (<uint16_t *>CMSG_DATA(header))[0] = <uint16_t>size


cdef bint goes_whole(socket sock, Segments *segments) noexcept:
    """Is there nothing wrong but the segments? Too long ones are EINVAL before Linux 6.14, as is port 0, and more."""
    tell_segment(segments, 0)
    return once_on(sock, OP_SENDMSG, segments, call_probe) >= 0


cdef bint refuses_segments(socket sock, ssize_t result) noexcept:
    """EIO: a device that cannot sum them up, or a transformation on the way (xfrm). EINVAL: a socket without sums."""
    if result == -EIO or (result == -EINVAL and without_sums(sock)):
        add_hint(sock, CUTS_ITSELF)
        return True
    return False


cdef bint without_sums(socket sock) noexcept:
    """SO_NO_CHECK of socket(7)."""
    cdef int value = 0
    return quiet_option(sock, SOL_SOCKET, SO_NO_CHECK, &value) == 0 and value != 0


cdef ssize_t quiet_option(socket sock, int level, int name, int *value) noexcept:
    """0, or a negated errno."""
    cdef Option option
    option.level, option.name, option.value, option.length = level, name, value, sizeof(int)
    return once_on(sock, OP_GETSOCKOPT, &option, call_getsockopt)


cdef bint is_udp(socket sock) noexcept:
    return (type_of(sock) == SOCK_DGRAM and family_of(sock) in (AF_INET, AF_INET6)
            and protocol_of(sock) in (0, IPPROTO_UDP))


cdef bint knows_segments(socket sock) noexcept:
    """Does the kernel take the message?"""
    cdef int value = 0
    return is_udp(sock) and quiet_option(sock, SOL_UDP, UDP_SEGMENT, &value) == 0


cdef bint segments_in_kernel(socket sock) noexcept:
    return not hints_of(sock) & CUTS_ITSELF and knows_segments(sock)


# --- joined as they come

cdef bint set_coalescing(socket sock, object enable) except -1:
    cdef int value = as_flag(enable)
    cdef Option option
    cdef ssize_t result
    option.level, option.name, option.value, option.length = SOL_UDP, UDP_GRO, &value, sizeof(value)
    result = once_on(sock, OP_SETSOCKOPT, &option, call_setsockopt)
    if result < 0 and (is_udp(sock) and result != -ENOPROTOOPT or result == -EBADF):
        raise_errno(<int>-result)
    note_coalescing(sock, result == 0 and value != 0)
    return result == 0 and value != 0


cdef void notice_coalescing(socket sock) noexcept:
    """Of a descriptor that others have made."""
    cdef int value = 0
    if is_udp(sock) and quiet_option(sock, SOL_UDP, UDP_GRO, &value) == 0 and value:
        add_hint(sock, COALESCES)


cdef void note_coalescing(socket sock, bint joins) noexcept:
    if joins:
        add_hint(sock, COALESCES)
    else:
        drop_hint(sock, COALESCES)


cdef int segment_size_of(msghdr *message) noexcept:
    """Of a message that was joined; 0 for another."""
    cdef cmsghdr *header = CMSG_FIRSTHDR(message) if message.msg_controllen > 0 else NULL
    cdef size_t size
    while header != NULL:
        if data_size(message, header, &size):
            return 0
        if header.cmsg_level == SOL_UDP and header.cmsg_type == UDP_GRO and size == sizeof(int):
            return (<int *>CMSG_DATA(header))[0]
        header = CMSG_NXTHDR(message, header)
    return 0


cdef int check_coalescing(socket sock, Slots *slots, str caller) except -1:
    """What is joined and has no room is lost, but for its first segment; its parts are told as control data."""
    if hints_of(sock) & COALESCES and (slots.size < LARGEST_JOINED or slots.room < c_CMSG_SPACE(sizeof(int))):
        raise ValueError(f"{caller}(): what set_coalescing() joins needs {LARGEST_JOINED} bytes "
                         f"and an ancbufsize of {c_CMSG_SPACE(sizeof(int))}, not {slots.size} and {slots.room}")
    return 0
