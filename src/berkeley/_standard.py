"""How what the standard module defines is marked: tracebacks, reprs and pickles show the same names."""


def standard(function):
    """Give the function, or the class without its methods, the module that the standard library's has."""
    function.__module__ = "socket"
    return function


def standard_class(cls):
    """Give the class and its methods, wherever they are defined, the names that the standard library's have."""
    for name, value in vars(cls).items():
        if isinstance(value, type(standard)):
            value.__qualname__ = f"{cls.__qualname__}.{name}"
            standard(value)
    return standard(cls)
