/* What ends a call that sleeps in the kernel, cannot be told not to, and is late: a timer of its thread, whose signal
   (wakes.h) makes the call return EINTR.

   A program that puts the signal's default back while such a call sleeps is ended by it: so only calls that poll(2) has
   announced are made like this, and those that must not be told to come back with a part (MSG_WAITALL). */

#ifndef BERKELEY_ALARMS_H
#define BERKELEY_ALARMS_H

#include "wakes.h"

#include <sys/syscall.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* It fires again until the call has ended: the first signal may come just before the thread is in the call. */
#define ALARM_PERIOD (10 * 1000000)  /* ns */

struct alarm {
    timer_t timer;
    int signal;  /* the timer's: 0 while there is none */
};

static __thread struct alarm own_alarm;
static pthread_key_t alarm_key;
static pthread_once_t alarm_key_once = PTHREAD_ONCE_INIT;
static int alarm_key_made = 1;

/* When its thread ends, or another signal is taken. */
static void delete_alarm(void *alarm) {
    if (((struct alarm *)alarm)->signal)
        timer_delete(((struct alarm *)alarm)->timer);
    ((struct alarm *)alarm)->signal = 0;
}

/* A forked child has no timers (timer_create(2)). */
static void forget_alarm(void) {
    own_alarm.signal = 0;
}

static void make_alarm_key(void) {
    if (pthread_key_create(&alarm_key, delete_alarm) == 0)
        pthread_atfork(NULL, NULL, forget_alarm);
    else
        alarm_key_made = 0;
}

static int make_alarm(int number) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = number};
    event.sigev_notify_thread_id = (int)syscall(SYS_gettid);
    pthread_once(&alarm_key_once, make_alarm_key);
    if (!alarm_key_made)
        return 0;
    delete_alarm(&own_alarm);
    if (timer_create(CLOCK_MONOTONIC, &event, &own_alarm.timer) != 0)
        return 0;
    own_alarm.signal = number;
    pthread_setspecific(alarm_key, &own_alarm);
    return 1;
}

/* Has this thread a timer whose signal will wake it? */
static int ready_alarm(void) {
    int number = usable_wake_signal();
    return number != 0 && !is_masked(number) && (own_alarm.signal == number || make_alarm(number));
}

/* Have this thread's calls interrupted from `until` on (ns of CLOCK_MONOTONIC): 0 where that is not possible. */
static int set_alarm(int64_t until) {
    struct itimerspec when = {{0, ALARM_PERIOD}, {until / 1000000000, until % 1000000000}};
    return ready_alarm() && timer_settime(own_alarm.timer, TIMER_ABSTIME, &when, NULL) == 0;
}

static void end_alarm(void) {
    struct itimerspec never = {{0, 0}, {0, 0}};
    timer_settime(own_alarm.timer, 0, &never, NULL);
}

#endif
