"""Limits of the kernel and of this process."""

import os
from collections.abc import Iterator
from resource import RLIMIT_NOFILE, getrlimit

from .rows import Row, code_of

# proc_sys_net(5), socket(7), tcp(7), ip(7), unix(7)
_SYSCTLS = {
    "net.core.somaxconn": "waiting for accept()",
    "net.core.rmem_default": "bytes, a receive buffer",
    "net.core.rmem_max": "bytes, by SO_RCVBUF",
    "net.core.wmem_default": "bytes, a send buffer",
    "net.core.wmem_max": "bytes, by SO_SNDBUF",
    "net.core.optmem_max": "bytes, control messages",
    "net.ipv4.tcp_rmem": "bytes: least, first, most",
    "net.ipv4.tcp_wmem": "bytes: least, first, most",
    "net.ipv4.ip_local_port_range": "ports given out",
    "net.unix.max_dgram_qlen": "datagrams waiting",
}


def rows() -> Iterator[Row]:
    yield Row("IOV_MAX", value=os.sysconf("SC_IOV_MAX"), detail="buffers in one call")
    yield Row("RLIMIT_NOFILE", value=[*getrlimit(RLIMIT_NOFILE)], detail="descriptors: now, at most")
    for name, meaning in _SYSCTLS.items():
        yield sysctl(name, meaning)


def sysctl(name: str, meaning: str) -> Row:
    """The number that a kernel parameter is, or numbers, if it can be read here."""
    try:
        with open(f"/proc/sys/{name.replace('.', '/')}", encoding="ascii") as file:
            numbers = [int(word) for word in file.read().split()]
    except OSError as error:
        return Row(name, detail=f"{meaning}: not to be read here ({code_of(error)})", errno=code_of(error))
    return Row(name, value=numbers[0] if len(numbers) == 1 else numbers, detail=meaning)
