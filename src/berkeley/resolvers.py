"""Resolvers for `berkeley.set_resolver` and `berkeley.resolver`."""

from ._beyond.resolvers import cache as cache
from ._beyond.resolvers import pin as pin
from ._beyond.resolvers import refuse as refuse
