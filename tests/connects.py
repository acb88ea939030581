"""What tests of berkeley.connect() share: addresses, and what a call that fails leaves."""

import os

import pytest

import berkeley

NOBODY = ("127.0.0.1", 1)  # tcpmux: nobody serves it
UNKNOWN = 12  # AF_DECnet, which Linux has no more


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def failed(*arguments, function=berkeley.connect, **keywords):
    """The error, which has left no descriptor open."""
    before = descriptors()
    with pytest.raises(Exception) as caught:
        function(*arguments, **keywords)
    assert descriptors() == before
    return caught.value
