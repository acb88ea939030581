"""What tests of several modules use."""

import fcntl
import itertools
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import settings

# pytest does not put the directory of tests on the path (--import-mode=importlib).
sys.path.append(str(Path(__file__).parent))
pytest.register_assert_rewrite("connects", "unix_servers", "waits")
# Set where the processor is emulated for this process alone, and the kernel is that of another.
if "BERKELEY_EMULATED" in os.environ:
    pytest_plugins = ["emulation"]

# A busy machine needs long for an example, and an emulated one, as is that with every address family, longer still:
# what takes no kernel is tried with many examples elsewhere.
settings.register_profile(
    "tests", deadline=None, database=None, max_examples=10 if "BERKELEY_ALL_FAMILIES" in os.environ else 100
)
settings.load_profile("tests")

EXAMPLES = Path(__file__).parent / "examples"
PROGRAMS = Path(__file__).parents[1] / "examples"


def pytest_addoption(parser):
    parser.addoption("--times", type=int, help="how often test_leaks.py makes each error, test_many.py ends each call")
    parser.addoption("--seconds", type=float, help="how long each scenario of threads/test_stress.py runs")
    parser.addoption("--packages", type=Path, help="the directory of the packages that test_packages.py looks into")


def pytest_terminal_summary(terminalreporter):
    """Tell how many tests were skipped for which reason: many want what this machine, or this user, has not."""
    skipped = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in terminalreporter.getreports("skipped"))
    for reason, count in skipped.most_common():
        terminalreporter.write_line(f"{count} skipped: {reason}")


@pytest.fixture(scope="session", autouse=True)
def interrupts():
    """Let SIGINT interrupt: what a shell starts in the background ignores it, and all that this starts."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


@pytest.fixture(params=["standard", "berkeley"])
def impl(request):
    """The socket module under test, for what must hold on the interpreter's own and on ours."""
    mark = request.node.get_closest_marker("ours_from")
    if mark and request.param == "standard" and sys.version_info >= mark.args[0]:
        pytest.skip(mark.args[1])
    return socket if request.param == "standard" else import_module("berkeley.socket")


@pytest.fixture
def nothing_stays_open():
    """No descriptor is left."""
    before = os.listdir("/proc/self/fd")
    yield
    assert os.listdir("/proc/self/fd") == before


@pytest.fixture
def python(request, tmp_path):
    """Runs this interpreter with the given command line in an empty directory; gives what `subprocess.run` gives.

    `before` is what comes before its command.
    """
    limit = float(os.environ.get("PYTEST_TIMEOUT") or request.config.getini("timeout")) - 10

    def run(*arguments, before=(), **options):
        options = {"cwd": tmp_path, "capture_output": True, "text": True, "timeout": limit, **options}
        return subprocess.run([*before, sys.executable, *map(str, arguments)], **options)

    return run


@pytest.fixture
def python_without_names(python, tmp_path):
    """The same, in a network whose name server takes what it is asked, if the program runs one, and never answers."""
    apart = ["unshare", "--net", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*apart, "true"], capture_output=True).returncode:
        pytest.skip("unshare cannot make namespaces: not installed, or not root")
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    (tmp_path / "nsswitch.conf").write_text("hosts: files dns\n")
    mounts = "".join(f"mount --bind {tmp_path}/{name} /etc/{name} && " for name in ("resolv.conf", "nsswitch.conf"))
    before = [*apart, "sh", "-c", f'ip link set lo up && {mounts}exec "$@"', "sh"]
    return partial(python, before=before)


