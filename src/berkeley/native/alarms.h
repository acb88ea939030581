/* What ends a call that sleeps in the kernel, cannot be told not to, and is late: a timer of its thread, whose signal
   makes the call return EINTR.

   The signal's handler does nothing. It is a real-time signal at its default, which would end the process: so it is
   looked at just before each call whether the handler is still there (programs restore what they have saved), and none
   is sent to a thread that has it masked, where it would stay, and outlive execve(2). A program that puts the default
   back while such a call sleeps is ended by it: so only calls that poll(2) has announced are made like this, and those
   that must not be told to come back with a part (MSG_WAITALL). */

#ifndef BERKELEY_ALARMS_H
#define BERKELEY_ALARMS_H

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* It fires again until the call has ended: the first signal may come just before the thread is in the call. */
#define ALARM_PERIOD (10 * 1000000)  /* ns */

static int wake_signal;  /* 0: not chosen yet */

struct alarm {
    timer_t timer;
    int signal;  /* the timer's: 0 while there is none */
};

static __thread struct alarm own_alarm;
static pthread_key_t alarm_key;
static pthread_once_t alarm_key_once = PTHREAD_ONCE_INIT;
static int alarm_key_made = 1;

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

/* One whose handler is ours; 0 where a program has taken them all. */
static int usable_wake_signal(void) {
    int number = __atomic_load_n(&wake_signal, __ATOMIC_RELAXED);
    if (number && wakes_by(number))
        return number;
    for (number = SIGRTMAX - 1; number > SIGRTMIN; number--)
        if (wakes_by(number) || take_signal(number)) {
            __atomic_store_n(&wake_signal, number, __ATOMIC_RELAXED);
            return number;
        }
    return 0;
}

static int is_masked(int number) {
    sigset_t mask;
    return pthread_sigmask(SIG_BLOCK, NULL, &mask) != 0 || sigismember(&mask, number);
}

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
