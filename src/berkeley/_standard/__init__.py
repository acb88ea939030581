"""The Python of `berkeley.socket`: a file for what a user can name.

Here is how all that the standard module defines is marked: tracebacks, reprs and pickles show the same names.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    Function = TypeVar("Function")
    Class = TypeVar("Class", bound=type)


def standard(function: "Function") -> "Function":
    """Give the function, or the class without its methods, the module that the standard library's has.

    A function's annotations are for type checkers, which have seen them: the standard library's has none.
    """
    function.__module__ = "socket"
    if not isinstance(function, type):
        function.__annotations__ = {}
    return function


def standard_class(cls: "Class") -> "Class":
    """Give the class and its methods, wherever they are defined, the names that the standard library's have."""
    for name, value in vars(cls).items():
        if isinstance(value, type(standard)):
            value.__qualname__ = f"{cls.__qualname__}.{name}"
            standard(value)
    return standard(cls)
