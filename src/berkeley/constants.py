"""Every constant there is, as plain numbers: what the socket module names, and what no Python names yet (UDP_GRO, ...).

`constants.UDP_GRO` is an int, as are all but a few addresses (`BDADDR_*`, str); no member of an enumeration, unlike
`socket.AF_INET`. Values are the kernel's for this processor, whether or not the running kernel has what they are for.
The lists, by theme and with their sources, are in `berkeley.names` and `berkeley.families`.
"""

from ._native import COMPILED as _compiled
from .names._beyond import BEYOND as _beyond
from .names._table import STANDARD as _standard

globals().update(_standard | _beyond | _compiled)
__all__ = [*_standard, *_beyond]

