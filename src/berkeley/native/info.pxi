# What the kernel knows of a datagram: control messages (ip(7), ipv6(7), udp(7), socket(7)) as one value, and back.

cdef extern from *:
    """
    #include <netinet/in.h>
    #include <sys/socket.h>

    /* Of udp(7), for headers that are older: <linux/udp.h>. */
    #ifndef UDP_SEGMENT
    #define UDP_SEGMENT 103
    #endif
    #ifndef UDP_GRO
    #define UDP_GRO 104
    #endif

    /* Each kind of time has two numbers: with words of the machine (SO_TIMESTAMP, of two times 32 bits on some), and
       with 64 bits everywhere. Headers before Linux 5.1, and musl's, do not have them by these names. */
    #ifndef SO_TIMESTAMP_OLD
    #define SO_TIMESTAMP_OLD 29
    #define SO_TIMESTAMPNS_OLD 35
    #define SO_TIMESTAMPING_OLD 37
    #define SO_TIMESTAMP_NEW 63
    #define SO_TIMESTAMPNS_NEW 64
    #define SO_TIMESTAMPING_NEW 65
    #endif
    """
    int IPPROTO_IP, IPPROTO_IPV6
    int IP_PKTINFO, IP_TOS, IP_TTL, IPV6_PKTINFO, IPV6_TCLASS, IPV6_HOPLIMIT
    int SO_RXQ_OVFL
    int SO_TIMESTAMP_OLD, SO_TIMESTAMPNS_OLD, SO_TIMESTAMPING_OLD
    int SO_TIMESTAMP_NEW, SO_TIMESTAMPNS_NEW, SO_TIMESTAMPING_NEW
    struct in_pktinfo:
        int ipi_ifindex
        in_addr ipi_spec_dst        # sending: from which address
        in_addr ipi_addr            # receiving: the header's destination
    struct in6_pktinfo:
        in6_addr ipi6_addr
        unsigned int ipi6_ifindex


