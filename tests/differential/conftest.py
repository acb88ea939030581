"""Lets the tests import what lies beside them, and gives them an empty directory for the names of AF_UNIX sockets."""

import os
import sys
from pathlib import Path

import pytest

# pytest does not put the directories of tests on the path (--import-mode=importlib).
sys.path.append(str(Path(__file__).parent))


@pytest.fixture(scope="module", autouse=True)
def directory(tmp_path_factory):
    """The current directory of each module of tests."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("names"))
    yield
    os.chdir(before)
