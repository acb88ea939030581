# Views of parts of one buffer, as memory views.
#
# A program looks at one after the other, and drops each as it takes the next. So the last ones are kept, and one that
# nobody else has is turned to another part, as CPython's own zip() does with its tuples: half the time is saved. It is
# not so without the interpreter lock, where no thread knows that it alone has an object.

cdef extern from *:
    """
    enum { SPARE_VIEWS = 2 };       /* one is in a loop's variable while the next is asked for */

    typedef struct {
        PyObject *kept[SPARE_VIEWS];
        int turn;
    } Spares;

    #ifdef Py_GIL_DISABLED
    #define TURNS_VIEWS 0
    #define keep_spare(spares, view) ((void)(spares))
    #define turned_spare(spares, start, size) ((void)(spares), (PyObject *)NULL)
    #else
    #define TURNS_VIEWS 1
    static void keep_spare(Spares *spares, PyObject *view) {
        PyObject *old = spares->kept[spares->turn];
        spares->kept[spares->turn] = Py_NewRef(view);
        spares->turn = (spares->turn + 1) % SPARE_VIEWS;
        Py_XDECREF(old);
    }

    /* One of a single dimension, of bytes: as it was made, and nobody has it. */
    static PyObject *turned_spare(Spares *spares, char *start, Py_ssize_t size) {
        for (int place = 0; place < SPARE_VIEWS; place++) {
            PyMemoryViewObject *view = (PyMemoryViewObject *)spares->kept[place];
            if (view != NULL && Py_REFCNT(view) == 1 && view->weakreflist == NULL && view->exports == 0 &&
                view->hash == -1 && !(view->flags & _Py_MEMORYVIEW_RELEASED)) {
                view->view.buf = start;
                view->view.len = view->view.shape[0] = size;
                return Py_NewRef(view);
            }
        }
        return NULL;
    }
    #endif

    static void drop_spares(Spares *spares) {
        for (int place = 0; place < SPARE_VIEWS; place++)
            Py_CLEAR(spares->kept[place]);
    }
    """
    bint TURNS_VIEWS
    ctypedef struct Spares:
        pass
    void keep_spare(Spares *spares, object view)
    PyObject *turned_spare(Spares *spares, char *start, Py_ssize_t size)
    void drop_spares(Spares *spares)

cdef extern from *:
    """
    /* Cython begins with a reference to None there, of which CPython's function knows nothing. */
    static int fill_view(Py_buffer *view, PyObject *owner, void *start, Py_ssize_t size, int readonly, int flags) {
        PyObject *before = view->obj;
        int result = PyBuffer_FillInfo(view, owner, start, size, readonly, flags);
        Py_XDECREF(before);
        return result;
    }
    """
    int fill_view(Py_buffer *view, object owner, void *start, Py_ssize_t size, bint readonly, int flags) except -1

cdef extern from "Python.h":
    object PySlice_New(object start, object stop, PyObject *step)
    object PyObject_GetItem(object thing, object key)
    object PyMemoryView_FromObject(object owner)
    Py_buffer *PyMemoryView_GET_BUFFER(object view)


cdef inline object part_of(object whole, Spares *spares, Py_ssize_t start, Py_ssize_t size):
    """A view of a part of the memory view `whole`, which must be of bytes."""
    cdef PyObject *turned = turned_spare(spares, <char *>PyMemoryView_GET_BUFFER(whole).buf + start, size)
    if turned != NULL:
        view = <object>turned
        Py_DECREF(view)
        return view
    return new_part(whole, spares, start, size)


cdef object new_part(object whole, Spares *spares, Py_ssize_t start, Py_ssize_t size):
    view = PyObject_GetItem(whole, PySlice_New(start, start + size, NULL))
    keep_spare(spares, view)
    return view
