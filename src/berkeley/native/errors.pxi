# Errors: errno, getaddrinfo(3) codes and h_errno become exceptions here, and nowhere else.
#
# Nothing maps errno to a class: OSError(errno, text) picks its own subclass (PEP 3151).

cdef extern from *:
    """
    #include <frameobject.h>

    /* An exception raised in C has no traceback entry of its own in CPython, and tools compare tracebacks.
       Cython adds one for each function, unless no frame can be made for it.

       It counts on a traceback where a clause that catches an exception does more than return, and then returns: there
       the return comes after the clause. */
    #define PyFrame_New(state, code, globals, locals) ((PyFrameObject *)NULL)
    """
    object PyErr_NewException(const char *name, object base, object dict)
    object PyUnicode_DecodeLocale(const char *text, const char *errors)
    int PyErr_CheckSignals() except -1
    int signals_raised "PyErr_CheckSignals"()
    PyTypeObject *Py_TYPE(object value)
    void Py_XDECREF(PyObject *value)
    void PyErr_SetObject(PyObject *type, PyObject *value)
    void PyErr_SetString(PyObject *type, const char *text)
    PyObject *NewError "PyObject_CallFunction"(PyObject *type, const char *format, ...)
    PyObject *DecodeLocale "PyUnicode_DecodeLocale"(const char *text, const char *errors)
    PyObject *get_attribute "PyObject_GetAttr"(object owner, object name)
    int set_attribute "PyObject_SetAttr"(object owner, object name, object value)
    Py_ssize_t tuple_size "PyTuple_GET_SIZE"(object items)
    PyObject *tuple_item "PyTuple_GET_ITEM"(object items, Py_ssize_t place)
    void PyErr_Clear()

cdef extern from *:
    """
    #include <langinfo.h>
    #include <locale.h>

    /* The text of a name is freed when another thread calls setlocale(3), but for that of the C locale in glibc, which
       has one for all time. (musl frees none.) */
    #ifdef __GLIBC__
    static const char *c_locale_name(void) {
        return nl_langinfo_l(_NL_LOCALE_NAME(LC_MESSAGES), newlocale(LC_ALL_MASK, "C", NULL));
    }
    #define is_c_locale(name) ((name) == C_LOCALE)
    #else
    #define c_locale_name() NULL
    #define is_c_locale(name) (strcmp((name), "C") == 0)
    #endif
    static const char *C_LOCALE;
    """
    const char *c_locale_name()
    bint is_c_locale(const char *name)
    char *setlocale(int category, const char *locale)
    int LC_MESSAGES
    const char *C_LOCALE

C_LOCALE = c_locale_name()


gaierror = PyErr_NewException("socket.gaierror", OSError, {"__doc__": """\
The resolver's answer that there is none: `errno` is an `EAI_*` number, `strerror` its text (gai_strerror(3)).

An OSError, of getaddrinfo(), getnameinfo(), gethostbyname() and what else resolves a host, as connect() does.
"""})
herror = PyErr_NewException("socket.herror", OSError, {"__doc__": """\
The older calls' answer that there is no such host: `errno` is an h_errno, `strerror` its text (hstrerror(3)).

An OSError, of gethostbyaddr() and gethostbyname_ex().
"""})


cdef int raise_errno(int number) except -1:
    set_errno(number)
    return -1


cdef void set_errno(int number) noexcept:
    """Set OSError, or the subclass that it picks, for an errno.

    Non-blocking programs meet EAGAIN as often as data, and the text of it costs more than the call.
    """
    cdef PyObject *error
    if number == EAGAIN and untranslated():
        PyErr_SetObject(<PyObject *>BlockingIOError, <PyObject *>WOULD_BLOCK)
        return
    error = NewError(<PyObject *>OSError, "iN", number, DecodeLocale(strerror(number), "surrogateescape"))
    if error != NULL:
        PyErr_SetObject(<PyObject *>Py_TYPE(<object>error), error)
        Py_XDECREF(error)


cdef inline bint untranslated() noexcept:
    """Are the C library's messages in its own English? They are until a program asks (setlocale(3): LC_MESSAGES)."""
    return is_c_locale(setlocale(LC_MESSAGES, NULL))


cdef tuple WOULD_BLOCK = (EAGAIN, "Resource temporarily unavailable")


cdef int raise_gaierror(int code, int number) except -1:
    """`number` is errno as it was after the call: EAI_SYSTEM says that the reason is there (getaddrinfo(3))."""
    if code == EAI_SYSTEM:
        raise_errno(number)
    raise gaierror(code, PyUnicode_DecodeLocale(gai_strerror(code), "surrogateescape"))


cdef int raise_herror(int code) except -1:
    raise herror(code, PyUnicode_DecodeLocale(hstrerror(code), "surrogateescape"))


cdef void set_timed_out(object address) noexcept:
    """Set TimeoutError, with the peer's address where that is known without asking, else None."""
    cdef PyObject *error = NewError(<PyObject *>TimeoutError, "s", b"timed out")
    if error != NULL:
        tell_address(<object>error, address)
        PyErr_SetObject(<PyObject *>TimeoutError, error)
        Py_XDECREF(error)


cdef extern from *:
    """
    #define takes_attributes(error) (Py_TYPE(error)->tp_setattro == PyObject_GenericSetAttr && \\
                                     Py_TYPE(error)->tp_getattro == PyObject_GenericGetAttr)
    """
    bint takes_attributes(object error)


cdef void tell(object error, object name, object value) noexcept:
    """Give an exception an attribute more, which its text and its arguments do not show.

    Not one that has it already, nor one with its own idea of attributes: a program's handler or hook has raised that.
    """
    cdef PyObject *present
    if not takes_attributes(error):
        return
    present = get_attribute(error, name)
    if present != NULL:
        Py_XDECREF(present)
        return
    PyErr_Clear()
    if set_attribute(error, name, value) < 0:
        PyErr_Clear()       # without memory


cdef void tell_address(object error, object address) noexcept:
    """As it was given; None where it could not be pickled, or would keep more alive than itself."""
    tell(error, ADDRESS, address if is_plain(address) else None)


cdef bint is_plain(object value) noexcept:
    cdef Py_ssize_t place
    if type(value) is not tuple:
        return value is None or type(value) is str or type(value) is int or type(value) is bytes
    for place in range(tuple_size(value)):
        if not is_plain(<object>tuple_item(value, place)):
            return False
    return True


cdef object ADDRESS = "address"
cdef object BYTES_SENT = "bytes_sent"
