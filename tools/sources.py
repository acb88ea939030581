"""What a build of the package is made of."""

from pathlib import Path
from shutil import copy2, copytree, ignore_patterns, rmtree

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ["src", "setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE"]
# What builds leave among them.
MADE = ["*.so", "*.egg-info", "__pycache__"]


def changed() -> float:
    """When one of them was last edited, made or deleted: seconds, as file systems count them."""
    paths = [path for name in SOURCES for path in [ROOT / name, *(ROOT / name).rglob("*")]]
    return max(path.stat().st_mtime for path in paths if "__pycache__" not in path.parts)


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
