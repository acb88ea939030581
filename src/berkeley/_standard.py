"""How what the standard module defines is marked."""


def standard(function):
    """Give the function the module that the standard library's has: reprs and pickles show it."""
    function.__module__ = "socket"
    return function
