"""The structs of the C headers: their sizes, and where their fields lie, as the compiler has them."""

import os
import shlex
import shutil
import subprocess

import pytest

COMPILER = shlex.split(os.environ.get("CC", "cc"))


def layout(directory, headers, struct, *fields):
    """{"": size of the struct, field: (offset, size), ...}; a skip without a compiler or without the headers.

    `directory` is for the program that tells, `headers` are separated by spaces, `struct` is as C names it ("struct
    sockaddr_can"), and a field may be one of a union ("can_addr.tp.rx_id").
    """
    if not shutil.which(COMPILER[0]):
        pytest.skip("no C compiler: $CC and cc are missing")
    includes = "".join(f"#include <{header}>\n" for header in ["stdio.h", "stddef.h", *headers.split()])
    prints = "".join(
        f'printf("%zu %zu\\n", offsetof({struct}, {field}), sizeof((({struct} *)0)->{field}));\n' for field in fields
    )
    main = f'int main(void) {{ printf("%zu\\n", sizeof({struct}));\n{prints} return 0; }}\n'
    program = directory / "layout"
    built = compiled(includes + main, "-o", str(program))
    if built.returncode:
        for header in headers.split():
            if compiled(f"#if !__has_include(<{header}>)\n#error missing\n#endif\n", "-fsyntax-only").returncode:
                pytest.skip(f"no header <{header}>")
        pytest.fail(built.stderr)
    size, *rows = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    return {"": int(size)} | {field: tuple(map(int, row.split())) for field, row in zip(fields, rows, strict=True)}


def compiled(source, *options):
    return subprocess.run([*COMPILER, "-w", *options, "-x", "c", "-"], input=source, capture_output=True, text=True)
