"""Versions: berkeley, Python and how it was built, libc, kernel; and the privileges of this process."""

import os
import platform
import sys
import sysconfig
from collections.abc import Iterator

import berkeley

from .rows import FAILED, YES, Row


def rows() -> Iterator[Row]:
    kernel = os.uname()
    yield Row("berkeley", value=berkeley.__version__, detail=os.path.dirname(os.path.abspath(berkeley.__file__)))
    yield extension()
    yield Row("Python", value=platform.python_version(), detail=sys.executable)
    yield Row("build", value=build(), detail=platform.python_compiler())
    yield Row("libc", value=libc())
    yield Row("kernel", value=f"{kernel.sysname} {kernel.release}", detail=kernel.machine)
    yield Row("user", value=os.geteuid(), detail=f"with {', '.join(privileges()) or 'no privilege that sockets need'}")


def extension() -> Row:
    try:
        from berkeley import _native
    except ImportError as error:
        return Row("extension", FAILED, detail=str(error), essential=True)
    return Row("extension", YES, detail=os.path.basename(_native.__file__), essential=True)


def build() -> list[str]:
    """How the interpreter was compiled."""
    arguments = sysconfig.get_config_var("CONFIG_ARGS") or ""
    traits = {
        platform.python_implementation(): True,
        "PGO": "--enable-optimizations" in arguments,
        "no PGO": "--enable-optimizations" not in arguments,
        "LTO": "--with-lto" in arguments,
        "free-threaded": sysconfig.get_config_var("Py_GIL_DISABLED"),
        "debug": sysconfig.get_config_var("Py_DEBUG"),
    }
    return [trait for trait, present in traits.items() if present]


def libc() -> str:
    return _glibc() or " ".join(platform.libc_ver()).strip() or "unknown"


def is_glibc() -> bool:
    return bool(_glibc())


def _glibc() -> str | None:
    """Name and version; None of another C library, which does not know the question."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION")
    except (OSError, ValueError):
        return None


def privileges() -> list[str]:
    """The capabilities in effect that open sockets and options; capabilities(7), proc_pid_status(5)."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:
        effective = next(int(line.split()[1], 16) for line in status if line.startswith("CapEff:"))
    return [name for name, bit in _CAPABILITIES.items() if effective >> bit & 1]


# Bit numbers of <linux/capability.h>.
_CAPABILITIES = {"CAP_NET_BIND_SERVICE": 10, "CAP_NET_BROADCAST": 11, "CAP_NET_ADMIN": 12, "CAP_NET_RAW": 13}
