"""The extension: the one part of the build that pyproject.toml cannot describe."""

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

# The generated C goes under build/, never beside the sources. Optimisation and warnings are the interpreter's own
# flags (at least -O2 -Wall in every ordinary build); CFLAGS adds to them.
setup(ext_modules=cythonize([native], build_dir="build", include_path=["src"]))
