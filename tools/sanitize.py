"""Run the tests on a core that is watched, in its use of memory or of threads: gcc builds it so.

    python tools/sanitize.py                        all tests, with AddressSanitizer and UndefinedBehaviorSanitizer
    python tools/sanitize.py tests/faults -k recv   those that pytest's arguments choose
    python tools/sanitize.py --threads              tests/threads/stress.py, with ThreadSanitizer, a minute for each

The interpreter needs what the build and the tests need (Cython, setuptools, pip, pytest ...); a virtual environment
that is gone afterwards shares it. What the first two find ends the process with a report. For the third it has to be a
free-threaded one, and another runs the stress, which is watched as well: tools/freethreaded.py makes it. What is found
there, and how often, is told at the end; what is in the core, or ends the process, is a failure.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path
from tempfile import TemporaryDirectory

import freethreaded
import races
import sources

ROOT = Path(__file__).resolve().parent.parent
MEMORY = "-fsanitize=address,undefined"
MEMORY_SETTINGS = {
    # The interpreter keeps much to its end, and its own faulthandler tells more of a signal. A MemoryError is a result.
    "ASAN_OPTIONS": "detect_leaks=0:handle_segv=0:allocator_may_return_null=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    # Each object is a block of its own, with guards around it.
    "PYTHONMALLOC": "malloc",
    # All takes several times as long, and some tests run others.
    "PYTEST_TIMEOUT": "300",
}
THREADS = "-fsanitize=thread"
THREADS_SETTINGS = {"TSAN_OPTIONS": "exitcode=0:history_size=7:log_path={}"}
# Tests that say nothing here, and why.
LEFT_OUT = {
    "tests/test_syscalls.py::test_a_large_buffer_for_small_data_moves_no_memory": "the sanitizer's allocator maps more",
}


def main(arguments: list[str]) -> int:
    """Build in a directory that is gone afterwards, run what is to be run on that: the exit code."""
    with TemporaryDirectory() as directory:
        if arguments[:1] == ["--threads"]:
            return watch_threads(Path(directory), arguments[1:] or ["--seconds=60"])
        return watch_memory(Path(directory), arguments or ["tests"])


def watch_memory(directory: Path, arguments: list[str]) -> int:
    python, _ = install(directory, MEMORY)
    # The interpreter is not built with the sanitizer, whose library has to come first in the process all the same.
    runtime = subprocess.check_output(["gcc", "-print-file-name=libasan.so"], text=True).strip()
    command = [python, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    command += [f"--deselect={name}" for name in LEFT_OUT]
    return run(command, {**MEMORY_SETTINGS, "LD_PRELOAD": runtime})


def watch_threads(directory: Path, arguments: list[str]) -> int:
    python = freethreaded.built(freethreaded.SANITIZER) or freethreaded.build(freethreaded.SANITIZER)
    _, packages = install(directory, THREADS)
    settings = {name: value.format(directory / "report") for name, value in THREADS_SETTINGS.items()}
    # Of the same version as the one that built it, and so of the same binary interface.
    settings["PYTHONPATH"] = os.pathsep.join([str(packages), *shared()])
    command = freethreaded.watched([python, "tests/threads/stress.py", *arguments])
    code = run(command, settings)
    [source] = directory.glob("source/build/cython-*/**/_native.c")
    found = races.tell(directory.glob("report*"), source)
    return code or int(found)


def run(command: list[str], settings: dict[str, str]) -> int:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(command, cwd=ROOT, env={**environment, **settings}).returncode


def install(directory: Path, sanitizers: str) -> tuple[str, Path]:
    """Install what is shipped, but built to be watched: the Python that has it, and the directory of its packages."""
    environment = directory / "environment"
    python = str(environment / "bin" / "python")
    venv.create(environment)
    [packages] = environment.glob("lib/python*/site-packages")
    (packages / "shared.pth").write_text("\n".join(shared()))
    source = sources.copy(directory / "source")
    flags = {"CFLAGS": f"{sanitizers} -g -O1 -fno-omit-frame-pointer", "LDFLAGS": sanitizers}
    command = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps"]
    subprocess.run([*command, "--no-build-isolation", source], env={**os.environ, **flags}, check=True)
    return python, packages


def shared() -> list[str]:
    """Where this interpreter's packages are."""
    return [path for path in sys.path if path.endswith("-packages")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
