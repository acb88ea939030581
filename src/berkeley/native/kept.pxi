# The address that a socket converted last, packed and as Python has it.
#
# Addresses repeat: a server answers the tuple that recvfrom() gave, a client hears from one peer. The tuple cannot
# change; but where it names an interface, what the name means can: the kernel is asked for the name each time, and such
# an address is only kept of what comes from the kernel. What a family says that a program has registered is not kept;
# nor is anything without the interpreter lock, where two threads could write it at once.

cimport cython

cdef extern from *:
    """
    #ifdef Py_GIL_DISABLED
    #define KEEPS_ADDRESSES 0
    #else
    #define KEEPS_ADDRESSES 1
    #endif
    """
    bint KEEPS_ADDRESSES


@cython.final
@cython.no_gc       # nothing in such an address leads back to it
@cython.freelist(16)
cdef class Kept:
    cdef unsigned char packed[28]       # up to a struct sockaddr_in6
    cdef unsigned char length
    cdef bint given     # by the program, and so no answer to it: the kernel's fields may hold less than its numbers
    cdef object address


cdef void keep_address(socket sock, Address *packed, object address, bint given) noexcept:
    cdef int family = packed.storage.ss_family
    if (not KEEPS_ADDRESSES or packed.length > sizeof(sock.kept.packed)
            or not (lasting(family) or of_interface(family))):
        return
    if sock.kept is None:
        try:
            sock.kept = Kept.__new__(Kept)
        except MemoryError:
            return      # it is converted anew the next time
    memcpy(sock.kept.packed, &packed.storage, packed.length)
    sock.kept.length = <unsigned char>packed.length
    sock.kept.given = given
    sock.kept.address = address


cdef inline bint recall_packed(socket sock, object address, Address *packed) noexcept:
    """Is it the very object that was converted last? Then `packed` is filled."""
    if sock.kept is None or sock.kept.address is not address or not lasting(sock.sock_family):
        return False
    memcpy(&packed.storage, sock.kept.packed, sock.kept.length)
    packed.length = sock.kept.length
    return True


cdef inline bint recalls(socket sock, Address *packed) noexcept:
    """Was the kept address made of the same bytes, and says still the same?"""
    return (sock.kept is not None and sock.kept.length == packed.length and not sock.kept.given
            and memcmp(&packed.storage, sock.kept.packed, packed.length) == 0
            and (not of_interface(packed.storage.ss_family) or still_named(sock, packed, sock.kept.address)))


cdef inline bint lasting(int family) noexcept:
    """Does an address of the family say all by itself?"""
    return family in (AF_INET, AF_INET6, AF_UNIX, AF_NETLINK, AF_VSOCK)


cdef inline bint of_interface(int family) noexcept:
    """Is an address of the family a tuple whose first element is an interface's name?"""
    return family in (AF_PACKET, AF_CAN)


cdef bint still_named(socket sock, Address *packed, object address) noexcept:
    """Has the interface still the name that is in the address? Of both families the index is at the same place."""
    cdef ifreq request
    cdef Py_ssize_t size
    cdef const char *name = ascii_chars((<tuple>address)[0], &size)
    if name == NULL or packed.length < INDEX_END:
        return False
    if ask_interface_name(sock, (<sockaddr_ll *>&packed.storage).sll_ifindex, &request) < 0:
        return size == 0
    return size == <Py_ssize_t>strnlen(request.ifr_name, IF_NAMESIZE) and memcmp(request.ifr_name, name, size) == 0


cdef bint unchanging(object address) noexcept:
    """Is it a tuple of nothing but numbers and strings, that no code can change?"""
    if type(address) is not tuple:
        return False
    for item in <tuple>address:
        if not (type(item) is int or type(item) is str or type(item) is bytes):
            return False
    return True
