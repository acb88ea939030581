"""Run the tests of what depends on the processor or on libc, where these are others: on arm64, s390x and musl.

    python tools/foreign.py arm64                                       all of these tests
    python tools/foreign.py s390x tests/test_options.py -k filter       those that pytest's arguments choose

s390x is big-endian. QEMU emulates a processor for each program, whose system calls are those of this kernel. The
interpreter and its libraries are Debian's for that processor, of this machine's release: they are unpacked once, in
`$XDG_CACHE_HOME/foreign-python`, and never installed. For musl, tools/musl.py makes one. On each the extension is
compiled here, by a compiler for it.

The interpreter that runs this needs pip, Cython and setuptools; for musl, where test_socket is compared on both modules
as well, click and packaging.
"""

import os
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, ignore_patterns
from tempfile import TemporaryDirectory

import debian
import musl

ROOT = Path(__file__).resolve().parent.parent
TESTS = [
    "tests/families",
    *(f"tests/test_{name}.py" for name in ("constants", "names", "convert", "kept_addresses", "options")),
    *(f"tests/test_{name}.py" for name in ("messages", "ancillary", "transfer", "transfer_buffers")),
]
# By Debian's name of the processor, everybody else's.
PROCESSORS = {"arm64": "aarch64", "s390x": "s390x"}
NAMES = [*PROCESSORS, "musl"]
# The environment's Python, which starts the emulator. As far as the interpreter knows, this is itself: so its children
# are emulated too, and the kernel need not know of emulators (binfmt_misc). It is linked in whole: what is to be
# preloaded (LD_PRELOAD) is for the interpreter.
LAUNCHER = """
#include <string.h>
#include <unistd.h>

static char *emulator[] = {{{emulator}, "-0", "{python}", "{interpreter}"}};

int main(int argc, char **argv)
{{
    char *command[sizeof emulator / sizeof *emulator + argc];
    memcpy(command, emulator, sizeof emulator);
    memcpy(command + sizeof emulator / sizeof *emulator, argv + 1, argc * sizeof *argv);
    return execv(*command, command);
}}
"""
# Compiles; and puts a script in the place of a program, which has its libraries in it, that starts the emulator.
COMPILER = """#!/bin/sh
case " $* " in *" -shared "*) exec {compiler} "$@" ;; esac
{compiler} -static "$@" || exit
while [ $# -gt 1 ]; do
    if [ "$1" = -o ]; then
        mv "$2" "$2.program"
        printf '#!/bin/sh\\nexec {emulator} "$0.program" "$@"\\n' >"$2"
        chmod +x "$2"
    fi
    shift
done
"""


@dataclass(frozen=True)
class Machine:
    """Where the tests run: an interpreter, the emulator before it, a compiler, and what is compiled with."""

    interpreter: Path
    emulator: list[str]
    compiler: str
    flags: str
    variables: dict[str, str]

    @property
    def version(self) -> str:
        """ "3.11": that of the interpreter."""
        return self.interpreter.name.removeprefix("python")


def main() -> int:
    parser = ArgumentParser(description="Run tests on another processor or libc. Other arguments are pytest's.")
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--package", action="append", default=[], help="a package that the tests take; repeatable")
    options, arguments = parser.parse_known_args()
    machine = on_musl() if options.name == "musl" else emulated(options.name)
    with TemporaryDirectory() as directory:
        python, compiler = environment(machine, Path(directory, "environment"))
        packages = install(machine, options.package, Path(directory, "environment"))
        build(python, machine, packages, Path(directory, "source"))
        variables = {**os.environ, **machine.variables, "CC": compiler}
        variables.pop("PYTHONPATH", None)
        command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(arguments or TESTS)]
        code = subprocess.run(command, cwd=ROOT, env=variables).returncode
        if options.name == "musl" and not arguments:
            suite = [sys.executable, "tests/cpython/run.py", "--python", python, "--suite", "test.test_socket"]
            code = subprocess.run(suite, cwd=ROOT).returncode or code
        return code


def on_musl() -> Machine:
    """This processor, with an interpreter on musl."""
    interpreter = Path(musl.built() or musl.build())
    return Machine(interpreter, [], musl.compiler(), "", {})


