"""The probes of `berkeley doctor`, on kernels and files of the tests' making."""

import errno
import json
import os
import subprocess
import sys
from contextlib import ExitStack
from itertools import chain

import pytest

from berkeley import socket
from berkeley._command import doctor
from berkeley._command.doctor import families, guest, limits, offloads, options, protocols, resolver
from berkeley._command.doctor.levels import LEVELS
from berkeley._command.doctor.subjects import subject


@pytest.fixture
def refusing(monkeypatch):
    """Makes every socket, or those of a family, end in an error."""

    def refuse(error, family=None):
        class Refused(socket.socket):
            def __init__(self, *arguments, **keywords):
                if family in (None, *arguments[:1]):
                    raise error
                super().__init__(*arguments, **keywords)

        monkeypatch.setattr(socket, "socket", Refused)

    return refuse


def by_name(rows):
    return {row.name: row for row in rows}


# --- families and protocols


@pytest.mark.parametrize(
    ("error", "status", "detail", "code"),
    [
        (OSError(errno.EAFNOSUPPORT, ""), "no", "kernel lacks the family (EAFNOSUPPORT)", "EAFNOSUPPORT"),
        (OSError(errno.EPROTONOSUPPORT, ""), "no", "kernel lacks the protocol (EPROTONOSUPPORT)", "EPROTONOSUPPORT"),
        (OSError(errno.EPERM, ""), "not permitted", "forbidden here (EPERM)", "EPERM"),
        (OSError(errno.EACCES, ""), "not permitted", "forbidden here (EACCES)", "EACCES"),
        (OSError(errno.EMFILE, "text"), "failed", "text (EMFILE)", "EMFILE"),
        (TimeoutError("timed out"), "failed", "timed out", None),
        (ZeroDivisionError("text"), "failed", "ZeroDivisionError: text", None),
    ],
)
def test_a_family_that_is_refused(refusing, error, status, detail, code):
    refusing(error, socket.AF_UNIX)
    found = by_name(families.rows())
    assert found["AF_UNIX"][1:] == (status, None, detail, code, "", False)
    assert found["AF_INET"].status == "yes"


def test_a_family_that_has_one_type(monkeypatch):
    """Whatever the others come to, and those that are not permitted are told."""

    def opened(family, kind, protocol):
        error = {socket.SOCK_SEQPACKET: None, socket.SOCK_RAW: errno.EPERM}.get(kind, errno.ESOCKTNOSUPPORT)
        if error:
            raise OSError(error, "")

    monkeypatch.setattr(families, "opened", opened)
    row = families.family("AF_X25", 9)
    assert (row.status, row.value, row.detail) == ("yes", ["SOCK_SEQPACKET"], "SOCK_RAW needs CAP_NET_RAW (EPERM)")


def test_a_missing_family_is_asked_for_once(monkeypatch):
    """For each question the kernel would start a program that looks for a module."""
    asked = []

    def opened(*arguments):
        asked.append(arguments)
        raise OSError(errno.EAFNOSUPPORT, "")

    monkeypatch.setattr(families, "opened", opened)
    assert families.family("AF_CAN", 29).status == families.family("AF_X25", 9).status == "no"
    assert [family for family, _, _ in asked] == [29, 9]


def test_protocols_that_are_refused(refusing):
    refusing(OSError(errno.EPERM, ""))
    found = {(row.group, row.name): row.detail for row in protocols.rows()}
    assert found["AF_INET", "IPPROTO_RAW"] == "needs CAP_NET_RAW (EPERM)"
    assert found["AF_INET", "IPPROTO_ICMP"] == "needs a group of net.ipv4.ping_group_range (EPERM)"
    assert found["AF_KEY", "PF_KEY_V2"] == "needs CAP_NET_ADMIN (EPERM)"
    assert found["AF_INET", "IPPROTO_TCP"] == "forbidden here (EPERM)"


# --- options


class Subject:
    """A socket of which options come to these errors, or to none."""

    family = socket.AF_INET

    def __init__(self, reading, setting):
        self.reading, self.setting = reading, setting

    def getsockopt(self, level, option, size):
        if self.reading:
            raise OSError(self.reading, "")
        return b"\1\0\0\0"

    def setsockopt(self, level, option, value):
        if self.setting:
            raise OSError(self.setting, "")
        assert value == (bytes(4) if self.reading else b"\1\0\0\0")


