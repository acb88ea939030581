"""What errors tell of the address that they are about."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    Error = TypeVar("Error", bound=BaseException)


def with_address(error: "Error", address: "Any") -> "Error":
    """The error, which knows from now on what it is about, where it takes attributes: a hook may raise what does not."""
    try:
        error.address = address  # type: ignore[attr-defined]
    except (AttributeError, TypeError):
        pass
    return error
