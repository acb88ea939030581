"""Services, protocols, and the machine's own name."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import pytest

OURS = import_module("berkeley.socket")
STANDARD = import_module("socket")

SERVICES = ["http", "https", "ssh", "domain", "HTTP", "ntp", "no-such-service", "", "é", "\udcff", "x" * 5000]
PROTOCOLS = ["tcp", "udp", "TCP", "icmp", "ip", "ipv6-icmp", "no-such-protocol", "", "é", "\udcff", "x" * 5000]
WRONG = [None, b"http", 80, 1.5]


class Text(str):
    """A str that is not exactly one."""


def outcome(module, function, *arguments):
    """What the call gives, or what it raises, in words."""
    try:
        result = getattr(module, function)(*arguments)
    except Exception as error:
        return type(error), getattr(error, "errno", None), str(error)
    return type(result), result


def same(function, *arguments):
    assert outcome(OURS, function, *arguments) == outcome(STANDARD, function, *arguments)


@pytest.mark.parametrize("name", [*SERVICES, Text("http")])
def test_ports_of_services(name):
    same("getservbyname", name)
    for protocol in ("tcp", "udp", "sctp", "", "no-such-protocol", Text("tcp")):
        same("getservbyname", name, protocol)


@pytest.mark.parametrize("port", [0, 22, 53, 80, 443, 64999, 65535, 65536, -1, True, 1 << 31])
def test_services_of_ports(port):
    same("getservbyport", port)
    for protocol in ("tcp", "udp", "", "no-such-protocol"):
        same("getservbyport", port, protocol)


@pytest.mark.parametrize("name", [*PROTOCOLS, Text("tcp")])
def test_protocols(name):
    same("getprotobyname", name)


@pytest.mark.parametrize("value", WRONG)
def test_wrong_types(value):
    for function, *arguments in (
        ("getservbyname", value),
        ("getservbyname", "http", value),
        ("getservbyport", 80, value),
        ("getservbyport", str(value)),
        ("getprotobyname", value),
    ):
        assert outcome(OURS, function, *arguments)[0] is outcome(STANDARD, function, *arguments)[0] is TypeError


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        ("getservbyname", ("no-such-service",), "service/proto not found"),
        ("getservbyport", (64999, "no-such-protocol"), "port/proto not found"),
        ("getprotobyname", ("no-such-protocol",), "protocol not found"),
    ],
)
def test_what_is_not_there(impl, function, arguments, message):
    with pytest.raises(OSError, match=f"^{message}$") as caught:
        getattr(impl, function)(*arguments)
    assert (type(caught.value), caught.value.errno) == (OSError, None)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [("getservbyname", ("ht\0tp",)), ("getservbyname", ("http", "t\0cp")), ("getservbyport", (80, "t\0")),
     ("getprotobyname", ("t\0cp",))],
)  # fmt: skip
def test_embedded_nul(impl, function, arguments):
    with pytest.raises(ValueError, match=r"^embedded null character$"):
        getattr(impl, function)(*arguments)


def test_threads_do_not_mix_up_their_answers():
    names = [name for name in SERVICES if isinstance(outcome(OURS, "getservbyname", name)[1], int)]
    if len(names) < 2:
        pytest.skip("/etc/services does not name http, https, ssh and domain")
    ports = {name: OURS.getservbyname(name) for name in names}

    def ask(name):
        return all(
            OURS.getservbyname(name) == ports[name] and OURS.getservbyport(ports[name]) == name.lower()
            for _ in range(100)
        )

    with ThreadPoolExecutor(len(names)) as pool:
        assert list(pool.map(ask, names)) == [True] * len(names)


# --- the machine's own name


def test_the_machines_name(impl):
    assert impl.gethostname() == os.uname().nodename


@pytest.mark.parametrize("name", [None, 1, 1.5, ["name"]])
def test_a_name_of_the_wrong_type(name):
    same("sethostname", name)


RENAME = """
import os, sys
from importlib import import_module
socket = import_module(sys.argv[1])
for name, seen in [("berkeley-1", "berkeley-1"), (b"bytes", "bytes"), ("caf\\u00e9", "caf\\u00e9"),
                   ("\\udcff", "\\udcff"), ("x" * 64, "x" * 64), (b"", "")]:
    assert socket.sethostname(name) is None
    assert socket.gethostname() == seen == os.uname().nodename, (name, socket.gethostname())
try:
    socket.sethostname("x" * 65)
except OSError as error:
    assert error.errno == 22, error
else:
    raise AssertionError("no limit")
assert socket.gethostname() == ""
"""

UNSHARE = ["unshare", "--uts"]


@pytest.mark.skipif(
    not shutil.which(UNSHARE[0]) or subprocess.run([*UNSHARE, "true"], capture_output=True).returncode,
    reason="unshare cannot make a UTS namespace: not installed, or not root",
)
@pytest.mark.parametrize("module", ["socket", "berkeley.socket"])
def test_renaming_the_machine(module):
    before = os.uname().nodename
    subprocess.run([*UNSHARE, sys.executable, "-X", "utf8", "-c", RENAME, module], check=True, timeout=50)
    assert os.uname().nodename == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may rename the machine")
def test_no_right_to_rename_the_machine(impl):
    with pytest.raises(PermissionError):
        impl.sethostname("berkeley")
