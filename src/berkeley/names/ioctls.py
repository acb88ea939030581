"""Requests of ioctl() on any socket: bytes queued, owner, urgent mark, last time stamp. ioctl(2), tcp(7), socket(7).

SIOCINQ counts bytes waiting to be read; SIOCOUTQ those not yet acknowledged; SIOCOUTQNSD those not yet sent.
"""

HEADERS = ("time.h sys/time.h sys/ioctl.h linux/sockios.h",)

# Alpha, MIPS, PA-RISC, PowerPC and SPARC build ioctl numbers otherwise, as do 32-bit systems with 64-bit time.
COMPILED = True

FIONREAD = 0x541B
FIONBIO = 0x5421
SIOCINQ = 0x541B
SIOCOUTQ = 0x5411
SIOCOUTQNSD = 0x894B
FIOSETOWN = 0x8901
SIOCSPGRP = 0x8902
FIOGETOWN = 0x8903
SIOCGPGRP = 0x8904
SIOCATMARK = 0x8905
SIOCGSTAMP = 0x8906
SIOCGSTAMPNS = 0x8907
SIOCGSKNS = 0x894C

BEYOND = ("*",)
