"""`berkeley run`: whatever the program and its command line, all is as under plain `python`, but for the module."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import berkeley

COMMAND = Path(sys.executable).with_name("berkeley")

# What a program can see of how it was started. PYTHONPATH is the one thing that berkeley changes.
STATE = """
import os, signal, sys
print("argv", sys.argv, "orig_argv", sys.orig_argv, "path", sys.path, "flags", sys.flags, sys._xoptions)
print("main", sorted(vars()), __name__, vars().get("__file__"), vars().get("__package__"), __debug__)
print("warnings", sys.warnoptions, "executable", sys.executable, "cwd", os.getcwd(), "parent", os.getppid())
print("environment", sorted(item for item in os.environ.items() if item[0] != "PYTHONPATH"))
print("signals", [(number, str(signal.getsignal(number))) for number in sorted(signal.valid_signals())])
print("descriptors", sorted(os.listdir("/proc/self/fd")), "encodings", sys.stdin.encoding, sys.stdout.errors)
print("sitecustomize", getattr(sys.modules.get("sitecustomize"), "__file__", None))
"""

# Prints whose module `import socket` gets.
WHOSE = "import socket, sys; print('berkeley' if 'berkeley' in socket.__file__ else 'standard', flush=True)"


@pytest.fixture
def both(python, tmp_path):
    """Runs one command line plainly and on berkeley, beside state.py and whose.py: exit code and all output agree."""
    (tmp_path / "state.py").write_text(STATE)
    (tmp_path / "whose.py").write_text(WHOSE)

    def run(*arguments, before=(), **options):
        plain, ours = (python(*before, *way, *arguments, **options) for way in ((), ("-m", "berkeley", "run")))
        assert (ours.returncode, ours.stdout, ours.stderr) == (plain.returncode, plain.stdout, plain.stderr)
        return ours

    return run


@pytest.mark.parametrize(
    "arguments",
    [
        ["state.py"],
        ["state.py", "--help", "-m", "x", "--no-children", "--", "-", "", "two words", "\udcff"],
        ["./state.py", "run"],
        ["-m", "state", "--version"],
        ["-mstate", "-c", "pass"],
        ["-c", STATE, "--help", "-I"],
        ["-c", "-1", "--no-children"],
        ["-OO", "-X", "dev", "-Werror", "-B", "state.py", "-W"],
        ["-W", "ignore", "--check-hash-based-pycs", "always", "-uqm", "state", "-S"],
        ["--", "state.py", "--"],
    ],
    ids=str,
)
def test_state(both, arguments):
    both(*arguments)


@pytest.mark.parametrize(
    "before", [["-O"], ["-X", "dev"], ["-Wdefault", "-Xutf8", "-bb"], ["-sB", "-W", "error"]], ids=str
)
def test_options_before_the_module_are_passed_on(both, before):
    both("state.py", "x", before=before)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="-P came with Python 3.11")
@pytest.mark.parametrize("program", [["state.py"], ["-m", "http.server", "--help"], ["-c", STATE]], ids=str)
def test_safe_path(both, program):
    both(*program, before=["-P"])
    both("-P", *program)


@pytest.mark.parametrize("locale", [{}, {"LANG": "C"}, {"LC_ALL": "C"}, {"LC_CTYPE": "C.UTF-8"}], ids=str)
def test_locale(both, locale):
    inherited = {name: value for name, value in os.environ.items() if name != "LANG" and not name.startswith("LC_")}
    both("state.py", env={**inherited, **locale})


@pytest.mark.parametrize("script", ["with space.py", "--odd.py", "naïve.py", "run", "command"])
def test_names(both, tmp_path, script):
    (tmp_path / script).write_text(STATE)
    both(f"./{script}")


def test_directory_and_archive(both, python, tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__main__.py").write_text(STATE)
    both("app", "x")
    python("-m", "zipapp", "app")
    both("app.pyz", "x")


def test_standard_input(both):
    both("-", "x", input=STATE)
    both(input=STATE)
    both("state.py", input="unread")


ENDINGS = {
    "import sys; sys.exit(3)": 3,
    "import sys; sys.exit('a reason')": 1,
    "import os; os._exit(7)": 7,
    "def inner(): 1 / 0\ninner()": 1,
    "raise KeyboardInterrupt": -signal.SIGINT,
    "this is no Python": 1,
    "import os; os.kill(os.getpid(), 15)": -signal.SIGTERM,
    "import os; os.kill(os.getpid(), 9)": -signal.SIGKILL,
    "import signal; signal.raise_signal(signal.SIGINT)": -signal.SIGINT,
    "import atexit; atexit.register(print, 'bye')": 0,
}


@pytest.mark.parametrize("program", ENDINGS)
def test_endings(both, tmp_path, program):
    (tmp_path / "program.py").write_text(program)
    assert both("program.py").returncode == ENDINGS[program]
    assert both("-c", program).returncode == ENDINGS[program]
    assert both("-m", "program").returncode == ENDINGS[program]


@pytest.mark.parametrize(
    ("arguments", "code"), [(["missing.py"], 2), (["-m", "missing"], 1), (["-c"], 2), (["--nonsense"], 2)], ids=str
)
def test_no_such_program(both, arguments, code):
    assert both(*arguments).returncode == code


def test_it_is_the_same_process(tmp_path):
    command = [COMMAND, "run", "-c", "import os; print(os.getpid())"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert int(process.stdout.read()) == process.pid


def test_interrupted_from_outside(tmp_path):
    # A read that begins after the signal came would not be interrupted; one of many sleeps is followed by the handler.
    forever = "while True: time.sleep(0.05)"
    program = f"import sys, time\ntry:\n print('ready', flush=True)\n {forever}\nexcept KeyboardInterrupt: sys.exit(5)"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([COMMAND, "run", "-c", program], cwd=tmp_path, **pipes) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 5


@pytest.mark.parametrize("way", [[COMMAND], [sys.executable, "-m", "berkeley"]], ids=["command", "module"])
@pytest.mark.parametrize("program", [["whose.py"], ["-m", "whose"], ["-c", WHOSE], ["-"]], ids=str)
def test_whose_module(tmp_path, way, program):
    (tmp_path / "whose.py").write_text(WHOSE)
    result = subprocess.run([*way, "run", *program], cwd=tmp_path, input=WHOSE, capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "berkeley\n", "")


CHILDREN = {
    "subprocess": "subprocess.run([sys.executable, 'whose.py'], check=True)",
    "a shell between": "subprocess.run(f'cd / && {sys.executable} {os.getcwd()}/whose.py', shell=True, check=True)",
    "os.exec": "os.execv(sys.executable, [sys.executable, 'whose.py'])",
    "spawn": "start('spawn')",
    "forkserver": "start('forkserver')",
    "a grandchild": "subprocess.run([sys.executable, '-c', 'import subprocess, sys; "
    "subprocess.run([sys.executable, \"whose.py\"])'])",
    "-I": "subprocess.run([sys.executable, '-I', 'whose.py'], check=True)",
    "an environment of its own": "subprocess.run([sys.executable, 'whose.py'], env={}, check=True)",
}
PARENT = """
import multiprocessing, os, subprocess, sys
import whose

