"""The table of what was tried: on the terminal, and in the page."""

import platform
import re
import sys
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from berkeley import __version__

HEADINGS = ["package", "berkeley", "standard", "what was run"]
WORDS = {"passed": "yes", "failed": "NO", "skipped": "not run"}
PLACE = re.compile("(<!-- table.*?-->\n).*?(?=<!-- end)", re.DOTALL)


@dataclass
class Row:
    packages: str
    what: str
    server: str  # or the kernel
    berkeley: str
    standard: str

    @property
    def ran(self):
        return not self.berkeley.startswith(WORDS["skipped"])

    @property
    def bad(self):
        """It failed, or did not run where it passes on the standard module."""
        return self.berkeley == WORDS["failed"] or self.standard == WORDS["passed"] != self.berkeley

    @property
    def cells(self):
        return [self.packages, self.berkeley, self.standard, self.what + (f" ({self.server})" if self.server else "")]


def rows(sides):
    """A Row for each test that either side has, in the order in which they ran."""
    berkeley, standard = sides["berkeley"], sides["standard"]
    return [
        Row(", ".join(row["packages"]), row["what"], row["server"], said(berkeley.get(name)), said(standard.get(name)))
        for name, row in (standard | berkeley).items()
    ]


def said(row):
    """The words for what came of a test, which one side may not have."""
    if row is None:
        return WORDS["skipped"]
    return f"{WORDS[row['outcome']]}: {row['reason']}" if row["reason"] else WORDS[row["outcome"]]


def show(rows):
    """Print it."""
    drawn = Table(*HEADINGS, title=setting(), title_justify="left")
    for row in once(rows):
        drawn.add_row(*row)
    # In a file, where nothing says how wide it is, as many columns as it takes.
    Console(width=None if sys.stdout.isatty() else 200).print(drawn)


def write(path, rows):
    """Put it in its place in a page."""
    lines = [HEADINGS, ["---"] * len(HEADINGS), *once(rows)]
    text = f"\n{setting()}.\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"
    page, count = PLACE.subn(lambda match: match[1] + text, path.read_text())
    if count != 1:
        raise ValueError(f"{path} has no place for a table")
    path.write_text(page)


def setting():
    """Where it was run."""
    kernel = re.match(r"\d+\.\d+", platform.release())[0]
    return f"berkeley {__version__} on CPython {platform.python_version()}, Linux {kernel}"


def once(rows):
    """The cells of each row; packages are named where they change."""
    before = None
    for row in rows:
        packages, *rest = row.cells
        yield ["" if packages == before else packages, *rest]
        before = packages