SOCKET_LEVEL = LEVELS[0]
UNKNOWN = Subject(errno.ENOPROTOOPT, errno.ENOPROTOOPT)
ELSEWHERE = Subject(errno.EOPNOTSUPP, errno.EOPNOTSUPP)
KNOWN = Subject(errno.ENOPROTOOPT, errno.EINVAL)
FORBIDDEN = Subject(errno.ENOPROTOOPT, errno.EPERM)
TRIED = "known, but refuses what was tried (EINVAL)"


@pytest.mark.parametrize(
    ("subjects", "status", "value", "detail"),
    [
        ([Subject(0, 0)], "yes", ["read", "set"], ""),
        ([Subject(0, errno.ENOPROTOOPT)], "yes", ["read"], ""),
        ([Subject(errno.ENOPROTOOPT, 0)], "yes", ["set"], ""),
        ([KNOWN], "yes", [], TRIED),
        ([Subject(errno.EINVAL, errno.ENOPROTOOPT)], "yes", [], TRIED),
        ([Subject(0, errno.EPERM)], "not permitted", ["read"], "needs CAP_NET_ADMIN (EPERM)"),
        ([FORBIDDEN], "not permitted", [], "needs CAP_NET_ADMIN (EPERM)"),
        ([Subject(errno.EPERM, errno.ENOPROTOOPT)], "not permitted", [], "needs CAP_NET_ADMIN (EPERM)"),
        ([UNKNOWN], "no", [], "kernel lacks the option (ENOPROTOOPT)"),
        ([ELSEWHERE, UNKNOWN, Subject(0, errno.ENOPROTOOPT)], "yes", ["read"], ""),
        ([UNKNOWN, KNOWN], "yes", [], TRIED),
        ([KNOWN, FORBIDDEN], "not permitted", [], "needs CAP_NET_ADMIN (EPERM)"),
        ([FORBIDDEN, Subject(errno.ENOPROTOOPT, 0)], "yes", ["set"], ""),
    ],
)
def test_what_is_said_of_an_option(subjects, status, value, detail):
    row = options.option(SOCKET_LEVEL, "SO_KEEPALIVE", subjects)
    assert (row.status, row.value, row.detail) == (status, value, detail)


def test_a_level_whose_sockets_are_refused(refusing):
    refusing(OSError(errno.EPERM, ""), socket.AF_PACKET)
    of_packets = [row for row in options.rows() if row.group == "SOL_PACKET"]
    assert {(row.status, row.detail) for row in of_packets} == {("not permitted", "needs CAP_NET_RAW (EPERM)")}


@pytest.mark.parametrize("kind", {kind: None for level in LEVELS for kind in level.sockets.split(", ")})
def test_sockets_to_try_options_on(kind):
    with ExitStack() as stack:
        try:
            sock = subject(kind, stack)
        except OSError:
            assert kind not in ("tcp", "stream", "udp", "unix")
        else:
            stack.close()
            assert sock.fileno() == -1


def test_an_option_is_of_one_level():
    names = [options.names(level) for level in LEVELS]
    assert all(names)
    assert sum(map(len, names)) == len({*chain(*names)})


def test_no_descriptor_is_left():
    before = os.listdir("/proc/self/fd")
    doctor.examine()
    assert os.listdir("/proc/self/fd") == before


# --- offloads


def test_an_offload_that_is_accepted_and_does_nothing(monkeypatch):
    """Setting the option is not all: what it does is seen."""
    monkeypatch.setattr(socket.socket, "setsockopt", lambda *arguments: None)
    found = by_name(offloads.rows())
    for name in "UDP_SEGMENT", "UDP_GRO", "SO_ZEROCOPY", "SO_TIMESTAMPNS", "SO_TIMESTAMPING":
        assert found[name].status == "failed", name


@pytest.mark.parametrize(
    ("number", "who"), [(0, "nobody"), (1, "clients"), (2, "listeners"), (3, "clients and listeners")]
)
def test_fast_open(monkeypatch, number, who):
    monkeypatch.setattr(offloads, "sysctl", lambda name, meaning: limits.Row(name, value=number, detail=meaning))
    assert offloads.fast_open().detail == f"data in a connection's first packet, for {who}"


