# Texts that the system reads up to a NUL: host and service names, addresses as text. Each kind is a row of the table.

cdef enum Encoding:
    UTF8
    IDNA            # RFC 3490
    IDNA_LENIENT    # ASCII as it is
    IDNA_STRICT     # ASCII as it is where IDNA would leave it alone

# What is taken beside str:
cdef enum:
    BYTES = 1
    BYTEARRAY = 2

cdef enum Complaint:
    TYPE_ERROR
    VALUE_ERROR
    OS_ERROR

cdef tuple COMPLAINTS = (TypeError, ValueError, OSError)

cdef struct TextKind:
    Encoding encoding
    int takes
    # What is said of another type and of a NUL within; {where} is the function and its argument.
    Complaint wrong_error
    const char *wrong
    Complaint nul_error
    const char *nul

cdef TextKind HOST = [IDNA_LENIENT, BYTES | BYTEARRAY, TYPE_ERROR, b"str, bytes or bytearray expected, not {type}",
                      TYPE_ERROR, b"host name must not contain null character"]
cdef TextKind HOST_TO_ASK = [IDNA_STRICT, BYTES, TYPE_ERROR, b"{where} must be string or None",
                             VALUE_ERROR, b"embedded null byte in host name"]
cdef TextKind HOST_BY_NAME = [IDNA, BYTES | BYTEARRAY,
                              TYPE_ERROR, b"{where} must be str, bytes or bytearray, not {name}",
                              TYPE_ERROR, b"{where} must be encoded string without null bytes, not {type}"]
cdef TextKind SERVICE_TO_ASK = [UTF8, BYTES, OS_ERROR, b"Int or String expected",
                                VALUE_ERROR, b"embedded null byte in service name"]
cdef TextKind NAME = [UTF8, 0, TYPE_ERROR, b"{where} must be str, not {name}", VALUE_ERROR, b"embedded null character"]


cdef object read_text(object value, const TextKind *kind, const char *where):
    """A str, whose UTF-8 is the text, or bytes: `chars` has it, for as long as the object is held."""
    cdef Py_ssize_t size
    cdef const char *text
    result = value
    if PyUnicode_Check(value):
        if not needs_no_idna(value, kind.encoding):
            result = to_idna(value, kind.encoding)
    elif PyByteArray_Check(value) and kind.takes & BYTEARRAY:
        result = bytes(value)
    elif not (PyBytes_Check(value) and kind.takes & BYTES):
        complain(kind.wrong_error, kind.wrong, where, value)
    text = chars(result, &size)
    if strlen(text) != <size_t>size:
        complain(kind.nul_error, kind.nul, where, value)
    return result


cdef inline const char *chars(object text, Py_ssize_t *size) except NULL:
    if PyBytes_Check(text):
        size[0] = PyBytes_GET_SIZE(text)
        return PyBytes_AS_STRING(text)
    return PyUnicode_AsUTF8AndSize(text, size)


cdef inline const char *chars_of(object text) except NULL:
    cdef Py_ssize_t size
    return chars(text, &size)


cdef const char *read_chars(object value, const TextKind *kind, const char *where) except NULL:
    """Of a kind that is taken as it is: what the caller holds holds the text."""
    return chars_of(read_text(value, kind, where))


cdef bint needs_no_idna(object text, Encoding encoding) except -1:
    if encoding == UTF8:
        return True
    if encoding == IDNA or not PyUnicode_IS_COMPACT_ASCII(text):
        return False
    return encoding == IDNA_LENIENT or plain_labels(text)


cdef bytes to_idna(object text, Encoding encoding):
    if encoding != IDNA_LENIENT:
        return PyUnicode_AsEncodedString(text, "idna", NULL)
    encoded = None
    try:
        encoded = PyUnicode_AsEncodedString(text, "idna", NULL)
    except UnicodeError:
        pass
    if encoded is None:     # raised here, it has no __context__, as the interpreter's own has none
        raise TypeError("encoding of hostname failed")
    return encoded


cdef bint plain_labels(object host) except -1:
    """Does IDNA leave this ASCII text alone? Labels have 1 to 63 characters, and a last dot is allowed."""
    cdef Py_ssize_t index, size, start = 0
    cdef const char *text = PyUnicode_AsUTF8AndSize(host, &size)
    for index in range(size):
        if text[index] == 0:
            return False
        if text[index] == c".":
            if index == start or index - start > 63:
                return False
            start = index + 1
    return size - start <= 63


cdef int complain(Complaint error, const char *text, const char *where, object value) except -1:
    message = text.decode().format(where=where.decode(), type=type_name(value), name=argument_name(value))
    raise COMPLAINTS[error](message)
