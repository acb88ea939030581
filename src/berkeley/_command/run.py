"""How `berkeley run` starts an interpreter: its options, and the environment that puts berkeley in place."""

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

# The variables of berkeley.configure()'s settings.
SETTINGS = ("BERKELEY_RESOLVE_TIMEOUT", "BERKELEY_HAPPY_EYEBALLS", "BERKELEY_KEEPALIVE", "BERKELEY_PIN")
STARTUP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "startup")


def options(command: Iterable[str]) -> Iterator[str]:
    """The interpreter's own options, with which a Python command line may begin."""
    words = iter(command)
    for word in words:
        if word in ("-", "--") or not word.startswith("-"):
            return
        flags, letter, value = (*re.split("([cmWX])", word, maxsplit=1), "", "")[:3]
        if word.startswith("--"):
            # --check-hash-based-pycs MODE: the other long ones end the interpreter.
            yield from (word, *islice(words, 1))
        elif letter in ("c", "m"):
            yield from () if flags == "-" else (flags,)
            return
        else:
            yield from (word, *islice(words, 1 if letter and not value else 0))


def environment(
    environment: Mapping[str, str], no_children: bool = False, settings: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment in which an interpreter starts on berkeley, and is otherwise as this one found it.

    `settings` are berkeley.configure()'s, as the texts of their variables.
    """
    present = environment.get("PYTHONPATH")
    entries = [entry for entry in present.split(os.pathsep) if entry != STARTUP] if present else []
    changed = {**environment, **(settings or {}), "PYTHONPATH": os.pathsep.join([STARTUP, *entries])}
    if no_children:
        changed["BERKELEY_NO_CHILDREN"] = "1"
    # In the C locale Python sets LC_CTYPE for itself as it starts (PEP 538), and goes by the C locale in other
    # things (PEP 540). The next interpreter is to find that locale too.
    if sys.flags.utf8_mode and environment.get("LC_CTYPE") in ("C.UTF-8", "C.utf8", "UTF-8"):
        changed["LC_CTYPE"] = "C"
    return changed
