"""Programs that run in interpreters of their own, on the standard module and on berkeley."""

import inspect
import runpy

import pytest

# How a Python command line begins on each.
INSTALL = """
import berkeley, runpy, sys
berkeley.install()
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
WAYS = {"standard": [], "imported": [], "installed": ["-c", INSTALL], "berkeley": ["-m", "berkeley", "run"]}


def pytest_generate_tests(metafunc):
    """The cases are the public functions of the program, whose file the test's module names beside its own."""
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", public_functions(metafunc.definition.path.with_name(metafunc.module.PROGRAM)))


def public_functions(path):
    values = runpy.run_path(str(path), run_name=path.stem)
    return [
        name
        for name, value in values.items()
        if inspect.isfunction(value) and value.__module__ == path.stem and not name.startswith("_")
    ]


@pytest.fixture
def run_case(request, python, tmp_path):
    """Runs a case of the program in one of the ways, with options of the command; gives what it printed.

    "imported" is the program changed to import berkeley's module beside the standard one.
    """

    def run(case, way, *options):
        path = request.path.with_name(request.module.PROGRAM)
        if way == "imported":
            changed = path.read_text().replace("import socket\n", "from berkeley import socket\n")
            path = tmp_path / path.name
            path.write_text(changed)
        result = python(*WAYS[way], *options, path, case)
        assert (result.returncode, result.stderr) == (0, "")
        return result.stdout

    return run
