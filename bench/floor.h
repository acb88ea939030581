/* What the statements of the floor have in common: the calls that C needs where Python has one. Each function gives a
   negative number, with errno set, when it fails. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { KEPT = 64, TOGETHER = 64, SLOT = 2048 };

/* What a row's Python has set up, by the same names. floor.py fills it. */
struct ends {
    int a, there, listener, file;
    char *data, *buffer;
    size_t size;
    struct sockaddr_storage address;        /* where a is to send or to connect */
    socklen_t length;
    int callers[KEPT];                      /* sockets to connect */
    int kept[KEPT], keeping;                /* closed when the time is taken */
};

static struct sockaddr_storage from;        /* where addresses are received */
static char control[CMSG_SPACE(sizeof(int))];

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static int keep(struct ends *ends, int fd) {
    if (fd >= 0)
        ends->kept[ends->keeping++] = fd;
    return fd;
}

/* The address to send or connect to: that of the listener, or of the other end. */
static void find_address(struct ends *ends) {
    ends->length = sizeof(ends->address);
    getsockname(ends->listener >= 0 ? ends->listener : ends->there, (struct sockaddr *)&ends->address, &ends->length);
}

/* With a reset, which leaves no connection behind in TIME_WAIT (socket(7): SO_LINGER). */
static void close_kept(struct ends *ends) {
    struct linger abort = {1, 0};
    while (ends->keeping > 0) {
        int fd = ends->kept[--ends->keeping];
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
        close(fd);
    }
}

/* --- moving data */

static ssize_t send_all(int fd, const char *data, size_t size) {
    for (size_t sent = 0; sent < size;) {
        ssize_t count = send(fd, data + sent, size - sent, 0);
        if (count < 0) {
            struct pollfd watched = {fd, POLLOUT, 0};
            if (errno != EAGAIN || poll(&watched, 1, -1) < 0)
                return -1;
        } else
            sent += count;
    }
    return 0;
}

static ssize_t fill(int fd, char *buffer, size_t size) {
    for (size_t got = 0; got < size;) {
        ssize_t count = recv(fd, buffer + got, size - got, 0);
        if (count == 0)
            return -1;
        if (count < 0) {
            struct pollfd watched = {fd, POLLIN, 0};
            if (errno != EAGAIN || poll(&watched, 1, -1) < 0)
                return -1;
        } else
            got += count;
    }
    return 0;
}

static ssize_t receive_from(int fd, char *buffer, size_t size) {
    socklen_t length = sizeof(from);
    return recvfrom(fd, buffer, size, 0, (struct sockaddr *)&from, &length);
}

static ssize_t would_block(ssize_t result) {
    return result < 0 && errno == EAGAIN ? 0 : -1;
}

static ssize_t send_message(struct ends *ends, int buffers) {
    size_t size = ends->size / buffers;
    struct iovec vector[] = {{ends->data, size}, {ends->data + size, size}};
    struct msghdr message = {.msg_iov = vector, .msg_iovlen = buffers};
    return sendmsg(ends->a, &message, 0);
}

static ssize_t send_descriptor(struct ends *ends) {
    struct iovec vector = {ends->data, ends->size};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(header), &ends->there, sizeof(int));
    return sendmsg(ends->a, &message, 0);
}

static ssize_t receive_message(struct ends *ends, size_t room) {
    struct iovec vector = {ends->buffer, ends->size};
    struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &vector, .msg_iovlen = 1,
                             .msg_control = control, .msg_controllen = room};
    ssize_t got = recvmsg(ends->a, &message, 0);
    if (got >= 0 && room > 0 && message.msg_controllen > 0) {
        int fd;
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
        keep(ends, fd);
    }
    return got;
}

/* --- many datagrams */

static struct mmsghdr headers[TOGETHER];
static struct iovec parts[TOGETHER];
static struct sockaddr_storage senders[TOGETHER];

/* `wait` for the first, as a blocking call does. The row's buffer has that many slots. */
static int receive_many(struct ends *ends, int count, int wait) {
    for (int i = 0; i < count; i++) {
        parts[i] = (struct iovec){ends->buffer + i * SLOT, SLOT};
        headers[i].msg_hdr = (struct msghdr){
            .msg_name = &senders[i], .msg_namelen = sizeof(senders[i]), .msg_iov = &parts[i], .msg_iovlen = 1};
    }
    return recvmmsg(ends->a, headers, count, wait ? MSG_WAITFORONE : MSG_DONTWAIT, NULL);
}

static int send_many(struct ends *ends, int count) {
    for (int i = 0; i < count; i++) {
        parts[i] = (struct iovec){ends->data, ends->size};
        headers[i].msg_hdr = (struct msghdr){
            .msg_name = &ends->address, .msg_namelen = ends->length, .msg_iov = &parts[i], .msg_iovlen = 1};
    }
    return sendmmsg(ends->a, headers, count, 0);
}

