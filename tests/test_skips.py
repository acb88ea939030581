"""A run of the tests ends with what was skipped: one line a reason, however many tests and places it has."""

import os
from pathlib import Path

TESTS = """
import pytest

def missing():
    pytest.skip("no ip")

@pytest.mark.parametrize("number", [1, 2])
def test_here(number):
    missing()

def test_there():
    pytest.skip("no ip")

@pytest.mark.skipif(True, reason="no CAN (EAFNOSUPPORT)")
def test_marked():
    pass

def test_passes():
    pass
"""
WHOLE = 'import pytest; pytest.importorskip("no_such_module", reason="no such module")'


def test_skips_are_counted_by_reason(python, tmp_path):
    (tmp_path / "test_each.py").write_text(TESTS)
    (tmp_path / "test_whole.py").write_text(WHOLE)
    here = str(Path(__file__).parent)
    settings = ["-c", Path(__file__).parents[1] / "pyproject.toml", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])}
    done = python("-m", "pytest", "-p", "conftest", *settings, ".", env=environment)
    assert done.stdout.splitlines()[-4:-1] == [
        "3 skipped: no ip",
        "1 skipped: no such module",
        "1 skipped: no CAN (EAFNOSUPPORT)",
    ], done.stdout + done.stderr
    assert "1 passed, 5 skipped" in done.stdout
