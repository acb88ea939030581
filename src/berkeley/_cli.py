"""The command `berkeley`."""

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import click

from berkeley import __version__, _install

_STARTUP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_startup")


@click.group(context_settings={"max_content_width": 100})
@click.version_option(__version__, message="%(prog)s %(version)s", prog_name="berkeley")
def main() -> None:
    """A complete, independent socket module for Python.

    \b
    berkeley run server.py      run a program on it, unchanged
    berkeley run --help         the ways to name a program, and what its children get
    """


class _PythonCommand(click.Command):
    """A command whose own options end where a Python command line begins."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = {name for option in self.get_params(ctx) if isinstance(option, click.Option) for name in option.opts}
        count = next((index for index, word in enumerate(args) if word not in own), len(args))
        return super().parse_args(ctx, [*args[:count], "--", *args[count:]])


@main.command(cls=_PythonCommand)
@click.option("--no-children", is_flag=True, help="Keep berkeley to the program itself, out of its Python children.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="PROGRAM [ARGUMENTS]...")
def run(no_children: bool, command: tuple[str, ...]) -> None:
    """Run a Python program on berkeley's sockets, unchanged.

    What may follow `python` may follow `berkeley run`: a script, -m and a module, -c and code, - for standard input,
    nothing for the interactive interpreter; options of the interpreter may come first. All that comes after the
    program's name is the program's.

    \b
    berkeley run server.py --port 8000
    berkeley run -m http.server 8000
    berkeley run -X dev -c 'import socket; print(socket.gethostname())'
    python -O -m berkeley run server.py

    The interpreter takes the place of this process: exit code, signals and tracebacks are the program's own.

    Python processes that the program starts run on berkeley too, since they inherit PYTHONPATH. Those started with
    -I, -E or -S, with an environment of their own, or by a Python version that berkeley was not built for, keep to
    the standard socket module.
    """
    inherited = list(_options(sys.orig_argv[1:]))
    if deaf := [option for option in (*inherited, *_options(command)) if re.match("-[^-cmWX]*[EIS]", option)]:
        raise click.UsageError(f"{deaf[0]}: with -E, -I or -S Python ignores what would put berkeley in place.")
    if os.pathsep in _STARTUP:
        raise click.ClickException(f"PYTHONPATH cannot hold a directory with {os.pathsep!r} in its name: {_STARTUP}")
    try:
        _install.modules()
    except ImportError as error:
        raise click.ClickException(str(error)) from error
    os.execve(sys.executable, [sys.executable, *inherited, *command], _environment(os.environ, no_children))


def _options(command: Iterable[str]) -> Iterator[str]:
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


def _environment(environment: Mapping[str, str], no_children: bool) -> dict[str, str]:
    """The environment in which an interpreter starts on berkeley, and is otherwise as this one found it."""
    present = environment.get("PYTHONPATH")
    entries = [entry for entry in present.split(os.pathsep) if entry != _STARTUP] if present else []
    changed = {**environment, "PYTHONPATH": os.pathsep.join([_STARTUP, *entries])}
    if no_children:
        changed["BERKELEY_NO_CHILDREN"] = "1"
    # In the C locale Python sets LC_CTYPE for itself as it starts (PEP 538), and goes by the C locale in other
    # things (PEP 540). The next interpreter is to find that locale too.
    if sys.flags.utf8_mode and environment.get("LC_CTYPE") in ("C.UTF-8", "C.utf8", "UTF-8"):
        changed["LC_CTYPE"] = "C"
    return changed
