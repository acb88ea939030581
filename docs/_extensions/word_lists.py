"""The directive `word-lists`: every constant, a section and a table for each of the package's lists.

And the check that the reference is complete: a public name that no page documents is a warning.
"""

import ast
import importlib.util
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective
from sphinx.util.logging import getLogger
from sphinx.util.nodes import make_id

import berkeley
from berkeley import constants, socket

# tools/ is no package: it is read from where it lies.
_TOOL = importlib.util.spec_from_file_location("tool", Path(__file__).parents[2] / "tools" / "constants.py")
tool = importlib.util.module_from_spec(_TOOL)
_TOOL.loader.exec_module(tool)

WIDTHS = (60, 40)


class WordLists(SphinxDirective):
    def run(self):
        lists = (words for words in tool.read_lists() if words.system == tool.LINUX and words.values)
        return [self.section(words) for words in lists]

    def section(self, words):
        about = ast.get_docstring(ast.parse(words.path.read_text())).partition("\n\n")[0]
        title, _, rest = " ".join(about.split()).partition(": ")
        section = nodes.section(ids=[make_id(self.env, self.state.document, "", words.path.stem)], names=[title])
        section += nodes.title(title, "", *literals(title))
        section += nodes.paragraph(rest, rest[:1].upper() + rest[1:])
        section += self.table(words)
        return section

    def table(self, words):
        group = nodes.tgroup(cols=len(WIDTHS))
        group += [nodes.colspec(colwidth=width) for width in WIDTHS]
        group += nodes.thead("", row(nodes.Text("name"), nodes.Text("value here")))
        group += nodes.tbody("", *(self.constant(name, name in words.beyond) for name in words.values))
        return nodes.table("", group, classes=["constants"])

    def constant(self, name, beyond):
        """A row, to which the name leads wherever it is written."""
        place = nodes.target("", "", ids=[make_id(self.env, self.state.document, "", name)])
        domain = self.env.domains["py"]
        for module in [constants] if beyond else [constants, socket]:
            domain.note_object(f"{module.__name__}.{name}", "data", place["ids"][0], location=place)
        module = nodes.inline("", " *" if beyond else "")
        return row(nodes.inline("", "", place, nodes.literal(name, name), module), nodes.Text(shown(name)))


def row(*cells):
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))


def shown(name):
    value = getattr(constants, name)
    return hex(value) if isinstance(value, int) and abs(value) > 0xFFFF else repr(value)


def literals(title):
    """The words of a title, those with capitals only as code."""
    for index, word in enumerate(title.split(" ")):
        if index:
            yield nodes.Text(" ")
        bare = word.rstrip(",")
        if bare.isupper() and ("_" in bare or "*" in bare):
            yield nodes.literal(bare, bare)
            yield nodes.Text(word[len(bare) :])
        else:
            yield nodes.Text(word)


def public_names():
    yield from (f"berkeley.{name}" for name in berkeley.__all__ if name != "__version__")
    yield from (f"berkeley.socket.{name}" for name in socket.__all__)
    yield from (f"berkeley.socket.socket.{name}" for name in dir(socket.socket) if not name.startswith("_"))
    yield from (f"berkeley.constants.{name}" for name in constants.__all__)


def check(app, env):
    documented = env.domains["py"].objects
    if missing := sorted(set(public_names()) - set(documented)):
        getLogger(__name__).warning("the reference lacks %s", ", ".join(missing))


def setup(app):
    app.add_directive("word-lists", WordLists)
    app.connect("env-check-consistency", check)
    return {"parallel_read_safe": True}
