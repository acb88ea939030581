# Sub-interpreters (PEP 684, PEP 734): refused, before anything of the module is made.
#
# The core's types, its classes of errors and what it keeps are in C variables, one set for the process; objects of one
# interpreter must not reach another. State for each interpreter would have to be looked up in each call.

cdef extern from *:
    """
    #define BERKELEY_SLOTS 8

    static PyObject *(*berkeley_create)(PyObject *spec, PyModuleDef *def);
    static int berkeley_refused = 0;

    static void berkeley_refuse(void) {
        PyObject *error = PyObject_CallFunction(PyExc_ImportError, "s",
            "berkeley cannot be imported in a sub-interpreter, where the standard socket module works: "
            "it serves the main interpreter of a process alone");
        /* Of all interpreters, the first to ask: who says it to the user says it once. */
        PyObject *first = __atomic_exchange_n(&berkeley_refused, 1, __ATOMIC_RELAXED) ? Py_False : Py_True;
        if (error != NULL && PyObject_SetAttrString(error, "first_in_process", first) == 0)
            PyErr_SetObject(PyExc_ImportError, error);
        Py_XDECREF(error);
    }

    static PyObject *berkeley_create_in_main(PyObject *spec, PyModuleDef *def) {
        if (PyInterpreterState_Get() == PyInterpreterState_Main())
            return berkeley_create(spec, def);
        berkeley_refuse();
        return NULL;
    }

    /* Cython's definition of the module, made by the one above. For an interpreter with a lock of its own the module
       has to say that it can be loaded there, or the interpreter refuses in its own words. */
    static PyObject *berkeley_definition(PyModuleDef *def) {
        static PyModuleDef_Slot slots[BERKELEY_SLOTS];
        int count = 0;
        if (def->m_slots != slots) {
            for (PyModuleDef_Slot *slot = def->m_slots; slot->slot && count < BERKELEY_SLOTS - 2; slot++) {
                slots[count] = *slot;
                if (slot->slot == Py_mod_create) {
                    berkeley_create = (PyObject *(*)(PyObject *, PyModuleDef *))slot->value;
                    slots[count].value = (void *)berkeley_create_in_main;
                }
                count++;
            }
    #if PY_VERSION_HEX >= 0x030C0000
            slots[count].slot = Py_mod_multiple_interpreters;
            slots[count].value = Py_MOD_PER_INTERPRETER_GIL_SUPPORTED;
    #endif
            def->m_slots = slots;
        }
        return PyModuleDef_Init(def);
    }
    #define PyModuleDef_Init(def) berkeley_definition(def)
    """
