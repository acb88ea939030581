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
def test_every_operation_runs_twice(bench, impl):
    able = [operation for operation in bench.OPERATIONS if operation.needs is None or operation.needs()]
    assert len(able) > 200
    before = len(os.listdir("/proc/self/fd"))
    for operation in able:
        sample = operation.sampler(impl, socket)
        try:
            assert sample(1) > 0
            assert sample(1) > 0
        except Exception as error:
            raise AssertionError(f"{operation.group}: {operation.name}") from error
        del sample
    assert len(os.listdir("/proc/self/fd")) == before


def test_names_are_unique(bench):
    names = [(operation.group, operation.name) for operation in bench.OPERATIONS]
    assert len(set(names)) == len(names)
