"""The command `berkeley`."""

import os
import re
import sys

import click
from click.shell_completion import CompletionItem, get_completion_class

from berkeley import __version__, _install

from .run import SETTINGS, STARTUP, environment, options


class _Command(click.Command):
    """A command of which shells show the whole first line of its help beside its name."""

    def get_short_help_str(self, limit: int = 80) -> str:
        return super().get_short_help_str(limit)


class _Commands(click.Group):
    """Commands that are listed in the order of their importance, which is that of this file."""

    command_class = _Command

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=_Commands, context_settings={"max_content_width": 100})
@click.version_option(__version__, message="%(prog)s %(version)s", prog_name="berkeley")
def main() -> None:
    """A complete, independent socket module for Python.

    \b
    berkeley run server.py               run a program on it, unchanged
    berkeley doctor                      what this machine and this Python can do
    eval "$(berkeley completion bash)"   have the Tab key complete this command

    In Python: `from berkeley import socket`, in place of `import socket`.
    """


class _PythonCommand(_Command):
    """A command whose own options end where a Python command line begins."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options = [option for option in self.get_params(ctx) if isinstance(option, click.Option)]
        own = {name: option for option in options for name in option.opts}
        count = 0
        while count < len(args) and (option := own.get(args[count].partition("=")[0])):
            count += 1 if option.is_flag or "=" in args[count] else 2
        if count > len(args):  # the last one has no value
            return super().parse_args(ctx, args)
        return super().parse_args(ctx, [*args[:count], "--", *args[count:]])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        return _files(ctx, None, incomplete) if ctx.params.get("command") else super().shell_complete(ctx, incomplete)


def _files(ctx: click.Context, parameter: click.Parameter | None, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(incomplete, type="file")]


@main.command(cls=_PythonCommand)
@click.option("--no-children", is_flag=True, help="Keep berkeley to the program itself, out of its Python children.")
@click.option("--resolve-timeout", metavar="SECONDS", help="Give up a look-up of a name after that time.")
@click.option("--happy-eyeballs", is_flag=True, help="Try a host's addresses side by side (RFC 8305).")
@click.option("--keepalive", metavar="IDLE,INTERVAL,COUNT", help="Have TCP ask for silent peers, as tcp(7) says.")
@click.option("--pin", multiple=True, metavar="HOST=ADDRESS", help="Have a host at that address; may be repeated.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="PROGRAM [ARGUMENTS]...", shell_complete=_files)
def run(
    no_children: bool,
    resolve_timeout: str | None,
    happy_eyeballs: bool,
    keepalive: str | None,
    pin: tuple[str, ...],
    command: tuple[str, ...],
) -> None:
    """Run a Python program on berkeley's sockets, unchanged.

    What may follow `python` may follow `berkeley run`: a script, -m and a module, -c and code, - for standard input,
    nothing for the interactive interpreter; options of the interpreter may come first, but for -E, -I and -S, which
    would keep berkeley out. All that comes after the program's name is the program's.

    \b
    berkeley run server.py --port 8000
    berkeley run -m http.server 8000
    berkeley run -X dev -c 'import socket; print(socket.gethostname())'
    berkeley run --resolve-timeout 2 --pin api.example.org=127.0.0.1 app.py
    python -O -m berkeley run server.py

    The interpreter takes the place of this process: exit code, signals and tracebacks are the program's own.

    Python processes that the program starts run on berkeley too, since they inherit PYTHONPATH. Those started with
    -I, -E or -S, with an environment of their own, or by a Python version that berkeley was not built for, keep to
    the standard socket module.

    \b
    Environment, where the option is not given:
      BERKELEY_RESOLVE_TIMEOUT=SECONDS
      BERKELEY_HAPPY_EYEBALLS=SECONDS  between two attempts: the option's is 0.25
      BERKELEY_KEEPALIVE=IDLE,INTERVAL,COUNT
      BERKELEY_PIN=HOST=ADDRESS[,ADDRESS]...[;HOST=...]
    """
    inherited = list(options(sys.orig_argv[1:]))
    if deaf := [option for option in (*inherited, *options(command)) if re.match("-[^-cmWX]*[EIS]", option)]:
        raise click.UsageError(f"{deaf[0]}: with -E, -I or -S Python ignores what would put berkeley in place.")
    if os.pathsep in (directory := STARTUP):
        raise click.ClickException(f"PYTHONPATH cannot hold a directory with {os.pathsep!r} in its name: {directory}")
    try:
        _install.modules()
    except ImportError as error:
        raise click.ClickException(str(error)) from error
    given = {
        "BERKELEY_RESOLVE_TIMEOUT": resolve_timeout,
        "BERKELEY_HAPPY_EYEBALLS": "0.25" if happy_eyeballs else None,
        "BERKELEY_KEEPALIVE": keepalive,
        "BERKELEY_PIN": ";".join(pin),
    }
    settings = {name: text for name, text in given.items() if text}
    _check_settings({**os.environ, **settings})
    changed = environment(os.environ, no_children, settings)
    os.execve(sys.executable, [sys.executable, *inherited, *command], changed)


def _check_settings(environment: dict[str, str]) -> None:
    if not any(name in environment for name in SETTINGS):
        return
    from berkeley._beyond import settings

    try:
        settings.read(environment)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON: all that was found, the long lists too.")
def doctor(as_json: bool) -> None:
    """Tell what this machine and this Python can do.

    It probes the running kernel and this interpreter, and prints versions; whether loopback, Unix sockets,
    `berkeley run` and ssl work; address families, protocols and socket options; offloads, limits and the resolver's
    settings; and what Python's own socket module lacks. Of what is probed it says one of

    \b
    yes             it works
    not permitted   it is there, and takes a privilege that is lacking
    no              the kernel, or this Python, does not have it
    failed          it should work, and does not

    Sockets are opened and closed, options are set on sockets made for that, data goes over loopback only, and no name
    server is asked. As for any program that opens a socket, the kernel may load a module for it.

    \b
    berkeley doctor | less
    berkeley doctor --json | jq -r .families.AF_VSOCK.status

    \b
    Exit status:
      0  all that berkeley needs works
      1  some of it does not: the last line names it, in JSON "problems"
      2  the command line is wrong

    \b
    Environment:
      NO_COLOR  no colours, if it is not empty; a pipe or a file gets none anyway
    """
    # With what they import, only for those who ask: `berkeley run` is to start at once.
    from . import doctor as probes

    report = probes.examine()
    if as_json:
        import json

        click.echo(json.dumps(probes.as_json(report), indent=2))
    else:
        from .doctor.report import text

        click.echo(text(report), color=True)
    if probes.problems(report):
        raise SystemExit(1)


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes a shell complete this command.

    Where it reads its settings, have it run

    \b
    bash   eval "$(berkeley completion bash)"     in ~/.bashrc
    zsh    eval "$(berkeley completion zsh)"      in ~/.zshrc, after compinit
    fish   berkeley completion fish | source      in ~/.config/fish/config.fish
    """
    language = get_completion_class(shell)
    assert language
    click.echo(language(main, {}, "berkeley", "_BERKELEY_COMPLETE").source())
