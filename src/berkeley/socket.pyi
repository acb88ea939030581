"""To type checkers this is the standard module: annotations that name either are the same types."""

from socket import *
