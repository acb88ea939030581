# Constants that this machine's C headers know otherwise than Linux's generic ABI: by processor, libc or header version.

cdef extern from "compiled_constants.h":
    struct compiled_constant:
        const char *name
        long long value
    const compiled_constant *compiled_constants()


cdef dict read_constants():
    cdef const compiled_constant *row = compiled_constants()
    constants = {}
    while row.name != NULL:
        constants[row.name.decode()] = row.value
        row += 1
    return constants


COMPILED = read_constants()