# --- limits and the resolver


def test_a_limit_that_cannot_be_read():
    row = limits.sysctl("net.core.no_such_limit", "meaning")
    assert row[1:5] == (None, None, "meaning: not to be read here (ENOENT)", "ENOENT")


@pytest.fixture
def files(monkeypatch, tmp_path):
    """Has the resolver's probes read these files, and answer for `localhost` with these addresses."""

    def put(addresses=(), **contents):
        def lines(path, read=resolver.lines):
            name = os.path.basename(path).partition(".")[0]
            (tmp_path / name).write_text(contents.get(name, ""))
            return read(tmp_path / name)

        def getaddrinfo(host, port, type):
            assert (host, port) == ("localhost", None)
            assert addresses, "asked, and the question could have left the machine"
            families = {True: socket.AF_INET6, False: socket.AF_INET}
            return [(families[":" in address], type, 6, "", (address, 0)) for address in addresses]

        monkeypatch.setattr(resolver, "lines", lines)
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return by_name(resolver.rows())

    return put


def test_the_resolver(files):
    found = files(
        ["127.0.0.1", "::1"],
        nsswitch="# comment\nhosts:  files myhostname [NOTFOUND=return] dns # and more\nnetworks: files\n",
        resolv="nameserver 192.0.2.1\nnameserver 192.0.2.2\n; comment\nsearch a.example b.example\noptions ndots:2\n",
        hosts="127.0.0.1 localhost\n",
    )
    assert found["hosts"].value == ["files", "myhostname", "[NOTFOUND=return]", "dns"]
    assert found["nameserver"].value == ["192.0.2.1", "192.0.2.2"]
    assert found["search"].value == ["a.example", "b.example"]
    assert found["options"].value == ["ndots:2"]
    assert found["localhost"][1:4] == ("yes", ["127.0.0.1", "::1"], "")


@pytest.mark.parametrize(
    ("addresses", "detail"), [(["127.0.0.1"], "no IPv6 address"), (["::1"], "no IPv4 address")], ids=str
)
def test_localhost_of_one_family(files, addresses, detail):
    found = files(addresses, nsswitch="hosts: files dns", hosts="127.0.0.1 localhost")
    assert found["localhost"][1:4] == ("yes", addresses, detail)


@pytest.mark.parametrize(
    ("nsswitch", "hosts"),
    [("hosts: files dns", "127.0.0.1 other"), ("hosts: dns files", "127.0.0.1 localhost")],
    ids=str,
)
def test_localhost_is_not_asked_of_dns(files, nsswitch, hosts):
    assert files(nsswitch=nsswitch, hosts=hosts)["localhost"].status == "no"


@pytest.mark.parametrize("make", [lambda path: None, os.mkfifo], ids=["nothing", "FIFO"])
def test_no_configuration(monkeypatch, tmp_path, make):
    path = tmp_path / "conf"
    make(path)
    monkeypatch.setattr(resolver, "lines", lambda _, read=resolver.lines: read(path))
    assert [row.value for row in resolver.rows()][:4] == [[], [], [], []]


# --- a program under `berkeley run`


def test_a_program_that_gets_the_standard_module():
    done = subprocess.run([sys.executable, guest.__file__], capture_output=True, text=True)
    run, *_ = json.loads(done.stdout)
    assert (run["name"], run["status"], run["essential"]) == ("berkeley run", "failed", True)
    assert run["detail"] == "`import socket` gets the standard module"


WITHOUT_CIPHERS = """
import ssl
from berkeley._command.doctor import guest
made = guest.context
def context(protocol):
    context = made(protocol)
    context.set_ciphers({ciphers!r})
    return context
guest.context = context
print(guest.handshake())
"""


@pytest.mark.parametrize(
    ("ciphers", "outcome"),
    [("aNULL:@SECLEVEL=0", "TLSv1.2 handshake, and data"), ("DEFAULT", "TLS records both ways, but no handshake")],
)
def test_handshake(ciphers, outcome):
    """With ciphers that take a certificate, as where a policy forbids others, both ends still have their say."""
    program = WITHOUT_CIPHERS.format(ciphers=ciphers)
    command = [sys.executable, "-m", "berkeley", "run", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.startswith(outcome), done.stderr
