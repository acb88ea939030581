"""The documentation site's settings. `nox -s docs` builds it from docs/ and the docstrings of the installed package."""

import os
import sys
from glob import glob
from pathlib import Path

import berkeley

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "berkeley"
author = "The berkeley authors"
copyright = "the berkeley authors"
version = release = berkeley.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinxcontrib.programoutput",
    "sphinx_copybutton",
    "word_lists",
    "links",
]
exclude_patterns = ["_build"]

# Headings are what links point at: `[text](page.md#heading)`, as in a repository's view of the pages.
myst_heading_anchors = 3

# `name` in a docstring is code; where it names something, links.py makes it a link.
default_role = "code"
add_module_names = False
toc_object_entries = False
# Without them, a signature shows nothing that the docstring does not say.
autodoc_typehints = "none"

# The names of Python's own documentation: those of Debian's package python3-doc, or from the site.
_inventories = (*sorted(glob("/usr/share/doc/python3.??/html/objects.inv"), reverse=True), None)
intersphinx_mapping = {"python": ("https://docs.python.org/3", _inventories)}

# The command of this environment, whose help is shown.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

html_theme = "furo"
html_title = f"berkeley {release}"
html_static_path = ["_static"]
html_css_files = ["berkeley.css"]
# What is copied is what is typed.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
