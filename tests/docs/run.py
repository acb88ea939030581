"""Does what one page of the documentation says, block by block, as its reader would: `run.py PAGE`, in a directory.

    python      run, each block in the names that those before it have left: `print(...)  # text` prints that. Or, where
                the paragraph above says "Save ... as `name`", written to a file, which a command must run later
    pycon       the same, typed at a prompt, and answered as shown
    console     `$ command`, which prints what is shown, and succeeds; where the paragraph above says "leave it
                running", it runs until the end of the page, when Ctrl-C ends it
    sh          commands that succeed, whatever they print
    text, toml  shown only

In what is printed, `...` stands for any text. The comment `<!-- run elsewhere: where -->` before a block says where the
block is run, if not here; `<!-- needs: NAME -->` at the top of a page, what its kernel must have (NEEDS). The exit
status is 77 if this one has not; and the last line says DONE.
"""

import contextlib
import doctest
import io
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from queue import Empty, Queue

from markdown_it import MarkdownIt

from berkeley import constants, socket

LACKING = 77
DONE = "followed to its end"
SECONDS = 20  # for one command; the page as a whole has pytest's limit
BLOCK = 40  # for one block of Python
ROOT = Path(__file__).resolve().parents[2]
SHOWN_ONLY = {"text", "toml"}
DIRECTIVES = {"{toctree}", "{include}"}  # Sphinx's own
MATCH = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def vsock():
    with socket.socket(socket.AF_VSOCK) as sock:
        sock.bind((socket.VMADDR_CID_LOCAL, socket.VMADDR_PORT_ANY))


def bluetooth():
    with socket.socket(socket.AF_BLUETOOTH, socket.SOCK_RAW, socket.BTPROTO_HCI) as sock:
        sock.bind((1,))


NEEDS = {
    "CAN": lambda: socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW).close(),
    "two Bluetooth controllers": bluetooth,
    "VSOCK loopback": vsock,
    "AF_LLC": lambda: socket.socket(constants.AF_LLC, socket.SOCK_DGRAM).close(),
}


def main(page):
    text = Path(page).read_text()
    for name in re.findall(r"<!-- needs: (.*) -->", text):
        try:
            NEEDS[name]()
        except OSError as error:
            print(f"no {name}: {error.strerror}")
            sys.exit(LACKING)
    running = []
    signal.signal(signal.SIGALRM, late)
    try:
        follow(page, text, running)
        for process, command in running:
            if process.poll():
                raise PageError(f"$ {command}has ended with status {process.returncode}")
    finally:
        for process, _ in running:
            interrupt(process)
    print(DONE)


class PageError(Exception):
    """What the page says is not so."""


def late(_number, _frame):
    raise PageError(f"{BLOCK} seconds were not enough for the block")


def follow(page, text, running):
    program, saved = Program(page), set()
    for kind, content, line, before in blocks(page, text):
        print(f"{page}:{line}: {kind}", flush=True)
        if kind == "python" and (named := re.search(r"\b[Ss]ave\b[^`]*\sas\s+`([\w./]+)`", before)):
            Path(named[1]).write_text(content)
            saved.add(named[1])
        elif kind in ("python", "pycon"):
            signal.alarm(BLOCK)
            getattr(program, kind)(content, line)
            signal.alarm(0)
        elif kind == "console":
            for command, expected in commands(content):
                if "eave it running" in before:
                    running.append((leave(command, expected), command))
                else:
                    answer(command, expected)
                saved -= {name for name in saved if re.search(rf"(python|run) {re.escape(name)}\b", command)}
        elif kind == "sh":
            answer(content)
        elif kind not in SHOWN_ONLY | DIRECTIVES:
            raise PageError(f"nothing here runs {kind!r}")
    if saved:
        raise PageError(f"saved, and never run: {saved}")


