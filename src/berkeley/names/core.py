"""SOCK_*, SHUT_* and SOMAXCONN: what socket(), shutdown() and listen() take. socket(2), shutdown(2), listen(2)."""

HEADERS = ("sys/socket.h",)

# MIPS swaps SOCK_STREAM and SOCK_DGRAM; SOCK_NONBLOCK and SOCK_CLOEXEC are the processor's O_NONBLOCK and O_CLOEXEC;
# SOMAXCONN was 128 before glibc 2.31 (and still is in musl), 4096 since, after the kernel's own default.
COMPILED = True

SOCK_STREAM = 1
SOCK_DGRAM = 2
SOCK_RAW = 3
SOCK_RDM = 4
SOCK_SEQPACKET = 5
SOCK_DCCP = 6
SOCK_PACKET = 10
SOCK_NONBLOCK = 0o4000
SOCK_CLOEXEC = 0o2000000

SHUT_RD = 0
SHUT_WR = 1
SHUT_RDWR = 2

SOMAXCONN = 4096

BEYOND = ("SOCK_DCCP", "SOCK_PACKET")
