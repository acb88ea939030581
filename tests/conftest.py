"""What tests of several modules use."""

import signal
import socket
import subprocess
import sys
from importlib import import_module

import pytest


@pytest.fixture(scope="session", autouse=True)
def interrupts():
    """Let SIGINT interrupt: what a shell starts in the background ignores it, and all that this starts."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


@pytest.fixture(params=["standard", "berkeley"])
def impl(request):
    """The socket module under test, for what must hold on the interpreter's own and on ours."""
    return socket if request.param == "standard" else import_module("berkeley.socket")


@pytest.fixture
def python(tmp_path):
    """Runs this interpreter with the given command line in an empty directory; gives what `subprocess.run` gives."""

    def run(*arguments, **options):
        options = {"cwd": tmp_path, "capture_output": True, "text": True, "timeout": 50, **options}
        return subprocess.run([sys.executable, *map(str, arguments)], **options)

    return run
