# Calls under way on a socket: a closer wakes them, and its descriptor's number is not another's while they last.
#
# Neither close(2) nor dup2(2) wakes a thread that sleeps in a call. So a closer that finds one puts a marker in the
# descriptor's place, with which every call fails at once (dup2(2)), and then sends the thread a signal (wakes.h): if it
# was in the kernel, it comes back; if not yet, it gets there with the marker. The last one out closes the number. Not
# shutdown(2), which would cut the connection of other processes that have it.
#
# The records are on the stacks of the calls' threads. Each is in the list, which the socket's lock guards, while its
# thread is without the interpreter lock, and no longer: code of the program may put a stack away (greenlets).

cdef extern from "wakes.h" nogil:
    int wake_thread(thread_mark thread)
    thread_mark this_thread()
    void take_wakes_away(int sent)

cdef extern from *:
    """
    #include <pthread.h>

    /* How often this process, or one that it comes from, was forked: a child has none of the other threads' stacks. */
    static unsigned int berkeley_forks = 0;

    static void berkeley_count_fork(void) {
        berkeley_forks++;
    }

    #define follow_forks_of_calls() pthread_atfork(NULL, NULL, berkeley_count_fork)

    /* At the interpreter's end, daemon threads are gone when they ask for the lock, and their stacks with them. */
    #if PY_VERSION_HEX >= 0x030D0000
    #define is_finalizing() Py_IsFinalizing()
    #else
    #define is_finalizing() _Py_IsFinalizing()
    #endif
    """
    unsigned int forks "berkeley_forks"
    int follow_forks_of_calls()
    bint is_finalizing()

cdef enum:
    # What a flight is told, above a count:
    CLOSED = 1 << 30
    MARKED = 1 << 29
    CANCELLED = 1 << 28
    COUNT = CANCELLED - 1
    # The woken are waited for, with pauses, each twice the one before: 0.2 s in all.
    WAKE_PAUSE = 50000          # ns
    WAKE_ROUNDS = 12
    VAIN_ROUNDS = 4             # where nobody could be woken, who may be in ppoll(2), unmasked, soon

if follow_forks_of_calls() != 0:
    raise MemoryError


cdef inline Handle depart(socket sock, Flight *flight, thread_mark thread) noexcept:
    """The descriptor, which stays the socket's until `land`."""
    cdef Guard place
    guard(&place, sock)
    flight.handle = handle_of(sock)
    flight.thread = thread
    flight.told = 0
    if unlikely(forks != 0):
        follow_forks(sock)
    flight.next = sock.flights
    sock.flights = flight
    unguard(&place)
    return flight.handle


cdef void follow_forks(socket sock) noexcept:
    """In the socket's critical section."""
    if sock.forks != forks:
        sock.flights = NULL
        if aside_of(sock) != NULL:
            store_int(&sock.aside.unblocked, 0)
        sock.forks = forks


cdef inline ssize_t land(socket sock, Flight *flight, ssize_t result) noexcept:
    """The call's result, or that the socket was closed meanwhile."""
    cdef Guard place
    cdef bint as_it_was
    guard(&place, sock)
    as_it_was = sock.flights == flight and flight.told == 0
    if as_it_was:
        sock.flights = flight.next
    unguard(&place)
    return result if as_it_was else land_among_others(sock, flight, result)


cdef ssize_t land_among_others(socket sock, Flight *flight, ssize_t result) noexcept:
    cdef Flight **place
    cdef bint last
    with cython.critical_section(sock):
        place = &sock.flights
        while place[0] != flight:
            place = &place[0].next
        place[0] = flight.next
        last = flight.told & CLOSED and not has_calls(sock, flight.handle)
    take_wakes_away(flight.told & COUNT)
    # A program may have put another file in the marker's place (dup2(2)).
    if last and (not flight.told & MARKED or system_is_marker(flight.handle)):
        with nogil:
            system_close(flight.handle)
    if result >= 0:
        return result       # what has come already
    if flight.told & CLOSED:
        return -EBADF
    return -ECANCELED if flight.told & CANCELLED and result <= WAIT else result


cdef bint has_calls(socket sock, Handle handle) noexcept:
    """In the socket's critical section."""
    cdef Flight *flight = first_flight(sock)
    while flight != NULL and flight.handle != handle:
        flight = flight.next
    return flight != NULL


