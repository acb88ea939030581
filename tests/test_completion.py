"""The command line's help, and its completion by the shells that are installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# The command first, as it lies beside the interpreter that runs the tests.
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
COMMANDS = ["run", "doctor", "completion"]


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)], ids=str)
@pytest.mark.parametrize("columns", [80, 120])
def test_help(terminal, command, columns):
    code, shown = terminal(sys.executable, "-m", "berkeley", *command, "--help", columns=columns)
    assert code == 0
    assert max(map(len, shown.splitlines())) < columns
    for expected in SAID[" ".join(command)]:
        assert expected in shown


# Examples, and what there is to know for programs that use the command.
SAID = {
    "": ["berkeley run server.py", "berkeley doctor", "berkeley completion bash", "run         Run", "--version"],
    "run": ["berkeley run -m http.server 8000", "--no-children", "PYTHONPATH", "exit code"],
    "doctor": ["berkeley doctor --json | jq", "Exit status:", "0  all", "1  some", "2  the command line", "NO_COLOR"],
    "completion": ["~/.bashrc", "~/.zshrc", "config.fish"],
}


def test_commands_are_listed_by_importance(terminal):
    _, shown = terminal(sys.executable, "-m", "berkeley", "--help")
    assert [line.split()[0] for line in shown.partition("Commands:")[2].splitlines()[1:]] == COMMANDS


# --- completion


@pytest.fixture
def shell(tmp_path):
    """Runs a program of a shell, in a directory with FILES, with the command in reach; gives what it printed."""
    for name in FILES:
        (tmp_path / name).touch()

    def run(name, *arguments):
        path = shutil.which(name)
        if not path:
            pytest.skip(f"no {name}")
        environment = {**os.environ, "PATH": PATH, "HOME": str(tmp_path), "TERM": "xterm"}
        done = subprocess.run([path, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run


FILES = ["server.py", "setup.cfg"]

# What is typed, and the words that are offered; None where it may be a file.
TYPED = [
    (["do"], ["doctor"]),
    ([""], COMMANDS),
    (["doctor", "--"], ["--json", "--help"]),
    (["completion", ""], ["bash", "zsh", "fish"]),
    (
        ["run", "--"],
        ["--no-children", "--resolve-timeout", "--happy-eyeballs", "--keepalive", "--pin", "--help"],
    ),
    (["run", "s"], None),
    (["run", "--no-children", "s"], None),
    (["run", "server.py", "--"], None),
]

BASH = """
eval "$(berkeley completion bash)"
compopt() { echo files; }
COMP_WORDS=(berkeley "$@") COMP_CWORD=$# COMPREPLY=()
_berkeley_completion berkeley
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(("words", "offered"), TYPED, ids=str)
def test_bash(shell, words, offered):
    assert shell("bash", "--norc", "-c", BASH, "bash", *words).split() == (["files"] if offered is None else offered)


@pytest.mark.parametrize(
    ("command", "settings"),
    [
        (["bash", "--norc", "--noprofile", "-i"], 'eval "$(berkeley completion bash)"'),
        (["zsh", "-f", "-i"], 'autoload -Uz compinit; compinit -u -D; eval "$(berkeley completion zsh)"'),
    ],
    ids=["bash", "zsh"],
)
def test_typed_by_hand(terminal, tmp_path, command, settings):
    """The Tab key writes the rest of the word."""
    if not shutil.which(command[0]):
        pytest.skip(f"no {command[0]}")
    typed = f"{settings}\nberkeley do\t--js\t > found\nberkeley comp\tfi\t > script\nexit\n"
    code, shown = terminal(*command, typed=typed, PATH=PATH)
    assert code == 0, shown
    assert (tmp_path / "found").read_text().startswith('{\n  "works": ')
    assert "complete --no-files --command berkeley" in (tmp_path / "script").read_text()


FISH = 'berkeley completion fish | source; complete --do-complete "berkeley {words}"'


@pytest.mark.parametrize(("words", "offered"), TYPED, ids=str)
def test_fish(shell, words, offered):
    printed = shell("fish", "--no-config", "-c", FISH.format(words=" ".join(words)))
    found = [line.split("\t")[0] for line in printed.splitlines()]
    assert {*found} == {*([name for name in FILES if name.startswith(words[-1])] if offered is None else offered)}


def test_fish_shows_what_the_commands_do(shell):
    printed = shell("fish", "--no-config", "-c", FISH.format(words=""))
    assert "doctor\tTell what this machine and this Python can do." in printed.splitlines()
