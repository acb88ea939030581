# The address that a socket converted last, packed and as Python has it.
#
# Addresses repeat: a server answers the tuple that recvfrom() gave, a client hears from one peer. The tuple cannot
# change; but where it names an interface, what the name means can: the kernel is asked for the name each time, and such
# an address is only kept of what comes from the kernel. What a family says that a program has registered is not kept;
# nor is anything without the interpreter lock, where two threads could write it at once.

from cpython.ref cimport Py_DECREF, Py_INCREF, Py_XDECREF

cdef extern from *:
    """
    #ifdef Py_GIL_DISABLED
    #define KEEPS_ADDRESSES 0
    #else
    #define KEEPS_ADDRESSES 1
    #endif
    """
    bint KEEPS_ADDRESSES


cdef void keep_address(socket sock, Address *packed, object address, bint given) noexcept:
    cdef int family = packed.storage.ss_family
    cdef Aside *aside
    if (not KEEPS_ADDRESSES or packed.length > sizeof(aside.packed)
            or not (lasting(family) or of_interface(family))):
        return
    aside = aside_of(sock) if aside_of(sock) != NULL else new_aside(sock)
    if aside == NULL:
        return      # it is converted anew the next time
    memcpy(aside.packed, &packed.storage, packed.length)
    aside.length = <unsigned char>packed.length
    aside.given = given
    Py_INCREF(address)
    Py_XDECREF(aside.address)
    aside.address = <PyObject *>address


cdef inline void forget_address(socket sock) noexcept:
    """Of another descriptor, or none any more."""
    cdef PyObject *address
    if KEEPS_ADDRESSES and sock.aside != NULL:
        address = sock.aside.address
        sock.aside.address = NULL
        sock.aside.length = 0
        Py_XDECREF(address)


cdef inline bint recall_packed(socket sock, object address, Address *packed) noexcept:
    """Is it the very object that was converted last? Then `packed` is filled."""
    if sock.aside == NULL or sock.aside.address != <PyObject *>address or not lasting(sock.sock_family):
        return False
    memcpy(&packed.storage, sock.aside.packed, sock.aside.length)
    packed.length = sock.aside.length
    return True


cdef inline bint recalls(socket sock, Address *packed) noexcept:
    """Was the kept address made of the same bytes, and says still the same?"""
    return (sock.aside != NULL and sock.aside.length == packed.length and not sock.aside.given
            and memcmp(&packed.storage, sock.aside.packed, packed.length) == 0
            and (not of_interface(packed.storage.ss_family)
                 or still_named(sock, packed, <object>sock.aside.address)))


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
