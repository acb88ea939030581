"""What a probe comes to: a row of the report."""

import errno
from collections.abc import Callable
from typing import NamedTuple

YES = "yes"
DENIED = "not permitted"
NO = "no"
FAILED = "failed"


class Row(NamedTuple):
    """The outcome of a probe, or where there is no status, a fact that was read."""

    name: str
    status: str | None = None
    value: object = None  # what was found: text, a number, or a list
    detail: str = ""  # what the status, or the value, means
    errno: str | None = None  # the kernel's error, by its name
    group: str = ""  # what the row belongs to, and is shown with
    essential: bool = False  # berkeley does not work without it: exit status 1


def probed(name: str, probe: Callable[[], str], *, needs: str = "", group: str = "", essential: bool = False) -> Row:
    """The row for a call that gives the detail of what works, or raises: no error goes further.

    `needs` is the privilege that the kernel asks for.
    """
    try:
        row = Row(name, YES, detail=probe())
    except OSError as error:
        row = refused(name, error, needs)
    except Exception as error:
        row = unexpected(name, error)
    return row._replace(group=group, essential=essential)


def refused(name: str, error: OSError, needs: str = "") -> Row:
    """The row for a system call that failed: not permitted, not there, or broken."""
    status, meaning = outcome(error, needs)
    code = code_of(error)
    return Row(name, status, detail=f"{meaning} ({code})" if code else meaning, errno=code)


def outcome(error: OSError, needs: str = "") -> tuple[str, str]:
    """The status that an error of the kernel stands for, and its meaning in words."""
    if error.errno in (errno.EPERM, errno.EACCES):
        return DENIED, f"needs {needs}" if needs else "forbidden here"
    if error.errno in _ABSENT:
        return NO, _ABSENT[error.errno]
    return FAILED, error.strerror or str(error)


def unexpected(name: str, error: Exception) -> Row:
    return Row(name, FAILED, detail=f"{type(error).__name__}: {error}")


def code_of(error: OSError) -> str | None:
    return errno.errorcode.get(error.errno) if error.errno else None


# What the kernel says of what it does not have.
_ABSENT = {
    errno.EADDRNOTAVAIL: "this machine has no such address",
    errno.EAFNOSUPPORT: "kernel lacks the family",
    errno.ENOENT: "kernel lacks it, or has not loaded its module",
    errno.ENOPROTOOPT: "kernel lacks the option",
    errno.EOPNOTSUPP: "kernel lacks the operation",
    errno.EPROTONOSUPPORT: "kernel lacks the protocol",
    errno.ESOCKTNOSUPPORT: "kernel lacks the type for the family",
}
