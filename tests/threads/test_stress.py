"""Eight threads at the same sockets: nothing crashes, hangs, gets lost or stays open. Each scenario has a process."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

# pytest does not put the directories of tests on the path (--import-mode=importlib).
sys.path.insert(0, str(Path(__file__).parent))

import closing
from crew import REST
from stress import SCENARIOS

from berkeley import socket

# What starting and stopping may take under a sanitizer, beside what the scenario waits for by itself.
LIMIT = 60
STRESS = Path(__file__).with_name("stress.py")


@pytest.fixture
def seconds(request):
    """How long each scenario runs."""
    return request.config.getoption("seconds") or 1.5


@pytest.mark.timeout(900, method="thread")
@pytest.mark.parametrize("scenario", [scenario.__name__ for scenario in SCENARIOS])
def test_scenario(scenario, seconds):
    limit = 2 * (seconds + REST) + LIMIT
    command = [sys.executable, "-W", "error", STRESS, scenario, "--seconds", str(seconds)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=limit)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_every_method_is_called_while_others_close():
    names = {name for name in dir(socket.socket) if not (name.startswith("__") and name.endswith("__"))}
    special = {"__init__", "__repr__", "__enter__", "__exit__"}
    assert names | special == {*closing.METHODS, *closing.ENDS, *closing.COVERED}


@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="the interpreter has its lock")
def test_the_lock_stays_away(python):
    result = python("-c", "import sys, berkeley.socket; print(sys._is_gil_enabled())")
    assert (result.stdout, result.stderr) == ("False\n", "")
