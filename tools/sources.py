"""What the package is built of, and the wheel that was built of it last."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from shutil import copy2, copytree, ignore_patterns, rmtree

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ["src", "setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE"]
# What builds leave among them.
MADE = ["*.so", "*.egg-info", "__pycache__"]


def wheel(place: Path, build: Callable[[Path, Path], None], directory: str) -> str:
    """Put the wheel of a build in a directory: its path.

    It is that of the last time, unless a source has changed since. `build(sources, place)` makes it of a copy of them.
    That lies in `place` and is kept: what has not changed is not compiled again. Of those who want it at the same time
    one makes it, for which the others wait.
    """
    place.mkdir(parents=True, exist_ok=True)
    with open(place / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wheels = list(place.glob("*.whl"))
        if not wheels or changed() >= wheels[0].stat().st_mtime_ns:
            # By the clock of the file system, which is behind the other by some milliseconds.
            os.utime(lock.name)
            began = os.stat(lock.name).st_mtime_ns
            for old in wheels:
                old.unlink()
            build(copy(place / "copy"), place)
            wheels = list(place.glob("*.whl"))
            # An edit of what had been copied already makes it out of date.
            os.utime(wheels[0], ns=(began, began))
        return str(copy2(wheels[0], directory))


def changed() -> int:
    """When one of them was last edited, made or deleted: nanoseconds, as file systems count them."""
    paths = [path for name in SOURCES for path in [ROOT / name, *(ROOT / name).rglob("*")]]
    return max(path.stat().st_mtime_ns for path in paths if "__pycache__" not in path.parts)


def copy(place: Path) -> Path:
    """Copy them, with their times, to where an earlier build may have been, of which what was compiled stays."""
    for name in SOURCES:
        if (ROOT / name).is_dir():
            rmtree(place / name, ignore_errors=True)
            copytree(ROOT / name, place / name, ignore=ignore_patterns(*MADE))
        else:
            copy2(ROOT / name, place / name)
    # setuptools would ship what is deleted since.
    for path in place.glob("build/lib*/**/*.py*"):
        path.unlink()
    return place
