# Interfaces by name, in the addresses that name them: in the network namespace of the socket, which may be another than
# the thread's (netdevice(7)), unlike if_nametoindex().

cdef extern from "<linux/if_packet.h>":
    struct sockaddr_ll:
        unsigned short sll_family, sll_protocol, sll_hatype
        int sll_ifindex
        unsigned char sll_pkttype, sll_halen
        unsigned char sll_addr[8]

cdef enum:
    # The bytes up to and with the interface's index, in <linux/if_packet.h> and in <linux/can.h>.
    INDEX_END = 8


cdef ssize_t call_interface_index(Handle handle, void *request) noexcept nogil:
    return answer(ioctl(handle, SIOCGIFINDEX, request))


cdef ssize_t call_interface_name(Handle handle, void *request) noexcept nogil:
    return answer(ioctl(handle, SIOCGIFNAME, request))


def socket_interface_index(int fd, bytes name not None, /):
    """ioctl(2) SIOCGIFINDEX: the index of an interface, of whose name the first 15 bytes count. OSError (ENODEV)."""
    cdef ifreq request
    memset(&request, 0, sizeof(request))
    memcpy(request.ifr_name, PyBytes_AS_STRING(name), min(PyBytes_GET_SIZE(name), IF_NAMESIZE - 1))
    run_once(OP_IFINDEX, fd, &request, call_interface_index)
    return request.ifr_ifindex


def interface_name(socket sock not None, int index, /):
    """The name of an interface in an address that the socket was given; '' for 0 and where there is none any more."""
    return name_of_interface(sock, index)


cdef str name_of_interface(socket sock, int index):
    cdef ifreq request
    if ask_interface_name(sock, index, &request) < 0:
        return ""
    return PyUnicode_DecodeFSDefaultAndSize(request.ifr_name, strnlen(request.ifr_name, IF_NAMESIZE))


cdef ssize_t ask_interface_name(socket sock, int index, ifreq *request) noexcept:
    """A negated errno where the index has no name; 0 is none's, and not asked for."""
    if index == 0:
        return -ENODEV
    memset(request, 0, sizeof(ifreq))
    request.ifr_ifindex = index
    return once_on(sock, OP_IFNAME, request, call_interface_name)


def unpack_packet(socket sock not None, bytes raw not None, /):
    """(interface, protocol, packet type, hardware type, hardware address) from a struct sockaddr_ll (packet(7)).

    The interface is '' where none is named or its index has no name any more. A hardware address may be longer than
    the struct (InfiniBand's has 20 bytes); what the kernel gave of it is given.
    """
    cdef Address copy
    copy_address(&copy, raw)
    return unpack_link(sock, &copy)


cdef object unpack_link(socket sock, Address *raw):
    cdef sockaddr_ll *struct = <sockaddr_ll *>&raw.storage
    cdef Py_ssize_t given = raw.length - (<char *>struct.sll_addr - <char *>struct)
    cdef Py_ssize_t size = max(min(given, <Py_ssize_t>struct.sll_halen), 0)
    name = name_of_interface(sock, struct.sll_ifindex)
    return name, c_ntohs(struct.sll_protocol), struct.sll_pkttype, struct.sll_hatype, (<char *>struct.sll_addr)[:size]
