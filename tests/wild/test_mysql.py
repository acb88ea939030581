import pymysql
import pytest
from web import LARGE

pytestmark = pytest.mark.tried("pymysql")
LOGIN = {"user": "wild", "password": "secret", "database": "wild"}


@pytest.fixture(params=["TCP", "Unix"])
def where(request, mariadb):
    """What a connection is made with."""
    over = {"TCP": {"host": "127.0.0.1", "port": mariadb.port}, "Unix": {"unix_socket": mariadb.path}}
    return {**LOGIN, **over[request.param]}


def test_queries(where):
    """Over TCP and a Unix socket: rows written and read, a result of 12 MB, one of 20,000 rows, unbuffered."""
    with pymysql.connect(**where) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE OR REPLACE TABLE blocks (number INT, content LONGBLOB)")
        for number in range(3):
            cursor.execute("INSERT INTO blocks VALUES (%s, %s)", (number, LARGE))
        connection.commit()
        cursor.execute("SELECT content FROM blocks ORDER BY number")
        assert cursor.fetchall() == ((LARGE,),) * 3
        with connection.cursor(pymysql.cursors.SSCursor) as rows:
            rows.execute("SELECT seq FROM seq_1_to_20000")
            assert [number for (number,) in rows] == list(range(1, 20_001))


def test_timeouts(where):
    """Over TCP and a Unix socket: a read timeout that expires; and a connection that the server closes."""
    with (
        pymysql.connect(**where, read_timeout=1) as connection,
        pytest.raises(pymysql.OperationalError, match="timed out"),
    ):
        connection.query("SELECT SLEEP(20)")
    with pymysql.connect(**where) as connection, pymysql.connect(**where) as other:
        other.query(f"KILL {connection.thread_id()}")
        with pytest.raises((pymysql.OperationalError, pymysql.InterfaceError)):
            connection.query("SELECT 1")
        connection.ping(reconnect=True)


def test_refused(refused):
    """A connection refused."""
    with pytest.raises(pymysql.OperationalError, match="Connection refused"):
        pymysql.connect(host="127.0.0.1", port=refused)
