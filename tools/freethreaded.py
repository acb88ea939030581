"""A CPython 3.13 without the interpreter lock (PEP 703): made once, of Debian's source package, and kept.

    python tools/freethreaded.py                        the path of its interpreter
    python tools/freethreaded.py --thread-sanitizer     that of one which ThreadSanitizer watches

Nothing is installed: it lies in `$XDG_CACHE_HOME/free-threaded-python`, and apt keeps its own sources and lists.
"""

import os
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

import debian

PACKAGE = "python3.13"
# Debian's releases that have it, the one with the newest first.
RELEASES = ["forky", "trixie"]
SANITIZER = "-thread-sanitizer"
# How each is configured, and installed. (What a slow one would compile beforehand, the programs compile that use it.)
KINDS = {
    "": (["--with-ensurepip=install"], []),
    SANITIZER: (
        ["--with-thread-sanitizer", "OPT=-O1 -g", "--with-ensurepip=no", "--disable-test-modules"],
        ["PYTHON_FOR_BUILD=true"],
    ),
}
# What it takes, and Debian's packages that have it.
PROGRAMS = {"apt-get": "apt", "gcc": "gcc", "make": "make", "tar": "tar", "xz": "xz-utils", "setarch": "util-linux"}
HEADERS = {
    "stdlib.h": "libc6-dev",
    "zlib.h": "zlib1g-dev",
    "openssl/ssl.h": "libssl-dev",
    "ffi.h": "libffi-dev",
    "bzlib.h": "libbz2-dev",
    "lzma.h": "liblzma-dev",
    "sqlite3.h": "libsqlite3-dev",
}
# More of them, and mappings lie where gcc's ThreadSanitizer has its own.
RANDOM_BITS = 28


def main() -> None:
    parser = ArgumentParser(description="Print the path of a free-threaded interpreter, which is built at first.")
    parser.add_argument("--thread-sanitizer", action="store_true", help="one that ThreadSanitizer watches")
    kind = SANITIZER if parser.parse_args().thread_sanitizer else ""
    print(built(kind) or build(kind))


def built(kind: str = "") -> str | None:
    """The path of the interpreter that was built last; None if there is none."""
    kept = sorted(cache().glob(f"3.*t{kind}/bin/python3.*t"), key=os.path.getmtime)
    return str(kept[-1]) if kept else None


def cache() -> Path:
    """Where the interpreters are kept."""
    return debian.cache("free-threaded-python")


def watched(command: list[str]) -> list[str]:
    """The command, as a program with ThreadSanitizer is to be started on this machine."""
    bits = int(Path("/proc/sys/vm/mmap_rnd_bits").read_text())
    return ["setarch", "--addr-no-randomize", *command] if bits > RANDOM_BITS else command


def build(kind: str) -> str:
    """Fetch the sources, build the interpreter, and keep what `make install` installs: the interpreter's path."""
    require()
    cache().mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=cache(), prefix="unfinished-") as scratch:
        tell(f"fetching the source package {PACKAGE} (about 50 MB, with the lists that it is in)")
        sources = debian.unpacked_source(Path(scratch), PACKAGE, RELEASES)
        version = sources.name.removeprefix("Python-")
        prefix = cache() / f"{version}t{kind}"
        tell(f"building {prefix.name}: some minutes")
        configure, install = KINDS[kind]
        step(["./configure", "--quiet", "--disable-gil", f"--prefix={prefix}", *configure], sources)
        step(["make", "--silent", f"--jobs={os.cpu_count()}"], sources)
        step(["make", "--silent", "altinstall", f"DESTDIR={scratch}/root", *install], sources)
        # Only now does it look finished.
        Path(f"{scratch}/root{prefix}").rename(prefix)
    return str(built(kind))


def require() -> None:
    """End, with the packages to install, where what it takes is missing."""
    missing = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    if "gcc" not in missing:
        missing += [package for header, package in HEADERS.items() if not compiles(header)]
    if not os.path.exists(debian.KEYRING):
        missing.append("debian-archive-keyring")
    debian.require(missing)


def compiles(header: str) -> bool:
    command = ["gcc", "-fsyntax-only", "-include", header, "-x", "c", "/dev/null"]
    return subprocess.run(command, capture_output=True).returncode == 0


def step(command: list[str], directory: Path) -> None:
    # The interpreter runs while it is built. Its races are no news then.
    debian.step(watched(command), directory, {"TSAN_OPTIONS": "report_bugs=0"})


def tell(text: str) -> None:
    print(f"freethreaded: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
