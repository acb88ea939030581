"""Lets the tests of the families import what they share, which lies beside them; and what several of them set up."""

import os
import sys
from pathlib import Path

import pytest

# pytest does not put the directories of tests on the path (--import-mode=importlib).
sys.path.insert(0, str(Path(__file__).parent))

pytest.register_assert_rewrite("kernel", "layouts")


@pytest.fixture(scope="session")
def vcan():
    """The name of a virtual CAN interface, made for these tests: what is sent there is received there."""
    from kernel import interface

    with interface(f"vcan{os.getpid()}", "vcan") as name:
        yield name
