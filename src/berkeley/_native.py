"""Found only where the extension of this name is not: Python looks for an extension first. Says why there is none."""

import sys
from importlib.machinery import EXTENSION_SUFFIXES

raise ImportError(
    f"berkeley has no extension for this interpreter, {sys.implementation.name} {sys.version.split()[0]} on "
    f"{sys.platform} (berkeley/_native{EXTENSION_SUFFIXES[0]}): it supports CPython 3.10 to 3.15 on Linux, and each "
    f"version needs an installation of its own",
    name="berkeley._native",
)
