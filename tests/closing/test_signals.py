"""The signal by which threads are woken harms no program."""

import sys
from pathlib import Path

import pytest

# pytest does not put the directories of tests on the path (--import-mode=importlib).
sys.path.insert(0, str(Path(__file__).parent))

import signals

PROGRAM = signals.__file__


@pytest.mark.parametrize("case", sorted({*signals.CASES} - {"no_signal_outlives_exec"}))
def test_in_a_process(python, case):
    done = python("-W", "ignore", PROGRAM, case)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


@pytest.mark.parametrize("timeout", [0, 30])
def test_no_signal_outlives_exec(python, timeout):
    done = python(PROGRAM, "no_signal_outlives_exec", timeout)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
