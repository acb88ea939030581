# Errors: errno, getaddrinfo(3) codes and h_errno become exceptions here, and nowhere else.
#
# Nothing maps errno to a class: OSError(errno, text) picks its own subclass (PEP 3151).

cdef extern from *:
    """
    #include <frameobject.h>

    /* An exception raised in C has no traceback entry of its own in CPython, and tools compare tracebacks.
       Cython adds one for each function, unless no frame can be made for it. */
    #define PyFrame_New(state, code, globals, locals) ((PyFrameObject *)NULL)
    """
    object PyErr_NewException(const char *name, object base, object dict)
    object PyUnicode_DecodeLocale(const char *text, const char *errors)
    int PyErr_CheckSignals() except -1
    int signals_raised "PyErr_CheckSignals"()


gaierror = PyErr_NewException("socket.gaierror", OSError, {})
herror = PyErr_NewException("socket.herror", OSError, {})


cdef int raise_errno(int number) except -1:
    raise OSError(number, PyUnicode_DecodeLocale(strerror(number), "surrogateescape"))


cdef int raise_gaierror(int code, int number) except -1:
    """`number` is errno as it was after the call: EAI_SYSTEM says that the reason is there (getaddrinfo(3))."""
    if code == EAI_SYSTEM:
        raise_errno(number)
    raise gaierror(code, PyUnicode_DecodeLocale(gai_strerror(code), "surrogateescape"))


cdef int raise_herror(int code) except -1:
    raise herror(code, PyUnicode_DecodeLocale(hstrerror(code), "surrogateescape"))


cdef object timed_out():
    return TimeoutError("timed out")
