# Arguments: Python objects to C values, with the errors that the interpreter's own conversions raise.

cdef extern from "Python.h":
    long PyLong_AsLong(object number) except? -1
    long long PyLong_AsLongLong(object number) except? -1
    long PyLong_AsLongAndOverflow(object number, int *overflow) except? -1
    long long PyLong_AsLongLongAndOverflow(object number, int *overflow) except? -1
    Py_ssize_t PyLong_AsSsize_t(object number) except? -1
    object PyLong_FromUnsignedLong(unsigned long number)
    object PyNumber_Index(object value)
    object PyNumber_ToBase(object value, int base)
    object PyUnicode_AsEncodedString(object text, const char *encoding, const char *errors)
    object PyUnicode_AsUTF8String(object text)
    unsigned long PyLong_AsUnsignedLong(object number) except? -1
    unsigned long PyLong_AsUnsignedLongMask(object number) except? -1
    int PyErr_WarnEx(object category, const char *message, Py_ssize_t level) except -1
    unsigned long long PyLong_AsUnsignedLongLongMask(object number) except? -1
    bint PyLong_Check(object value)
    bint PyLong_CheckExact(object value)
    bint PyFloat_Check(object value)
    double PyFloat_AsDouble(object value) except? -1
    bint PyIndex_Check(object value)
    bint PyObject_CheckBuffer(object value)
    bint PyBool_Check(object value)
    bint PyBytes_CheckExact(object value)
    bint PyBytes_Check(object value)
    bint PyByteArray_Check(object value)
    bint PyUnicode_Check(object value)
    bint PyTuple_Check(object value)
    char *PyBytes_AS_STRING(object value)
    Py_ssize_t PyBytes_GET_SIZE(object value)
    bint PyUnicode_IS_COMPACT_ASCII(object text)
    const char *PyUnicode_AsUTF8AndSize(object text, Py_ssize_t *size) except NULL
    object PyUnicode_EncodeFSDefault(object text)
    object PyUnicode_DecodeFSDefault(const char *text)
    object PyUnicode_DecodeFSDefaultAndSize(const char *text, Py_ssize_t size)
    object PyUnicode_DecodeASCII(const char *text, Py_ssize_t size, const char *errors)
    object PyUnicode_FromString(const char *text)
    tuple PyList_AsTuple(object items)
    Py_ssize_t item_count "PySequence_Fast_GET_SIZE"(object items)
    PyObject *item_at "PySequence_Fast_GET_ITEM"(object items, Py_ssize_t index)
    int PyArg_Parse(object value, const char *format, ...) except 0
    int PyArg_ParseTuple(object value, const char *format, ...) except 0
    int PyUnicode_FSConverter(object value, void *result) except 0
    int PyObject_GetBuffer(object value, Py_buffer *view, int flags) except -1
    int get_buffer "PyObject_GetBuffer"(object value, Py_buffer *view, int flags)
    void PyBuffer_Release(Py_buffer *view)
    void PyErr_Clear()
    int PyBUF_SIMPLE, PyBUF_WRITABLE
    int INT_MAX, INT_MIN
    unsigned int UINT_MAX
    int64_t LLONG_MAX


cdef extern from *:
    """
    #ifdef Py_GIL_DISABLED
    #define HAS_LOCK 0      /* another thread may change the program's own objects at any time */
    #else
    #define HAS_LOCK 1
    #endif

    /* A class's arguments come to __init__ as they are. Cython 3.3 would make an array of them, and where there is no
       memory for the keywords' names, drop what it has not written there yet. */
    #undef CYTHON_VECTORCALL_TPNEW
    #define CYTHON_VECTORCALL_TPNEW 0
    """
    bint HAS_LOCK


cdef object ZERO = 0     # the flags of most calls


# What says "perhaps an error" is a number that is hardly given: -1 is what socket() has for defaults.

cdef inline int as_int(object value) except? -2147483648:
    """A C int, as the 'i' of PyArg_Parse takes it: what CPython uses where a call has several arguments."""
    return 0 if value is ZERO else checked_int(PyLong_AsLong(value))


cdef int checked_int(long number) except? -2147483648:
    if number > INT_MAX:
        raise OverflowError("signed integer is greater than maximum")
    if number < INT_MIN:
        raise OverflowError("signed integer is less than minimum")
    return <int>number


cdef int as_plain_int(object value) except? -2147483648:
    """A C int, as PyLong_AsInt takes it: what CPython uses elsewhere. It differs from `as_int` in one text."""
    return as_int_or_else(value, True)


cdef int as_int_or_else(object value, bint plain) except? -2147483648:
    """The one or the other."""
    cdef int overflow
    cdef long number = PyLong_AsLongAndOverflow(value, &overflow)
    return narrowed(number, overflow, plain)


cdef int narrowed(long number, int overflow, bint plain) except? -2147483648:
    """A C int of what PyLong_AsLongAndOverflow gave."""
    if plain and (overflow or number > INT_MAX or number < INT_MIN):
        raise OverflowError("Python int too large to convert to C int")
    if overflow:
        raise OverflowError("Python int too large to convert to C long")
    return checked_int(number)


