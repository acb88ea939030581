"""What is checked before a change goes in: `nox` runs the checks, and the tests on every interpreter that it finds.

    nox -l                                                   what there is
    nox -s check -- lint 'stubs(3.13)'                       some of what `nox` runs, side by side
    nox -s 'tests(3.12)' -- tests/test_cli.py -k path        some tests on one interpreter
    nox -s cpython                                           the interpreters' own suites, all on all: an hour or so
    nox -s cpython -- --suite test.test_socket               one of them
    nox -s vm -- tests/families/test_can.py -k bcm           some tests on a kernel with every address family
    nox -s 'vm(7.2)'                                         all of them on another one
    nox -s leaks sanitize                                    what takes long: on all interpreters, most of an hour each
    nox -s threads                                           threads, on an interpreter without its lock: half an hour
    nox -s foreign                                           on arm64, s390x and musl: some minutes each
    nox -s docs                                              the documentation, in build/site
    nox -s wild -- -k redis                                  packages of others, installed anew: all, or some
    nox -s packages                                          what is released, in dist/: a few minutes
"""

import json
import os
import pwd
import shutil
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path

import nox
from nox.command import CommandFailed

sys.path.insert(0, str(Path(__file__).parent / "tools"))
import beside
import finding
import foreign
import freethreaded
import sources

ROOT = Path(__file__).parent
PROJECT = nox.project.load_toml("pyproject.toml")
BUILD = PROJECT["build-system"]["requires"]
SUPPORTED = ["3.10", "3.11", "3.12", "3.13", "3.14", "3.15"]
# Tested where they are found, but not missed where they are not: they have no interpreter lock (PEP 703).
WITHOUT_LOCK = ["3.13t", "3.14t", "3.15t"]

# The tests that try a package: the names, the calls that matter most, the command, and what is in the package.
QUICK = ["tests/test_names.py", "tests/test_transfer.py", "tests/test_cli.py", "tests/test_packages.py"]

# The pages of the documentation that need a kernel with every family.
PAGES = "tests/docs/test_docs.py::test_page_that_needs_more_than_most_kernels_have"

nox.options.reuse_venv = "yes"

# Only for everything, as `nox` alone means, are the newest made: for some of it, what there is will do.
FOUND, REMARKS = finding.find([*SUPPORTED, *WITHOUT_LOCK], make=not sys.argv[1:])
USABLE = {version: path for version, path in FOUND.items() if version not in WITHOUT_LOCK}
NEWEST = [None, *USABLE.values()][-1]

nox.options.sessions = ["interpreters", "check"]

# Between versions on which all tests run: those on what a version may have otherwise. Not the core's own: its errors,
# its memory, its time; nor the pages.
PARTLY = {"3.11", "3.12"}
CORE = [f"--ignore={ROOT / 'tests' / name}" for name in ["faults", "docs"]]
# What `check` runs, by what it is called there. Side by side, the longest first: sessions wait most of their time.
# The tests on what has no lock take as long as on one that has: by name, `nox -s 'tests(3.13t)'`.
TESTS = {} if os.geteuid() else {"user": []}
TESTS |= {f"tests({version})": CORE if version in PARTLY else [] for version in reversed(USABLE)}
BESIDE = {"cpython-quick": ["cpython-quick"]}
BESIDE |= {name: [name, "--", "-m", "not alone", *less] for name, less in TESTS.items()}
STUBS = [f"stubs({version})" for version in reversed(USABLE)]
BESIDE |= {name: [name] for name in ["lint", "compile-only", "docs", *STUBS]}
AT_ONCE = os.cpu_count() + 1
FEW = 5  # failed tests that run again
# Then, one after another, what measures time; and the machines, whose emulated processors are late enough as it is.
ALONE = {f"{name}, alone": [name, "--", "-m", "alone"] for name, less in TESTS.items() if not less}
ALONE |= {name: [name] for name in ["vm", "vm-quick", "bench-quick"]}


def on_each(interpreters):
    return nox.parametrize("python", [nox.param(path, id=name) for name, path in interpreters.items()])


on_each_interpreter = on_each(USABLE)


