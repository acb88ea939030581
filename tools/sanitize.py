"""Run the tests on a core that watches itself: AddressSanitizer and UndefinedBehaviorSanitizer (gcc).

    python tools/sanitize.py                        all of them
    python tools/sanitize.py tests/faults -k recv   those that pytest's arguments choose

The interpreter needs what the build and the tests need (Cython, setuptools, pip, pytest ...); a virtual environment
that is gone afterwards shares it. What the sanitizers find ends the process with a report.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path
from shutil import copytree, ignore_patterns
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
SANITIZERS = "-fsanitize=address,undefined"
SETTINGS = {
    # The interpreter keeps much to its end, and its own faulthandler tells more of a signal. A MemoryError is a result.
    "ASAN_OPTIONS": "detect_leaks=0:handle_segv=0:allocator_may_return_null=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    # Each object is a block of its own, with guards around it.
    "PYTHONMALLOC": "malloc",
    # All takes several times as long, and some tests run others.
    "PYTEST_TIMEOUT": "300",
}
# Tests that say nothing here, and why.
LEFT_OUT = {
    "tests/test_syscalls.py::test_a_large_buffer_for_small_data_moves_no_memory": "the sanitizer's allocator maps more",
}


def main(arguments: list[str]) -> int:
    """Build in a directory that is gone afterwards, run pytest on that: its exit code."""
    with TemporaryDirectory() as directory:
        python = install(Path(directory))
        # The interpreter is not built with the sanitizer, whose library has to come first in the process all the same.
        runtime = subprocess.check_output(["gcc", "-print-file-name=libasan.so"], text=True).strip()
        environment = {**os.environ, **SETTINGS, "LD_PRELOAD": runtime}
        environment.pop("PYTHONPATH", None)
        command = [python, "-m", "pytest", "-p", "no:cacheprovider", *(arguments or ["tests"])]
        command += [f"--deselect={name}" for name in LEFT_OUT]
        return subprocess.run(command, cwd=ROOT, env=environment).returncode


def install(directory: Path) -> str:
    """Install what is shipped, but built to be watched: the Python that has it."""
    environment = directory / "environment"
    python = str(environment / "bin" / "python")
    venv.create(environment)
    [packages] = environment.glob("lib/python*/site-packages")
    (packages / "shared.pth").write_text("\n".join(path for path in sys.path if path.endswith("-packages")))
    source = directory / "source"
    copytree(ROOT / "src", source / "src", ignore=ignore_patterns("*.so", "__pycache__"))
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        (source / name).write_bytes((ROOT / name).read_bytes())
    flags = {"CFLAGS": f"{SANITIZERS} -g -O1 -fno-omit-frame-pointer", "LDFLAGS": SANITIZERS}
    command = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps"]
    subprocess.run([*command, "--no-build-isolation", source], env={**os.environ, **flags}, check=True)
    return python


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
