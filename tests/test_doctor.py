"""`berkeley doctor`, as a command: what it says here, and where something is missing, forbidden or broken."""

import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import berkeley
from berkeley import constants
from berkeley.names._table import FAMILIES

DOCTOR = ["-m", "berkeley", "doctor"]

SECTIONS = [
    "versions", "basics", "families", "protocols", "options", "offloads", "limits", "resolver", "lacking", "beyond",
]  # fmt: skip
STATUSES = {"yes", "not permitted", "no", "failed", None}


@pytest.fixture(scope="module")
def found():
    """What it finds here."""
    done = subprocess.run([sys.executable, *DOCTOR, "--json"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def rows(section):
    """The rows of a section by their names, those of its groups included."""
    for name, row in section.items():
        if "status" in row:
            yield name, row
        else:
            yield from rows(row)


# --- what it says here


def test_the_shape_of_the_json(found):
    assert list(found) == ["works", "problems", *SECTIONS]
    assert (found["works"], found["problems"]) == (True, [])
    for section in SECTIONS:
        for name, row in rows(found[section]):
            assert list(row) == ["status", "value", "detail", "errno"], name
            assert row["status"] in STATUSES, name
            # Told apart from a probe that went wrong itself.
            assert row["status"] != "failed", (name, row)


def test_versions(found):
    versions = {name: row["value"] for name, row in found["versions"].items()}
    assert versions["berkeley"] == berkeley.__version__
    assert versions["Python"] == platform.python_version()
    assert versions["kernel"] == f"Linux {os.uname().release}"
    assert versions["user"] == os.geteuid()


def test_what_programs_stand_on(found):
    basics = {name: row["status"] for name, row in found["basics"].items()}
    assert {name for name, status in basics.items() if status != "yes"} <= {"TCP over IPv6", "UDP over IPv6"}
    assert "handshake" in found["basics"]["ssl"]["detail"]


def test_every_family_is_there(found):
    assert {f"AF_{module.upper()}" for module in FAMILIES.values()} <= set(found["families"])
    named = {getattr(constants, name) for name in constants.__all__ if name.startswith("AF_")} - {socket.AF_UNSPEC}
    assert {getattr(constants, name) for name in found["families"]} == named
    assert len(found["families"]) == len(named)


@pytest.mark.parametrize("name", ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG"])
def test_families_are_as_the_standard_module_finds_them(found, name):
    opened = []
    for kind in "SOCK_STREAM", "SOCK_DGRAM", "SOCK_SEQPACKET":
        try:
            socket.socket(getattr(socket, name), getattr(socket, kind)).close()
        except OSError:
            continue
        opened.append(kind)
    assert {*(found["families"][name]["value"] or [])} - {"SOCK_RAW", "SOCK_RDM"} == {*opened}


def test_options(found):
    level = found["options"]["SOL_SOCKET"]
    assert level["SO_REUSEADDR"]["value"] == ["read", "set"]
    assert level["SO_TYPE"]["value"] == ["read"]
    assert level["SO_PEERCRED"]["value"] == ["read"]
    # They need a connection, a Unix socket, a datagram socket.
    assert found["options"]["SOL_IP"]["IP_MTU"]["value"] == ["read"]
    assert level["SO_PASSCRED"]["value"] == ["read", "set"]
    assert found["options"]["SOL_UDP"]["UDP_CORK"]["value"] == ["read", "set"]
    # What it takes is not tried: the kernel would announce a new member on the network.
    assert found["options"]["SOL_IP"]["IP_ADD_MEMBERSHIP"]["status"] == "yes"


def test_values_of_options_are_no_options(found):
    named = {name for _, row in found["options"].items() for name in row}
    assert not named & {"TCP_ESTABLISHED", "TCP_CA_Open", "IP_PMTUDISC_DO", "SO_EE_ORIGIN_ICMP", "PACKET_HOST"}
    assert {"TCP_NODELAY", "TCP_REPAIR_OPTIONS", "TCP_REPAIR_QUEUE", "IP_MTU_DISCOVER", "PACKET_FANOUT"} <= named


def test_limits(found):
    limits = {name: row["value"] for name, row in found["limits"].items()}
    assert limits["IOV_MAX"] == os.sysconf("SC_IOV_MAX")
    assert limits["net.core.somaxconn"] == int(Path("/proc/sys/net/core/somaxconn").read_text())
    assert limits["net.ipv4.tcp_rmem"] == [*map(int, Path("/proc/sys/net/ipv4/tcp_rmem").read_text().split())]


def test_what_the_standard_module_lacks(found, python):
    """All of it is new, of each kind, and with what only berkeley.constants has, every constant is accounted for."""
    lacking = {name for row in found["lacking"].values() for name in row["value"]}
    beyond = {name for row in found["beyond"].values() for name in row["value"]}
    standard = {*json.loads(python("-I", "-c", "import json, socket; print(json.dumps(dir(socket)))").stdout)}
    assert not lacking & standard
    assert {*constants.__all__} - standard <= lacking | beyond
    assert not lacking & beyond
    assert "AF_XDP" in found["beyond"]["families"]["value"]
    assert "UDP_SEGMENT" in found["beyond"]["options"]["value"]


# --- elsewhere


def unshared(*options):
    """The command that runs a program in namespaces of its own, or a skip."""
    command = ["unshare", "--user", *options]
    if not shutil.which("unshare") or subprocess.run([*command, "true"], capture_output=True).returncode:
        pytest.skip("unshare cannot make a user namespace: not installed, or forbidden here")
    return command


def diagnosed(*command, **options):
    done = subprocess.run([*map(str, command), "--json"], capture_output=True, text=True, **options)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def test_what_is_not_permitted():
    """In a user namespace of its own a process has no privilege in the network namespace that it is still in."""
    code, report = diagnosed(*unshared(), sys.executable, *DOCTOR)
    assert (code, report["works"]) == (0, True)
    assert report["families"]["AF_PACKET"]["status"] == "not permitted"
    assert report["families"]["AF_PACKET"]["detail"] == "needs CAP_NET_RAW (EPERM)"
    assert report["families"]["AF_PACKET"]["errno"] == "EPERM"
    assert "SOCK_RAW needs CAP_NET_RAW" in report["families"]["AF_INET"]["detail"]
    assert report["protocols"]["AF_INET"]["IPPROTO_RAW"]["status"] == "not permitted"
    assert report["protocols"]["AF_INET"]["IPPROTO_TCP"]["status"] == "yes"
    mark = report["options"]["SOL_SOCKET"]["SO_MARK"]
    assert (mark["status"], mark["value"]) == ("not permitted", ["read"])
    assert {row["status"] for row in report["options"]["SOL_PACKET"].values()} == {"not permitted"}


def test_without_loopback():
    """In a new network namespace the loopback interface is down."""
    command = unshared("--map-root-user", "--net")
    code, report = diagnosed(*command, sys.executable, *DOCTOR)
    assert (code, report["works"]) == (1, False)
    assert report["problems"] == ["TCP over IPv4", "UDP over IPv4"]
    assert report["basics"]["TCP over IPv4"]["status"] == "failed"
    assert report["basics"]["TCP over IPv4"]["errno"] == "ENETUNREACH"
    assert report["basics"]["Unix sockets"]["status"] == "yes"
    shown = subprocess.run([*command, sys.executable, *DOCTOR], capture_output=True, text=True)
    assert shown.returncode == 1
    assert shown.stdout.splitlines()[-1] == "Broken, and needed: TCP over IPv4, UDP over IPv4."


def traced(tmp_path, *options):
    """The command that runs a program and its children under strace, which writes to `trace`; or a skip."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    command = ["strace", "-f", "-qq", "-o", str(tmp_path / "trace"), *options]
    probe = subprocess.run([*command, "true"], capture_output=True, text=True)
    if probe.returncode:
        pytest.skip(f"strace may not trace here: {probe.stderr.strip()}")
    return command


def test_a_kernel_without_sockets(tmp_path):
    calls = "socket,socketpair"
    inject = traced(tmp_path, "-e", f"trace={calls}", "-e", f"inject={calls}:error=EAFNOSUPPORT")
    code, report = diagnosed(*inject, sys.executable, *DOCTOR)
    assert code == 1
    assert report["problems"] == ["TCP over IPv4", "UDP over IPv4", "Unix sockets", "ssl"]
    for section in "families", "protocols", "options":
        for name, row in rows(report[section]):
            assert (row["status"], row["errno"]) == ("no", "EAFNOSUPPORT"), name


def test_nothing_leaves_the_machine(tmp_path):
    code, _ = diagnosed(*traced(tmp_path, "-e", "trace=connect,sendto,sendmsg,sendmmsg"), sys.executable, *DOCTOR)
    assert code == 0
    trace = (tmp_path / "trace").read_text()
    addresses = re.findall(r'inet_(?:addr\(|pton\(AF_INET6, )"([^"]+)"', trace)
    assert {*addresses} <= {"127.0.0.1", "::1"}
    assert "127.0.0.1" in addresses


# --- an interpreter on which something is wrong


@pytest.mark.parametrize(
    ("ssl", "row", "status", "detail"),
    [
        ("raise ImportError('no _ssl')", "ssl", "no", "this Python lacks it: no _ssl"),
        ("raise RuntimeError('a reason')", "berkeley run", "failed", "RuntimeError: RuntimeError: a reason"),
        ("import os; os.kill(os.getpid(), 11)", "berkeley run", "failed", "interpreter was ended by SIGSEGV"),
    ],
)
def test_ssl_that_does_not_work(python, tmp_path, ssl, row, status, detail):
    """An interpreter may be built without it; where it crashes on our sockets, the command does not crash with it."""
    (tmp_path / "ssl.py").write_text(ssl)
    done = python(*DOCTOR, "--json", env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert (done.returncode, done.stderr) == (int(status == "failed"), "")
    report = json.loads(done.stdout)
    assert report["basics"][row]["status"] == status
    assert detail in report["basics"][row]["detail"]
    assert report["problems"] == ([row] if status == "failed" else [])


def test_an_unknown_interpreter(python, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.implementation.name = 'other'")
    done = python(*DOCTOR, "--json", env={**os.environ, "PYTHONPATH": str(tmp_path)})
    report = json.loads(done.stdout)
    assert (done.returncode, report["problems"]) == (1, ["berkeley run"])
    assert "cannot stand for the socket module of other" in report["basics"]["berkeley run"]["detail"]


def test_an_extension_that_does_not_load(python, tmp_path):
    source = Path(berkeley.__file__).parent
    for path in source.rglob("*.py"):
        target = tmp_path / "elsewhere" / "berkeley" / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "elsewhere")}
    done = python(*DOCTOR, env=environment)
    assert (done.returncode, done.stderr) == (1, "")
    assert re.search(r"^extension +failed ", done.stdout, re.MULTILINE)
    assert done.stdout.splitlines()[-1] == "Broken, and needed: extension."
    report = json.loads(python(*DOCTOR, "--json", env=environment).stdout)
    assert list(report) == ["works", "problems", *SECTIONS]
    assert report["problems"] == ["extension"]
    assert [section for section in SECTIONS if report[section]] == ["versions"]


def test_files_beside_the_user_are_not_imported(python, tmp_path):
    for name in "ssl", "json", "socket", "enum":
        (tmp_path / f"{name}.py").write_text("1 / 0")
    command = Path(sys.executable).with_name("berkeley")
    code, report = diagnosed(command, "doctor", cwd=tmp_path)
    assert (code, report["problems"]) == (0, [])
    assert report["lacking"]["other constants"]["status"] is None


def test_usage(python):
    done = python(*DOCTOR, "--nonsense")
    assert (done.returncode, done.stdout) == (2, "")


# --- how it looks


def test_a_pipe_gets_plain_text(python):
    done = python(*DOCTOR)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "Versions"
    assert lines[-1] == "All that berkeley needs works."
    assert "\x1b" not in done.stdout
    assert done.stdout.isascii()
    assert not [line for line in lines if line != line.rstrip()]
    assert re.search(r"^AF_INET +yes +SOCK_STREAM, SOCK_DGRAM", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("columns", [80, 120])
def test_a_terminal_gets_colours_and_lines_that_fit(terminal, columns):
    code, shown = terminal(sys.executable, *DOCTOR, columns=columns)
    assert code == 0
    assert "\x1b[32myes" in shown
    widths = [len(line) for line in re.sub(r"\x1b\[[\d;]*m", "", shown).splitlines()]
    assert columns - 20 < max(widths) <= columns


def test_no_color(terminal):
    assert "\x1b" not in terminal(sys.executable, *DOCTOR, NO_COLOR="1")[1]
    assert "\x1b[32myes" in terminal(sys.executable, *DOCTOR, NO_COLOR="")[1]
    assert "\x1b" not in terminal(sys.executable, *DOCTOR, TERM="dumb")[1]


def test_only_the_table_loads_rich(python):
    for arguments in ["doctor", "--json"], ["--version"]:
        done = python("-X", "importtime", "-m", "berkeley", *arguments)
        assert done.returncode == 0
        assert "berkeley._command.cli" in done.stderr
        assert "rich" not in done.stderr
