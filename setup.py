"""The extension: the one part of the build that pyproject.toml cannot describe."""

import sys
from glob import glob

from Cython.Build import cythonize
from setuptools import Extension, setup

SOURCE = "src/berkeley/_native.pyx"

native = Extension(
    "berkeley._native",
    sources=[SOURCE],
    # An edit of any of these rebuilds the extension, and a source distribution holds them all.
    depends=[SOURCE, *sorted(glob("src/berkeley/native/*"))],
    include_dirs=["src/berkeley/native"],
    # Types made from specs: on the heap, tracked by the garbage collector, one set for each module object.
    define_macros=[("CYTHON_USE_TYPE_SPECS", "1")],
)

# The generated C goes under build/, never beside the sources, and there is one for each interpreter: the Cythons in
# their environments differ in age, if in nothing else, and one would have the others compile anew. Optimisation and
# warnings are the interpreter's own flags (at least -O2 -Wall in every ordinary build); CFLAGS adds to them.
build_dir = f"build/cython-{sys.implementation.cache_tag}"
setup(ext_modules=cythonize([native], build_dir=build_dir, include_path=["src"]))
