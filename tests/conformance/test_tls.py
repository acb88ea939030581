"""TLS over berkeley's sockets: the standard `ssl` must find them in place when it is imported."""

import re
from pathlib import Path

import pytest

import berkeley

HERE = Path(__file__).parent


@pytest.mark.skipif(berkeley.is_installed(), reason="this process runs on berkeley")
def test_in_a_process_on_berkeley(python):
    """What is named after berkeley and its transport, "berkeley-tls", in an interpreter under `berkeley run`."""
    settings = ["-c", HERE.parents[1] / "pyproject.toml", "-p", "no:cacheprovider", "-q"]
    result = python("-m", "berkeley", "run", "-m", "pytest", *settings, HERE, "-k", "berkeley-tls")
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"^\d+ passed, \d+ deselected in", result.stdout, re.MULTILINE), result.stdout
