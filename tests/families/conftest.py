"""Lets the tests of the families import what they share, which lies beside them; and what several of them set up."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# pytest does not put the directories of tests on the path (--import-mode=importlib).
sys.path.insert(0, str(Path(__file__).parent))

pytest.register_assert_rewrite("kernel", "layouts")


@pytest.fixture(scope="session")
def vcan():
    """The name of a virtual CAN interface, made for these tests: what is sent there is received there."""
    from kernel import lacking

    if not shutil.which("ip"):
        lacking("program ip (iproute2), which makes interfaces")
    name = f"vcan{os.getpid()}"
    for command in (["add", name, "type", "vcan"], ["set", name, "up"]):
        done = subprocess.run(["ip", "link", *command], capture_output=True, text=True)
        if done.returncode:
            lacking(f"interface of type vcan: {done.stderr.strip()}")
    yield name
    subprocess.run(["ip", "link", "delete", name], check=True)
