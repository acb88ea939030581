/* What wakes a thread that sleeps in a system call: a real-time signal whose handler does nothing, so that the call
   returns EINTR.

   Where its handler is not there, it ends the process: so it is looked at just before each sending whether it still is
   (programs restore what they have saved), and none is sent to a thread that has it masked, where it would stay, and
   outlive execve(2). It is chosen when it is needed first, from those at their default. */

#ifndef BERKELEY_WAKES_H
#define BERKELEY_WAKES_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int wake_signal;  /* 0: not chosen yet */

static void on_wake(int number) {
    (void)number;
}

/* With SA_RESTART (siginterrupt(3)) calls would go on after it. */
static int wakes_by(int number) {
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && !(now.sa_flags & (SA_SIGINFO | SA_RESTART)) &&
           now.sa_handler == on_wake;
}

static int is_free(int number) {
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL;
}

static int take_signal(int number) {
    struct sigaction ours = {.sa_handler = on_wake, .sa_flags = SA_ONSTACK};
    sigemptyset(&ours.sa_mask);
    return is_free(number) && sigaction(number, &ours, NULL) == 0;
}

/* The highest that a program leaves alone, and rather one that it has not masked: it may wait for those (sigwait(3),
   signalfd(2)). 0 where there is none. */
static int choose_wake_signal(void) {
    sigset_t mask;
    if (pthread_sigmask(SIG_BLOCK, NULL, &mask) != 0)
        return 0;
    for (int masked = 0; masked <= 1; masked++)
        for (int number = SIGRTMAX - 1; number > SIGRTMIN; number--)
            if (sigismember(&mask, number) == masked && (is_free(number) || wakes_by(number)))
                return number;
    return 0;
}

/* The one that will be used, unless a program takes it first. */
static int likely_wake_signal(void) {
    int number = __atomic_load_n(&wake_signal, __ATOMIC_RELAXED);
    if (!number) {
        number = choose_wake_signal();
        __atomic_store_n(&wake_signal, number, __ATOMIC_RELAXED);
    }
    return number;
}

/* One whose handler is ours; 0 where a program has taken them all. */
static int usable_wake_signal(void) {
    for (int tries = 2; tries; tries--) {
        int number = likely_wake_signal();
        if (number && (wakes_by(number) || take_signal(number)))
            return number;
        __atomic_store_n(&wake_signal, 0, __ATOMIC_RELAXED);
    }
    return 0;
}

static int is_masked(int number) {
    sigset_t mask;
    return pthread_sigmask(SIG_BLOCK, NULL, &mask) != 0 || sigismember(&mask, number);
}

/* For ppoll(2): of a thread that has the signal masked, the mask without it; NULL for others. */
static const sigset_t *mask_of_sleep(sigset_t *mask) {
    int number = likely_wake_signal();
    if (!number || pthread_sigmask(SIG_BLOCK, NULL, mask) != 0 || !sigismember(mask, number) ||
        (number = usable_wake_signal()) == 0)
        return NULL;
    sigdelset(mask, number);
    return mask;
}

/* Which thread a call is in. With an interpreter lock its thread pointer is enough, which costs an instruction: pthread_t
   is at the same distance from it in all threads, and the lock guards the list of their states. Of several with its
   number, the last is its own: to Python 3.11, the state of a new thread has that of the one which makes it. */
#if !defined(Py_GIL_DISABLED) && defined(__has_builtin)
#if __has_builtin(__builtin_thread_pointer)
#define HAS_THREAD_POINTER
#endif
#endif

#ifdef HAS_THREAD_POINTER
typedef const char *thread_mark;
#define this_thread() ((thread_mark)__builtin_thread_pointer())

static pthread_t id_of(thread_mark mark) {
    return (pthread_t)(mark + ((char *)pthread_self() - (char *)__builtin_thread_pointer()));
}

static const PyThreadState *state_of(thread_mark mark) {
    const PyThreadState *found = NULL;
    PyThreadState *state = PyInterpreterState_ThreadHead(PyInterpreterState_Main());
    for (; state; state = PyThreadState_Next(state))
        if ((pthread_t)state->thread_id == id_of(mark))
            found = state;
    return found;
}
#else
typedef const PyThreadState *thread_mark;
#define this_thread() ((thread_mark)PyThreadState_Get())
#define id_of(mark) ((pthread_t)(mark)->thread_id)
#define state_of(mark) (mark)
#endif

/* Does another thread have it masked, by proc(5)? Python 3.10 does not know what the kernel calls its threads. */
static int masks(thread_mark mark, int number) {
#if PY_VERSION_HEX >= 0x030B0000
    const PyThreadState *thread = state_of(mark);
    char path[64], line[256];
    int masked = 0;
    FILE *status;
    if (!thread)
        return 0;
    snprintf(path, sizeof(path), "/proc/self/task/%lu/status", thread->native_thread_id);
    if ((status = fopen(path, "re")) == NULL)
        return 0;
    while (fgets(line, sizeof(line), status))
        if (strncmp(line, "SigBlk:", 7) == 0) {
            masked = strtoull(line + 7, NULL, 16) >> (number - 1) & 1;
            break;
        }
    fclose(status);
    return masked;
#else
    (void)mark, (void)number;
    return 0;
#endif
}

/* Send it to a thread that cannot end meanwhile: 0, EPERM where it may not be sent, EAGAIN where there is no room for
   one more that is pending (setrlimit(2), RLIMIT_SIGPENDING). */
static int wake_thread(thread_mark mark) {
    int number = usable_wake_signal();
    return number && !masks(mark, number) ? pthread_kill(id_of(mark), number) : EPERM;
}

/* Where it was sent as a mask was about to come back, it waits for this thread: it is taken away. */
static void take_wakes_away(int sent) {
    int number = __atomic_load_n(&wake_signal, __ATOMIC_RELAXED);
    struct timespec now = {0, 0};
    sigset_t only;
    if (!number || !is_masked(number))
        return;
    sigemptyset(&only);
    sigaddset(&only, number);
    while (sent-- > 0 && sigtimedwait(&only, NULL, &now) == number)
        ;
}

#endif