def start(method):
    # The child imports this file, and with it `whose`, before it runs a target.
    process = multiprocessing.get_context(method).Process(target=print)
    process.start()
    process.join()

if __name__ == "__main__":
    {start}
"""


@pytest.mark.parametrize("way", CHILDREN)
def test_children(python, both, tmp_path, way):
    (tmp_path / "parent.py").write_text(PARENT.format(start=CHILDREN[way]))
    child = "standard" if way in ("-I", "an environment of its own") else "berkeley"
    result = python("-m", "berkeley", "run", "parent.py")
    assert (result.stdout.split(), result.stderr) == (["berkeley", child], "")
    result = python("-m", "berkeley", "run", "--no-children", "parent.py")
    assert (result.stdout.split(), result.stderr) == (["berkeley", "standard"], "")


def test_a_forked_child(python, both, tmp_path):
    (tmp_path / "parent.py").write_text("import os\nif not os.fork(): import whose\nelse: os.wait()")
    for options in ([], ["--no-children"]):
        assert python("-m", "berkeley", "run", *options, "parent.py").stdout == "berkeley\n"


SUBINTERPRETER = """
import whose
try: import _interpreters as interpreters
except ImportError: import _xxsubinterpreters as interpreters
code = '''
import berkeley, socket
ours = "berkeley" in socket.__name__
assert berkeley.is_installed() is ours
try: berkeley.install()
except ImportError as error: assert not ours and str(error)
import socket
left, right = socket.socketpair()
left.send(b"data")
assert right.recv(9) == b"data"
left.close()
right.close()
'''
for _ in range(2):
    number = interpreters.create()
    failed = interpreters.run_string(number, code)
    assert failed is None, failed
    interpreters.destroy(number)
import socket
socket.create_server(("127.0.0.1", 0)).close()
"""


@pytest.mark.parametrize("options", [[], ["--no-children"]], ids=str)
def test_a_subinterpreter(python, both, options):
    """It runs on berkeley, or on the standard module where the extension serves a single interpreter."""
    result = python("-m", "berkeley", "run", *options, "-W", "ignore", "-c", SUBINTERPRETER)
    assert (result.returncode, result.stdout, result.stderr) == (0, "berkeley\n", "")


@pytest.mark.parametrize("value", [None, "", "one", "one:two", ":one", "one:", ":"])
def test_pythonpath(python, value):
    """PYTHONPATH keeps what it had, as it was written, and is as it was under --no-children."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment.update({} if value is None else {"PYTHONPATH": value})
    program = "import json, os, sys; print(json.dumps([dict(os.environ), sys.path]))"
    plain, plain_path = json.loads(python("-c", program, env=environment).stdout)
    seen, path = json.loads(python("-m", "berkeley", "run", "-c", program, env=environment).stdout)
    startup = str(Path(berkeley.__file__).parent / "_command" / "startup")
    assert seen["PYTHONPATH"] == (f"{startup}:{value}" if value else startup)
    assert path == plain_path
    seen, path = json.loads(python("-m", "berkeley", "run", "--no-children", "-c", program, env=environment).stdout)
    # An empty one says the same as none, and comes back as none.
    assert seen == {name: value for name, value in plain.items() if (name, value) != ("PYTHONPATH", "")}
    assert path == plain_path


