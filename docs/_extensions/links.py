"""Makes links of what the pages and docstrings name: man pages, RFCs, PEPs, and anything of ours or of Python's.

So the text stays what a terminal or a repository shows well: `create_connection()`, recvmsg(2), RFC 3542, TimeoutError.
"""

import re
import sys

from docutils import nodes
from sphinx.addnodes import desc_signature, pending_xref
from sphinx.transforms import SphinxTransform

from berkeley import constants, socket

# Text in these is a link already, or is shown as it is.
LEFT_ALONE = (nodes.title, nodes.reference, nodes.literal, nodes.FixedTextElement, pending_xref, desc_signature)

# In plain text, where a docstring has no quotes for it.
NAMED = re.compile(
    r"\b(?P<page>[a-z_][a-z0-9_.]*)\((?P<section>[1-8])\)"
    r"|\bRFC (?P<rfc>\d+)"
    r"|\bPEP (?P<pep>\d+)"
    r"|(?P<code>\b[A-Z][A-Z0-9]*(_[A-Z0-9]+)+\b(?!_)|\b[A-Z]\w+(Error|Warning)\b|\b[a-z_][a-z0-9_.]*\(\))"
)
# In quotes: a name, dotted or not, perhaps with the parentheses of a call.
NAME = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_.]*)(?P<called>\(\))?")
# Names of functions and modules, and of arguments and attributes: without parentheses, it is these that are meant.
ARGUMENTS = {"close", "dup", "errno", "error", "socket", "timeout"}


class Links(SphinxTransform):
    # Before the references are resolved.
    default_priority = 5

    def apply(self):
        for text in filter(plain, [*self.document.findall(nodes.Text)]):
            parts = [*linked(str(text))]
            if len(parts) > 1:
                text.parent.replace(text, parts)
        for literal in filter(plain, [*self.document.findall(nodes.literal)]):
            match = NAME.fullmatch(literal.astext())
            if match and says_what(**match.groupdict()):
                link = reference(match["name"])
                literal.replace_self(link)
                link += literal


def plain(node):
    while node := node.parent:
        if isinstance(node, LEFT_ALONE):
            return False
    return True


def linked(text):
    """The text in parts, of which those that name something are links."""
    end = 0
    for match in NAMED.finditer(text):
        yield nodes.Text(text[end : match.start()])
        yield from link(match)
        end = match.end()
    yield nodes.Text(text[end:])


def link(match):
    text, found = match[0], match.groupdict()
    if found["code"]:
        # A literal, which becomes a link as any other.
        return [nodes.literal(text, text)]
    if found["rfc"]:
        address = f"https://www.rfc-editor.org/rfc/rfc{found['rfc']}"
    elif found["pep"]:
        address = f"https://peps.python.org/pep-{int(found['pep']):04}/"
    else:
        page, section = found["page"], found["section"]
        address = f"https://man7.org/linux/man-pages/man{section}/{page}.{section}.html"
    return [nodes.reference(text, text, internal=False, refuri=address)]


def says_what(name, called):
    """Whether a name in quotes can be meant only as a name: `type` may be an argument."""
    if called or "." in name or re.search("[A-Z_]", name):
        return True
    return name not in ARGUMENTS and (name in socket.__all__ or name in sys.stdlib_module_names)


def reference(name):
    """A link to a Python object, which is none if there is no such object."""
    target = name
    if name.startswith(("socket.", "constants.")):
        target = f"berkeley.{name}"  # as a program calls our modules, and the pages do
    elif hasattr(constants, name) and not hasattr(socket, name):
        target = f"berkeley.constants.{name}"
    context = {"py:module": "berkeley.socket", "py:class": "socket"}
    return pending_xref("", refdomain="py", reftype="obj", reftarget=target, refwarn=False, **context)


def setup(app):
    app.add_transform(Links)
    return {"parallel_read_safe": True}
