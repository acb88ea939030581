"""Hold every public name of the standard module's stubs (typeshed's, as mypy has them) against ours.

For Linux, on the oldest and the newest Python that these stubs know: each name must be here too, with a type that says
at least as much. What does not hold is printed, and the exit status tells of it.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from mypy.build import BuildSource, build
from mypy.nodes import MypyFile, SymbolNode, SymbolTableNode, TypeAlias, TypeInfo
from mypy.options import Options
from mypy.subtypes import find_member, is_proper_subtype, is_subtype
from mypy.type_visitor import TypeTranslator
from mypy.types import Instance, LiteralType, Type, TypeAliasType, get_proper_type
from mypy.typevars import fill_typevars

SOURCE = Path(__file__).parents[2] / "src"
MODULES = {"socket": "berkeley.socket", "_socket": "berkeley._socket"}
VERSIONS = [(3, 10), (3, 15)]

# What may differ.
ALLOWED = {
    # CPython's build looks for their headers (<netax25/ax25.h> and its kin) and no longer includes them.
    "SOL_ATALK", "SOL_AX25", "SOL_IPX", "SOL_NETROM", "SOL_ROSE", "IPX_TYPE",
    # (int, bytes), which is an AF_INET6 address where CPython was built without IPv6, is refused by CPython too.
    "getnameinfo",
    # CPython leaves `flags` and `address` aside, so that they may be anything. Ours go to sendmsg().
    "send_fds",
}  # fmt: skip


def main() -> int:
    failures = [line for version in VERSIONS for line in compared(version)]
    print("".join(f"{line}\n" for line in failures), end="")
    return int(bool(failures))


def compared(version: tuple[int, int]) -> Iterator[str]:
    """What does not hold on a version of Python."""
    options = Options()
    options.python_version = version
    options.platform = "linux"
    options.mypy_path = [str(SOURCE)]
    options.cache_dir = os.devnull
    files = build([BuildSource(None, module) for module in ("typing", *MODULES, *MODULES.values())], options).files
    comparison = Comparison(files)
    for standard, module in MODULES.items():
        for name, theirs in public(files[standard]):
            if name not in ALLOWED:
                wrong = comparison.of(theirs, files[module].names.get(name))
                yield from (f"Python {version[0]}.{version[1]}, {module}.{name}{line}" for line in wrong)


def public(module: MypyFile) -> Iterator[tuple[str, SymbolNode]]:
    """The module's names without an underscore: those for `import *`, and what is defined there."""
    for name, symbol in module.names.items():
        node = symbol.node
        if name.startswith("_") or node is None or isinstance(node, MypyFile):
            continue
        if symbol.module_public or node.fullname == f"{module.fullname}.{name}":
            yield name, node


class Comparison(TypeTranslator):
    """Compares types once it has put our classes in the places of those of the same names in the standard module."""

    def __init__(self, files: dict[str, MypyFile]) -> None:
        super().__init__()
        # A list that is given is only read.
        classes: dict[str, SymbolNode | None] = {"builtins.list": files["typing"].names["Sequence"].node}
        for standard, module in MODULES.items():
            for name, theirs in public(files[standard]):
                ours = files[module].names.get(name)
                if theirs.fullname == f"{standard}.{name}" and ours:
                    classes[theirs.fullname] = ours.node
        self.places = {name: node for name, node in classes.items() if isinstance(node, TypeInfo)}

    def of(self, theirs: SymbolNode, symbol: SymbolTableNode | None) -> Iterator[str]:
        """What is wrong with our name, in words that follow it."""
        ours = symbol.node if symbol else None
        if isinstance(ours, TypeAlias) and isinstance(target := get_proper_type(ours.target), Instance):
            ours = target.type
        if isinstance(theirs, TypeAlias) and isinstance(target := get_proper_type(theirs.target), Instance):
            theirs = target.type
        if ours is None:
            yield " is missing"
        elif isinstance(theirs, TypeInfo) and isinstance(ours, TypeInfo):
            yield from self.of_classes(theirs, ours)
        else:
            yield from self.of_types(self.type(theirs), self.type(ours))

    def of_classes(self, theirs: TypeInfo, ours: TypeInfo) -> Iterator[str]:
        for base in theirs.mro[1:]:
            if not ours.has_base(base.fullname) and not base.fullname.startswith("_socket."):
                yield f" is no {base.fullname}"
        if theirs is ours:
            return
        their_self, our_self = (fill_typevars(info) for info in (theirs, ours))
        assert isinstance(their_self, Instance)
        assert isinstance(our_self, Instance)
        for name in theirs.names:
            found = find_member(name, our_self, our_self)
            if name in ("__new__", "__slots__") or (theirs.is_enum and found):
                continue
            # What our class has from the standard one, for type checkers only, is none of its own.
            holder = ours.get_containing_type_info(name)
            if found is None or holder is None or holder.module_name in MODULES:
                yield f".{name} is missing"
            elif expected := find_member(name, their_self, their_self):
                yield from (f".{name}{line}" for line in self.of_types(expected, found))

    def of_types(self, theirs: Type | None, ours: Type | None) -> Iterator[str]:
        if theirs is None or ours is None:
            yield f" has no type: {ours}, and theirs {theirs}"
            return
        left, right = (value.accept(self) for value in (ours, theirs))
        # Any fits everything: it may stand where theirs has it too.
        fits = is_subtype if "Any" in str(right) else is_proper_subtype
        if str(left).count("Any") > str(right).count("Any") or not fits(left, right):
            yield f" is {left}, which is not as much as {right}"

    def type(self, node: SymbolNode) -> Type | None:
        """The node's type: of a member of an enumeration, that one; of a number, not its value."""
        kind = getattr(node, "type", None)
        literal = kind.last_known_value if isinstance(kind, Instance) else None
        return literal if literal and literal.is_enum_literal() else kind

    def visit_instance(self, t: Instance) -> Type:
        place = self.places.get(t.type.fullname)
        return super().visit_instance(t.copy_modified() if place is None else Instance(place, t.args))

    def visit_literal_type(self, t: LiteralType) -> Type:
        fallback = t.fallback.accept(self)
        assert isinstance(fallback, Instance)
        return LiteralType(t.value, fallback)

    def visit_type_alias_type(self, t: TypeAliasType) -> Type:
        return get_proper_type(t).accept(self)


if __name__ == "__main__":
    sys.exit(main())
