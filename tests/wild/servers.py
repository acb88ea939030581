"""Servers that are programs of their own: private instances, each for one `with` block."""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from glob import glob
from pathlib import Path
from typing import NamedTuple

import pytest

# Debian's packages. Neither all of these directories are on everybody's PATH, nor any of PostgreSQL's.
PACKAGES = {
    "redis-server": "redis-server",
    "mariadbd": "mariadb-server-core",
    "mariadb-install-db": "mariadb-server-core",
    "initdb": "postgresql",
    "postgres": "postgresql",
}
DIRECTORIES = [*os.get_exec_path(), "/usr/sbin", *sorted(glob("/usr/lib/postgresql/*/bin"), reverse=True)]

NOBODY = pwd.getpwnam("nobody")
# MariaDB and PostgreSQL refuse to run as root.
ACCOUNT = {} if os.geteuid() else {"user": NOBODY.pw_uid, "group": NOBODY.pw_gid, "extra_groups": []}


# A statement for each line: all that it understands as it starts.
FIRST = [
    "CREATE DATABASE wild;",
    "CREATE USER wild@localhost IDENTIFIED BY 'secret';",
    "GRANT ALL ON wild.* TO wild@localhost;",
]


class Server(NamedTuple):
    product: str  # its name and version
    port: int  # of 127.0.0.1
    path: str  # of its Unix socket
    directory: str  # in which that is


@contextmanager
def redis():
    with home() as directory, reserved_port() as port:
        path = f"{directory}/redis.sock"
        where = ["--bind", "127.0.0.1", "--port", str(port), "--unixsocket", path, "--dir", directory]
        command = [found("redis-server"), *where, "--save", ""]
        with started(command, **ACCOUNT) as server:
            server.says("Ready to accept connections")
            yield Server(f"Redis {number('redis-server')}", port, path, directory)


@contextmanager
def mariadb():
    """It has a database `wild` of a user `wild`, whose password is `secret`."""
    with home() as directory, reserved_port() as port:
        path = f"{directory}/mariadb.sock"
        program, installer = found("mariadbd"), found("mariadb-install-db")
        silent = {"capture_output": True, "check": True, "cwd": directory, **ACCOUNT}
        subprocess.run([installer, "--no-defaults", f"--datadir={directory}/data", "--skip-test-db"], **silent)
        Path(directory, "first.sql").write_text("\n".join(FIRST))
        where = [f"--datadir={directory}/data", f"--socket={path}", "--bind-address=127.0.0.1", f"--port={port}"]
        command = [program, "--no-defaults", *where, f"--init-file={directory}/first.sql"]
        with started(command, cwd=directory, **ACCOUNT) as server:
            server.says("ready for connections")
            yield Server(f"MariaDB {number('mariadbd')}", port, path, directory)


@contextmanager
def postgresql():
    """It has a superuser `wild`, whose password over TCP is `secret`."""
    with home() as directory, reserved_port() as port:
        Path(directory, "password").write_text("secret\n")
        first = [found("initdb"), "--no-sync", "--username=wild", "--auth-local=trust", "--auth-host=scram-sha-256"]
        silent = {"capture_output": True, "check": True, "cwd": directory, **ACCOUNT}
        subprocess.run([*first, f"--pwfile={directory}/password", f"{directory}/data"], **silent)
        where = ["-D", f"{directory}/data", "-k", directory, "-h", "127.0.0.1", "-p", str(port)]
        # Upon SIGTERM it would wait for its clients.
        with started([found("postgres"), *where], signal.SIGINT, cwd=directory, **ACCOUNT) as server:
            server.says("ready to accept connections")
            path = f"{directory}/.s.PGSQL.{port}"
            yield Server(f"PostgreSQL {number('postgres')}", port, path, directory)


class Started(NamedTuple):
    process: subprocess.Popen

    def says(self, pattern):
        """Read on, until a line of the output matches: gives the match."""
        said = []
        for line in self.process.stdout:
            said.append(line)
            if match := re.search(pattern, line):
                return match
        return pytest.fail(f"never said {pattern!r}, but:\n{''.join(said)}")


@contextmanager
def started(command, stop=signal.SIGTERM, **options):
    """A program that runs until the end of the block, when it gets a signal: it must end well then, or by that."""
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, start_new_session=True, **pipe, **options) as process:
        try:
            yield Started(process)
        finally:
            process.send_signal(stop)
            try:
                process.wait(20)
            finally:
                # Its children, if it left some.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode in (0, -stop)


def serving(module, *arguments, **options):
    """A web server that is a Python program, with programs/ to import applications from."""
    # As on a terminal: its output is read line by line.
    command = [sys.executable, "-u", "-m", module, *arguments]
    return started(command, cwd=Path(__file__).with_name("programs"), **options)


def found(name):
    """The path of a server's program; or the test is skipped."""
    path = shutil.which(name, path=os.pathsep.join(DIRECTORIES))
    return path or pytest.skip(f"{name} is missing: Debian has it in {PACKAGES[name]}")


def number(name):
    """The version of a server."""
    said = subprocess.run([found(name), "--version"], capture_output=True, text=True, check=True).stdout
    return re.search(r"\d+\.\d+(\.\d+)?", said)[0]


@contextmanager
def home():
    """A directory of the account that servers run in."""
    with tempfile.TemporaryDirectory() as directory:
        if ACCOUNT:
            os.chown(directory, ACCOUNT["user"], ACCOUNT["group"])
        yield directory


@contextmanager
def reserved_port():
    """A port of 127.0.0.1 that the system chooses for nobody else in the block: these servers take none that it would.

    A program that sets SO_REUSEADDR, as they do, can listen at it, while no other socket there listens: socket(7).
    """
    with socket.socket() as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
