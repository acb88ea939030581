"""Every operation of the benchmark runs, on both modules: its figures are another matter."""

import os
import socket
from pathlib import Path

import pytest

BENCH = Path(__file__).parent.parent / "bench"


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(BENCH)
    import operations

    return operations


# Some operations leave their sockets to the garbage collector, and some start a process beside pytest's thread.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore:This process:DeprecationWarning")
@pytest.mark.timeout(180)
def test_every_operation_runs_twice(bench, impl):
    from floor import Floor, compiler

    floor = Floor(operation.floor for operation in bench.OPERATIONS if operation.floor) if compiler() else None
    able = [operation for operation in bench.OPERATIONS if operation.needs is None or operation.needs()]
    if impl is socket:
        able = [operation for operation in able if operation.ours is None]  # which it has no way to do
    assert len(able) > 200
    before = len(os.listdir("/proc/self/fd"))
    for operation in able:
        try:
            for sample in operation.sides(socket, impl, floor):
                assert sample(1) > 0
                assert sample(1) > 0
                del sample
        except Exception as error:
            raise AssertionError(f"{operation.group}: {operation.name}") from error
    assert len(os.listdir("/proc/self/fd")) == before


def test_every_goal_is_some_operation_s(bench):
    from goals import GOALS

    assert GOALS.keys() <= {(operation.group, operation.name) for operation in bench.OPERATIONS}


def test_names_are_unique(bench):
    names = [(operation.group, operation.name) for operation in bench.OPERATIONS]
    assert len(set(names)) == len(names)
