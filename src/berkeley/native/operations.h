/* The kinds of operations that sockets have: a row each, read by operation.pxi, wait.pxi and once.pxi. */

#ifndef BERKELEY_OPERATIONS_H
#define BERKELEY_OPERATIONS_H

/* What EAGAIN means: an answer to the program; under a timeout, that the call waits; that it waits in any case. */
enum { ANSWERS, WAITS_TIMED, WAITS };

/* Can the call sleep? Not if it carries MSG_DONTWAIT, is one answer: then the interpreter lock may stay. */
enum { SLEEPS, SLEEPS_UNLESS_TOLD, INSTANT };

/* On what a timed call polls before it tries; the first two are known of a socket, its "hints".
   CONNECTING: a connection is under way, and families beside TCP say ENOTCONN to who tries.
   POLL_TO_RECEIVE: there may be what a try gives, or throws away, and poll does not yet tell: a stream's data below
   SO_RCVLOWAT (socket(7)), a byte of urgent data.
   ALWAYS: the call cannot be told not to wait.

   Hints that say nothing of polling. COALESCES: what comes may be several datagrams joined (UDP_GRO). CUTS_ITSELF: the
   kernel has refused to cut what send_segments() sends (UDP_SEGMENT). */
enum { CONNECTING = 1, POLL_TO_RECEIVE = 2, ALWAYS = 4, COALESCES = 8, CUTS_ITSELF = 16 };

typedef struct {
    const char *name;
    short events;               /* what poll(2) is asked for; 0: it never waits */
    unsigned char would_block;  /* ANSWERS, WAITS_TIMED, WAITS */
    unsigned char polls_first;  /* CONNECTING, POLL_TO_RECEIVE, ALWAYS */
    unsigned char sleeps;       /* SLEEPS, SLEEPS_UNLESS_TOLD, INSTANT */
} operation_kind;

enum {
    OP_ACCEPT, OP_CONNECT, OP_RECV, OP_RECVFROM, OP_RECVMSG, OP_SEND, OP_SENDTO, OP_SENDMSG, OP_SENDFILE,
    OP_RECVMMSG, OP_SENDMMSG, OP_FRAMES,
    OP_OPEN, OP_PAIR, OP_DUP, OP_CLOSE, OP_BIND, OP_LISTEN, OP_SHUTDOWN, OP_GETSOCKNAME, OP_GETPEERNAME,
    OP_GETSOCKOPT, OP_SETSOCKOPT, OP_SETBLOCKING, OP_IFNAME, OP_IFINDEX, OP_MAP
};

static const operation_kind KINDS[] = {
    /*                    name            events    would block   polls first                     sleeps */
    [OP_ACCEPT] =      {"accept",       POLLIN,   WAITS_TIMED,  0,                              SLEEPS},
    [OP_CONNECT] =     {"connect",      POLLOUT,  ANSWERS,      0,                              SLEEPS},
    [OP_RECV] =        {"recv",         POLLIN,   WAITS_TIMED,  CONNECTING | POLL_TO_RECEIVE,   SLEEPS_UNLESS_TOLD},
    [OP_RECVFROM] =    {"recvfrom",     POLLIN,   WAITS_TIMED,  CONNECTING | POLL_TO_RECEIVE,   SLEEPS_UNLESS_TOLD},
    [OP_RECVMSG] =     {"recvmsg",      POLLIN,   WAITS_TIMED,  CONNECTING | POLL_TO_RECEIVE,   SLEEPS_UNLESS_TOLD},
    [OP_SEND] =        {"send",         POLLOUT,  WAITS_TIMED,  CONNECTING,                     SLEEPS_UNLESS_TOLD},
    [OP_SENDTO] =      {"sendto",       POLLOUT,  WAITS_TIMED,  CONNECTING,                     SLEEPS_UNLESS_TOLD},
    [OP_SENDMSG] =     {"sendmsg",      POLLOUT,  WAITS_TIMED,  CONNECTING,                     SLEEPS_UNLESS_TOLD},
    [OP_RECVMMSG] =    {"recvmmsg",     POLLIN,   WAITS_TIMED,  CONNECTING | POLL_TO_RECEIVE,   SLEEPS_UNLESS_TOLD},
    [OP_SENDMMSG] =    {"sendmmsg",     POLLOUT,  WAITS_TIMED,  CONNECTING,                     SLEEPS_UNLESS_TOLD},
    [OP_SENDFILE] =    {"sendfile",     POLLOUT,  WAITS,        ALWAYS,                         SLEEPS},
    /* It looks at memory that the kernel fills, and makes no call that could sleep. */
    [OP_FRAMES] =      {"frames",       POLLIN,   ANSWERS,      0,                              INSTANT},
    [OP_OPEN] =        {"socket",       0,        ANSWERS,      0,                              SLEEPS},
    [OP_PAIR] =        {"socketpair",   0,        ANSWERS,      0,                              SLEEPS},
    [OP_DUP] =         {"dup",          0,        ANSWERS,      0,                              SLEEPS},
    [OP_CLOSE] =       {"close",        0,        ANSWERS,      0,                              SLEEPS},
    [OP_BIND] =        {"bind",         0,        ANSWERS,      0,                              SLEEPS},
    [OP_LISTEN] =      {"listen",       0,        ANSWERS,      0,                              SLEEPS},
    [OP_SHUTDOWN] =    {"shutdown",     0,        ANSWERS,      0,                              SLEEPS},
    [OP_GETSOCKNAME] = {"getsockname",  0,        ANSWERS,      0,                              SLEEPS},
    [OP_GETPEERNAME] = {"getpeername",  0,        ANSWERS,      0,                              SLEEPS},
    [OP_GETSOCKOPT] =  {"getsockopt",   0,        ANSWERS,      0,                              INSTANT},
    [OP_SETSOCKOPT] =  {"setsockopt",   0,        ANSWERS,      0,                              INSTANT},
    [OP_SETBLOCKING] = {"setblocking",  0,        ANSWERS,      0,                              INSTANT},
    [OP_IFNAME] =      {"ifname",       0,        ANSWERS,      0,                              INSTANT},
    /* It may load a module, for who is allowed to (netdevice(7)). */
    [OP_IFINDEX] =     {"ifindex",      0,        ANSWERS,      0,                              SLEEPS},
    [OP_MAP] =         {"mmap",         0,        ANSWERS,      0,                              SLEEPS},
};

#endif