@cython.final
cdef class DatagramInfo:
    """DatagramInfo(*, local_address=None, interface=None, ecn=None, tos=None, ttl=None, segment_size=None, other=())
--

    What the kernel knows of a datagram that came, or with what one is sent: control messages (cmsg(3)) as a value.

    A received one's is `DatagramInfo.of(ancdata)`; `ancdata(family)` is what sendmsg() takes. Infos with equal fields
    are equal, and no field changes. What was not told, or is not to be set, is None.

    - `local_address`: whom it was sent to, or from which address to send it; text (IP_PKTINFO of ip(7), ipv6(7));
    - `interface`: the number of the network interface by which it came, or by which to send it;
    - `tos`: TOS, or traffic class, 0 to 255; `ecn`: the low two bits of it (RFC 3168);
    - `ttl`: TTL, or hop limit; 1 to 255 to send;
    - `segment_size`: bytes of each datagram that the kernel has joined into this, or is to cut it into (udp(7));
    - `other`: a tuple of (level, type, data): the messages of other kinds, and those of another size than their kind's.

    Of a received one alone:

    - `timestamp`: when the kernel received it, in integer nanoseconds since 1970 (SO_TIMESTAMPNS of socket(7));
    - `dropped`: how many datagrams the socket had lost by then for want of room, of 32 bits (SO_RXQ_OVFL);
    - `truncated`: was it longer than the buffer? (MSG_TRUNC of recvmsg(2));
    - `descriptors`: a tuple of those that came along (SCM_RIGHTS and SCM_PIDFD of unix(7)): the caller's to close,
      or a slot's, which `take_descriptors()` gives away;
    - `pidfd`: which of them is the sender's process (SO_PASSPIDFD, Linux 6.5).

    ValueError for an address that is neither IPv4's nor IPv6's, for `ecn` and `tos` that disagree, and for numbers that
    no datagram has.
    """

    cdef readonly object local_address
    cdef readonly object interface
    cdef readonly object tos
    cdef readonly object ttl
    cdef readonly object timestamp
    cdef readonly object segment_size
    cdef readonly object dropped
    cdef readonly bint truncated
    cdef readonly tuple descriptors
    cdef readonly object pidfd
    cdef readonly tuple other

    # Not `__init__`, which a program can call again.
    def __cinit__(self, *, local_address=None, interface=None, ecn=None, tos=None, ttl=None, segment_size=None,
                  other=()):
        cdef in6_addr packed
        cdef list others = []
        if local_address is not None and not (pack_ip(AF_INET, local_address, &packed)
                                              or pack_ip(AF_INET6, local_address, &packed)):
            raise ValueError(f"local_address is the text of an IPv4 or IPv6 address, not {local_address!r}")
        ecn = in_range("ecn", ecn, 0, 3)
        tos = in_range("tos", tos, 0, 255)
        if ecn is not None and tos is not None and tos & 3 != ecn:
            raise ValueError(f"ecn is the low two bits of tos: {ecn} and {tos} disagree")
        self.local_address = local_address
        self.interface = in_range("interface", interface, 0, INT_MAX)
        self.tos = ecn if tos is None else tos
        self.ttl = in_range("ttl", ttl, 1, 255)
        self.segment_size = in_range("segment_size", segment_size, 1, 0xFFFF)
        for level, kind, value in other:
            others.append(own_message(level, kind, value))
        self.descriptors = ()
        self.other = tuple(others)

    @staticmethod
    def of(ancdata, flags=0):
        """That of a received datagram, of the `ancdata` and `flags` that recvmsg() gives: recvmsg(2).

        `ancdata` is an iterable of (level, type, bytes-like). Descriptors in it are the same numbers, and are the
        caller's to close as before.
        """
        cdef DatagramInfo info = DatagramInfo.__new__(DatagramInfo)
        cdef Data data
        cdef list others = []
        info.truncated = as_int(flags) & MSG_TRUNC != 0
        for level, kind, value in ancdata:
            hold_data(value, &data)
            try:
                if not take_message(info, as_int(level), as_int(kind), <char *>data.start, data.size):
                    others.append(own_message(level, kind, value))
            finally:
                release_data(&data)
        info.other = tuple(others)
        return info

    def ancdata(self, family, /):
        """What to give to sendmsg() as `ancdata`, on a socket of that family: a list of (level, type, bytes), cmsg(3).

        On AF_INET6, `tos` and `ttl` hold whether the destination is IPv6's or IPv4's (`::ffff:192.0.2.1`). A
        `local_address` is of the destination's kind; an `interface` alone is for IPv6's, and with the local address
        `::ffff:0.0.0.0` for IPv4's. `timestamp`, `dropped` and `truncated`, which nobody can send, are left out.
        ValueError for an address of the other family, for another family with more than `other`, and for `descriptors`:
        they are sent as an SCM_RIGHTS message in `other`, so that none goes on unasked.
        """
        cdef int number = as_int(family)
        cdef uint16_t size
        cdef list messages = []
        if self.descriptors:
            raise ValueError("descriptors that came are not sent on: an SCM_RIGHTS message in `other` is")
        if number != AF_INET and number != AF_INET6:
            if fields_of(self)[:TO_SEND] != NOTHING_TO_SEND:
                raise ValueError(f"only AF_INET and AF_INET6 have more than `other` to send, not family {number}")
            return list(self.other)
        if self.local_address is not None or self.interface is not None:
            messages.append(packet_info(self, number))
        if self.tos is not None:
            if number == AF_INET6:
                messages.append((IPPROTO_IPV6, IPV6_TCLASS, int_bytes(self.tos)))
            messages.append((IPPROTO_IP, IP_TOS, bytes((self.tos,))))
        if self.ttl is not None:
            if number == AF_INET6:
                messages.append((IPPROTO_IPV6, IPV6_HOPLIMIT, int_bytes(self.ttl)))
            messages.append((IPPROTO_IP, IP_TTL, int_bytes(self.ttl)))
        if self.segment_size is not None:
            size = self.segment_size
            messages.append((IPPROTO_UDP, UDP_SEGMENT, (<char *>&size)[:sizeof(size)]))
        messages.extend(self.other)
        return messages

    @property
    def ecn(self):
        return None if self.tos is None else self.tos & 3

    def __eq__(self, value):
        return fields_of(self) == fields_of(<DatagramInfo>value) if type(value) is DatagramInfo else NotImplemented

    def __hash__(self):
        return hash(fields_of(self))

    def __repr__(self):
        told = []
        for name, value in zip(FIELDS, fields_of(self)):
            if value is not None and value is not False and value != ():
                told.append(f"{name}={value!r}")
        return f"DatagramInfo({', '.join(told)})"