cdef inline int as_sending_flags(object flags) except? -2147483648:
    return 0 if flags is ZERO else as_int_or_else(flags, PLAIN_SENDING_FLAGS)


cdef inline uint16_t as_uint16(object value, str function) except? 0xFFFF:
    cdef int overflow
    cdef long number = PyLong_AsLongAndOverflow(value, &overflow)
    if overflow or number < 0 or number > 0xFFFF:
        refuse_uint16(number, overflow, function)
    return <uint16_t>number


cdef int refuse_uint16(long number, int overflow, str function) except -1:
    if C_TYPES:
        refuse_number(overflow < 0 or number < 0 and not overflow, "uint16_t")
    if narrowed(number, overflow, PLAIN_SHORTS) < 0:
        raise OverflowError(f"{function}: can't convert negative Python int to C 16-bit unsigned integer")
    raise OverflowError(f"{function}: Python int too large to convert to C 16-bit unsigned integer")


cdef inline unsigned int as_unsigned(object value, str c_type, str before) except? 0xFFFFFFFF:
    """A C unsigned int; `before` is what was said of one that is too large, before C types were named."""
    cdef int overflow
    cdef long long number
    if sizeof(long) == sizeof(long long):
        number = PyLong_AsLongAndOverflow(value, &overflow)     # the faster
    else:
        number = PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow or number < 0 or number > UINT_MAX:
        refuse_unsigned(value, overflow < 0 or number < 0 and not overflow, c_type, before)
    return <unsigned int>number


cdef int refuse_unsigned(object value, bint negative, str c_type, str before) except -1:
    if C_TYPES:
        refuse_number(negative, c_type)
    PyLong_AsUnsignedLong(value)        # which refuses some, in its own words
    raise OverflowError(before)


cdef int refuse_number(bint negative, str c_type) except -1:
    if negative:
        raise ValueError("Cannot convert negative int")
    raise OverflowError(f"Python int too large for C {c_type}")


cdef uint64_t cut(object value, object bits) except? 0:
    """The low 64 bits of any int, of which a C type takes so many."""
    number = PyNumber_Index(value)
    if WARNS_OF_CUTS and not -(1 << (bits - 1)) <= number < 1 << bits:
        PyErr_WarnEx(DeprecationWarning, b"integer value out of range", 1)
    return PyLong_AsUnsignedLongLongMask(number)


cdef inline Py_ssize_t as_size(object value) except? -1:
    """A Py_ssize_t, as the 'n' of PyArg_Parse takes it."""
    return PyLong_AsSsize_t(value if PyLong_Check(value) else PyNumber_Index(value))


cdef object as_items(object items, str complaint):
    """A list or tuple of the items, from which nobody can take any; TypeError with `complaint` for neither.

    Under the interpreter lock a list of one is itself, for who holds the item while its code runs: there is no other.
    """
    if type(items) is tuple or (HAS_LOCK and type(items) is list and len(<list>items) == 1):
        return items
    if type(items) is list:
        return PyList_AsTuple(items)
    iterator = taken = None
    try:
        iterator = iter(items)
        if ITERABLE_OR_ELSE:
            taken = tuple(iterator)
    except BaseException as error:
        if not (ITERABLE_OR_ELSE or isinstance(error, TypeError)):
            raise
        iterator = None
    if iterator is None:        # raised here, it has no __context__, as the interpreter's own have none
        raise TypeError(complaint)
    return tuple(iterator) if taken is None else taken


cdef struct Data:
    # What is to be sent, while the interpreter lock is away.
    void *start
    Py_ssize_t size
    Py_buffer view
    bint viewed


cdef inline int hold_data(object value, Data *data) except -1:
    """Any contiguous buffer. Bytes need no view: the caller holds them, and nobody can change them."""
    data.viewed = not PyBytes_CheckExact(value)
    if data.viewed:
        PyObject_GetBuffer(value, &data.view, PyBUF_SIMPLE)
        data.start = data.view.buf
        data.size = data.view.len
    else:
        data.start = PyBytes_AS_STRING(value)
        data.size = PyBytes_GET_SIZE(value)
    return 0


cdef inline void release_data(Data *data) noexcept:
    if data.viewed:
        PyBuffer_Release(&data.view)


cdef int hold_writable(object value, Py_buffer *view, const char *method) except -1:
    if get_buffer(value, view, PyBUF_WRITABLE) < 0:
        PyErr_Clear()
        raise TypeError(f"{method.decode()}() argument 1 must be read-write bytes-like object, "
                        f"not {argument_name(value)}")
    return 0


def type_name(value, /):
    """The name of the value's type, as the interpreter's own messages have it: "int", "collections.deque"."""
    return Py_TYPE(value).tp_name.decode()


cdef str full_type_name(object value):
    """With the module, as newer messages have it: "int", "fractions.Fraction"."""
    kind = type(value)
    module = kind.__module__
    return kind.__qualname__ if module in ("builtins", "__main__") else f"{module}.{kind.__qualname__}"


cdef str argument_name(object value):
    """The value's type in messages about arguments, where the interpreter calls None by its own name."""
    return "None" if value is None else type_name(value)
