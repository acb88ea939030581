"""Addresses: what is none, and what errors tell of the one that they are about."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    Error = TypeVar("Error", bound=BaseException)


def check_port(port: object, least: int) -> None:
    """ValueError for a port's number, as int or in digits, that no port has: getaddrinfo(3) would take another."""
    digits = port.decode("latin-1") if isinstance(port, (bytes, bytearray)) else port
    number = int(digits) if isinstance(digits, str) and digits.isascii() and digits.isdigit() else digits
    if isinstance(number, int) and not least <= number <= 65535:
        raise ValueError(f"port must be {least} to 65535, not {port!r}")


def with_address(error: "Error", address: "Any") -> "Error":
    """The error, which knows from now on what it is about. What a hook raises may take no attributes."""
    try:
        error.address = address  # type: ignore[attr-defined]
    except (AttributeError, TypeError):
        pass
    return error
