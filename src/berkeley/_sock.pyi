"""The class `socket.socket`, with the methods of the base type."""

# The standard class, which ours derives from for type checkers alone: a function that wants a `socket.socket`, as
# `SSLContext.wrap_socket` and `loop.sock_recv` do, takes ours at run time, and should in the eyes of a checker.
import socket as standard
from io import BufferedReader, BufferedRWPair, BufferedWriter, IOBase, TextIOWrapper
from typing import Literal, NoReturn, Protocol, SupportsIndex, TypeAlias, overload, type_check_only

from . import _native
from ._enums import AddressFamily, SocketKind
from ._files import SocketIO

_ReadMode: TypeAlias = Literal["b", "rb", "br"]
_WriteMode: TypeAlias = Literal["wb", "bw"]
_BothMode: TypeAlias = Literal["rwb", "rbw", "wrb", "wbr", "brw", "bwr"]

@type_check_only
class SendableFile(Protocol):
    """What `socket.sendfile` sends: with a `fileno` by sendfile(2)."""

    def read(self, size: int, /) -> bytes: ...
    def seek(self, offset: int, /) -> object: ...

# What it overrides in a way that no derived class should: its enumerations and raw files are not the standard module's.
class socket(_native.Face, standard.socket):
    def __init__(
        self, family: int = -1, type: int = -1, proto: int = -1, fileno: SupportsIndex | None = None
    ) -> None: ...
    def __getstate__(self) -> NoReturn: ...
    @property
    def family(self) -> AddressFamily:  # type: ignore[override]
        """The address family, a member of AddressFamily."""
    @property
    def type(self) -> SocketKind:  # type: ignore[override]
        """The type, a member of SocketKind."""
    @overload  # type: ignore[override]
    def makefile(
        self,
        mode: _ReadMode | _WriteMode | _BothMode,
        buffering: Literal[0],
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> SocketIO: ...
    @overload
    def makefile(
        self,
        mode: _BothMode,
        buffering: Literal[-1, 1] | None = None,
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> BufferedRWPair: ...
    @overload
    def makefile(
        self,
        mode: _ReadMode,
        buffering: Literal[-1, 1] | None = None,
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> BufferedReader: ...
    @overload
    def makefile(
        self,
        mode: _WriteMode,
        buffering: Literal[-1, 1] | None = None,
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> BufferedWriter: ...
    @overload
    def makefile(
        self,
        mode: _ReadMode | _WriteMode | _BothMode,
        buffering: int,
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> IOBase: ...
    @overload
    def makefile(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        mode: Literal["r", "w", "rw", "wr", ""] = "r",
        buffering: int | None = None,
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> TextIOWrapper: ...
    def sendfile(self, file: SendableFile, offset: int = 0, count: int | None = None) -> int: ...
    def _sendfile_use_sendfile(self, file: SendableFile, offset: int = 0, count: int | None = None) -> int: ...
    def _sendfile_use_send(self, file: SendableFile, offset: int = 0, count: int | None = None) -> int: ...
    def _check_sendfile_params(self, file: SendableFile, offset: int, count: int | None) -> None: ...
    def get_inheritable(self) -> bool: ...
    def set_inheritable(self, inheritable: bool) -> None: ...
