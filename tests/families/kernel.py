"""Sockets of any family: of the kernel's own where it has the family, and without it."""

import os
import platform
import re
import shutil
import subprocess
from contextlib import contextmanager
from fnmatch import fnmatchcase
from itertools import product

import pytest

# Set where the kernel has every family, as in the project's virtual machine: nothing may be skipped for want of one.
ALL_FAMILIES = "BERKELEY_ALL_FAMILIES"

# What Debian's kernels no longer have, as `lacking` is told of it (fnmatch), since which version, and why not.
GONE = {
    "AF_INET* socket of type *, protocol 136: Protocol not supported": ((7, 1), "Linux 7.1 removed UDP-Lite"),
    "algorithm stdrng of type rng": ((7, 2), "Debian's Linux 7.2 is built without CONFIG_CRYPTO_DRBG"),
}

# What takes an address: the method, and the arguments in front of it.
CALLS = [("bind",), ("connect",), ("connect_ex",), ("sendto", b"x"), ("sendmsg", [b"x"], (), 0)]


class Index:
    """A number that is no int."""

    def __index__(self):
        return 5

    def __repr__(self):
        return "Index"


def opened(module, family, kind, proto=0):
    """A socket of `module`, which may not have the family, on a kernel that may not have it either."""
    number = constant(module, family)
    try:
        return module.socket(number, kind, proto)
    except OSError as error:
        return lacking(f"{family} socket of type {kind!r}, protocol {proto}: {error.strerror}")


def constant(module, name):
    """A name of `module`, or a skip: the interpreter's own may be built without it."""
    if not hasattr(module, name):
        pytest.skip(f"{module.__name__} of this interpreter has no {name}")
    return getattr(module, name)


def refusals(module, family, kinds, protocols):
    """What making a socket of each kind and protocol comes to: None, or the error of a kernel that has no such."""
    number = constant(module, family)
    return [outcome(opened_and_closed, module, number, *each) for each in product(kinds, protocols)]


def opened_and_closed(module, *arguments):
    module.socket(*arguments).close()


def check_datagrams(module, family, proto, host):
    """Two sockets send each other datagrams, to an address and to the peer."""
    with (
        opened(module, family, module.SOCK_DGRAM, proto) as a,
        opened(module, family, module.SOCK_DGRAM, proto) as b,
    ):
        a.bind((host, 0))
        b.bind((host, 0))
        assert a.sendto(b"there", b.getsockname()) == 5
        assert b.recvfrom(10) == (b"there", a.getsockname())
        b.connect(a.getsockname())
        assert b.getpeername() == a.getsockname()
        assert b.sendmsg([b"ba", b"ck"], (), 0, a.getsockname()[:2]) == 4
        assert a.recvmsg(10) == (b"back", [], 0, b.getsockname())


@contextmanager
def interface(name, kind):
    """Makes a network interface, which is up, for as long as the context lasts; gives its name."""
    if not shutil.which("ip"):
        lacking("program ip (iproute2), which makes interfaces")
    for command in (["add", name, "type", kind], ["set", name, "up"]):
        done = subprocess.run(["ip", "link", *command], capture_output=True, text=True)
        if done.returncode:
            lacking(f"interface of type {kind}: {done.stderr.strip()}")
    try:
        yield name
    finally:
        subprocess.run(["ip", "link", "delete", name], check=True)


def lacking(what):
    """Skip for what the kernel lacks; where it is said to lack nothing, fail if kernels of its version have it."""
    for pattern, (since, why) in GONE.items():
        if fnmatchcase(what, pattern) and version() >= since:
            pytest.skip(f"no {what}: {why}")
    (pytest.fail if ALL_FAMILIES in os.environ else pytest.skip)(f"no {what}")


def version():
    """The running kernel's: (7, 2)."""
    return tuple(map(int, re.findall(r"\d+", platform.release())[:2]))


def claimed(module, family, kind, proto=0):
    """A socket object that says it is of the family, on a UDP descriptor.

    Its addresses are converted as that family's; then the kernel refuses them (EAFNOSUPPORT), unless they are of too
    few bytes (EINVAL).
    """
    with module.socket(module.AF_INET, module.SOCK_DGRAM) as other:
        return module.socket(constant(module, family), kind, proto, fileno=other.detach())


def outcomes(sock, address):
    """What each of CALLS comes to with the address: its result, or the type, number and text of its error."""
    sock.setblocking(False)
    return [outcome(getattr(sock, method), *before, address) for method, *before in CALLS]


def outcome(call, *arguments):
    try:
        return call(*arguments)
    except Exception as error:
        return type(error).__qualname__, getattr(error, "errno", None), str(error)
