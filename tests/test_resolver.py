"""getaddrinfo(), getnameinfo(), gethostby*() and getfqdn(): beside the interpreter's own, with few names to resolve."""

import inspect
import os
import shutil
import socket
import subprocess
import sys
from importlib import import_module

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

OURS = import_module("berkeley.socket")
PLAIN = {socket: import_module("_socket"), OURS: import_module("berkeley._socket")}

MYSELF = socket.gethostname()

each = settings(max_examples=300)


class Text(str):
    """A str that is not exactly one."""


class Data(bytes):
    """Bytes that are not exactly bytes."""


class Number(int):
    """An int that is not exactly one."""


class Index:
    def __index__(self):
        return 80


def outcome(function, *arguments, **keywords):
    """What the call gives, or what it raises, in words."""
    try:
        result = function(*arguments, **keywords)
    except UnicodeError as error:
        return type(error)
    except Exception as error:
        return type(error).__qualname__, getattr(error, "errno", None), str(error)
    return repr(result)  # members of enumerations look otherwise than numbers


def same(name, *arguments, **keywords):
    call = outcome(getattr(OURS, name), *arguments, **keywords)
    assert call == outcome(getattr(socket, name), *arguments, **keywords), (name, arguments, keywords)


# --- getaddrinfo

NUMERIC = ["127.0.0.1", "255.255.255.255", "0.0.0.0", "::1", "::", "::ffff:1.2.3.4", "2001:DB8::1", b"127.0.0.1",
           b"::1", "127.1", "1", "0x7f.1", "::1%lo", "fe80::1%1", Text("127.0.0.1"), Data(b"::1"), None]  # fmt: skip
# No resolver is asked about these where AI_NUMERICHOST is set.
OTHER = ["localhost", "é", "nowhere.invalid", "1.2.3.4.5", "256.1.1.1", "::g", "<broadcast>", "", "a" * 300, b"\xff"]

FLAGS = ["AI_PASSIVE", "AI_CANONNAME", "AI_NUMERICSERV", "AI_ADDRCONFIG", "AI_V4MAPPED", "AI_ALL"]

hosts = st.sampled_from(NUMERIC) | st.ip_addresses().map(str) | st.ip_addresses().map(lambda host: str(host).encode())
ports = st.sampled_from([None, 0, 80, 65535, 65536, -1, "80", b"80", "http", b"domain", "", "0x50", " 80", "none"])
families = st.sampled_from([0, socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, int(socket.AF_INET), -1, 99])
kinds = st.sampled_from([0, *socket.SocketKind, 1, 2, socket.SOCK_STREAM | socket.SOCK_NONBLOCK, 99, -1])
protocols = st.sampled_from([0, 6, 17, 1, 132, 136, 33, 255, -1, 999])
flags = st.sets(st.sampled_from(FLAGS)).map(lambda names: sum(getattr(socket, name) for name in names))


@each
@given(host=hosts, port=ports | st.integers(0, 65535), family=families, kind=kinds, proto=protocols, flags=flags)
@example("127.0.0.1", 80, 0, socket.SOCK_STREAM, 0, 0)
def test_numeric_hosts(host, port, family, kind, proto, flags):
    same("getaddrinfo", host, port, family, kind, proto, flags)
    assert outcome(PLAIN[OURS].getaddrinfo, host, port, family, kind, proto, flags) == outcome(
        PLAIN[socket].getaddrinfo, host, port, family, kind, proto, flags
    )


@each
@given(host=st.sampled_from(OTHER) | st.text("0123456789.:ab%[]", max_size=20), port=ports, family=families, kind=kinds)
def test_names_where_numbers_are_wanted(host, port, family, kind):
    same("getaddrinfo", host, port, family, kind, 0, socket.AI_NUMERICHOST)


@pytest.mark.parametrize("port", [80.0, True, Number(80), Index(), [], bytearray(b"80"), 1 << 31, 1 << 40,
                                  Text("80"), Data(b"80"), "é", "080", "+80", "80\n", socket.AF_INET])  # fmt: skip
@pytest.mark.parametrize("host", ["127.0.0.1", None])
def test_ports_of_all_kinds(host, port):
    same("getaddrinfo", host, port)
    same("getaddrinfo", host, port, type=socket.SOCK_STREAM)


