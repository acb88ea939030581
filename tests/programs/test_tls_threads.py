"""Deadlines over TLS bound the thread that has them, and none of the others that use the socket."""

import pytest

PROGRAM = "tls_threads.py"


@pytest.mark.parametrize("way", ["installed", "berkeley"])
def test_over_tls(run_case, case, way):
    assert run_case(case, way) == "done\n"
