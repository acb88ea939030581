"""To type checkers this is the standard module."""

from _socket import *
