"""Clients that know nothing of deadlines, unmodified, end with them whatever their peer does."""

import pytest

PROGRAM = "clients_deadlines.py"


@pytest.mark.parametrize("way", ["installed", "berkeley"])
def test_of_the_standard_library(run_case, case, way):
    assert run_case(case, way) == "done\n"
