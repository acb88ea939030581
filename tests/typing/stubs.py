"""Compare the stubs with what they describe, by stubtest: what it finds is printed, and the exit status tells of it.

It needs the package as it is installed, or built in place with src on PYTHONPATH; and mypy.
"""

import ast
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from mypy import stubtest

import berkeley.constants
import berkeley.socket
from berkeley import _native

ALLOWED = Path(__file__).with_name("allowed.txt")
SOURCE = Path(berkeley.__file__).parent
MODULES = [f"berkeley.{path.stem}" for path in sorted(SOURCE.glob("*.pyi"))]


def main() -> int:
    # They say that they are the module's `socket`. stubtest would look for them in the standard one.
    for enumeration in ("AddressFamily", "AddressInfo", "MsgFlag", "SocketKind"):
        getattr(berkeley.socket, enumeration).__module__ = "berkeley._enums"
    differing = list(undocumented())
    print("".join(f"{line}\n" for line in differing), end="")
    options = stubtest.parse_options([*MODULES, "--concise", "--allowlist", str(ALLOWED)])
    return stubtest.test_stubs(options) or int(bool(differing))


def undocumented() -> Iterator[str]:
    """What the extension documents in other words than its stub, from which editors take them."""
    tree = ast.parse((SOURCE / "_native.pyi").read_text())
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    for name, body in [("", tree.body), *((node.name, node.body) for node in classes)]:
        owner = getattr(_native, name) if name else _native
        said: dict[str, str | None] = {}
        for node in body:
            if isinstance(node, ast.FunctionDef):
                # Of several overloads the first has it; a property's setter has none.
                said[node.name] = said.get(node.name) or ast.get_docstring(node)
        for function, words in said.items():
            found = inspect.getdoc(vars(owner)[function])
            if not function.startswith("__") and words != found:
                yield f"berkeley._native.{f'{name}.' if name else ''}{function}: not the extension's docstring"


if __name__ == "__main__":
    sys.exit(main())
