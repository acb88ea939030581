import pytest


@pytest.mark.tried("twisted", elsewhere=True)
def test_reactor(program, short_path):
    """A reactor: HTTP server and client, 20 requests at once; a Unix socket; UDP; a connection refused."""
    assert program("reactor.py", f"{short_path}/twisted.sock") == ["20", "refused", "stream", "datagram"]
