"""Sub-interpreters (PEP 684, PEP 734): berkeley refuses them in one sentence, and `berkeley run` says it once."""

import os
import sys

import pytest

REFUSAL = "berkeley cannot be imported in a sub-interpreter, where the standard socket module works"

# Runs code in sub-interpreters: with the main interpreter's lock, and where there are such, with locks of their own.
INTERPRETERS = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

def make(isolated):
    if hasattr(interpreters, "new_config"):
        return interpreters.create("isolated" if isolated else "legacy")
    return interpreters.create(isolated=isolated)

def run(code, isolated):
    interpreter = make(isolated)
    try:
        interpreters.run_string(interpreter, code)
    finally:
        interpreters.destroy(interpreter)
"""
IMPORT = """
try:
    {}
except ImportError as error:
    print(type(error).__name__, error)
import socket
print(socket.__name__)
"""
IMPORTS = ["from berkeley import socket", "import berkeley; berkeley.install()", "import berkeley.constants"]

isolations = pytest.mark.parametrize("isolated", [False, True], ids=["shared lock", "own lock"])


@isolations
@pytest.mark.parametrize("statement", IMPORTS)
@pytest.mark.parametrize("first", ["main", "sub"])
def test_import_is_refused(python, statement, isolated, first):
    steps = {"main": "from berkeley import socket", "sub": f"run({IMPORT.format(statement)!r}, {isolated})"}
    order = [steps[first], *(step for name, step in steps.items() if name != first)]
    result = python("-u", "-c", "\n".join([INTERPRETERS, *order, "print(socket.socketpair()[0].family.name)"]))
    refused, after, main = result.stdout.splitlines()
    assert refused.startswith(f"ImportError {REFUSAL}")
    assert (after, main) == ("socket", "AF_UNIX")


@isolations
def test_run_says_it_once(python, isolated):
    shows = "import socket; print(socket.__name__, socket.socket().fileno() > 0)"
    program = "\n".join([INTERPRETERS, "import socket", *[f"run({shows!r}, {isolated})"] * 3, "print(socket.__name__)"])
    result = python("-m", "berkeley", "run", "-u", "-W", "ignore::ResourceWarning", "-c", program)
    assert result.stdout.splitlines() == ["socket True"] * 3 + ["berkeley.socket"]
    assert result.stderr.count(REFUSAL) == 1
    assert "RuntimeWarning" in result.stderr


@pytest.mark.parametrize("warnings", ["default", "error"])
def test_run_leaves_the_next_sitecustomize_alone(python, tmp_path, warnings):
    (tmp_path / "sitecustomize.py").touch()
    program = f"{INTERPRETERS}\nrun('import sitecustomize; print(sitecustomize.__file__)', False)"
    path = os.pathsep.join([str(tmp_path), *sys.path])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": warnings}
    result = python("-m", "berkeley", "run", "-u", "-c", program, env=environment)
    assert result.stdout.split() == [str(tmp_path / "sitecustomize.py")]
    assert result.stderr.count(REFUSAL) == 1
