"""AI_*, NI_* and EAI_*: flags and errors of getaddrinfo() and getnameinfo(). getaddrinfo(3), getnameinfo(3), <netdb.h>.

The h_errno values of the older functions (herror.errno) follow: gethostbyname(3).
"""

HEADERS = ("netdb.h",)

# The libc's own numbers, no kernel's: musl has NI_MAXHOST 255, and leaves some names out.
COMPILED = True

AI_PASSIVE = 0x1
AI_CANONNAME = 0x2
AI_NUMERICHOST = 0x4
AI_V4MAPPED = 0x8
AI_ALL = 0x10
AI_ADDRCONFIG = 0x20
AI_IDN = 0x40
AI_CANONIDN = 0x80
AI_NUMERICSERV = 0x400

NI_NUMERICHOST = 1
NI_NUMERICSERV = 2
NI_NOFQDN = 4
NI_NAMEREQD = 8
NI_DGRAM = 16
NI_IDN = 32
NI_MAXHOST = 1025
NI_MAXSERV = 32

EAI_BADFLAGS = -1
EAI_NONAME = -2
EAI_AGAIN = -3
EAI_FAIL = -4
EAI_NODATA = -5
EAI_FAMILY = -6
EAI_SOCKTYPE = -7
EAI_SERVICE = -8
EAI_ADDRFAMILY = -9
EAI_MEMORY = -10
EAI_SYSTEM = -11
EAI_OVERFLOW = -12
EAI_INPROGRESS = -100
EAI_CANCELED = -101
EAI_NOTCANCELED = -102
EAI_ALLDONE = -103
EAI_INTR = -104
EAI_IDN_ENCODE = -105

HOST_NOT_FOUND = 1
TRY_AGAIN = 2
NO_RECOVERY = 3
NO_DATA = 4
NO_ADDRESS = 4

BEYOND = (
    "AI_IDN", "AI_CANONIDN", "EAI_INPROGRESS", "EAI_CANCELED", "EAI_NOTCANCELED", "EAI_ALLDONE", "EAI_INTR",
    "EAI_IDN_ENCODE", "HOST_NOT_FOUND", "TRY_AGAIN", "NO_*",
)  # fmt: skip
