import asyncio
from threading import Event, Thread

import pytest
import redis
import redis.asyncio
from web import LARGE

pytestmark = pytest.mark.tried("redis")


@pytest.fixture(params=["TCP", "Unix"])
def where(request, redis_server):
    """What a client is made with."""
    over = {"TCP": {"host": "127.0.0.1", "port": redis_server.port}, "Unix": {"unix_socket_path": redis_server.path}}
    with redis.Redis(**over[request.param]) as client:
        client.flushall()
    return over[request.param]


def test_values(where):
    """Over TCP and a Unix socket: values of up to 4 MiB, 10,000 commands in a pipeline."""
    with redis.Redis(**where) as client:
        assert client.set("large", LARGE)
        assert client.get("large") == LARGE
        with client.pipeline(transaction=False) as pipeline:
            for number in range(5000):
                pipeline.set(f"key {number}", number).get(f"key {number}")
            assert pipeline.execute()[1::2] == [b"%d" % number for number in range(5000)]


def test_waiting(where):
    """Over TCP and a Unix socket: blocking pops, one of which times out; a socket timeout."""
    with redis.Redis(**where) as client, redis.Redis(**where) as other:
        assert client.blpop("list", timeout=0.05) is None
        popped = []
        waiting = Thread(target=lambda: popped.extend(client.blpop("list", timeout=20)))
        waiting.start()
        while not other.info("clients")["blocked_clients"]:
            pass
        other.rpush("list", b"item")
        waiting.join()
        assert popped == [b"list", b"item"]
    with redis.Redis(**where, socket_timeout=0.05, retry=None) as client, pytest.raises(redis.TimeoutError):
        client.blpop("list", timeout=20)


def test_subscription(where):
    """Over TCP and a Unix socket: messages to a subscriber in a thread."""
    received, over = [], Event()

    def take(message):
        received.append(message["data"])
        if len(received) == 100:
            over.set()

    with redis.Redis(**where) as client, client.pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe(news=take)
        # The answer to the subscription: from here on nothing is missed.
        channel.get_message(timeout=20)
        thread = channel.run_in_thread(sleep_time=0.05)
        for number in range(100):
            client.publish("news", number)
        assert over.wait(20)
        thread.stop()
        thread.join()
    assert received == [b"%d" % number for number in range(100)]


def test_asyncio(where):
    """The asyncio client, over TCP and a Unix socket: all of that, but without a thread."""

    async def values(client):
        assert await client.set("large", LARGE)
        assert await client.get("large") == LARGE
        async with client.pipeline(transaction=False) as pipeline:
            for number in range(5000):
                pipeline.set(f"key {number}", number).get(f"key {number}")
            assert (await pipeline.execute())[1::2] == [b"%d" % number for number in range(5000)]

    async def waiting(client):
        assert await client.blpop("list", timeout=0.05) is None
        popping = asyncio.ensure_future(client.blpop("list", timeout=20))
        while not (await client.info("clients"))["blocked_clients"]:
            pass
        await client.rpush("list", b"item")
        assert [*await popping] == [b"list", b"item"]
        async with redis.asyncio.Redis(**where, socket_timeout=0.05, retry=None) as impatient:
            with pytest.raises(redis.TimeoutError):
                await impatient.blpop("list", timeout=20)

    async def subscription(client):
        async with client.pubsub() as channel:
            await channel.subscribe("news")
            assert (await channel.get_message(timeout=20))["type"] == "subscribe"
            for number in range(100):
                await client.publish("news", number)
            received = [(await channel.get_message(timeout=20))["data"] for _ in range(100)]
        assert received == [b"%d" % number for number in range(100)]

    async def run():
        async with redis.asyncio.Redis(**where) as client:
            await values(client)
            await waiting(client)
            await subscription(client)

    asyncio.run(run())


def test_refused(refused):
    """A connection refused."""
    with redis.Redis(port=refused, retry=None) as client, pytest.raises(redis.ConnectionError, match="refused"):
        client.ping()
