"""The standard `ssl`, unmodified, over berkeley's sockets; and over its own, where the programs must run too."""

import _socket

import pytest

PROGRAM = "over_tls.py"

WHOSE = {
    # Some interpreters have their own `_socket` inside, and load no file for it.
    "standard": f"socket _socket {hasattr(_socket, '__file__')}\n",
    "installed": "berkeley.socket berkeley._socket False\n",
    "berkeley": "berkeley.socket berkeley._socket False\n",
}


# What the standard class has not.
BEYOND = {"exact_reads", "alive", "resumable_file", "options"}


@pytest.mark.parametrize("way", WHOSE)
def test_over_tls(run_case, case, way):
    if way == "standard" and case in BEYOND:
        pytest.skip("the standard class has no such methods")
    assert run_case(case, way) == WHOSE[way]
