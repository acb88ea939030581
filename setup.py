"""The extension: the one part of the build that pyproject.toml cannot describe."""

import sys

# From the oldest to the newest. (A newer one may have changed what src/berkeley/_install.py relies on.)
SUPPORTED = (3, 10), (3, 15)

# Before anything is compiled: what a compiler would say of the missing headers tells nobody the reason.
version = sys.version_info[:2]
known = SUPPORTED[0] <= version <= SUPPORTED[1]
if sys.platform != "linux" or sys.implementation.name != "cpython" or not known:
    here = f"{sys.implementation.name} {version[0]}.{version[1]} on {sys.platform}"
    oldest, newest = (f"{major}.{minor}" for major, minor in SUPPORTED)
    sys.exit(f"berkeley supports CPython {oldest} to {newest} on Linux only: it cannot be built for {here}")

from glob import glob
from os.path import exists, join

from setuptools import Extension, setup
from setuptools.command.sdist import sdist

SOURCE = "src/berkeley/_native.pyx"
# What Cython makes of it, the same for every interpreter. A source distribution has it, and is built with nothing but a
# C compiler; the repository has not. Whoever changes the sources of a source distribution deletes it.
TRANSLATED = "src/berkeley/_native.c"

native = Extension(
    "berkeley._native",
    sources=[SOURCE],
    # An edit of any of these rebuilds the extension, and a source distribution holds them all.
    depends=[SOURCE, *sorted(glob("src/berkeley/native/*"))],
    include_dirs=["src/berkeley/native"],
    # Threads and timers, which the C library itself has since glibc 2.34, and musl's always.
    libraries=["pthread", "rt"],
    define_macros=[
        # Types made from specs: on the heap, tracked by the garbage collector, one set for each module object.
        ("CYTHON_USE_TYPE_SPECS", "1"),
        # What is declared inline, is: the compiler's own measure leaves out the wait loop, which is to know the call.
        ("CYTHON_INLINE", "__inline__ __attribute__((always_inline, unused))"),
    ],
)


class SourceDistribution(sdist):
    """The files that MANIFEST.in names, and the translated source."""

    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, files)
        self.copy_file(native.sources[0], join(base_dir, TRANSLATED))


if exists(TRANSLATED):
    native.sources = [TRANSLATED]
else:
    from Cython.Build import cythonize

    # The generated C goes under build/, never beside the sources, and there is one for each interpreter: the Cythons in
    # their environments differ in age, if in nothing else, and one would have the others compile anew.
    [native] = cythonize([native], build_dir=f"build/cython-{sys.implementation.cache_tag}", include_path=["src"])

# Optimisation and warnings are the interpreter's own flags (at least -O2 -Wall in every ordinary build); CFLAGS adds to
# them.
setup(ext_modules=[native], cmdclass={"sdist": SourceDistribution})
