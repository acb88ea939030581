import pytest


@pytest.mark.tried("gevent", "requests", elsewhere=True)
def test_patched(program):
    """A patched program: its WSGI server, and 50 clients at once by requests; a timeout that expires."""
    assert program("patched.py") == ["50", "timeout"]
