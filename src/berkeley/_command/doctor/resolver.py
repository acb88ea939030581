"""How names are looked up: what the C library is told to ask, and whether it knows `localhost`."""

import os
import re
from collections.abc import Iterator

from berkeley import socket

from .rows import FAILED, NO, YES, Row
from .versions import is_glibc


def rows() -> Iterator[Row]:
    hosts = settings("/etc/nsswitch.conf", "hosts:")
    yield Row("hosts", value=hosts, detail="asked in this order: /etc/nsswitch.conf")
    for keyword in ("nameserver", "search", "options"):
        yield Row(keyword, value=settings("/etc/resolv.conf", keyword), detail="/etc/resolv.conf")
    yield localhost(hosts)


def localhost(sources: list[str]) -> Row:
    """Its addresses, unless the question could leave this machine."""
    named = any("localhost" in words[1:] for words in lines("/etc/hosts"))
    # Where nothing is said of it, glibc may ask DNS first; musl has its own order: the file, then DNS.
    first = next((source for source in sources if source in ("files", "dns")), "dns" if is_glibc() else "files")
    if not named or first == "dns":
        return Row("localhost", NO, detail="/etc/hosts does not answer first, and DNS is not asked")
    try:
        answers = socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)
    except OSError as error:
        return Row("localhost", FAILED, detail=str(error))
    addresses = [str(address[0]) for *_, address in answers]
    missing = [name for family, name in _INTERNET.items() if family not in {answer[0] for answer in answers}]
    return Row("localhost", YES, addresses, f"no {' or '.join(missing)} address" if missing else "")


_INTERNET = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}


def settings(path: str, keyword: str) -> list[str]:
    """What follows a keyword, in all the lines that begin with it."""
    return [word for words in lines(path) if words[0] == keyword for word in words[1:]]


def lines(path: str) -> list[list[str]]:
    """The words of each line of a file, but for comments; none where there is no regular file of that name."""
    if not os.path.isfile(path):  # a FIFO would be waited for: fifo(7)
        return []
    try:
        with open(path, encoding="ascii", errors="backslashreplace") as file:
            return [words for words in (re.sub("[#;].*", "", line).split() for line in file) if words]
    except OSError:
        return []
