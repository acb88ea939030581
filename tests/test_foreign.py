"""What runs tests on other processors: the environment that it makes, and what it takes QEMU for."""

import shutil
import subprocess
from pathlib import Path

import emulation
import pytest

TOOLS = Path(__file__).parent.parent / "tools"


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """One whose emulator prints what it is to run."""
    if not shutil.which("gcc"):
        pytest.skip("no C compiler: gcc is missing")
    monkeypatch.syspath_prepend(TOOLS)
    import foreign

    emulator = tmp_path / "emulator"
    emulator.touch(0o755)
    emulator.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    return foreign.Machine(Path("/tree/usr/bin/python3.11"), [str(emulator), "-L", "/tree"], "gcc", "", {})


def test_the_python_of_an_environment_is_emulated(machine, tmp_path):
    import foreign

    python, _ = foreign.environment(machine, tmp_path / "environment")
    told = subprocess.run([python, "-c", "a program", ""], capture_output=True, text=True, check=True).stdout
    command = ["-L", "/tree", "-0", python, "/tree/usr/bin/python3.11", "-c", "a program", ""]
    assert told.splitlines() == command
    assert (tmp_path / "environment" / "pyvenv.cfg").read_text() == "home = /tree/usr/bin\n"
    assert machine.version == "3.11"


def test_compiled_programs_are_emulated_and_libraries_are_left(machine, tmp_path):
    import foreign

    _, compiler = foreign.environment(machine, tmp_path / "environment")
    source = "int main(void) { return 0; }"
    for options in ([], ["-shared", "-fPIC"]):
        command = [compiler, *options, "-x", "c", "-", "-o", str(tmp_path / "made")]
        subprocess.run(command, input=source, text=True, check=True)
        beginning = (tmp_path / "made").read_bytes()[:4]
        assert beginning == (b"\x7fELF" if options else b"#!/b")
        if not options:
            told = subprocess.run([tmp_path / "made", "x"], capture_output=True, text=True, check=True).stdout
            assert told.splitlines() == [f"{tmp_path}/made.program", "x"]
    assert subprocess.run([compiler, "-x", "c", "-"], input="?", capture_output=True, text=True).returncode == 1


@pytest.mark.parametrize("can", [can for _what, can, _tests in emulation.LIMITS])
def test_what_qemu_lacks_is_there_without_it(can):
    """Or else tests would be skipped for nothing."""
    assert emulation.possible(can)
