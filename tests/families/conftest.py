"""Lets the tests of the families import what they share, which lies beside them."""

import sys
from pathlib import Path

import pytest

# pytest does not put the directories of tests on the path (--import-mode=importlib).
sys.path.insert(0, str(Path(__file__).parent))

pytest.register_assert_rewrite("kernel", "layouts")
