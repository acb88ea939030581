"""What the tests of berkeley.connect() use. `full` is an address that never answers."""

import pytest
from waits import LONG

from berkeley import socket


@pytest.fixture
def impl():
    """The fixtures of conftest.py are for ours alone here."""
    return socket


@pytest.fixture
def server():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        sock.settimeout(LONG)
        yield sock


@pytest.fixture
def here(server):
    return server.getsockname()


@pytest.fixture
def answers(monkeypatch):
    """Lets the resolver give these addresses."""

    def give(*addresses, kind=socket.SOCK_STREAM):
        rows = [address if len(address) == 5 else (socket.AF_INET, kind, 0, "", address) for address in addresses]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments: rows)
        return ("anything", 1)

    return give