cdef Flight *first_flight(socket sock) noexcept:
    """In the socket's critical section."""
    follow_forks(sock)
    return NULL if is_finalizing() else sock.flights


cdef void tell_flights(socket sock, Handle handle, unsigned int what) noexcept:
    """Those with this descriptor, or all that are cancelled; in the socket's critical section."""
    cdef Flight *flight = first_flight(sock)
    while flight != NULL:
        if flight.handle == handle or (what == CANCELLED and not flight.told & CLOSED):
            flight.told |= what
        flight = flight.next


# --- closing

cdef int close_socket(socket sock) except -1:
    cdef Flight closer
    cdef Handle handle
    cdef bint busy = False
    with cython.critical_section(sock):
        handle = take_handle(&sock.sock_fd, NO_HANDLE)
        put_mode_back(sock, handle)
        # A number that is not open any more is another's fault, and closing it tells.
        if handle != NO_HANDLE and has_calls(sock, handle) and system_is_open(handle):
            busy = True
            tell_flights(sock, handle, CLOSED)
            begin_closing(sock, &closer, handle)
    if busy:
        close_under_calls(sock, &closer)
    elif handle != NO_HANDLE:
        run_once(OP_CLOSE, handle, NULL, call_close)
    return 0


cdef void begin_closing(socket sock, Flight *closer, Handle handle) noexcept:
    """The closer is one of those that are to be out before the number is free."""
    closer.handle = handle
    closer.thread = NULL
    closer.told = CLOSED
    closer.next = sock.flights
    sock.flights = closer


cdef void close_under_calls(socket sock, Flight *closer) noexcept:
    cdef Handle handle = closer.handle
    cdef bint marked
    with nogil:
        marked = system_mark(handle) == 0
    if marked:
        with cython.critical_section(sock):
            tell_flights(sock, handle, MARKED)
    # Without a marker (no descriptor is left, perhaps) a call may begin after its thread was woken.
    wake(sock, not marked)
    land(sock, closer, 0)


cdef int wake(socket sock, bint repeat) noexcept:
    """Wake the calls that are to end, until they have left, and the signals with them: how many were woken.

    A program may put the signal's default back any time. `repeat`: a signal may come too early.
    """
    cdef int woken = 0, rounds = 0
    cdef int64_t pause = WAKE_PAUSE
    cdef int left = wake_once(sock, &woken, True)
    while left != 0 and rounds < (WAKE_ROUNDS if left > 0 else VAIN_ROUNDS if repeat else 0):
        with nogil:
            system_pause(pause)
        pause *= 2
        rounds += 1
        left = wake_once(sock, &woken, repeat)
    return woken


cdef int wake_once(socket sock, int *woken, bint repeat) noexcept:
    """How many there are that were woken and have not left, or will be; -1 where there are only others."""
    cdef Flight *flight
    cdef int left = 0, others = 0
    with cython.critical_section(sock):
        flight = first_flight(sock)
        while flight != NULL:
            if flight.thread != NULL and flight.told:
                if (repeat or not flight.told & COUNT) and may_be_woken(flight, woken) or flight.told & COUNT:
                    left += 1
                else:
                    others += 1
            flight = flight.next
    return left if left else -(others != 0)


cdef bint may_be_woken(Flight *flight, int *woken) noexcept:
    """It is, or could be later."""
    cdef int reason = wake_thread(flight.thread)
    if reason == 0:
        woken[0] += not flight.told & COUNT
        flight.told += 1
    return reason == 0 or reason == EAGAIN


# --- cancelling

# What makes several calls ends between two as well.

def cancels(sock, /):
    """How often the socket's cancel() was called, an int; 0 of what is no socket of ours."""
    return cancels_of(sock) if isinstance(sock, socket) else 0


def check_cancels(sock, before, /):
    """OSError (ECANCELED) where cancel() was called since `cancels` gave `before`."""
    if cancels(sock) != before:
        raise_errno(ECANCELED)


cdef int sock_cancel(socket sock) except -1:
    cdef Aside *aside
    with cython.critical_section(sock):
        aside = aside_made(sock)
        store_count(&aside.cancels, aside.cancels + 1)
        tell_flights(sock, handle_of(sock), CANCELLED)
    return wake(sock, True)
