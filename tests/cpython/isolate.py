"""Runs a command in a network namespace of its own, in which only the loopback interface is up.

    python isolate.py COMMAND [ARGUMENTS]...

Ports, abstract Unix names and netlink groups belong to a network namespace (network_namespaces(7)), so suites that run
at the same time in separate ones cannot meet. Making one needs CAP_SYS_ADMIN.
"""

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import sys

CLONE_NEWNET = 0x40000000  # sched.h
SIOCGIFFLAGS, SIOCSIFFLAGS = 0x8913, 0x8914  # netdevice(7)
IFF_UP = 0x1
IFREQ = "16sh22x"  # struct ifreq: the name of an interface and its flags


def why_unavailable():
    """The reason why this machine or this user cannot isolate; None if they can."""
    attempt = subprocess.run([sys.executable, __file__, "true"], capture_output=True, text=True)
    return attempt.stderr.strip().splitlines()[-1] if attempt.returncode else None


def main(command):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        sys.exit(f"unshare(CLONE_NEWNET): {os.strerror(ctypes.get_errno())}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        _, flags = struct.unpack(IFREQ, fcntl.ioctl(s, SIOCGIFFLAGS, struct.pack(IFREQ, b"lo", 0)))
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack(IFREQ, b"lo", flags | IFF_UP))
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
