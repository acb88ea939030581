"""Network namespaces for a thread alone (network_namespaces(7)): for tests and their fixtures."""

import ctypes
import os
from contextlib import contextmanager

import pytest

CLONE_NEWNET = 0x40000000  # <linux/sched.h>


@contextmanager
def own_network():
    """This thread, and those that it starts, have a network of their own in it. Its loopback is down at first."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net") as network:
        if libc.unshare(CLONE_NEWNET):
            pytest.skip(f"no network namespace: {os.strerror(ctypes.get_errno())}")
        try:
            yield
        finally:
            assert libc.setns(network.fileno(), CLONE_NEWNET) == 0
