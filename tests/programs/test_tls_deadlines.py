"""The standard `ssl`, over berkeley's sockets, ends with berkeley's deadlines."""

import pytest

PROGRAM = "tls_deadlines.py"


@pytest.mark.parametrize("way", ["installed", "berkeley"])
def test_over_tls(run_case, case, way):
    assert run_case(case, way) == "done\n"


@pytest.mark.parametrize(
    ("program", "bounds"),
    [
        ("import berkeley, ssl; berkeley.install()", False),
        ("import berkeley; berkeley.install(); import ssl", True),
        ("import berkeley; berkeley.install(); import socket, ssl; berkeley.install()", True),
        ("import berkeley; berkeley.install(); berkeley.uninstall(); import ssl", False),
        ("import berkeley.socket, ssl", False),
    ],
)
def test_whose_calls_are_bounded(python, program, bounds):
    """Those of `ssl` where it is over our sockets, each once."""
    done = python("-W", "ignore", "-c", f"{program}\n{WRAPPED}")
    assert (done.stdout, done.stderr) == (f"{[bounds] * 5}\n", "")


WRAPPED = """
methods = [getattr(ssl.SSLSocket, name) for name in ("read", "send", "write", "do_handshake", "unwrap")]
assert not any(hasattr(getattr(method, "__wrapped__", None), "__wrapped__") for method in methods)
print([hasattr(method, "__wrapped__") for method in methods])
"""
