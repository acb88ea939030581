"""Python children of a program, and the sockets they are handed: on berkeley as on the standard module."""

import pytest

PROGRAM = "children.py"

# Those that are the same interpreter still, whatever is kept from other children.
FORKED = {"fork", "pool_fork", "forking_server"}
# Those that run the program's own file.
OWN = {*FORKED, "spawn", "forkserver", "pipes", "queues", "handles", "managers", "pool_spawn", "pool_forkserver"}
# Those that Python keeps from everything that could bring berkeley to them.
DEAF = {"ignoring_the_environment", "isolated", "without_site"}


@pytest.mark.parametrize(
    ("way", "options"),
    [("standard", []), ("imported", []), ("berkeley", []), ("berkeley", ["--no-children"])],
    ids=["standard", "imported", "berkeley", "no-children"],
)
def test_children(run_case, case, way, options):
    ours = "socket" if way == "standard" else "berkeley.socket"
    same = case in OWN if way == "imported" else case in FORKED or not (options or case in DEAF)
    parent, *children = run_case(case, way, *options).split()
    assert parent == ours
    assert set(children) == {ours if same else "socket"}
