/* Calls of libc that their callers may leave: made by a thread, on a record that it shares with who waits for it.

   libc's resolver cannot be interrupted, so it is left alone, and what it answers too late is dropped. Each thread is
   made by who asks, and so is in the same network namespace (setns(2)). It takes no signals, which would not reach the
   main thread, where Python's handlers run; and it touches nothing of Python's, so that it may end after the
   interpreter. */

#ifndef BERKELEY_ERRANDS_H
#define BERKELEY_ERRANDS_H

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Modules of the name service switch (nsswitch.conf(5)) are other projects' code, and some use much of it. */
#define ERRAND_STACK (1024 * 1024)
/* How many threads there are at once, unless a program says otherwise. */
#define ERRANDS 64

struct errand {
    void (*run)(struct errand *);
    void (*drop)(struct errand *);  /* frees the record and its answer */
    int holders;                    /* who waits, and the thread: the last of them drops it */
    int done;
};

/* How many may begin; below 0 where the limit was lowered since. Who finds none sleeps on it (futex(2)). */
static int errand_turns = ERRANDS;
static int errand_limit = ERRANDS;
/* Counts those that have ended: who waits for one sleeps on it. There are at most as many as threads. */
static int errands_ended;
static pthread_once_t forks_once = PTHREAD_ONCE_INIT;

/* The call that takes 64 bits of seconds (futex(2)). */
#if defined(SYS_futex_time64) && __SIZEOF_LONG__ == 4
#define ERRAND_FUTEX SYS_futex_time64
#else
#define ERRAND_FUTEX SYS_futex
#endif

/* Sleep while the word is `seen`: 0, -EINTR, or -ETIMEDOUT at `until`, nanoseconds of CLOCK_MONOTONIC. */
static int errand_sleep(int *word, int seen, int64_t until) {
    struct { int64_t seconds, nanoseconds; } end = {until / 1000000000, until % 1000000000};
    if (syscall(ERRAND_FUTEX, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, seen, &end, NULL,
                FUTEX_BITSET_MATCH_ANY) == 0 || errno == EAGAIN)
        return 0;
    return -errno;
}

static void errand_wake(int *word, int count) {
    syscall(ERRAND_FUTEX, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, count, NULL, NULL, 0);
}

/* 1; or 0, with what `errand_turns` was, to sleep on. */
static int errand_take_turn(int *seen) {
    *seen = __atomic_load_n(&errand_turns, __ATOMIC_RELAXED);
    while (*seen > 0)
        if (__atomic_compare_exchange_n(&errand_turns, seen, *seen - 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return 1;
    return 0;
}

static void errand_give_turn(void) {
    __atomic_add_fetch(&errand_turns, 1, __ATOMIC_RELEASE);
    errand_wake(&errand_turns, 1);
}

/* Who was woken for a turn and does not take it lets another have it. */
static void errand_pass_turn(void) {
    if (__atomic_load_n(&errand_turns, __ATOMIC_RELAXED) > 0)
        errand_wake(&errand_turns, 1);
}

/* Wakes all who wait for the end of one, or for what comes with it: a turn. */
static void errand_tell_end(void) {
    __atomic_add_fetch(&errands_ended, 1, __ATOMIC_RELEASE);
    errand_wake(&errands_ended, INT32_MAX);
}

/* The limit that there was. */
static int errand_set_limit(int limit) {
    int before = __atomic_exchange_n(&errand_limit, limit, __ATOMIC_RELAXED);
    __atomic_add_fetch(&errand_turns, limit - before, __ATOMIC_RELEASE);
    if (limit > before) {
        errand_wake(&errand_turns, limit - before);
        errand_tell_end();
    }
    return before;
}

/* What a thread did before it wrote the word is seen by who reads it so. */
#define load_done(word) __atomic_load_n(word, __ATOMIC_ACQUIRE)

static void errand_leave(struct errand *errand) {
    if (__atomic_sub_fetch(&errand->holders, 1, __ATOMIC_ACQ_REL) == 0)
        errand->drop(errand);
}

static void *errand_thread(void *argument) {
    struct errand *errand = argument;
    errand->run(errand);
    __atomic_store_n(&errand->done, 1, __ATOMIC_RELEASE);
    errand_leave(errand);
    /* First the turn: who wakes, because one has ended, may be after it. */
    errand_give_turn();
    errand_tell_end();
    return NULL;
}

/* A forked child has none of the threads (fork(2)), and all turns. */
static void errands_of_child(void) {
    errand_turns = errand_limit;
}

static void follow_forks(void) {
    pthread_atfork(NULL, NULL, errands_of_child);
}

/* Begin, with a turn taken, which the thread gives back: 0, or the negated errno of pthread_create(3). */
static int errand_begin(struct errand *errand) {
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    int error;
    pthread_once(&forks_once, follow_forks);
    error = pthread_attr_init(&attributes);
    if (error)
        return -error;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, ERRAND_STACK);
    errand->holders = 2;
    errand->done = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&thread, &attributes, errand_thread, errand);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return -error;
}


#endif
