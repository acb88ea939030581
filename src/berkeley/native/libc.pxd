"""Every C declaration of the core: the only file that names a header."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t


cdef extern from "<errno.h>" nogil:
    int errno
    int EAFNOSUPPORT, EAGAIN, EBADF, ECANCELED, ECONNRESET, EINPROGRESS, EINTR, EINVAL, EIO, EISCONN, EMSGSIZE, ENODEV
    int ENOMEM, ENOPROTOOPT, ENOTSOCK, EOPNOTSUPP, ERANGE, ETIMEDOUT, EWOULDBLOCK


cdef extern from "<string.h>" nogil:
    void *memcpy(void *to, const void *source, size_t size)
    void *memmove(void *to, const void *source, size_t size)
    void *memset(void *to, int value, size_t size)
    int memcmp(const void *a, const void *b, size_t size)
    char *strchr(const char *text, int character)
    int strcmp(const char *a, const char *b)
    size_t strlen(const char *text)
    size_t strnlen(const char *text, size_t limit)
    char *strerror(int number)


cdef extern from "<unistd.h>" nogil:
    int c_close "close"(int fd)
    int getpid()
    int c_gethostname "gethostname"(char *name, size_t size)
    int c_sethostname "sethostname"(const char *name, size_t size)


cdef extern from *:
    """
    #ifdef __SANITIZE_THREAD__
    #include <sys/syscall.h>
    /* ThreadSanitizer would forget the descriptor, and its own locks with it, while a call is made on that. */
    #define dup3(fd, number, flags) syscall(SYS_dup3, fd, number, flags)
    #endif
    """
    int dup3(int fd, int number, int flags) nogil


cdef extern from "<fcntl.h>" nogil:
    int fcntl(int fd, int command, ...)
    int c_open "open"(const char *path, int flags)
    int F_DUPFD_CLOEXEC, F_GETFD, F_GETFL, O_CLOEXEC, O_NONBLOCK, O_PATH


cdef extern from "<sys/ioctl.h>" nogil:
    int ioctl(int fd, unsigned long request, ...)
    unsigned long FIONBIO, SIOCGIFINDEX, SIOCGIFNAME


cdef extern from "<sys/mman.h>" nogil:
    void *c_mmap "mmap"(void *start, size_t size, int protection, int flags, int fd, long offset)
    int c_munmap "munmap"(void *start, size_t size)
    int PROT_READ, PROT_WRITE, MAP_SHARED
    void *MAP_FAILED


cdef extern from "<sys/sendfile.h>" nogil:
    ctypedef long off_t
    ssize_t c_sendfile "sendfile"(int out, int source, off_t *offset, size_t count)


cdef extern from "<time.h>" nogil:
    struct timespec:
        int64_t tv_sec
        long tv_nsec
    int clock_gettime(int clock, timespec *now)
    int CLOCK_MONOTONIC


cdef extern from "<signal.h>" nogil:
    ctypedef struct sigset_t:
        pass


cdef extern from "<poll.h>" nogil:
    struct pollfd:
        int fd
        short events
        short revents
    int ppoll(pollfd *fds, unsigned long count, const timespec *time, const sigset_t *mask)
    short POLLIN, POLLOUT, POLLPRI, POLLRDHUP


cdef extern from "<sys/uio.h>" nogil:
    struct iovec:
        void *iov_base
        size_t iov_len


cdef extern from "<sys/socket.h>" nogil:
    ctypedef unsigned int socklen_t
    struct sockaddr:
        unsigned short sa_family
    struct sockaddr_storage:
        unsigned short ss_family
    struct msghdr:
        void *msg_name
        socklen_t msg_namelen
        iovec *msg_iov
        size_t msg_iovlen
        void *msg_control
        size_t msg_controllen
        int msg_flags
    struct mmsghdr:
        msghdr msg_hdr
        unsigned int msg_len
    struct cmsghdr:
        size_t cmsg_len
        int cmsg_level
        int cmsg_type

    int AF_UNSPEC, AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_RDS, AF_PACKET, AF_CAN, AF_ALG, AF_VSOCK
    int SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_NONBLOCK, SOCK_CLOEXEC, SOMAXCONN
    int SOL_SOCKET, SO_ERROR, SO_KEEPALIVE, SO_NO_CHECK, SO_PROTOCOL, SO_RCVLOWAT, SO_TYPE, SCM_RIGHTS
    int MSG_CMSG_CLOEXEC, MSG_DONTWAIT, MSG_ERRQUEUE, MSG_OOB, MSG_PEEK
    int MSG_CTRUNC, MSG_TRUNC, MSG_WAITALL, MSG_WAITFORONE
    int SOL_ALG

    int c_socket "socket"(int family, int type, int proto)
    int c_socketpair "socketpair"(int family, int type, int proto, int *fds)
    int accept4(int fd, sockaddr *address, socklen_t *size, int flags)
    int c_bind "bind"(int fd, const sockaddr *address, socklen_t size)
    int c_connect "connect"(int fd, const sockaddr *address, socklen_t size)
    int c_getpeername "getpeername"(int fd, sockaddr *address, socklen_t *size)
    int c_getsockname "getsockname"(int fd, sockaddr *address, socklen_t *size)
    int c_getsockopt "getsockopt"(int fd, int level, int name, void *value, socklen_t *size)
    int c_setsockopt "setsockopt"(int fd, int level, int name, const void *value, socklen_t size)
    int c_listen "listen"(int fd, int backlog)
    int c_shutdown "shutdown"(int fd, int how)
    ssize_t c_recv "recv"(int fd, void *buffer, size_t size, int flags)
    ssize_t c_recvfrom "recvfrom"(int fd, void *buffer, size_t size, int flags, sockaddr *address, socklen_t *length)
    ssize_t c_recvmsg "recvmsg"(int fd, msghdr *message, int flags)
    ssize_t c_send "send"(int fd, const void *data, size_t size, int flags)
    ssize_t c_sendto "sendto"(int fd, const void *data, size_t size, int flags, const sockaddr *to, socklen_t length)
    ssize_t c_sendmsg "sendmsg"(int fd, const msghdr *message, int flags)

    int c_recvmmsg "recvmmsg"(int fd, mmsghdr *messages, unsigned int count, int flags, timespec *timeout)
    int c_sendmmsg "sendmmsg"(int fd, mmsghdr *messages, unsigned int count, int flags)

    size_t c_CMSG_LEN "CMSG_LEN"(size_t size)
    size_t c_CMSG_SPACE "CMSG_SPACE"(size_t size)
    cmsghdr *CMSG_FIRSTHDR(msghdr *message)
    cmsghdr *CMSG_NXTHDR(msghdr *message, cmsghdr *item)
    unsigned char *CMSG_DATA(cmsghdr *item)


cdef extern from "<linux/udp.h>" nogil:
    int UDP_GRO, UDP_SEGMENT
    int SOL_UDP "IPPROTO_UDP"


cdef extern from "<linux/if_alg.h>" nogil:
    int ALG_SET_IV, ALG_SET_OP, ALG_SET_AEAD_ASSOCLEN


cdef extern from "<sys/un.h>" nogil:
    struct sockaddr_un:
        unsigned short sun_family
        char sun_path[108]


cdef extern from "<netinet/in.h>" nogil:
    struct in_addr:
        uint32_t s_addr
    struct in6_addr:
        uint8_t s6_addr[16]
    struct sockaddr_in:
        unsigned short sin_family
        uint16_t sin_port
        in_addr sin_addr
    struct sockaddr_in6:
        unsigned short sin6_family
        uint16_t sin6_port
        uint32_t sin6_flowinfo
        in6_addr sin6_addr
        uint32_t sin6_scope_id
    uint32_t INADDR_ANY, INADDR_BROADCAST
    int IPPROTO_TCP, IPPROTO_UDP
    uint32_t c_htonl "htonl"(uint32_t value)
    uint32_t c_ntohl "ntohl"(uint32_t value)
    uint16_t c_htons "htons"(uint16_t value)
    uint16_t c_ntohs "ntohs"(uint16_t value)


cdef extern from "netinet/tcp.h" nogil:
    int TCP_KEEPCNT, TCP_KEEPIDLE, TCP_KEEPINTVL

cdef extern from "<arpa/inet.h>" nogil:
    int c_inet_aton "inet_aton"(const char *text, in_addr *address)
    int c_inet_pton "inet_pton"(int family, const char *text, void *address)
    const char *c_inet_ntop "inet_ntop"(int family, const void *address, char *text, socklen_t size)


cdef extern from "<net/if.h>" nogil:
    struct if_nameindex_entry "if_nameindex":
        unsigned int if_index
        char *if_name
    if_nameindex_entry *c_if_nameindex "if_nameindex"()
    void if_freenameindex(if_nameindex_entry *entries)
    unsigned int c_if_nametoindex "if_nametoindex"(const char *name)
    char *c_if_indextoname "if_indextoname"(unsigned int index, char *name)
    struct ifreq:
        char ifr_name[16]
        int ifr_ifindex
    enum:
        IF_NAMESIZE


cdef extern from "<netdb.h>" nogil:
    struct addrinfo:
        int ai_flags
        int ai_family
        int ai_socktype
        int ai_protocol
        socklen_t ai_addrlen
        sockaddr *ai_addr
        char *ai_canonname
        addrinfo *ai_next
    struct hostent:
        char *h_name
        char **h_aliases
        int h_addrtype
        int h_length
        char **h_addr_list
    struct servent:
        char *s_name
        int s_port
    struct protoent:
        int p_proto

    int AI_PASSIVE, AI_NUMERICHOST, AI_NUMERICSERV
    int EAI_AGAIN, EAI_MEMORY, EAI_SYSTEM, HOST_NOT_FOUND
    enum:
        NI_MAXHOST, NI_NUMERICHOST, NI_NUMERICSERV
        NI_MAXSERV

    int c_getaddrinfo "getaddrinfo"(const char *host, const char *service, const addrinfo *hints, addrinfo **result)
    void freeaddrinfo(addrinfo *result)
    const char *gai_strerror(int code)
    const char *hstrerror(int code)
    int c_getnameinfo "getnameinfo"(const sockaddr *address, socklen_t length, char *host, socklen_t host_size,
                                    char *service, socklen_t service_size, int flags)
    int gethostbyname_r(const char *name, hostent *entry, char *buffer, size_t size, hostent **result, int *error)
    int gethostbyaddr_r(const void *address, socklen_t length, int family, hostent *entry, char *buffer, size_t size,
                        hostent **result, int *error)
    int getservbyname_r(const char *name, const char *proto, servent *entry, char *buffer, size_t size,
                        servent **result)
    int getservbyport_r(int port, const char *proto, servent *entry, char *buffer, size_t size, servent **result)


cdef extern from *:
    """
    #ifndef __GLIBC__
    #include <pthread.h>

    /* musl has getprotobyname(3) only, over static storage of its own: one thread at a time. */
    static int getprotobyname_r(const char *name, struct protoent *entry, char *buffer, size_t size,
                                struct protoent **result) {
        static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
        pthread_mutex_lock(&one_at_a_time);
        *result = getprotobyname(name);
        if (*result)
            *entry = **result;
        pthread_mutex_unlock(&one_at_a_time);
        (void)buffer, (void)size;
        return 0;
    }
    #endif
    """
    int getprotobyname_r(const char *name, protoent *entry, char *buffer, size_t size, protoent **result) nogil