def emulated(name: str) -> Machine:
    """A processor that QEMU emulates, with Debian's interpreter for it."""
    processor = PROCESSORS[name]
    compiler, libc = f"{processor}-linux-gnu-gcc", f"libc6-dev-{name}-cross"
    emulator = shutil.which(f"qemu-{processor}-static") or shutil.which(f"qemu-{processor}")
    needed = {f"gcc-{processor}-linux-gnu": shutil.which(compiler), "gcc": shutil.which("gcc")}
    needed["qemu-user-static"] = emulator
    needed[libc] = os.path.exists(f"/usr/{processor}-linux-gnu/include/stdlib.h")
    debian.require([package for package, found in needed.items() if not found])
    tree = debian.cache("foreign-python") / f"{name}-{release()}"
    if not tree.exists():
        unpack(name, tree)
    # What there is in the tree, a program finds there; the rest is this machine's.
    emulation = [str(emulator), "-L", str(tree)]
    interpreter = (tree / "usr/bin/python3").resolve()
    # It takes its headers to be where Debian has them; and they include one of the processor's.
    flags = f"-I{tree}/usr/include/{interpreter.name} -idirafter {tree}/usr/include"
    return Machine(interpreter, emulation, compiler, flags, {"BERKELEY_EMULATED": "1"})


def release() -> str:
    """The code name of this machine's Debian: of another release, libc would not be that of the compiler."""
    lines = Path("/etc/os-release").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)["VERSION_CODENAME"].strip('"')


def unpack(name: str, tree: Path) -> None:
    """Fetch Debian's Python for a processor, with all that it depends on, and unpack it in a directory."""
    debian.tell(f"fetching Debian's Python for {name} (about 50 MB, with the lists)")
    tree.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=tree.parent, prefix="unfinished-") as scratch:
        apt = debian.Apt(Path(scratch), "deb", [release()], architecture=name)
        for package in apt.fetch("python3", "libpython3-dev"):
            debian.unpack(package, Path(scratch, "tree"))
        # Only now does it look finished.
        Path(scratch, "tree").rename(tree)


def environment(machine: Machine, directory: Path) -> tuple[str, str]:
    """Make a virtual environment: its Python, and a compiler whose programs run."""
    python, compiler = directory / "bin" / "python", directory / "bin" / "cc"
    python.parent.mkdir(parents=True)
    (directory / "pyvenv.cfg").write_text(f"home = {machine.interpreter.parent}\n")
    if not machine.emulator:
        python.symlink_to(machine.interpreter)
        return str(python), machine.compiler
    emulator = ", ".join(f'"{word}"' for word in machine.emulator)
    source = directory / "launcher.c"
    source.write_text(LAUNCHER.format(emulator=emulator, python=python, interpreter=machine.interpreter))
    debian.output(["gcc", "-static", "-o", str(python), str(source)])
    compiler.touch(0o755)
    compiler.write_text(COMPILER.format(compiler=machine.compiler, emulator=machine.emulator[0]))
    return str(python), str(compiler)


def install(machine: Machine, packages: list[str], environment: Path) -> Path:
    """Install the newest of each package that needs no compiler; and setuptools. Gives the directory of them."""
    directory = environment / "lib" / f"python{machine.version}" / "site-packages"
    target = ["--target", str(directory), "--python-version", machine.version]
    pure = ["--only-binary=:all:", "--platform=any", "--implementation=py", "--abi=none"]
    debian.output([sys.executable, "-m", "pip", "install", "--quiet", *target, *pure, "setuptools>=77", *packages])
    return directory


def build(python: str, machine: Machine, packages: Path, source: Path) -> None:
    """Build what is shipped, and put it among the packages. The extension is translated here, which is faster."""
    copytree(ROOT / "src", source / "src", ignore=ignore_patterns("*.so", "__pycache__"))
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    debian.output([sys.executable, "-m", "cython", "-I", "src", "src/berkeley/_native.pyx"], source)
    command = [python, "setup.py", "--quiet", "build", f"--build-lib={packages}"]
    debian.output(command, source, {"CC": machine.compiler, "CPPFLAGS": machine.flags})


if __name__ == "__main__":
    sys.exit(main())
