"""With asyncio, the connections are made in tasks of anyio's, which are not seen to be httpx's."""

import asyncio

import httpx
import pytest
from servers import serving
from web import LARGE

pytestmark = pytest.mark.tried("httpx", "httpcore", "anyio")


@pytest.mark.tried("httpx", "httpcore")
def test_client(web, trusting):
    """HTTP and HTTPS: a client keeps its connection; 4 MiB in chunks, both ways."""
    with httpx.Client(verify=trusting, timeout=20) as client:
        assert [client.get(web.url).text for _ in range(5)] == ["short"] * 5
        assert client.get(f"{web.url}/chunked").content == LARGE
        blocks = (LARGE[start : start + 100_000] for start in range(0, len(LARGE), 100_000))
        assert client.post(f"{web.url}/echo", content=blocks).content == LARGE
    assert web.accepted == 1


@pytest.mark.tried("httpx", "httpcore", "anyio", seen=["anyio"])
def test_async_client(web, trusting):
    """HTTP and HTTPS with asyncio: 40 requests over a pool of 4 connections."""

    async def run():
        limits = httpx.Limits(max_connections=4)
        async with httpx.AsyncClient(verify=trusting, limits=limits, timeout=20) as client:
            responses = await asyncio.gather(*(client.get(f"{web.url}/{number}") for number in range(40)))
            assert [response.text for response in responses] == ["short"] * 40
            assert (await client.get(f"{web.url}/chunked")).content == LARGE

    asyncio.run(run())
    assert web.accepted <= 4


def test_timeouts(web, trusting):
    """HTTP and HTTPS: timeouts that expire, in both clients."""

    async def run():
        async with httpx.AsyncClient(verify=trusting, timeout=impatient) as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.get(f"{web.url}/never")

    impatient = httpx.Timeout(20, read=0.05)
    with httpx.Client(verify=trusting, timeout=impatient) as client, pytest.raises(httpx.ReadTimeout):
        client.get(f"{web.url}/never")
    asyncio.run(run())


def test_refused(refused):
    """A connection refused, in both clients."""

    async def run():
        async with httpx.AsyncClient() as client:
            with pytest.raises(httpx.ConnectError):
                await client.get(f"http://127.0.0.1:{refused}")

    with httpx.Client() as client, pytest.raises(httpx.ConnectError, match="Connection refused"):
        client.get(f"http://127.0.0.1:{refused}")
    asyncio.run(run())


@pytest.mark.tried("httpx", "httpcore", "anyio", "h2", "hypercorn", seen=["anyio"])
def test_http2(trusting, certificate, module):
    """HTTP/2 over TLS, 50 requests on one connection; the server is Hypercorn."""

    async def run():
        async with httpx.AsyncClient(verify=trusting, http2=True, timeout=20) as client:
            requests = (client.post(url, content=LARGE[: 1000 * number]) for number in range(50))
            return await asyncio.gather(*requests)

    options = ["--bind", "127.0.0.1:0", "--certfile", certificate, "--keyfile", certificate, "apps:asgi"]
    with serving("hypercorn", *options) as server:
        url = server.says(r"Running on (https://\S+)")[1]
        responses = asyncio.run(run())
    assert {response.http_version for response in responses} == {"HTTP/2"}
    told = [response.text.split() for response in responses]
    assert {name for name, *_ in told} == {module}
    assert all(int(sockets) for _, _, sockets, _ in told)
    assert [int(length) for *_, length in told] == [1000 * number for number in range(50)]