def blocks(page, text):
    """Each block of code that is run here: its kind, content, line, and the paragraph above it."""
    before = heading = ""
    for token in MarkdownIt().enable("table").parse(text):
        if token.type == "fence" and (where := re.search("<!-- run elsewhere: (.*) -->", before)):
            look(where[1], page, heading, token.content)
        elif token.type == "fence":
            # Two lines for the reader's own count, from 1, and the fence.
            yield (token.info.split() or [None])[0], token.content, token.map[0] + 2, before
        elif token.type == "code_block":
            raise PageError(f"line {token.map[0] + 1}: a block that is indented only, and of no kind")
        if token.type in ("inline", "html_block", "fence", "heading_open"):
            heading = token.content if before == "#" else heading
            before = "#" if token.type == "heading_open" else token.content


def look(where, page, heading, content):
    """See that what is said to be run there is there."""
    if where == ".ci/run":
        wanted = [f'promised {Path(page).resolve().relative_to(ROOT)} "{heading}"']
    else:
        wanted = content.splitlines()
    there = (ROOT / where).read_text()
    if missing := [line for line in wanted if line not in there]:
        raise PageError(f"{where} has no {missing}")


class Program:
    """The Python of a page: one program."""

    def __init__(self, page):
        self.page, self.names = page, {"__name__": "__main__"}

    def python(self, content, line):
        # Lines are counted as on the page.
        code = compile("\n" * (line - 1) + content, self.page, "exec")
        shown = io.StringIO()
        try:
            with contextlib.redirect_stdout(shown):
                exec(code, self.names)
        except SystemExit as error:
            raise PageError(f"the program ends: {error}") from error
        finally:
            print(shown.getvalue(), end="")
        printed = iter(shown.getvalue().splitlines(keepends=True))
        for expected in re.findall(r"\bprint\(.*\)  # (.*\n)", content):
            if not any(matches(expected, each) for each in printed):
                raise PageError(f"has not printed:\n{expected}")

    def pycon(self, content, line):
        test = doctest.DocTestParser().get_doctest(content, self.names, self.page, self.page, line - 1)
        if not test.examples:
            raise PageError("nothing is typed")
        failures = io.StringIO()
        doctest.DocTestRunner(optionflags=MATCH).run(test, out=failures.write, clear_globs=False)
        if failures.getvalue():
            raise PageError(failures.getvalue())
        self.names.update(test.globs)


def commands(content):
    """(command, what it prints) of the block."""
    first, *parts = re.split(r"^\$ ", content, flags=re.MULTILINE)
    if first or not parts:
        raise PageError("there is no `$ ` in front of a command")
    for part in parts:
        lines = part.splitlines(keepends=True)
        count = next((index for index, line in enumerate(lines) if not line.rstrip().endswith("\\")), 0) + 1
        yield "".join(lines[:count]), "".join(lines[count:])


def answer(command, expected=None):
    done = subprocess.run(
        ["bash", "-ec", command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
    )
    if done.returncode or not (expected is None or matches(expected, done.stdout)):
        raise PageError(f"$ {command}{done.stdout}status {done.returncode}; expected:\n{expected}")


def leave(command, expected):
    """Starts the command, and goes on when it has printed what is expected: the process."""
    if not expected:
        raise PageError(f"$ {command}is ready when it prints what?")
    process = subprocess.Popen(
        ["bash", "-c", f"exec {command}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    lines, printed = Queue(), ""
    threading.Thread(target=lambda: [*map(lines.put, process.stdout)], daemon=True).start()
    with contextlib.suppress(Empty):
        while not matches(expected, printed):
            printed += lines.get(timeout=SECONDS)
        return process
    os.killpg(process.pid, signal.SIGKILL)
    raise PageError(f"$ {command}{printed}has not printed:\n{expected}")


def interrupt(process):
    """Ctrl-C in the terminal that it has for itself."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise


def matches(expected, printed):
    return doctest.OutputChecker().check_output(expected, printed, MATCH)


if __name__ == "__main__":
    main(sys.argv[1])
