"""Asks other interpreters, for what would change this one or might end it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

_LIMIT = 20  # seconds


def answer(*arguments: str, environment: Mapping[str, str] = os.environ) -> Any:
    """What this Python prints, as JSON, when it is started with these arguments.

    RuntimeError with its last words where it failed.
    """
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_LIMIT,
    )
    if done.returncode < 0:
        raise RuntimeError(f"the interpreter was ended by {signal.Signals(-done.returncode).name}")
    if done.returncode:
        raise RuntimeError((done.stderr.strip() or f"exit status {done.returncode}").splitlines()[-1])
    return json.loads(done.stdout)
