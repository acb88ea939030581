"""Programs that put a class or functions of their own into the socket module: as on the standard one."""

import pytest

PROGRAM = "replacing.py"

WHOSE = {"standard": "socket\n", "installed": "berkeley.socket\n", "berkeley": "berkeley.socket\n"}


@pytest.mark.parametrize("way", WHOSE)
def test_replacing(run_case, case, way):
    assert run_case(case, way) == WHOSE[way]
