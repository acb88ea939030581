"""What is released: contents of the packages, their version, what an installation does and where it is refused."""

import ast
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from fnmatch import fnmatch
from importlib import metadata
from pathlib import Path
from zipfile import ZipFile

import pytest

import berkeley
from berkeley import _install

ROOT = Path(__file__).parents[1]
PACKAGE = Path(berkeley.__file__).parent


@pytest.fixture(scope="module")
def packages(request):
    """The directory with the packages."""
    directory = request.config.getoption("packages")
    if directory is None:
        pytest.skip("no --packages=DIRECTORY: `nox -s packages` makes them")
    return directory


@pytest.fixture(scope="module")
def sdist(packages, tmp_path_factory):
    """The source distribution, unpacked."""
    directory = tmp_path_factory.mktemp("sdist")
    with tarfile.open(packages / f"berkeley-{berkeley.__version__}.tar.gz") as archive:
        archive.extractall(directory, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    [root] = directory.iterdir()
    return root


@pytest.fixture
def wheel(packages):
    """The wheel for this interpreter."""
    tag = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    lock = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    [path] = packages.glob(f"berkeley-*-{tag}-{tag}{lock}-*.whl")
    return path


def test_the_source_distribution_has_the_repository(sdist):
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone: nothing to compare with")
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    expected = set(subprocess.check_output(listing, cwd=ROOT, text=True).split())
    packed = {str(path.relative_to(sdist)) for path in sdist.rglob("*") if path.is_file()}
    assert expected - packed == set()
    added = {path for path in packed - expected if not path.startswith("src/berkeley.egg-info/")}
    assert added == {"PKG-INFO", "setup.cfg", "src/berkeley/_native.c"}


def test_the_translated_source_names_no_place(sdist):
    """Where it was translated is nobody's business, and would differ between two builds of the same."""
    text = (sdist / "src/berkeley/_native.c").read_text()
    assert str(ROOT) not in text
    assert str(Path.home()) not in text


@pytest.mark.skipif(not shutil.which("musl-gcc"), reason="no musl-gcc")
def test_it_compiles_with_musl(sdist, tmp_path):
    """Nothing that is used is glibc's alone."""
    headers = tmp_path / "headers"
    headers.mkdir()
    # The kernel's, which musl-gcc does not look for among glibc's.
    for name in ("linux", "asm-generic"):
        (headers / name).symlink_to(f"/usr/include/{name}")
    multiarch = Path("/usr/include", sysconfig.get_config_var("MULTIARCH") or "", "asm")
    (headers / "asm").symlink_to(multiarch if multiarch.exists() else "/usr/include/asm")
    directories = ["-I", sdist / "src/berkeley/native", "-I", sysconfig.get_path("include"), "-idirafter", headers]
    options = ["-fsyntax-only", "-Werror=implicit-function-declaration", "-DCYTHON_USE_TYPE_SPECS=1", *directories]
    subprocess.run(["musl-gcc", *options, sdist / "src/berkeley/_native.c"], check=True)


def test_a_wheel_has_the_package_alone(wheel):
    """No .pth and no top-level sitecustomize, which every interpreter would run at its start; no sources."""
    assert fnmatch(wheel.name, "*manylinux*")
    with ZipFile(wheel) as archive:
        files = archive.namelist()
        [tops] = [archive.read(name).decode() for name in files if name.endswith(".dist-info/top_level.txt")]
    assert {name.partition("/")[0] for name in files} == {"berkeley", f"berkeley-{berkeley.__version__}.dist-info"}
    assert tops.split() == ["berkeley"]
    assert not [name for name in files if re.search(r"\.(pth|c|h|pyx|pxd|pxi)$|__pycache__", name)]
    [extension] = [name for name in files if name.endswith(".so")]
    assert extension == "berkeley/_native" + sysconfig.get_config_var("EXT_SUFFIX")
    source = ROOT / "src"
    shipped = {path for pattern in ("*.py", "*.pyi", "py.typed") for path in source.glob(f"berkeley/**/{pattern}")}
    expected = {str(path.relative_to(source)) for path in shipped} | {extension}
    assert {name for name in files if name.startswith("berkeley/")} == expected


def test_one_version():
    """The package's own is the metadata's, and the one whose changes are listed first."""
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(r"^## (\S+?),? ", changelog, re.MULTILINE)[1] == berkeley.__version__
    try:
        assert metadata.version("berkeley") == berkeley.__version__
    except metadata.PackageNotFoundError:
        pytest.skip("berkeley is not installed: no metadata")


def test_an_interpreter_starts_without_it(python):
    """Where it is installed, what has not asked for berkeley is as ever."""
    result = python("-c", "import sys, socket; print(*sys.modules)", env={})
    assert "_socket" in result.stdout.split()
    assert not [name for name in result.stdout.split() if name.partition(".")[0] == "berkeley"]


def read(name):
    with open(ROOT / name, "rb") as file:
        return file.read().decode()


def test_one_range_of_versions():
    """What is built, what `install()` takes, what is tested, what wheels there are, and what is said of it."""
    oldest, newest = (3, 10), (3, 15)
    versions = [f"3.{minor}" for minor in range(oldest[1], newest[1] + 1)]
    assert f"SUPPORTED = {oldest}, {newest}" in read("setup.py")
    assert list(_install._LAYOUTS.values()) == [(oldest, newest)]
    assert f"SUPPORTED = {json.dumps(versions)}" in read("noxfile.py")
    project = read("pyproject.toml")
    assert re.findall(r"Programming Language :: Python :: (3\.\d+)", project) == versions
    minima = re.findall(r'^(?:requires-python|python_version|pythonVersion) = "(?:>=)?(.*)"', project, re.MULTILINE)
    assert minima == ["3.10"] * 3
    assert 'build = "cp31[0-5]-* cp31[3-5]t-*"' in project
    for page in ("README.md", "docs/tutorial.md", "src/berkeley/_native.py", "src/berkeley/__init__.py"):
        assert re.findall(r"\b3\.\d+ to 3\.\d+\b", read(page).partition("## Test it")[0])[0] == "3.10 to 3.15", page


@pytest.mark.parametrize(
    ("platform", "implementation", "version"),
    [
        ("darwin", "cpython", (3, 13)),
        ("win32", "cpython", (3, 13)),
        ("linux", "pypy", (3, 11)),
        ("linux", "cpython", (3, 9)),
        ("linux", "cpython", (3, 16)),
    ],
)
def test_a_build_elsewhere_is_refused(python, platform, implementation, version):
    """In one sentence, and before anything is imported that might not be there."""
    program = f"""
import sys
program = compile(open({str(ROOT / "setup.py")!r}).read(), "setup.py", "exec")
sys.path.clear()
sys.platform, sys.implementation.name, sys.version_info = {platform!r}, {implementation!r}, {version!r}
exec(program)
"""
    result = python("-c", program)
    assert result.returncode == 1
    [sentence] = result.stderr.splitlines()
    assert sentence == (
        f"berkeley supports CPython 3.10 to 3.15 on Linux only: "
        f"it cannot be built for {implementation} {version[0]}.{version[1]} on {platform}"
    )


@pytest.mark.parametrize("program", ["from berkeley import socket", "import berkeley; berkeley.install()"])
def test_an_import_without_the_extension_is_refused(python, tmp_path, program):
    """As by an interpreter of another version, or on another platform, that finds the files."""
    shutil.copytree(PACKAGE, tmp_path / "berkeley", ignore=shutil.ignore_patterns("*.so"))
    result = python("-c", program, env={"PYTHONPATH": str(tmp_path)})
    assert result.returncode == 1
    complaint = result.stderr.splitlines()[-1]
    assert complaint.startswith("ImportError: berkeley has no extension for this interpreter, cpython 3.")
    assert sysconfig.get_config_var("EXT_SUFFIX") in complaint
    assert "supports CPython 3.10 to 3.15 on Linux" in complaint


def test_an_older_interpreter_is_refused(python):
    """In words that it understands: it has read the file to the end before."""
    ast.parse(read("src/berkeley/__init__.py"), feature_version=(3, 6))
    ast.parse(read("setup.py"), feature_version=(3, 6))
    result = python("-c", "import sys; sys.version, sys.version_info = '3.9.18 (main)', (3, 9, 18); import berkeley")
    assert result.stderr.splitlines()[-1] == "ImportError: berkeley supports CPython 3.10 to 3.15, not 3.9.18"


def test_the_newest_interpreters_where_there_is_no_apt(python, tmp_path):
    """One sentence, and nothing is left behind."""
    nowhere = {"PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    result = python(ROOT / "tools" / "interpreters.py", env=nowhere)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "this takes Debian, or a system with its packages: missing apt, dpkg\n"
    assert list(tmp_path.iterdir()) == []
