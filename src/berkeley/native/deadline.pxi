# Deadlines: records that a context has (PEP 567), those of it that are open as the last was entered. One that was left
# bounds nothing, wherever a copied context still has it.

cdef extern from *:
    """
    #include <stdint.h>
    /* How many are open, in the whole process: while there is none, no context is looked at. */
    static int64_t berkeley_open_deadlines = 0;
    #define open_deadlines() __builtin_expect(__atomic_load_n(&berkeley_open_deadlines, __ATOMIC_RELAXED) != 0, 0)
    #define add_open_deadlines(count) ((void)__atomic_add_fetch(&berkeley_open_deadlines, count, __ATOMIC_RELAXED))
    """
    bint open_deadlines() nogil
    void add_open_deadlines(int count)

cdef extern from "alarms.h" nogil:
    bint ready_alarm()
    bint set_alarm(int64_t until)
    void end_alarm()

cdef extern from "Python.h":
    object PyContextVar_New(const char *name, PyObject *default)
    int PyContextVar_Get(object var, PyObject *default, PyObject **value) except -1
    object PyContextVar_Set(object var, object value)

cdef object entered_here = PyContextVar_New(b"berkeley.deadline", <PyObject *>())


cdef class Bound:
    """What contexts hold of a deadline: so nothing keeps one that its `with` has lost (see `__del__`)."""

    cdef int64_t when               # by system_clock(); 0 without end
    cdef unsigned char open


cdef class deadline:
    """deadline(seconds, /)\n--\n\nBound all that blocks in a `with` block: TimeoutError once `seconds` are over.

    Of nested ones the nearest counts, and a timeout of a call or a socket counts too. None bounds nothing, 0 is over at
    once; ValueError for less. It holds in this thread, or, under asyncio and the like, in this context (PEP 567), and
    no longer than the block: not in tasks and threads that were started in it and go on. Used once.
    """

    cdef int64_t timeout            # as given, ns; < 0 without end
    cdef unsigned char entered
    cdef Bound bound                # None before it is entered
    cdef tuple bounds               # with those around it

    def __init__(self, seconds, /):
        self.timeout = parse_timeout(seconds)

    def __enter__(self):
        if take_char(&self.entered, True):
            raise RuntimeError("a deadline is entered once")
        bound = Bound()
        bounds = open_ones(bounds_here()) + (bound,)
        if self.timeout >= 0:
            bound.when = min(system_clock(), LLONG_MAX - self.timeout) + self.timeout
        store_char(&bound.open, True)
        PyContextVar_Set(entered_here, bounds)
        add_open_deadlines(1)
        self.bounds = bounds
        self.bound = bound
        return self

    def __exit__(self, kind, error, traceback, /):
        """Left out of order, or in another context, it ends all the same, and alone."""
        leave(self.bound)

    def __del__(self):
        """A signal's handler can raise between __enter__() and the block (Python 3.14), and then nobody leaves it."""
        leave(self.bound)

    def remaining(self):
        """Seconds (float) until the nearest end of this one and those around it, 0.0 once over; None without end."""
        cdef int64_t nearest = 0 if self.bound is None else nearest_of(self.bounds)
        return None if nearest == 0 else max(0, nearest - system_clock()) / 1e9


cdef int leave(Bound bound) except -1:
    cdef tuple bounds
    if bound is None or not take_char(&bound.open, False):
        return 0
    add_open_deadlines(-1)
    bounds = bounds_here()
    if len(bounds) > 0 and bounds[len(bounds) - 1] is bound:
        PyContextVar_Set(entered_here, open_ones(bounds))
    return 0


# --- calls within a deadline

cdef int begin_within(Operation *operation, socket sock, int kind, int flags, object address) except -1:
    fill(operation, sock, flags)
    narrow(operation, sock, kind, address)
    settle(operation, sock, kind, flags)
    return 0


cdef int narrow(Operation *operation, socket sock, int kind, object address) except -1:
    """A call that may wait ends at the nearest deadline: TimeoutError where that is over."""
    cdef int64_t nearest, left
    # Of blocking calls, these do not wait (recv(2)); and those of a non-blocking socket do not.
    if operation.timeout == 0 or (operation.timeout < 0 and operation.flags & (MSG_DONTWAIT | MSG_ERRQUEUE | MSG_OOB)):
        return 0
    nearest = nearest_deadline()
    if nearest == 0:
        return 0
    left = nearest - system_clock()
    # Of calls that are tried first it is asked when they would wait.
    if operation.timeout < 0 and (left <= 0 or KINDS[kind].sleeps == SLEEPS
                                  or KINDS[kind].polls_first & hints_of(sock)) and never_waits(sock, &KINDS[kind]):
        return 0
    if left <= 0:
        raise_outcome(TIMED_OUT, address)
    operation.blocks = operation.timeout < 0
    if operation.timeout < 0 and operation.flags & MSG_WAITALL and ready_alarm():
        # All or nothing is what blocking gives alone.
        operation.deadline = nearest
        operation.alarm = WANTED
    elif operation.timeout < 0 or operation.timeout > left:
        if operation.timeout < 0 and KINDS[kind].sleeps == SLEEPS:
            operation.alarm = WANTED
            wait_from_now(operation)
        operation.timeout = left
        operation.deadline = nearest
    return 0


cdef ssize_t call_with_alarm(Handle handle, Operation *operation, Call call) noexcept nogil:
    """Where no signal is to be had, it is made all the same: it was announced by poll(2)."""
    cdef ssize_t result
    if not set_alarm(operation.deadline):
        return call(handle, operation)
    operation.alarm = SET
    result = call(handle, operation)
    end_alarm()
    return result


# --- the deadlines of a context

cdef tuple bounds_here():
    cdef PyObject *found
    PyContextVar_Get(entered_here, NULL, &found)
    value = <tuple>found
    Py_XDECREF(found)
    return value


cdef tuple open_ones(tuple bounds):
    """Those of them that are still open, in their order: what a context keeps does not grow with what was left."""
    cdef Bound one
    cdef list found = []
    for one in bounds:
        if load_char(&one.open):
            found.append(one)
    return bounds if len(found) == len(bounds) else tuple(found)


cdef int64_t nearest_deadline() except -1:
    """The nearest end of the open deadlines of this context, by system_clock(); 0 where there is none."""
    return nearest_of(bounds_here()) if open_deadlines() else 0


def deadlines_are_open():
    """Are there any, in the whole process?"""
    return open_deadlines()


def moment(seconds, /):
    """When `seconds` from now are over, ns of CLOCK_MONOTONIC; 0 for None."""
    cdef int64_t timeout = parse_timeout(seconds)
    return min(system_clock(), LLONG_MAX - timeout) + timeout if timeout >= 0 else 0


cdef int64_t nearer(int64_t until) except -1:
    """That moment, or the nearest deadline of this context; 0 where neither is."""
    cdef int64_t nearest = nearest_deadline()
    return min(until, nearest) if until and nearest else until or nearest


cdef bint is_over() except -1:
    cdef int64_t nearest = nearest_deadline()
    return nearest and nearest <= system_clock()


cdef int64_t nearest_of(tuple bounds) noexcept:
    cdef Bound one
    cdef int64_t nearest = 0
    for one in bounds:
        if load_char(&one.open) and one.when and (nearest == 0 or one.when < nearest):
            nearest = one.when
    return nearest
