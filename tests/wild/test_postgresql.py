"""psycopg's sockets are opened and read by libpq, in C. With asyncio, names are looked up and waited for in Python."""

import asyncio
import socket

import pg8000.native
import psycopg
import pytest
from web import LARGE
from witness import watched

LOGIN = {"user": "wild", "password": "secret", "database": "postgres"}


@pytest.fixture(params=["TCP", "Unix"])
def where(request, postgresql):
    """What a connection of pg8000 is made with."""
    return {**LOGIN, **({"port": postgresql.port} if request.param == "TCP" else {"unix_sock": postgresql.path})}


@pytest.mark.tried("pg8000")
def test_pg8000(where):
    """Over TCP and a Unix socket: a result of 4 MiB, one of 20,000 rows, COPY both ways."""
    with pg8000.native.Connection(**where) as connection:
        assert connection.run("SELECT :content ::bytea", content=LARGE) == [[LARGE]]
        assert connection.run("SELECT * FROM generate_series(1, 20000)") == [[number] for number in range(1, 20_001)]
        connection.run("CREATE TEMPORARY TABLE numbers (number int)")
        connection.run("COPY numbers FROM STDIN", stream=[f"{number}\n" for number in range(10_000)])
        assert connection.run("SELECT sum(number) FROM numbers") == [[sum(range(10_000))]]


@pytest.mark.tried("pg8000")
def test_pg8000_timeout(where):
    """Over TCP and a Unix socket: a timeout that expires."""
    with pg8000.native.Connection(**where, timeout=0.5) as connection, pytest.raises(TimeoutError):
        connection.run("SELECT pg_sleep(20)")


@pytest.mark.tried("pg8000")
def test_pg8000_refused(refused):
    """A connection refused."""
    with pytest.raises(pg8000.native.InterfaceError, match="create a connection"):
        pg8000.native.Connection("wild", port=refused)


@pytest.mark.tried("psycopg", elsewhere=True)
def test_psycopg(postgresql, monkeypatch):
    """With asyncio, whose resolver and loop are Python's; the sockets are libpq's: a result of 4 MiB, a timeout."""

    async def run():
        async with await psycopg.AsyncConnection.connect(host="localhost", port=postgresql.port, **login) as connection:
            rows = await connection.execute("SELECT %b ::bytea", (LARGE,))
            assert await rows.fetchone() == (LARGE,)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(connection.execute("SELECT pg_sleep(20)"), 0.05)

    def asking(host, *arguments, **options):
        asked.append(host)
        return getaddrinfo(host, *arguments, **options)

    asked, getaddrinfo = [], socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", asking)
    login = {"user": LOGIN["user"], "password": LOGIN["password"], "dbname": LOGIN["database"]}
    with watched() as uses:
        asyncio.run(run())
    assert asked == ["localhost"]
    # The loop's own pair, by which it is woken, and no other.
    assert [use.kind for use in uses] == [socket.socket] * 2
