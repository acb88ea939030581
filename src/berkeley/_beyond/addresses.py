"""Addresses: what is none, and what errors tell of the one that they are about."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    Error = TypeVar("Error", bound=BaseException)


def check_port(port: object, least: int) -> None:
    """ValueError for a port's number, as int or in digits, that no port has: getaddrinfo(3) would take another."""
    text = port.decode("latin-1") if isinstance(port, (bytes, bytearray)) else port
    try:
        number = int(text) if isinstance(text, str) else text
    except ValueError:
        return  # a service's name
    if isinstance(number, int) and not least <= number <= 65535:
        raise ValueError(f"port must be {least} to 65535, not {port!r}")


def with_address(error: "Error", address: "Any") -> "Error":
    """The error, which knows from now on what it is about. What a hook raises may take no attributes."""
    try:
        error.address = address  # type: ignore[attr-defined]
    except (AttributeError, TypeError):
        pass
    return error