cdef tuple FIELDS = ("local_address", "interface", "tos", "ttl", "segment_size", "other", "timestamp", "dropped",
                     "truncated", "descriptors", "pidfd")

cdef enum:
    TO_SEND = 5     # the first of them, before `other`

cdef tuple NOTHING_TO_SEND = (None,) * TO_SEND


cdef tuple fields_of(DatagramInfo info):
    return (info.local_address, info.interface, info.tos, info.ttl, info.segment_size, info.other, info.timestamp,
            info.dropped, info.truncated, info.descriptors, info.pidfd)


cdef tuple own_message(object level, object kind, object value):
    """One that no code can change."""
    cdef Data data
    hold_data(value, &data)
    try:
        return as_int(level), as_int(kind), (<char *>data.start)[:data.size]
    finally:
        release_data(&data)


cdef object in_range(str name, object value, int least, int most):
    if value is None:
        return None
    number = PyNumber_Index(value)
    if not least <= number <= most:
        raise ValueError(f"{name} is {least} to {most}, not {number}")
    return number


# --- from the kernel

cdef object info_of(msghdr *message, int flags):
    """The DatagramInfo of a received message; `flags` are its msg_flags. Of an item that was cut, what is there of it
    is in `other`. The descriptors are the caller's, and where this fails nobody has got them (`close_rights`)."""
    cdef DatagramInfo info = DatagramInfo.__new__(DatagramInfo)
    cdef cmsghdr *header = CMSG_FIRSTHDR(message) if message.msg_controllen > 0 else NULL
    cdef const char *data
    cdef size_t size
    cdef bint cut = False
    info.truncated = flags & MSG_TRUNC != 0
    while header != NULL and not cut:
        cut = data_size(message, header, &size)
        if header.cmsg_len < CMSG_HEADER:
            break
        data = <char *>CMSG_DATA(header)
        if cut or not take_message(info, header.cmsg_level, header.cmsg_type, data, size):
            info.other += ((header.cmsg_level, header.cmsg_type, data[:size]),)
        header = CMSG_NXTHDR(message, header)
    return info


cdef bint take_message(DatagramInfo info, int level, int kind, const char *data, size_t size) except -1:
    """Does a field tell of it now? Not if its size is not that of its kind; nor if there is an address, or a time,
    already: an AF_INET6 socket may be told of an IPv4 destination in both ways, and of two clocks."""
    cdef in_pktinfo ipv4
    cdef in6_pktinfo ipv6
    if size == sizeof(int) and take_int(info, level, kind, data):
        return True
    if level == SOL_SOCKET:
        if kind == SCM_RIGHTS:
            return take_rights(info, data, size)
        if kind == SCM_PIDFD:
            return take_pidfd(info, data, size)
        return info.timestamp is None and take_time(info, kind, data, size)
    if level == IPPROTO_IP and kind == IP_TOS and size == sizeof(uint8_t):
        info.tos = <uint8_t>data[0]
        return True
    if info.local_address is not None:
        return False
    if level == IPPROTO_IP and kind == IP_PKTINFO and size == sizeof(ipv4):
        memcpy(&ipv4, data, sizeof(ipv4))
        info.local_address = ipv4_text(<uint8_t *>&ipv4.ipi_addr)
        info.interface = ipv4.ipi_ifindex
        return True
    if level == IPPROTO_IPV6 and kind == IPV6_PKTINFO and size == sizeof(ipv6):
        memcpy(&ipv6, data, sizeof(ipv6))
        info.local_address = ipv6_text(&ipv6.ipi6_addr)
        info.interface = ipv6.ipi6_ifindex
        return True
    return False


cdef bint take_int(DatagramInfo info, int level, int kind, const char *data) except -1:
    cdef int number
    memcpy(&number, data, sizeof(number))
    if level == IPPROTO_IP and kind == IP_TTL or level == IPPROTO_IPV6 and kind == IPV6_HOPLIMIT:
        info.ttl = number
    elif level == IPPROTO_IPV6 and kind == IPV6_TCLASS:
        info.tos = number
    elif level == IPPROTO_UDP and kind == UDP_GRO:
        info.segment_size = number
    elif level == SOL_SOCKET and kind == SO_RXQ_OVFL:
        info.dropped = <uint32_t>number
    else:
        return False
    return True