/* What the kernel has joined, at the other end. */
static ssize_t receive_joined(struct ends *ends) {
    static char many[USHRT_MAX];
    char room[CMSG_SPACE(sizeof(int))];
    struct iovec vector = {many, sizeof(many)};
    struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &vector, .msg_iovlen = 1,
                             .msg_control = room, .msg_controllen = sizeof(room)};
    return recvmsg(ends->there, &message, 0);
}

/* The same data so many times over, cut by the kernel. */
static ssize_t send_segments(struct ends *ends, int count) {
    static char many[USHRT_MAX];
    char room[CMSG_SPACE(sizeof(uint16_t))];
    uint16_t size = ends->size;
    struct iovec vector = {many, count * ends->size};
    struct msghdr message = {.msg_name = &ends->address, .msg_namelen = ends->length, .msg_iov = &vector,
                             .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){CMSG_LEN(sizeof(size)), IPPROTO_UDP, UDP_SEGMENT};
    memcpy(CMSG_DATA(header), &size, sizeof(size));
    return sendmsg(ends->a, &message, 0);
}

/* --- making and ending */

static int pair(void) {
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        return -1;
    close(fds[0]);
    return close(fds[1]);
}

static int finish_connect(int fd) {
    struct pollfd watched = {fd, POLLOUT, 0};
    int error;
    socklen_t length = sizeof(error);
    if (errno != EINPROGRESS || poll(&watched, 1, -1) < 0 ||
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
        return -1;
    errno = error;
    return error ? -1 : 0;
}

static int connect_to(struct ends *ends, int fd) {
    if (connect(fd, (struct sockaddr *)&ends->address, ends->length) == 0)
        return 0;
    return finish_connect(fd);
}

static int open_connection(struct ends *ends, int flags) {
    int fd = keep(ends, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
    return fd < 0 ? -1 : connect_to(ends, fd);
}

static int accept_one(struct ends *ends) {
    socklen_t length = sizeof(from);
    return keep(ends, accept4(ends->listener, (struct sockaddr *)&from, &length, SOCK_CLOEXEC));
}

static int serve_nobody(void) {
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0 || listen(fd, 128) < 0)
        return -1;
    return close(fd);
}

/* --- options and names */

static int switch_mode(int fd) {
    int on = 1, off = 0;
    return ioctl(fd, FIONBIO, &on) < 0 ? -1 : ioctl(fd, FIONBIO, &off);
}

static int name_of(int fd, int (*call)(int, struct sockaddr *, socklen_t *)) {
    socklen_t length = sizeof(from);
    return call(fd, (struct sockaddr *)&from, &length);
}

static int get_option(int fd) {
    int value;
    socklen_t length = sizeof(value);
    return getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &length);
}

static int set_option(int fd) {
    int value = 1;
    return setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, sizeof(value));
}

static int resolve(const char *host, const char *port, int type) {
    struct addrinfo hints = {.ai_socktype = type}, *found;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return -1;
    freeaddrinfo(found);
    return 0;
}

static int tell_numbers(int family) {
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(80), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(80), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    char host[NI_MAXHOST], port[NI_MAXSERV];
    struct sockaddr *address = family == AF_INET ? (struct sockaddr *)&four : (struct sockaddr *)&six;
    socklen_t length = family == AF_INET ? sizeof(four) : sizeof(six);
    return -getnameinfo(address, length, host, sizeof(host), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
}

static char octets[16], text[INET6_ADDRSTRLEN];
static const struct in_addr loopback4 = {0x0100007F};
static const struct sockaddr_in discard = {AF_INET, 0x0900, {0x0100007F}};

/* --- the clients of whole programs */

/* On each of `count` connections send a request and await an answer of `answer` bytes, `times` times over, all of them
   at once: the nanoseconds that it took, or a negative errno. */
int64_t load(const int *fds, int count, const char *request, size_t size, size_t answer, int times) {
    int64_t start = now(), result = -EPROTO;
    int watch = epoll_create1(EPOLL_CLOEXEC), left = count;
    size_t *missing = calloc(count, sizeof(*missing));
    int *rounds = calloc(count, sizeof(*rounds));
    struct epoll_event ready[64];
    char bytes[65536];
    for (int index = 0; index < count; index++) {
        struct epoll_event wanted = {.events = EPOLLIN, .data.u32 = index};
        epoll_ctl(watch, EPOLL_CTL_ADD, fds[index], &wanted);
        missing[index] = answer;
        if (send(fds[index], request, size, 0) != (ssize_t)size)
            goto done;
    }
    while (left > 0) {
        int number = epoll_wait(watch, ready, 64, 10000);
        if (number <= 0)
            goto done;
        for (int place = 0; place < number; place++) {
            int index = ready[place].data.u32;
            ssize_t got = recv(fds[index], bytes, sizeof(bytes), 0);
            if (got <= 0 || (size_t)got > missing[index])
                goto done;
            missing[index] -= got;
            if (missing[index] > 0)
                continue;
            if (++rounds[index] == times)
                left--;
            else {
                missing[index] = answer;
                if (send(fds[index], request, size, 0) != (ssize_t)size)
                    goto done;
            }
        }
    }
    result = now() - start;
done:
    close(watch);
    free(missing);
    free(rounds);
    return result;
}
