"""The package's parts import only downwards, and none imports the interpreter's own socket module."""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import berkeley

SOURCE = Path(__file__).parents[1] / "src" / "berkeley"

SOURCES = sorted(path for path in SOURCE.rglob("*.p*") if path.suffix in (".py", ".pyx", ".pxi", ".pxd"))

# From the top down: a module imports from its own layer and those below.
LAYERS = [
    ("command", r"berkeley\.(__main__|_command(\..*)?)"),
    ("package", r"berkeley"),
    ("install", r"berkeley\._install"),
    ("resolvers", r"berkeley\.resolvers"),
    ("names", r"berkeley\.(socket|constants)"),
    # Beside each other: the class has methods that are beyond it, and what is beyond makes sockets of the class.
    ("standard, beyond", r"berkeley\._(standard|beyond)(\..*)?"),
    ("native names", r"berkeley\.(_socket|_pickles)"),
    ("families", r"berkeley\.(families|names)(\..*)?"),
    ("native", r"berkeley\._native"),
]

# These look public names up as the program sees them when it calls: programs replace them.
NAMESPACE = "import berkeley.socket as namespace"
LOOKS_UP = {
    "berkeley._pickles",
    *(f"berkeley._standard.{name}" for name in ("connecting", "descriptors", "resolving")),
    *(
        f"berkeley._beyond.{name}"
        for name in ("activation", "attempts", "connect", "ports", "resolvers", "resolving", "settings", "unix")
    ),
}

# Too heavy for `import socket`, or importing the standard socket module themselves.
HEAVY = {
    "argparse", "array", "asyncio", "collections", "contextlib", "dataclasses", "email", "exceptiongroup", "functools",
    "importlib.metadata", "inspect", "logging", "re", "select", "selectors", "signal", "socketserver", "ssl",
    "subprocess", "tempfile", "threading", "traceback", "typing",
}  # fmt: skip


def modules():
    """Every module of the package, by its name."""
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


MODULES = dict(modules())


def layer(module):
    return next(depth for depth, (_, pattern) in enumerate(LAYERS) if re.fullmatch(pattern, module))


def imports(module, *, deferred=True):
    """What a module imports, as absolute names: also inside its functions, if deferred."""
    tree = ast.parse(MODULES[module].read_text())
    for node in ast.walk(tree) if deferred else tree.body:
        if isinstance(node, ast.Import) and not is_look_up(module, node):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module if MODULES[module].stem == "__init__" else module.rpartition(".")[0]
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*above, *filter(None, [node.module])])
            submodules = {f"{source}.{alias.name}" for alias in node.names} & {*MODULES, "berkeley._native"}
            yield from submodules or [source]


def is_look_up(module, node):
    return ast.unparse(node) == NAMESPACE and module in LOOKS_UP


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down(module):
    for imported in imports(module):
        if imported.partition(".")[0] == "berkeley":
            assert layer(imported) >= layer(module), f"{module} imports {imported}"


def test_no_circle():
    TopologicalSorter({module: set(imports(module, deferred=False)) for module in MODULES}).prepare()


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith("berkeley._standard")])
def test_nothing_is_done_by_being_imported(module):
    """An import may wait until its name is used (PEP 810): what is to be done, berkeley.socket calls by its name."""
    statements = ast.parse(MODULES[module].read_text()).body
    calls = [node for node in statements if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)]
    assert not calls + [node for node in statements if isinstance(node, (ast.For, ast.While, ast.With))]


@pytest.mark.parametrize("module", MODULES)
def test_no_standard_socket(module):
    assert not {"socket", "_socket"} & set(imports(module))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_standard_socket_by_other_ways(path):
    """By name, in a call or in Cython, where no `import` statement tells."""
    by_name = re.compile(r"""(import_module|__import__|PyImport_\w+|PyCapsule_Import)\W*\(\W*['"]_?socket\b""")
    by_cython = re.compile(r"^\s*(c?import|from)\s+_?socket\b", re.MULTILINE)
    text = path.read_text()
    assert not by_name.search(text)
    assert not by_cython.search(text)