cdef bint take_rights(DatagramInfo info, const char *data, size_t size) except -1:
    cdef int fd
    cdef size_t place
    cdef list numbers = []
    if size % sizeof(fd):
        return False
    for place in range(0, size, sizeof(fd)):
        memcpy(&fd, data + place, sizeof(fd))
        numbers.append(fd)
    info.descriptors += tuple(numbers)
    return True


cdef bint take_pidfd(DatagramInfo info, const char *data, size_t size) except -1:
    """Where the kernel could make none, it has a negated errno in its place."""
    cdef int fd
    if size != sizeof(fd):
        return False
    memcpy(&fd, data, sizeof(fd))
    if fd < 0:
        return False
    info.descriptors += (fd,)
    info.pidfd = fd
    return True


cdef bint take_time(DatagramInfo info, int kind, const char *data, size_t size) except -1:
    """SO_TIMESTAMPING has three times, of which the first is the kernel's own, and the last the card's: those that
    nobody has taken are 0 (Linux's Documentation/networking/timestamping.rst)."""
    cdef int64_t seconds, part
    cdef int64_t unit = 1000 if kind in (SO_TIMESTAMP_OLD, SO_TIMESTAMP_NEW) else 1
    cdef size_t word, place
    if kind in (SO_TIMESTAMP_OLD, SO_TIMESTAMPNS_OLD, SO_TIMESTAMPING_OLD):
        word = sizeof(long)
    elif kind in (SO_TIMESTAMP_NEW, SO_TIMESTAMPNS_NEW, SO_TIMESTAMPING_NEW):
        word = sizeof(int64_t)
    else:
        return False
    if size != 2 * word * (3 if kind in (SO_TIMESTAMPING_OLD, SO_TIMESTAMPING_NEW) else 1):
        return False
    for place in range(0, size, 2 * word):
        seconds = word_at(data + place, word)
        part = word_at(data + place + word, word)
        if seconds or part:
            info.timestamp = seconds * 1000000000 + part * unit
            return True
    return False


cdef int64_t word_at(const char *data, size_t size) noexcept:
    cdef long word
    cdef int64_t wide
    if size == sizeof(wide):
        memcpy(&wide, data, sizeof(wide))
        return wide
    memcpy(&word, data, sizeof(word))
    return word


# --- to the kernel

cdef tuple packet_info(DatagramInfo info, int family):
    """The message by which the kernel takes the source address, and the interface."""
    cdef in_pktinfo ipv4
    cdef in6_pktinfo ipv6
    cdef in6_addr packed
    memset(&packed, 0, sizeof(packed))
    if info.local_address is not None and not pack_ip(family, info.local_address, &packed):
        raise ValueError(f"local_address {info.local_address!r} is none of an AF_INET6 socket: IPv4's begin with "
                         "'::ffff:' there" if family == AF_INET6 else
                         f"local_address {info.local_address!r} is none of an AF_INET socket")
    if family == AF_INET:
        memset(&ipv4, 0, sizeof(ipv4))
        ipv4.ipi_ifindex = 0 if info.interface is None else info.interface
        memcpy(&ipv4.ipi_spec_dst, &packed, sizeof(in_addr))
        memcpy(&ipv4.ipi_addr, &packed, sizeof(in_addr))    # not looked at: `of()` this is the same info
        return IPPROTO_IP, IP_PKTINFO, (<char *>&ipv4)[:sizeof(ipv4)]
    ipv6.ipi6_addr = packed
    ipv6.ipi6_ifindex = 0 if info.interface is None else info.interface
    return IPPROTO_IPV6, IPV6_PKTINFO, (<char *>&ipv6)[:sizeof(ipv6)]


cdef bint pack_ip(int family, object text, in6_addr *packed) except -1:
    """Is it the text of an address of the family? Then it is at the beginning of `packed`."""
    cdef Py_ssize_t size
    cdef const char *chars
    if not PyUnicode_Check(text):
        raise TypeError(f"local_address must be str, not {type_name(text)}")
    chars = PyUnicode_AsUTF8AndSize(text, &size)
    return strlen(chars) == <size_t>size and c_inet_pton(family, chars, packed) == 1


cdef bytes int_bytes(int number):
    return (<char *>&number)[:sizeof(number)]
