"""What the tests of packages share: the proof of whose sockets were used, servers, and the outcomes.

A test is marked `tried("requests", "urllib3")`, with the packages by their names in an import. Its docstring is what
the table says of it. Each package must have used sockets of the module that is under test, in this process, or those
that `seen=["urllib3"]` names, if others have libraries or child processes do it; or else, marked `elsewhere=True`, the
test itself finds out what its child processes use.
"""

import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
from importlib.metadata import distributions
from pathlib import Path

import pyroute2
import pytest

# pytest does not put the directories of tests on the path (--import-mode=importlib).
sys.path.insert(0, str(Path(__file__).parent))

import servers
from namespace import separate
from web import Web
from witness import used_by, watched

HERE = Path(__file__).parent
CERTIFICATE = HERE.parent / "localhost.pem"
ROWS = pytest.StashKey()
WORSE = ["passed", "skipped", "failed"]
# By the names of the packages in them. (importlib.metadata has that too, but not for all of them before Python 3.11.)
DISTRIBUTIONS = {
    file.parts[0]: distribution
    for distribution in distributions()
    for file in distribution.files or []
    if file.name == "__init__.py" and len(file.parts) == 2
}


def pytest_addoption(parser):
    parser.addoption("--on", choices=["berkeley", "standard"], help="the socket module that is to be in use here")


def pytest_configure(config):
    config.addinivalue_line("markers", "tried(*packages, seen=packages, elsewhere=False): what is tried, as imported")
    config.stash[ROWS] = {}
    name = {"berkeley": "berkeley.socket", "standard": "socket"}.get(config.getoption("--on"))
    if name != socket.__name__ or sys.modules["socket"] is not socket:
        raise pytest.UsageError(f"--on={config.getoption('--on')}, but `import socket` gets {socket.__name__}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """See whether all packages that are to be seen have used sockets, and all that are tried none but our module's."""
    with watched() as uses:
        yield
    marker = item.get_closest_marker("tried")
    if not marker.kwargs.get("elsewhere"):
        kinds = {package: used_by(package, uses) for package in marker.args}
        unseen = [package for package in marker.kwargs.get("seen", marker.args) if not kinds[package]]
        assert not unseen, f"no socket was used by {', '.join(unseen)}"
        assert all(issubclass(kind, socket.SocketType) for kind in set().union(*kinds.values()))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Keep a row of the table for each test function: the worst that came of it with any of its parameters."""
    report = yield
    marker = item.get_closest_marker("tried")
    if marker and (report.when == "call" or not report.passed):
        products = [value.product for value in item.funcargs.values() if hasattr(value, "product")]
        row = {
            "test": f"{item.path.name}::{item.function.__name__}",
            "packages": [described(package) for package in marker.args],
            "what": item.function.__doc__.partition("\n")[0].rstrip("."),
            "server": ", ".join(products),
            "outcome": report.outcome,
            "reason": report.longrepr[2].removeprefix("Skipped: ") if report.skipped else "",
        }
        rows = item.config.stash[ROWS]
        rows[row["test"]] = max(rows.get(row["test"], row), row, key=lambda row: WORSE.index(row["outcome"]))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """A file that cannot be imported is a row too."""
    report = yield
    if report.failed:
        name = collector.path.name
        row = {"packages": [name], "what": "the import", "server": "", "outcome": "failed", "reason": ""}
        collector.config.stash[ROWS][name] = {"test": name, **row}
    return report


def pytest_terminal_summary(terminalreporter, config):
    """One line for the program that compares the outcomes."""
    rows = [*config.stash[ROWS].values()]
    terminalreporter.write_line(f"OUTCOMES {config.getoption('--on')} {json.dumps(rows)}")


def described(package):
    """The distribution that a package comes from, and its version."""
    distribution = DISTRIBUTIONS[package]
    return f"{distribution.metadata['Name']} {distribution.version}"


@pytest.fixture
def module():
    """The name of the socket module that child processes are to have too."""
    return socket.__name__


@pytest.fixture
def program(tmp_path, module):
    """Runs a program of programs/, which first prints the name of its socket module: gives the other words."""

    def run(name, *arguments):
        command = [sys.executable, HERE / "programs" / name, *map(str, arguments)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=50)
        assert done.returncode == 0, done.stdout + done.stderr
        said, *words = done.stdout.split()
        assert said == module
        return words

    return run


@pytest.fixture
def impl():
    """For the fixtures of all tests: `full`, to which connecting takes for ever."""
    return socket


@pytest.fixture
def trusting():
    """An SSLContext of a client that trusts the servers here."""
    return ssl.create_default_context(cafile=CERTIFICATE)


@pytest.fixture
def certified():
    """An SSLContext of a server that is `localhost`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    return context


@pytest.fixture
def certificate():
    """The path of the certificate, with its key, that `trusting` trusts."""
    return str(CERTIFICATE)


@pytest.fixture(params=["http", "https"])
def web(request, certified):
    """A web server in a thread, over TCP and over TLS."""
    with Web(certified if request.param == "https" else None) as server:
        yield server


@pytest.fixture
def refused():
    """A port of 127.0.0.1 at which nothing listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.fixture(scope="session")
def redis_server():
    with servers.redis() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb():
    with servers.mariadb() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql():
    with servers.postgresql() as server:
        yield server


@pytest.fixture
def short_path():
    """A directory whose name leaves room for a Unix socket's path of 107 bytes."""
    with tempfile.TemporaryDirectory() as directory:
        yield directory


@pytest.fixture
def network():
    """Puts the test, and the threads that it starts, in a network namespace of its own, whose loopback is up."""
    if os.geteuid():
        pytest.skip("only root can make a network namespace here")
    with separate():
        yield


@pytest.fixture
def multicast(network):
    """The same, where what is sent to IPv4 groups comes back over the loopback interface."""
    with pyroute2.IPRoute() as route:
        [loopback] = route.link_lookup(ifname="lo")
        route.route("add", dst="224.0.0.0/4", oif=loopback)