@nox.session(python=False)
def interpreters(session):
    """Tell which interpreters the tests run on, and which of the supported ones are missing."""
    for version, remark in REMARKS.items():
        session.log(f"Python {version}: {remark}")
    if missing := [version for version in SUPPORTED if version not in USABLE]:
        session.warn(f"NOT TESTED on supported versions: {', '.join(missing)}")
    if not USABLE:
        session.error("no interpreter to test on")


@nox.session(python=False)
def check(session):
    """Run all that must pass: sessions side by side, then, alone, what measures time. Tell where the time went.

    `-- lint user` chooses some.
    """
    if unknown := set(session.posargs) - {*BESIDE, *ALONE}:
        session.error(f"not among {', '.join([*BESIDE, *ALONE])}: {', '.join(unknown)}")
    done = []
    for sessions, at_once in (BESIDE, AT_ONCE), (ALONE, 1):
        wanted = [name for name in sessions if not session.posargs or name in session.posargs]
        start = [sys.executable, "-m", "nox", "--noxfile", __file__, "--session"]
        done += beside.run({name: [*start, *sessions[name]] for name in wanted}, at_once)
    print(f"\n{beside.table(done)}\n", flush=True)
    if failed := [each.name for each in done if each.code]:
        session.error(f"failed: {', '.join(failed)}")


@nox.session
def lint(session):
    """Check style, types, and that the generated tables are those of their sources."""
    session.install("--quiet", *group("lint"))
    session.run("ruff", "check", ".")
    session.run("cython-lint", "src")
    session.run("python", "tools/constants.py", "--check")
    # As in the oldest Python; and in the newest, which may need fewer excuses.
    session.run("mypy")
    session.run("mypy", f"--python-version={SUPPORTED[-1]}", "--no-warn-unused-ignores")
    for version in SUPPORTED[0], SUPPORTED[-1]:
        # It would look for an environment of its own choice.
        python = str(Path(session.bin, "python"))
        session.run("basedpyright", "--pythonpath", python, "--pythonversion", version)
    session.run("python", "tests/typing/standard.py")


@nox.session
@on_each_interpreter
def stubs(session):
    """Build and install what is shipped, and compare what its stubs say of it."""
    install_wheel(session, session.python, "python", *group("stubs"))
    program = str(ROOT / "tests" / "typing" / "stubs.py")
    with tempfile.TemporaryDirectory() as empty, session.chdir(empty):
        session.run("python", program, env={"PYTHONPATH": None})


@nox.session
def packages(session):
    """Make dist/: a source distribution, and from it a wheel for each interpreter; try each from an empty directory."""
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    session.install("--quiet", *BUILD, *group("packages"))
    session.run("python", "-m", "build", "--no-isolation", "--sdist", silent=True)
    [sdist] = ROOT.glob("dist/*.tar.gz")
    for version, interpreter in FOUND.items():
        with tempfile.TemporaryDirectory() as directory:
            python = create(session, interpreter, f"{directory}/builder")
            # No Cython and no index: the compiler is all else that it takes.
            pip(session, python, "install", *(need for need in BUILD if need.startswith("setuptools")))
            offline = ["--no-index", "--no-deps", "--no-build-isolation"]
            pip(session, python, "wheel", *offline, "--wheel-dir", directory, str(sdist))
            [built] = Path(directory).glob("*.whl")
            # The interpreter's flags may have had debugging information put in.
            session.run("auditwheel", "repair", "--strip", "--wheel-dir", "dist", str(built), silent=True)
            tag = f"cp{version.replace('.', '')}"
            [wheel] = ROOT.glob(f"dist/*-{tag.rstrip('t')}-{tag}-*.whl")
            python = create(session, interpreter, f"{directory}/user")
            pip(session, python, "install", str(wheel), *group("test"))
            run_tests(session, *(session.posargs or QUICK), f"--packages={ROOT / 'dist'}", python=python)
    session.run("twine", "check", "--strict", *map(str, ROOT.glob("dist/*")))


@nox.session
@on_each(FOUND)
def tests(session):
    """Build and install what is shipped, and run the tests on it from an empty directory."""
    install_wheel(session, session.python, "python", *group("test"))
    # The benchmark's own, a minute, are for the newest, on which bench-quick runs too.
    everything = ["tests"] if session.python == NEWEST else ["tests", f"--ignore={ROOT / 'tests' / 'test_bench.py'}"]
    run_tests(session, *chosen(session, everything))


