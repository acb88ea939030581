"""Lets the tests of the families import what they share, which lies beside them; and what several of them set up."""

import os
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

# pytest does not put the directories of tests on the path (--import-mode=importlib).
sys.path.insert(0, str(Path(__file__).parent))

pytest.register_assert_rewrite("kernel", "layouts")

HOSTS = {"AF_INET": "127.0.0.1", "AF_INET6": "::1"}


@pytest.fixture(scope="session")
def vcan():
    """The name of a virtual CAN interface, made for these tests: what is sent there is received there."""
    from kernel import interface

    with interface(f"vcan{os.getpid()}", "vcan") as name:
        yield name


@pytest.fixture(params=HOSTS)
def family(request):
    """Each of the Internet's."""
    return request.param


@pytest.fixture
def bound(impl, family):
    """Makes sockets of the family that are bound to the loopback address."""
    from kernel import opened

    with ExitStack() as stack:

        def bound(kind, proto):
            sock = stack.enter_context(opened(impl, family, kind, proto))
            sock.bind((HOSTS[family], 0))
            return sock

        yield bound
