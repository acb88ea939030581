"""Lets the tests of the families import what they share, which lies beside them."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# pytest does not put the directories of tests on the path (--import-mode=importlib).
sys.path.insert(0, str(Path(__file__).parent))

pytest.register_assert_rewrite("kernel", "layouts")

# A machine that is emulated, as the one with every family may be, needs long for an example; and what takes no kernel
# has been tried with many outside.
settings.register_profile("families", deadline=None, max_examples=10 if "BERKELEY_ALL_FAMILIES" in os.environ else 100)
settings.load_profile("families")