@nox.session(python=False)
def user(session):
    """Run the tests as an ordinary user. Where root runs this, that is nobody, and all that they need is copied.

    For nobody may not enter root's directories: it is the newest interpreter that can be run all the same.
    """
    with tempfile.TemporaryDirectory() as directory:
        if os.geteuid():
            python, root, become = environment(session, NEWEST, f"user-{Path(NEWEST).name}"), ROOT, []
            install_wheel(session, NEWEST, python, *group("test"))
        else:
            root, become = Path(directory, "berkeley"), nobody(directory)
            version, interpreter = runnable(session, become)
            python = create(session, interpreter, f"{directory}/environment")
            install_wheel(session, USABLE[version], python, *group("test"))
            # All that the repository has: not what .gitignore has, nor the repository itself.
            left = [line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines()]
            shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(".git", *left))
            session.run("chown", "--recursive", "nobody:", directory, external=True)
        run_tests(session, *chosen(session, ["tests"]), python=python, root=root, before=become)


@nox.session
@on_each_interpreter
def leaks(session):
    """Make each error 10,000 times, send and receive 1,000,000 times ...: what is left of it, as a table."""
    install_wheel(session, session.python, "python", *group("test"))
    run_tests(session, "tests/faults/test_leaks.py", "-q", "--times=10000", *session.posargs)


@nox.session
@on_each_interpreter
def sanitize(session):
    """Run the tests on a core built with AddressSanitizer and UndefinedBehaviorSanitizer."""
    needed = [*BUILD, *PROJECT["project"]["dependencies"], *group("test")]
    session.install("--quiet", *needed)
    session.run("python", "tools/sanitize.py", *session.posargs)


@nox.session(name="compile-only", python=False)
def compile_only(session):
    """Compile the core for the free-threaded interpreters that are missing here; a warning is an error.

    The headers of those with a lock do, told that there is none: as installed, one set is for both.
    """
    for version in [name.rstrip("t") for name in WITHOUT_LOCK if name not in FOUND and name.rstrip("t") in USABLE]:
        builder = environment(session, USABLE[version], f"build-{Path(USABLE[version]).name}")
        pip(session, builder, "install", *BUILD)
        with tempfile.TemporaryDirectory() as directory:
            places = [f"--build-lib={directory}", f"--build-temp={directory}"]
            flags = {"CFLAGS": "-DPy_GIL_DISABLED=1 -Wall -Werror"}
            session.run(builder, "setup.py", "-q", "build_ext", *places, env=flags, external=True)


@nox.session(python=False)
def threads(session):
    """Run tests/threads, a minute each, on a core and an interpreter without its lock, with ThreadSanitizer.

    Both interpreters, the plain one and the one that is watched, are made where there are none: tools/freethreaded.py.
    """
    interpreter = freethreaded.built() or freethreaded.build("")
    python = environment(session, interpreter, "threads")
    pip(session, python, "install", *BUILD, *PROJECT["project"]["dependencies"], *group("test"))
    session.run(python, "tools/sanitize.py", "--threads", *session.posargs, external=True)


@nox.session(name="foreign")
@nox.parametrize("machine", [nox.param(name, id=name) for name in foreign.NAMES])
def on_foreign(session, machine):
    """Run the tests of what depends on the processor or on libc, where it is another one: tools/foreign.py."""
    session.install("--quiet", *BUILD, *group("cpython"))
    # The others of the group are for tests that are not among these.
    tools = [need for need in group("test") if need.startswith(("pytest", "hypothesis"))]
    packages = [f"--package={need}" for need in [*PROJECT["project"]["dependencies"], *tools]]
    session.run("python", "tools/foreign.py", machine, *packages, *session.posargs)


@nox.session
def cpython(session):
    """Compare the interpreters' own test suites, unmodified, on their own module and on berkeley."""
    compare(session, FOUND, *session.posargs)


@nox.session(name="cpython-quick")
def cpython_quick(session):
    """The same, but for the suites that take long: these on one interpreter each."""
    compare(session, USABLE, "--quick", *session.posargs)


