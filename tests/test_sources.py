"""A wheel is built once for all who want it, and anew when something has changed that it is built of."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[1] / "tools"


@pytest.fixture
def sources(monkeypatch, tmp_path):
    """The module, on a package of two files and what builds leave among them."""
    monkeypatch.syspath_prepend(TOOLS)
    import sources

    monkeypatch.setattr(sources, "ROOT", tmp_path / "package")
    monkeypatch.setattr(sources, "SOURCES", ["src", "setup.py"])
    for name in ("src/module.py", "src/core.so", "src/__pycache__/module.pyc", "setup.py", "other.py"):
        path = tmp_path / "package" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    past(tmp_path / "package")
    return sources


def past(root):
    """Have all of it made a minute ago."""
    for path in [root, *root.rglob("*")]:
        os.utime(path, (time.time() - 60,) * 2)


@pytest.fixture
def wheel(sources, tmp_path):
    """Asks for the wheel: how often it was built by then, and the path of what was put in a new directory."""
    built = []

    def build(copied, place):
        assert {str(path.relative_to(copied)) for path in copied.rglob("*.*")} >= {"src/module.py", "setup.py"}
        assert not list(copied.rglob("*.so"))
        built.append((place / "package-1.whl").write_text(str(len(built))))

    def ask():
        directory = tmp_path / f"asked-{time.monotonic_ns()}"
        directory.mkdir()
        path = sources.wheel(tmp_path / "kept", build, str(directory))
        return len(built), Path(path)

    return ask


def test_a_wheel_is_built_once_for_all(wheel):
    with ThreadPoolExecutor(4) as pool:
        asked = [future.result() for future in [pool.submit(wheel) for _ in range(4)]]
    assert {count for count, _ in asked} == {1}
    assert {path.name for _, path in asked} == {"package-1.whl"}
    assert len({path.parent for _, path in asked}) == 4


@pytest.mark.parametrize("name", ["src/module.py", "setup.py", "src/new.txt"])
def test_a_wheel_is_built_anew_when_a_source_changes(wheel, tmp_path, name):
    assert wheel()[0] == 1
    (tmp_path / "package" / "other.py").write_text("no source")
    (tmp_path / "package" / "src" / "__pycache__" / "module.pyc").write_text("nor this")
    assert wheel()[0] == 1
    (tmp_path / "package" / name).write_text("")
    assert wheel()[0] == 2
    assert wheel()[1].read_text() == "1"


def test_a_wheel_is_built_anew_when_a_source_is_gone(wheel, tmp_path):
    assert wheel()[0] == 1
    (tmp_path / "package" / "src" / "core.so").unlink()
    assert wheel()[0] == 2
