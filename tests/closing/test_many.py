"""No wake-up is lost, at whatever moment of a call it comes."""

import sys
from pathlib import Path

import pytest

# pytest does not put the directories of tests on the path (--import-mode=importlib).
sys.path.insert(0, str(Path(__file__).parent))

import many
from sleepers import NAMES


@pytest.mark.timeout(3600, method="thread")
@pytest.mark.parametrize("way", many.ENDS)
@pytest.mark.parametrize("timeout", [(), ("--timeout=30",)], ids=["blocks", "timed"])
def test_at_any_moment(request, python, way, timeout):
    """`--times 10000` is the long run, of twenty minutes."""
    times = request.config.getoption("times") or 100
    done = python(many.__file__, *NAMES, f"--times={times}", f"--way={way}", *timeout, timeout=3600)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
