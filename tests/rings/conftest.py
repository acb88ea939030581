"""What the tests of packet rings stand on: a network of their own, and the end of it at which frames are sent."""

import shutil
import sys
from pathlib import Path

import pytest
from networks import own_network

from berkeley import socket

# pytest does not put the directories of tests on the path (--import-mode=importlib).
sys.path.insert(0, str(Path(__file__).parent))

from wires import LEFT, RIGHT, ip


@pytest.fixture(scope="module", autouse=True)
def wire():
    """A network namespace for this thread, and those it starts, with `left` and `right` connected with each other."""
    if not shutil.which("ip"):
        pytest.skip("ip is not installed")
    with own_network():
        ip("link", "set", "lo", "up")
        veth = "type", "veth", "peer", "name", "right", "address", RIGHT.hex(":")
        ip("link", "add", "left", "address", LEFT.hex(":"), *veth)
        for name in "left", "right":
            ip("link", "set", name, "up")
        yield


@pytest.fixture
def left():
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
        sock.bind(("left", 0))
        yield sock
