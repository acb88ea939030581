# What C code takes from `_socket`: the capsule "_socket.CAPI", by which _ssl finds the socket type, and the layout that
# it reads there (CPython's Modules/socketmodule.h, 3.10 to 3.14).

cdef extern from *:
    """
    typedef struct {
        PyObject_HEAD
        int sock_fd;
        int sock_family;
        int sock_type;
        int sock_proto;
        PyObject *(*errorhandler)(void);
        int64_t sock_timeout;
    } berkeley_layout;

    #define BERKELEY_SAME_PLACE(field) \\
        _Static_assert(offsetof(struct __pyx_obj_8berkeley_7_native_socket, field) == \\
                       offsetof(berkeley_layout, field), "_ssl would read garbage from " #field)

    #define assert_layout() do { \\
        BERKELEY_SAME_PLACE(sock_fd); \\
        BERKELEY_SAME_PLACE(sock_timeout); \\
        BERKELEY_SAME_PLACE(errorhandler); \\
    } while (0)

    typedef struct {
        PyTypeObject *Sock_Type;
        PyObject *error;
        PyObject *timeout_error;
    } berkeley_capi;
    """
    void assert_layout()
    ctypedef struct berkeley_capi:
        PyTypeObject *Sock_Type
        PyObject *error
        PyObject *timeout_error

cdef extern from "Python.h":
    object PyCapsule_New(void *pointer, const char *name, void *destructor)
    void PyType_Modified(PyTypeObject *type)
    unsigned long Py_TPFLAGS_IMMUTABLETYPE

cdef berkeley_capi capi

assert_layout()
capi.Sock_Type = <PyTypeObject *>socket
capi.error = <PyObject *>OSError
capi.timeout_error = <PyObject *>TimeoutError
CAPI = PyCapsule_New(&capi, b"_socket.CAPI", NULL)

# The type is CPython's in name, and closed to changes, as every built-in type is: before any subclass exists.
socket.__module__ = "_socket"
(<PyTypeObject *>socket).tp_name = b"_socket.socket"
(<PyTypeObject *>socket).tp_flags |= Py_TPFLAGS_IMMUTABLETYPE
PyType_Modified(<PyTypeObject *>socket)

# Functions and descriptors that the standard module has say that they are its own.
for function in (close, dup, getaddrinfo, getdefaulttimeout, gethostbyaddr, gethostbyname, gethostbyname_ex,
                 gethostname, getnameinfo, getprotobyname, getservbyname, getservbyport, htonl, htons,
                 if_indextoname, if_nameindex, if_nametoindex, inet_aton, inet_ntoa, inet_ntop, inet_pton, ntohl,
                 ntohs, setdefaulttimeout, sethostname, socketpair, CMSG_LEN, CMSG_SPACE):
    function.__module__ = "_socket"
del function

kept_for_good({name: value for name, value in globals().items() if type(value) is type(close)})