@pytest.mark.parametrize("port", [1 << 63, 1 << 64, -(1 << 70)])
def test_ports_that_no_long_holds(port):
    same("getaddrinfo", "127.0.0.1", port)


@pytest.mark.parametrize("value", [1.0, "1", None, 1 << 31, 1 << 70, Index(), True, b"1"])
@pytest.mark.parametrize("name", ["family", "type", "proto", "flags"])
def test_hints_of_all_kinds(name, value):
    same("getaddrinfo", "127.0.0.1", 80, **{name: value})


@pytest.mark.parametrize("host", [1, 1.5, bytearray(b"127.0.0.1"), memoryview(b"::1"), ["::1"]])
def test_hosts_of_the_wrong_type(impl, host):
    with pytest.raises(TypeError, match=r"^getaddrinfo\(\) argument 1 must be string or None$"):
        impl.getaddrinfo(host, 80)


def test_arguments_by_name(impl):
    by_name = impl.getaddrinfo(host="127.0.0.1", port=80, family=0, type=1, proto=0, flags=0)
    assert by_name == impl.getaddrinfo("127.0.0.1", 80, 0, 1, 0, 0)
    assert str(inspect.signature(impl.getaddrinfo)) == "(host, port, family=0, type=0, proto=0, flags=0)"


def test_rows(impl):
    [row] = impl.getaddrinfo("127.0.0.1", 80, type=impl.SOCK_STREAM)
    assert row == (impl.AF_INET, impl.SOCK_STREAM, impl.IPPROTO_TCP, "", ("127.0.0.1", 80))
    assert (type(row[0]), type(row[1]), type(row[2])) == (impl.AddressFamily, impl.SocketKind, int)
    [row] = impl.getaddrinfo("::1", "80", type=impl.SOCK_DGRAM)
    assert row == (impl.AF_INET6, impl.SOCK_DGRAM, impl.IPPROTO_UDP, "", ("::1", 80, 0, 0))
    [row] = impl.getaddrinfo("127.0.0.1", None, type=impl.SOCK_STREAM, flags=impl.AI_CANONNAME)
    assert row[3:] == ("127.0.0.1", ("127.0.0.1", 0))


@pytest.mark.parametrize("host", ["localhost", b"localhost", Text("localhost"), Data(b"localhost"), MYSELF])
def test_names_of_this_machine(host):
    same("getaddrinfo", host, 80, type=socket.SOCK_STREAM)
    for function in ("gethostbyname", "gethostbyname_ex", "gethostbyaddr"):
        same(function, host)


def test_nobody_knows(impl):
    with pytest.raises(impl.gaierror) as caught:
        impl.getaddrinfo("nowhere.invalid", 80)
    assert caught.value.errno in {impl.EAI_NONAME, impl.EAI_AGAIN}
    assert len(caught.value.args) == 2


@pytest.mark.parametrize("host", ["lo\0cal", b"lo\0cal", "127.0.0.1\0"])
def test_embedded_nul(host):
    for arguments in ((host, 80), ("127.0.0.1", host)):
        with pytest.raises(ValueError, match=r"^embedded null byte"):
            OURS.getaddrinfo(*arguments)


# --- IDNA


