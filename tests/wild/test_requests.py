import pytest
import requests
import urllib3
from web import LARGE

pytestmark = pytest.mark.tried("requests", "urllib3")


def test_pool(web, certificate):
    """HTTP and HTTPS: a session's connection is kept for the next request."""
    with requests.Session() as session:
        session.verify = certificate
        assert [session.get(web.url).text for _ in range(5)] == ["short"] * 5
        assert session.post(f"{web.url}/echo", data=LARGE).content == LARGE
    assert web.accepted == 1


def test_chunks(web, certificate):
    """HTTP and HTTPS: 4 MiB in chunks, both ways."""
    with requests.Session() as session:
        session.verify = certificate
        assert session.get(f"{web.url}/chunked").content == LARGE
        blocks = (LARGE[start : start + 100_000] for start in range(0, len(LARGE), 100_000))
        assert session.post(f"{web.url}/echo", data=blocks).content == LARGE
        with session.get(f"{web.url}/large", stream=True) as response:
            assert b"".join(response.iter_content(10_000)) == LARGE


def test_timeouts(web, certificate):
    """HTTP and HTTPS: a timeout that expires before the answer."""
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(f"{web.url}/never", timeout=(20, 0.05), verify=certificate)


def test_connecting(refused, full):
    """A connection refused, after retries; one that is not made in time."""
    with requests.Session() as session:
        session.mount("http://", requests.adapters.HTTPAdapter(max_retries=urllib3.Retry(2)))
        with pytest.raises(requests.exceptions.ConnectionError, match="Connection refused"):
            session.get(f"http://127.0.0.1:{refused}")
    with pytest.raises(requests.exceptions.ConnectTimeout):
        requests.get(f"http://127.0.0.1:{full[1]}", timeout=(0.05, 20))
