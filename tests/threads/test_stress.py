"""Eight threads at the same sockets: nothing crashes, hangs, gets lost or stays open. Each scenario has a process."""

import os
import sys
import sysconfig
from pathlib import Path

import pytest

# pytest does not put the directories of tests on the path (--import-mode=importlib).
sys.path.insert(0, str(Path(__file__).parent))

import closing
import stress

from berkeley import socket


@pytest.mark.timeout(300, method="thread")
@pytest.mark.parametrize("name", stress.BY_NAME)
def test_scenario(request, name):
    if name == "rings" and os.geteuid():
        pytest.skip("packet rings are root's")
    result = stress.apart(name, request.config.getoption("seconds") or 1.5, capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_every_method_is_called_while_others_close():
    names = {name for name in dir(socket.socket) if not (name.startswith("__") and name.endswith("__"))}
    special = {"__init__", "__repr__", "__enter__", "__exit__"}
    assert names | special == {*closing.METHODS, *closing.ENDS, *closing.COVERED}


@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="the interpreter has its lock")
def test_the_lock_stays_away(python):
    result = python("-c", "import sys, berkeley.socket; print(sys._is_gil_enabled())")
    assert (result.stdout, result.stderr) == ("False\n", "")


@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="the interpreter has its lock")
@pytest.mark.parametrize("shared", [socket.AF_INET, socket.SOCK_STREAM, socket.htons], ids=str)
def test_nobody_counts_references_to_what_all_threads_use(shared):
    before = sys.getrefcount(shared)
    more = [shared] * 1000
    assert sys.getrefcount(shared) == before, len(more)