@nox.session(python=False)
def docs(session):
    """Build the documentation in build/site, on the newest interpreter; a warning is an error."""
    python = environment(session, NEWEST, f"docs-{Path(NEWEST).name}")
    install_wheel(session, NEWEST, python, *group("docs"))
    session.run(python, "-m", "sphinx", "-W", "--keep-going", "-q", "-E", "docs", "build/site", external=True)
    session.log(f"open {ROOT / 'build' / 'site' / 'index.html'}")


@nox.session(python=False)
def vm(session):
    """Run the families' tests, and test_socket, on the newest interpreter and a kernel that has every family."""
    in_machine(session, "6.1")


@nox.session(name="vm(6.12)", python=False)
def vm_6_12(session):
    """The same on Linux 6.12."""
    in_machine(session, "6.12")


@nox.session(name="vm(7.2)", python=False)
def vm_7_2(session):
    """The same on Linux 7.2, which has every family that a kernel of its version can have."""
    in_machine(session, "7.2")


@nox.session(name="vm-quick", python=False)
def vm_quick(session):
    """The families' tests alone, on Linux 7.2."""
    in_machine(session, "7.2", quick=True)


def in_machine(session, kernel, quick=False):
    # One for each kernel: these sessions may run at the same time.
    python = environment(session, NEWEST, f"vm-{kernel}-{Path(NEWEST).name}")
    install_wheel(session, NEWEST, python, *group("test"), *group("cpython"))
    boot = [python, "vm/run.py", "--time-limit=1800", f"--kernel={kernel}", python]
    everything = {"BERKELEY_ALL_FAMILIES": "1", "PYTHONPATH": None}
    # What needs a compiler, or made-up values by the hundred, needs no kernel, and has run on this one.
    # The pages come first: the tests of Bluetooth leave the controllers in modes in which they hear nobody.
    chosen = session.posargs or ["-q", "-m", "not hypothesis", "-k", "not test_struct", PAGES, "tests/families"]
    # An emulated processor is slow.
    session.run(*boot, "-m", "pytest", "--timeout=180", *chosen, env=everything, external=True)
    if not session.posargs and not quick:
        session.run(*boot, "tests/cpython/every_family.py", env=everything, external=True)


@nox.session(python=False)
def wild(session):
    """Install popular packages as they are today, and run them on berkeley and on the standard module: a table.

    On the newest interpreter, or on the one that `-- --python 3.10` names.
    """
    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--python", choices=USABLE)
    chosen, arguments = parser.parse_known_args(session.posargs)
    interpreter = USABLE.get(chosen.python, NEWEST)
    with tempfile.TemporaryDirectory() as directory:
        python = create(session, interpreter, directory)
        install_wheel(session, interpreter, python, *group("test"), *group("wild"))
        session.run(python, "tests/wild/run.py", *arguments, env={"PYTHONPATH": None}, external=True)


@nox.session
@on_each({**FOUND, **finding.other_build(USABLE)})
def bench(session):
    """Time berkeley beside the interpreter's own module, and C."""
    install_wheel(session, session.python, "python", *group("bench"))
    session.run("python", "bench/run.py", *session.posargs)


@nox.session(name="bench-quick", python=False)
def bench_quick(session):
    """See that the benchmark runs as a whole, on the newest interpreter: its figures are a first look."""
    python = environment(session, NEWEST, f"bench-quick-{Path(NEWEST).name}")
    install_wheel(session, NEWEST, python, *group("bench"))
    with tempfile.TemporaryDirectory() as directory:
        files = ["--json", f"{directory}/figures.json", "--picture", f"{directory}/figures.svg"]
        files += ["--means", f"{directory}/means.svg"]
        session.run(python, "bench/run.py", "--quick", *files, *session.posargs, external=True)


