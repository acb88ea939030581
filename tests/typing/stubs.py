"""Compare the stubs with what they describe, by stubtest: what it finds is printed, and the exit status tells of it.

It needs the package as it is installed, or built in place with src on PYTHONPATH; and mypy.
"""

import sys
from pathlib import Path

from mypy import stubtest

import berkeley.constants
import berkeley.socket

ALLOWED = Path(__file__).with_name("allowed.txt")
SOURCE = Path(berkeley.__file__).parent
MODULES = [".".join(path.relative_to(SOURCE.parent).with_suffix("").parts) for path in sorted(SOURCE.rglob("*.pyi"))]


def main() -> int:
    # They say that they are the module's `socket`. stubtest would look for them in the standard one.
    for enumeration in ("AddressFamily", "AddressInfo", "MsgFlag", "SocketKind"):
        getattr(berkeley.socket, enumeration).__module__ = "berkeley._standard.enums"
    options = stubtest.parse_options([*MODULES, "--concise", "--allowlist", str(ALLOWED)])
    return stubtest.test_stubs(options)


if __name__ == "__main__":
    sys.exit(main())