def run_alone(python, program):
    """The output of a program for which Python has loaded as little as it can."""
    preamble = f"import sys; sys.path.append({str(Path(berkeley.__file__).parents[1])!r})\n"
    result = python("-I", "-S", "-c", preamble + program)
    assert (result.returncode, result.stderr) == (0, "")
    return set(result.stdout.split())


def test_the_package_alone_loads_nothing(python):
    program = "before = {*sys.modules}; import berkeley; print(*{*sys.modules} - before)"
    loaded = {name for name in run_alone(python, program) if name.startswith("berkeley")}
    assert loaded == {"berkeley"}


def test_the_socket_module_loads_little(python):
    loaded = run_alone(python, "from berkeley import socket; print(*sys.modules)")
    assert "berkeley.socket" in loaded
    assert not {"socket", "_socket"} & loaded
    # What `enum` itself needs is there in any case, and differs between versions.
    needed = run_alone(python, "import enum, io, os, struct; print(*sys.modules)")
    assert not HEAVY & (loaded - needed)
    assert not {name for name in loaded if name.startswith("berkeley.families.")}


def test_public_names(python):
    program = """
import berkeley
for name in "constants", "socket":
    assert name in dir(berkeley) and name not in vars(berkeley)
    assert getattr(berkeley, name).AF_INET == 2
    assert name in vars(berkeley)
for name in [*berkeley.__all__, "resolvers"]:
    assert name in dir(berkeley)
    getattr(berkeley, name)
    assert name in vars(berkeley)
try:
    berkeley.no_such_name
except AttributeError as error:
    print(error)
"""
    assert "'no_such_name'" in run_alone(python, program)


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith("berkeley._beyond.")])
def test_what_is_beyond_can_be_the_first_import(python, module):
    run_alone(python, f"import {module}")


# Each a program that knows nothing else of the package.
FIRST_USES = {
    "configure": "berkeley.configure(resolve_timeout=2, happy_eyeballs=True, keepalive=(60, 10, 3))",
    "connect": "berkeley.connect(('127.0.0.1', 1), timeout=5)",
    "connect_unix": "berkeley.connect_unix('/nonexistent/path')",
    "deadline": "berkeley.deadline(5).__enter__()",
    "getaddrinfo": "berkeley.getaddrinfo('127.0.0.1', 1)",
    "getaddrinfo_as_completed": "[*berkeley.getaddrinfo_as_completed(['127.0.0.1'], 1)]",
    "getfqdn": "berkeley.getfqdn('127.0.0.1', timeout=5)",
    "gethostbyaddr": "berkeley.gethostbyaddr('127.0.0.1', timeout=5)",
    "gethostbyname": "berkeley.gethostbyname('127.0.0.1')",
    "gethostbyname_ex": "berkeley.gethostbyname_ex('127.0.0.1')",
    "getnameinfo": "berkeley.getnameinfo(('127.0.0.1', 1), 3)",
    "listen_fds": "berkeley.listen_fds()",
    "listen_unix": "berkeley.listen_unix('/nonexistent/path')",
    "reserve_port": "berkeley.reserve_port().__enter__()",
    "resolver": "berkeley.resolver(print)",
    "resolvers": "berkeley.resolvers.pin({'host.invalid': '127.0.0.1'})",
    "set_lookup_limit": "berkeley.set_lookup_limit(64)",
    "set_resolver": "berkeley.set_resolver(print)",
    "wait_for_port": "berkeley.wait_for_port('127.0.0.1', 1, 0.01)",
}


@pytest.mark.parametrize("name", sorted({*berkeley.__all__, "constants", "resolvers", "socket"} - {"__version__"}))
def test_each_public_name_can_be_the_first_use(python, name):
    use = FIRST_USES.get(name, f"berkeley.{name}")
    run_alone(python, f"import berkeley\ntry: {use}\nexcept OSError: pass")