def test_run_within_run(python, both):
    run = [sys.executable, "-m", "berkeley", "run"]
    for inner, seen in ([], 1), (["--no-children"], 0):
        program = "import os, whose; print(os.environ.get('PYTHONPATH', '').count('/startup'))"
        outer = f"import subprocess; subprocess.run({[*run, *inner, '-c', program]}, check=True)"
        assert python("-m", "berkeley", "run", "-c", outer).stdout.split() == ["berkeley", str(seen)]


NEXT = {
    "runs": "print('next', __name__, __file__)",
    "fails": "1 / 0",
    "misses a module": "import missing_module",
}


@pytest.mark.parametrize("content", NEXT)
def test_the_next_sitecustomize(both, tmp_path, content):
    (tmp_path / "site").mkdir()
    # It runs in the interpreter that runs the command, too: not of interest here.
    program = f"import sys\nif 'berkeley' not in sys.orig_argv: {NEXT[content]}"
    (tmp_path / "site" / "sitecustomize.py").write_text(program)
    both("state.py", env={**os.environ, "PYTHONPATH": str(tmp_path / "site")})


def test_the_next_sitecustomize_is_on_berkeley(python, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(WHOSE)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    result = python("-m", "berkeley", "run", "-c", "import sitecustomize as s; print(s.__file__)", env=environment)
    assert result.stdout.split() == ["standard", "berkeley", str(tmp_path / "sitecustomize.py")]


def test_a_virtual_environment_without_berkeley(python, both, tmp_path):
    python("-m", "venv", "--without-pip", "environment")
    program = f"import subprocess; subprocess.run(['{tmp_path}/environment/bin/python', 'whose.py'], check=True)"
    assert python("-m", "berkeley", "run", "-c", program).stdout == "berkeley\n"


def test_where_the_extension_cannot_load(python, both, tmp_path):
    """As in a child of a Python version that berkeley was not built for: no word and no trace."""
    package = tmp_path / "elsewhere" / "berkeley"
    for source in Path(berkeley.__file__).parent.rglob("*.py"):
        target = package / source.relative_to(Path(berkeley.__file__).parent)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    program = WHOSE + "; print([name for name in sys.modules if 'berkeley' in name], sys.path)"
    plain = python("-c", program)
    result = python("-c", program, env={**os.environ, "PYTHONPATH": str(package / "_command" / "startup")})
    assert (result.returncode, result.stdout, result.stderr) == (plain.returncode, plain.stdout, plain.stderr)
    assert result.stdout.startswith("standard\n[]")


@pytest.mark.parametrize(
    "arguments",
    [
        ["-I", "-m", "berkeley", "run", "whose.py"],
        ["-BE", "-m", "berkeley", "run", "whose.py"],
        ["-m", "berkeley", "run", "-uI", "whose.py"],
        ["-m", "berkeley", "run", "-W", "error", "-E", "-m", "whose"],
        ["-m", "berkeley", "run", "--no-children", "-Sc", WHOSE],
    ],
    ids=str,
)
def test_refused_where_it_could_not_work(python, both, arguments):
    result = python(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert "Python ignores what would put berkeley in place" in result.stderr


def test_refused_on_an_unknown_interpreter(python, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.implementation.name = 'other'")
    result = python("-m", "berkeley", "run", "-c", "print()", env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: berkeley cannot stand for the socket module of other ")


def test_refused_in_a_directory_that_pythonpath_cannot_hold(python, tmp_path):
    (tmp_path / "a:b").mkdir()
    (tmp_path / "a:b" / "berkeley").symlink_to(Path(berkeley.__file__).parent)
    program = "import sys; sys.path.insert(0, 'a:b'); from berkeley.__main__ import main; main()"
    result = python("-c", program, "run", "-c", "print()")
    assert (result.returncode, result.stdout) == (1, "")
    assert "PYTHONPATH cannot hold a directory with ':' in its name" in result.stderr


def test_version_and_help(python):
    assert python("-m", "berkeley", "--version").stdout == f"berkeley {berkeley.__version__}\n"
    assert "berkeley run server.py" in python("-m", "berkeley", "--help").stdout
    assert "--no-children" in python("-m", "berkeley", "run", "--help").stdout
