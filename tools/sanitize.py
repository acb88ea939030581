"""Run the tests on a core that watches itself: AddressSanitizer and UndefinedBehaviorSanitizer (gcc, clang).

    python tools/sanitize.py                        all of them
    python tools/sanitize.py tests/faults -k recv   those that pytest's arguments choose

The interpreter needs what the build and the tests need (Cython, setuptools, pytest ...). What the sanitizers find ends
the process with a report.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from shutil import copytree, ignore_patterns

ROOT = Path(__file__).resolve().parent.parent
SANITIZERS = "-fsanitize=address,undefined"
SETTINGS = {
    # The interpreter keeps much to its end, and its own faulthandler tells more of a signal. A MemoryError is a result.
    "ASAN_OPTIONS": "detect_leaks=0:handle_segv=0:allocator_may_return_null=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    # Each object is a block of its own, with guards around it.
    "PYTHONMALLOC": "malloc",
}
# Times and the calls for memory mean nothing here; the others want the package installed.
LEFT_OUT = ["test_bench.py", "test_syscalls.py", "test_cli.py", "test_cpython_runner.py"]


def main(arguments: list[str]) -> int:
    """Build in a directory that is gone afterwards, run pytest on that: its exit code."""
    with tempfile.TemporaryDirectory() as directory:
        build(Path(directory))
        runtime = subprocess.check_output(["gcc", "-print-file-name=libasan.so"], text=True).strip()
        # The interpreter is not built with the sanitizer, whose library has to come first in the process all the same.
        environment = {**os.environ, **SETTINGS, "LD_PRELOAD": runtime, "PYTHONPATH": f"{directory}/src"}
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *(arguments or everything())]
        return subprocess.run(command, cwd=ROOT, env=environment).returncode


def build(directory: Path) -> None:
    copytree(ROOT / "src", directory / "src", ignore=ignore_patterns("*.so", "__pycache__"))
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        (directory / name).write_bytes((ROOT / name).read_bytes())
    environment = {**os.environ, "CFLAGS": f"{SANITIZERS} -g -O1 -fno-omit-frame-pointer", "LDFLAGS": SANITIZERS}
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    subprocess.run(command, cwd=directory, env=environment, check=True)


def everything() -> list[str]:
    return [str(ROOT / "tests"), *(f"--ignore={ROOT / 'tests' / name}" for name in LEFT_OUT)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