def run_tests(session, *arguments, python="python", root=ROOT, before=()):
    """Run pytest in an empty directory: a path among the arguments is meant from `root`.

    `before` comes before its command, and is what it is an argument of. Where a few tests fail, these run again, alone,
    and must do so each time to count: of ten thousand that wait for other processes, now and then one is too late.
    """
    arguments = [str(root / word) if exists(word, root) else word for word in arguments]
    with tempfile.TemporaryDirectory() as empty, session.chdir(empty):
        cache = Path(empty, "cache")
        cache.mkdir()
        for directory, mode in (empty, 0o755), (cache, 0o777):
            os.chmod(directory, mode)
        command = [*before, python, "-m", "pytest", "-c", root / "pyproject.toml", "-o", f"cache_dir={cache}"]
        how = {"env": {"PYTHONPATH": None}, "external": True}
        try:
            session.run(*command, *arguments, **how)
        except CommandFailed:
            failed = cache / "v" / "cache" / "lastfailed"
            if not failed.exists() or not 0 < len(names := json.loads(failed.read_text())) <= FEW:
                raise
            session.warn(f"again, alone: {', '.join(names)}")
            session.run(*command, *arguments, "--last-failed", "--last-failed-no-failures=none", **how)


def chosen(session, everything):
    """The arguments of pytest: those given, with everything unless they name some."""
    return session.posargs if any(exists(word, ROOT) for word in session.posargs) else [*everything, *session.posargs]


def exists(word, root):
    """Is it a file or directory below `root`, or a test in one?"""
    return (root / word.partition("::")[0]).exists()


def nobody(home):
    """The command that runs another as the user nobody, as if they had come from outside and lived in `home`."""
    os.chmod(home, 0o755)
    known = pwd.getpwnam("nobody")
    become = ["setpriv", f"--reuid={known.pw_uid}", f"--regid={known.pw_gid}", "--clear-groups"]
    become += ["env", "--ignore-environment", f"HOME={home}", f"TMPDIR={home}", "USER=nobody", "LOGNAME=nobody"]
    return [*become, "LANG=C.UTF-8", "PATH=/usr/local/bin:/usr/bin:/bin"]


def runnable(session, before):
    """The newest version that is tested, and an interpreter of it which can be run by the command `before`."""
    for version in reversed(USABLE):
        for path in finding.candidates(version):
            if finding.answer(path, before)[:1] == [version]:
                return version, path
    return session.error("an ordinary user can run no interpreter that is tested; Debian's python3 is one")


def compare(session, interpreters, *arguments):
    """Run tests/cpython/run.py on an environment of each interpreter."""
    session.install("--quiet", *group("cpython"))
    options = []
    for version, path in interpreters.items():
        python = environment(session, path, f"cpython-{version}")
        install_wheel(session, path, python)
        options += ["--python", python]
    session.run("python", "tests/cpython/run.py", *options, *arguments)


def install_wheel(session, interpreter, python, *packages):
    """Install the wheel for an interpreter, made if need be, and other packages in the environment of `python`."""
    name = f"build-{Path(interpreter).name}"

    def build(source, directory):
        builder = environment(session, interpreter, name)
        pip(session, builder, "install", *BUILD)
        pip(session, builder, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(directory), str(source))

    with tempfile.TemporaryDirectory() as directory:
        wheel = sources.wheel(ROOT / ".nox" / f"{name}.wheel", build, directory)
        pip(session, python, "install", wheel, *packages)
        # Of the same version as before, but perhaps of other content.
        pip(session, python, "install", "--no-deps", "--force-reinstall", wheel)


def environment(session, interpreter, name):
    """The Python of an environment of that interpreter, kept between runs."""
    python = ROOT / ".nox" / name / "bin" / "python"
    # Another one may have been found since.
    kept = os.path.realpath(python) == os.path.realpath(interpreter)
    return str(python) if kept else create(session, interpreter, str(python.parents[1]), "--clear")


def create(session, interpreter, directory, *options):
    """Create an environment: its Python."""
    command = ["virtualenv", "--quiet", "--python", interpreter, *options, directory]
    session.run(sys.executable, "-m", *command, external=True)
    return f"{directory}/bin/python"


def pip(session, python, command, *arguments):
    # The newest of a package may have no binary for an interpreter that few have, and take another compiler.
    command = [command, "--quiet", "--prefer-binary"]
    session.run(python, "-m", "pip", *command, *arguments, external=True, silent=True)


def group(name):
    return nox.project.dependency_groups(PROJECT, name)
