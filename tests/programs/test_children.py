"""Python children of a program under `berkeley run`, and the sockets they are handed: as on the standard module."""

import pytest

PROGRAM = "children.py"

# Those that are the same interpreter still, whatever is kept from other children.
FORKED = {"fork", "pool_fork", "forking_server"}
# Those that Python keeps from everything that could bring berkeley to them.
DEAF = {"ignoring_the_environment", "isolated", "without_site"}


@pytest.mark.parametrize(
    ("way", "options"),
    [("standard", []), ("berkeley", []), ("berkeley", ["--no-children"])],
    ids=["standard", "berkeley", "no-children"],
)
def test_children(run_case, case, way, options):
    ours = "socket" if way == "standard" else "berkeley.socket"
    same = case in FORKED or not (options or case in DEAF)
    parent, *children = run_case(case, way, *options).split()
    assert parent == ours
    assert set(children) == {ours if same else "socket"}