@pytest.fixture(scope="session")
def alone():
    """The command that gives a program a network of its own, where it is root: the pages' ports and names are free."""
    # With its processes in a namespace of their own, none outlives the page, whatever ends that.
    apart = ["--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    for way in ["unshare", *apart], ["unshare", "--user", "--map-root-user", *apart]:
        if shutil.which("unshare") and subprocess.run([*way, "true"], capture_output=True).returncode == 0:
            return [*way, "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    return pytest.skip("unshare cannot make a network namespace: not installed, or forbidden here")


@pytest.fixture
def terminal(tmp_path):
    """Runs a command on a terminal of its own, where `typed` was typed ahead; gives the exit code and what appeared."""

    def run(*command, columns=80, typed="", **environment):
        inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
        master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        os.write(master, typed.encode())
        process = subprocess.Popen(
            [*map(str, command)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=tmp_path,
            env={**inherited, "TERM": "xterm", **environment},
            start_new_session=True,
        )
        os.close(slave)
        shown = bytearray()
        with process, os.fdopen(master, "rb", 0) as screen, suppress(OSError):  # EIO: nobody has the other side open
            while data := screen.read(4096):
                shown += data
        return process.returncode, shown.decode()

    return run


@contextmanager
def running(command, log, status=0):
    """Starts a program, whose standard error is kept in the file; sees that it ends with the status."""
    with (
        log.open("w") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=log.parent) as process,
    ):
        try:
            yield process
            assert process.wait(30) == status, log.read_text()
        finally:
            process.kill()


@pytest.fixture
def started(tmp_path):
    """Starts a program of tests/examples/ in one of three ways: "standard", on the interpreter's module; "import",
    changed to import berkeley's; "run", under `berkeley run`.

    Its standard error, kept in a file, lists the modules it imports.
    """

    @contextmanager
    def start(way, name, *arguments):
        program = EXAMPLES / name
        if way == "import":
            changed = program.read_text().replace("import socket\n", "from berkeley import socket\n")
            program = tmp_path / name
            program.write_text(changed)
        runner = ["-m", "berkeley", "run"] if way == "run" else []
        command = [sys.executable, *runner, "-X", "importtime", program, *map(str, arguments)]
        log = tmp_path / f"{name}.log"
        with running(command, log) as process:
            yield process
        imported = set(re.findall(r"^import time:.*\| +(\S+)$", log.read_text(), re.MULTILINE))
        assert ("berkeley._native" in imported, "_socket" in imported) == (way != "standard", way == "standard")

    return start


@pytest.fixture
def example(tmp_path):
    """Starts a program of the project's examples/; sees that it ends with the status, and that its standard error is
    what the pattern says. Python would tell there of sockets that were not closed.
    """
    numbers = itertools.count()

    @contextmanager
    def start(name, *arguments, status=0, says=""):
        command = [sys.executable, "-X", "dev", PROGRAMS / name, *map(str, arguments)]
        log = tmp_path / f"{name}.{next(numbers)}.log"
        with running(command, log, status) as process:
            yield process
        assert re.fullmatch(says, log.read_text(), re.DOTALL), log.read_text()

    return start


@pytest.fixture
def pair(impl):
    """Two connected sockets, AF_UNIX streams."""
    first, second = impl.socketpair()
    with first, second:
        yield first, second


@pytest.fixture
def tcp(impl):
    """Two connected sockets."""
    with impl.create_server(("127.0.0.1", 0)) as listener:
        here = impl.create_connection(listener.getsockname())
        there, _ = listener.accept()
    with here, there:
        yield here, there


@pytest.fixture
def unconnected():
    """Two sockets of berkeley's for UDP that are bound, and not connected."""
    ours = import_module("berkeley.socket")
    with ours.socket(type=ours.SOCK_DGRAM) as here, ours.socket(type=ours.SOCK_DGRAM) as there:
        for sock in (here, there):
            sock.bind(("127.0.0.1", 0))
        yield here, there


@pytest.fixture
def udp(impl):
    """Two sockets, each connected to the other."""
    with impl.socket(type=impl.SOCK_DGRAM) as here, impl.socket(type=impl.SOCK_DGRAM) as there:
        for sock in (here, there):
            sock.bind(("127.0.0.1", 0))
        here.connect(there.getsockname())
        there.connect(here.getsockname())
        yield here, there


@pytest.fixture
def datagrams(impl):
    """Two connected AF_UNIX sockets for datagrams."""
    here, there = impl.socketpair(type=impl.SOCK_DGRAM)
    with here, there:
        yield here, there


@pytest.fixture
def packets(impl):
    """Two connected AF_UNIX sockets for packets in sequence."""
    here, there = impl.socketpair(type=impl.SOCK_SEQPACKET)
    with here, there:
        yield here, there


@pytest.fixture(params=["tcp", "udp", "pair", "datagrams", "packets"])
def both(impl, request):
    """Two connected sockets of each kind."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["tcp", "pair"])
def streams(impl, request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def full(impl):
    """The address of a TCP listener whose queue is full: the kernel drops what else comes, and connecting waits."""
    with impl.socket() as listener, ExitStack() as waiting:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            client = waiting.enter_context(impl.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield listener.getsockname()


@pytest.fixture
def record(monkeypatch):
    """Puts a class of its own, with the given methods, at a module's `socket`; gives the list of what it has made."""

    def put(module, **methods):
        made = []

        class Recorder(module.socket):
            def __init__(self, *arguments, **keywords):
                super().__init__(*arguments, **keywords)
                made.append(self)

        for name, method in methods.items():
            setattr(Recorder, name, method)
        monkeypatch.setattr(module, "socket", Recorder)
        return made

    return put


@pytest.fixture
def made(impl, record):
    """The sockets that the module's functions make."""
    return record(impl)
