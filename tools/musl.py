"""A CPython 3.13 on musl: made once, of Debian's source package and its musl, and kept.

    python tools/musl.py        the path of its interpreter

It lacks ssl and other modules that take libraries: Debian has none of them on musl. Nothing is installed: it lies in
`$XDG_CACHE_HOME/musl-python`, beside the compiler that made it, and that makes its extensions.
"""

import os
import shutil
import sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

import debian
from freethreaded import PACKAGE, RELEASES

# What it takes, and Debian's packages that have it.
PROGRAMS = {"apt-get": "apt", "musl-gcc": "musl-tools", "make": "make", "tar": "tar", "xz": "xz-utils"}
# What musl has none of: the kernel's headers, and the two libraries that tests take, of the other libc. These ask for
# nothing that musl lacks.
HEADERS = {
    "linux": "linux-libc-dev",
    "asm": "linux-libc-dev",
    "asm-generic": "linux-libc-dev",
    "zlib.h": "zlib1g-dev",
    "zconf.h": "zlib1g-dev",
    "ffi.h": "libffi-dev",
    "ffitarget.h": "libffi-dev",
}
FFI, ZLIB = "libffi_pic.a", "libz.a"
# The first line answers Python's configure, to which gcc would name the platform of the other libc.
COMPILER = """#!/bin/sh
[ "$1" = --print-multiarch ] && exec echo {platform}
exec musl-gcc "$@" -idirafter {headers}
"""
# What takes longest to compile, and no test of sockets misses.
CODECS = ["_codecs_cn", "_codecs_hk", "_codecs_iso2022", "_codecs_jp", "_codecs_kr", "_codecs_tw", "_decimal"]
TESTS = ["_ctypes_test", "_testbuffer", "_testclinic", "_testclinic_limited", "_testlimitedcapi", "_xxtestfuzz"]


def main() -> None:
    ArgumentParser(description="Print the path of an interpreter on musl, which is built at first.").parse_args()
    print(built() or build())


def built() -> str | None:
    """The path of the interpreter that was built last; None if there is none."""
    kept = sorted(cache().glob("3.*/bin/python3.*[0-9]"), key=os.path.getmtime)
    return str(kept[-1]) if kept else None


def cache() -> Path:
    """Where the interpreter and the compiler are kept."""
    return debian.cache("musl-python")


def build() -> str:
    """Fetch the sources, build the interpreter, and keep what `make install` installs: the interpreter's path."""
    # Of other libraries configure is to know nothing.
    settings = {"CC": compiler(), "PKG_CONFIG_LIBDIR": "/", "LIBFFI_CFLAGS": " ", "LIBFFI_LIBS": library(FFI)}
    settings |= {f"py_cv_module_{name}": "n/a" for name in [*CODECS, *TESTS]}
    with TemporaryDirectory(dir=cache(), prefix="unfinished-") as scratch:
        tell(f"fetching the source package {PACKAGE} (about 50 MB, with the lists that it is in)")
        sources = debian.unpacked_source(Path(scratch), PACKAGE, RELEASES)
        prefix = cache() / sources.name.removeprefix("Python-")
        tell(f"building {prefix.name}: some minutes")
        # No position-independent code: it cannot be in an extension.
        (sources / "Modules" / "Setup.local").write_text(f"*static*\nzlib zlibmodule.c {library(ZLIB)}\n")
        options = ["--with-ensurepip=no", "OPT=-O1"]
        debian.step(["./configure", "--quiet", f"--prefix={prefix}", *options], sources, settings)
        debian.step(["make", "--silent", f"--jobs={os.cpu_count()}"], sources)
        debian.step(["make", "--silent", "altinstall", f"DESTDIR={scratch}/root"], sources)
        # Only now does it look finished.
        Path(f"{scratch}/root{prefix}").rename(prefix)
    return str(built())


def compiler() -> str:
    """The path of the compiler, a script, which is made if there is none."""
    script, headers = cache() / "compiler", cache() / "include"
    if not script.exists():
        platform = gcc("-print-multiarch")
        places = [Path("/usr/include"), Path("/usr/include", platform)]
        found = {name: place / name for name in HEADERS for place in places if (place / name).exists()}
        missing = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
        debian.require([*missing, *(HEADERS[name] for name in HEADERS if name not in found)])
        headers.mkdir(parents=True, exist_ok=True)
        for name, path in found.items():
            (headers / name).unlink(missing_ok=True)
            (headers / name).symlink_to(path)
        script.touch(0o755)
        script.write_text(COMPILER.format(platform=platform.replace("gnu", "musl"), headers=headers))
    return str(script)


def library(name: str) -> str:
    """The path of a library."""
    return gcc(f"-print-file-name={name}")


def gcc(question: str) -> str:
    """What gcc answers."""
    return debian.output(["gcc", question]).strip()


def tell(text: str) -> None:
    print(f"musl: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