@pytest.mark.parametrize("host", ["\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021"])
def test_idna_folds_to_a_number(impl, host):
    assert impl.getaddrinfo(host, 80, type=impl.SOCK_STREAM)[0][4] == ("127.0.0.1", 80)
    assert impl.gethostbyname(host) == "127.0.0.1"
    with impl.socket(type=impl.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        assert sock.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("host", ["a..b", ".", ".a", "a" * 64, "a" * 64 + ".invalid", "é" * 60, "\udcff", "\u3002"])
def test_labels_that_idna_refuses(impl, host):
    for function, arguments in ((impl.getaddrinfo, (80,)), (impl.gethostbyname, ()), (impl.gethostbyaddr, ())):
        with pytest.raises(UnicodeError):
            function(host, *arguments)


# --- getnameinfo

SOCKADDRS = [("127.0.0.1", 80), ("::1", 80), ("::1", 80, 0), ("::1", 80, 5, 0), ("fe80::1", 80, 0, 1), ("127.1", 80),
             ("::ffff:127.0.0.1", 22), ("0.0.0.0", 0), ("127.0.0.1", 65536), ("127.0.0.1", -1), ("", 80),
             ("localhost", 80), ("127.0.0.1", 80, 0), ("::1", 80, 1 << 20),
             ("::1", 80, -1, 0), ("::1", 80, 0, 0, 0), ("127.0.0.1",), (),
             ("127.0.0.1", "80"), (b"127.0.0.1", 80), (None, 80), ("127.0.0.1\0", 80), ["127.0.0.1", 80], "127.0.0.1",
             ("127.0.0.1", 1 << 40), ("\udcff", 80), (Text("127.0.0.1"), Number(80)), None]  # fmt: skip


@pytest.mark.parametrize("address", SOCKADDRS, ids=str)
@pytest.mark.parametrize(
    "names",
    ["NI_NUMERICHOST", "NI_NUMERICHOST NI_NUMERICSERV", "NI_NUMERICHOST NI_DGRAM", "NI_NUMERICHOST NI_NOFQDN"],
)
def test_addresses_to_names(address, names):
    same("getnameinfo", address, sum(getattr(socket, name) for name in names.split()))


@pytest.mark.parametrize("flags", [0, socket.NI_NAMEREQD, 1 << 20, -1, 1 << 40, 1.0, None])
def test_flags_of_getnameinfo(flags):
    same("getnameinfo", ("127.0.0.1", 80), flags)


# --- gethostby*, getfqdn


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "", "<broadcast>", "255.255.255.255", b"127.0.0.1",
                                  Data(b"127.1"), bytearray(b"127.0.0.1"), Text("127.0.0.1"), "::1", 1, None,
                                  memoryview(b"x"), "a\0", b"a\0", bytearray(b"a\0")], ids=repr)  # fmt: skip
def test_hosts_by_name(host):
    same("gethostbyname", host)
    if host != "<broadcast>":  # the standard module may report another function's h_errno
        same("gethostbyname_ex", host)


@pytest.mark.parametrize("host", ["127.0.0.1", b"127.0.0.1", bytearray(b"127.1"), Data(b"127.1"), 1, None, "a\0"])
def test_hosts_by_address(host):
    same("gethostbyaddr", host)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", " localhost\t", "", "0.0.0.0", " ", MYSELF])
def test_full_names(name):
    assert OURS.getfqdn(name) == socket.getfqdn(name)
    assert OURS.getfqdn() == OURS.getfqdn("::") == socket.getfqdn()


def test_full_names_use_what_the_program_put_there(impl, monkeypatch):
    monkeypatch.setattr(impl, "gethostname", lambda: "plain")
    monkeypatch.setattr(impl, "gethostbyaddr", lambda name: (name, ["other", "host.example", "second.example"], []))
    assert impl.getfqdn() == "host.example"
    monkeypatch.setattr(impl, "gethostbyaddr", lambda name: (name, ["other"], []))
    assert impl.getfqdn("plain") == "plain"


ALIASES = """
import sys
from berkeley import socket
name, aliases, addresses = socket.gethostbyname_ex("first")
assert (name, addresses) == ("first", ["127.9.9.9"]), (name, addresses)
assert aliases == [f"alias-{number:04}-{'x' * 40}" for number in range(2000)]
assert socket.gethostbyaddr("127.9.9.9") == (name, aliases, addresses)
assert socket.getfqdn("127.9.9.9") == "first"
"""


@pytest.mark.skipif(
    not shutil.which("unshare") or subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode,
    reason="unshare cannot make a mount namespace: not installed, or not root",
)
def test_an_entry_of_any_length(tmp_path):
    """Longer than every first buffer: the calls of glibc say ERANGE, and are given more."""
    table = tmp_path / "hosts"
    table.write_text("127.9.9.9 first " + " ".join(f"alias-{number:04}-{'x' * 40}" for number in range(2000)) + "\n")
    program = 'mount --bind "$0" /etc/hosts && exec "$1" -c "$2"'
    subprocess.run(
        ["unshare", "--mount", "sh", "-c", program, table, sys.executable, ALIASES],
        check=True, timeout=50, env={**os.environ, "PYTHONWARNINGS": "error"},
    )  # fmt: skip
