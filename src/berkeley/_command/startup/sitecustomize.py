"""Runs as a program under `berkeley run` starts: puts berkeley in place, then steps aside.

PYTHONPATH brings this directory to the program and to its Python children, of whatever version and environment. So
this file is written for all of them, and where berkeley cannot be loaded it leaves no trace and says nothing. Only of
sub-interpreters, which run it too, the program is told.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def start():
    sys.path[:] = [entry for entry in sys.path if entry != HERE]
    sys.path_importer_cache.pop(HERE, None)
    if os.environ.pop("BERKELEY_NO_CHILDREN", None):
        leave_environment()
    if sys.version_info >= (3, 10):
        install()


def leave_environment():
    """Take this directory out of PYTHONPATH again, for --no-children."""
    rest = [entry for entry in os.environ.pop("PYTHONPATH").split(os.pathsep) if entry != HERE]
    if rest:
        os.environ["PYTHONPATH"] = os.pathsep.join(rest)


def install():
    """Install the berkeley that this file belongs to, wherever it lies: a virtual environment may not have one."""
    sys.path.insert(0, os.path.abspath(os.path.join(HERE, os.pardir, os.pardir, os.pardir)))
    try:
        import berkeley
    finally:
        del sys.path[0]
    try:
        berkeley.install()
        configure(berkeley)
    except ImportError as error:
        # Built for another version. The name stays free for a berkeley that this environment may have itself.
        for name in [name for name in sys.modules if name.partition(".")[0] == "berkeley"]:
            del sys.modules[name]
        # Or for the main interpreter alone: said by the first sub-interpreter of the process.
        if getattr(error, "first_in_process", False):
            tell(str(error))


def tell(text):
    """As a warning; where that is an error, it would keep the next sitecustomize from being run."""
    import warnings

    try:
        warnings.warn(text, RuntimeWarning, stacklevel=1)
    except RuntimeWarning:
        sys.stderr.write("RuntimeWarning: {}\n".format(text))


def configure(berkeley):
    """As the options of `berkeley run` say, which are there as variables; where one of them is none, none counts."""
    if any(name.startswith("BERKELEY_") for name in os.environ):
        from berkeley._beyond import settings

        try:
            berkeley.configure(**settings.read(os.environ))
        except ValueError as error:
            sys.stderr.write("berkeley: {}\n".format(error))


start()

# The next sitecustomize in line, as if this one had not been there. It takes its place in sys.modules; if there is
# none, the ImportError tells `site` just that. By a call, since an import statement may wait for the name's first use
# (PEP 810).
this = sys.modules.pop("sitecustomize")
__import__("sitecustomize")
