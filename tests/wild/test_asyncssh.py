import asyncio
from contextlib import asynccontextmanager

import asyncssh
import pytest
from web import LARGE, Web

pytestmark = pytest.mark.tried("asyncssh")


class Rules(asyncssh.SSHServer):
    """Lets anybody in, and to any address."""

    def begin_auth(self, username):
        return False

    def connection_requested(self, *addresses):
        return True


async def answer(process):
    """A command is answered with what is sent to it."""
    async for line in process.stdin:
        process.stdout.write(line)
    process.exit(0)


@asynccontextmanager
async def connected(directory):
    """A connection to a server of a directory's files."""
    options = {
        "server_factory": Rules,
        "server_host_keys": [asyncssh.generate_private_key("ssh-ed25519")],
        "process_factory": answer,
        "sftp_factory": lambda channel: asyncssh.SFTPServer(channel, chroot=str(directory)),
    }
    async with (
        asyncssh.listen("127.0.0.1", 0, **options) as server,
        asyncssh.connect("127.0.0.1", server.get_port(), known_hosts=None, config=None) as connection,
    ):
        yield connection


def test_files(tmp_path):
    """Client and server: a command, and 8 MiB over SFTP, both ways."""

    async def run():
        async with connected(tmp_path / "files") as connection:
            assert (await connection.run("echo", input="one\ntwo\n", check=True)).stdout == "one\ntwo\n"
            async with connection.start_sftp_client() as files:
                await files.put(str(tmp_path / "here"), "/there")
                await files.get("/there", str(tmp_path / "back"))

    (tmp_path / "files").mkdir()
    (tmp_path / "here").write_bytes(2 * LARGE)
    asyncio.run(run())
    assert (tmp_path / "files" / "there").read_bytes() == (tmp_path / "back").read_bytes() == 2 * LARGE


def test_forwarding(tmp_path, short_path):
    """A web server through forwarded ports and a forwarded Unix socket."""

    async def fetched(reader, writer):
        writer.write(b"GET /large HTTP/1.0\r\n\r\n")
        answer = await reader.read()
        writer.close()
        return answer.partition(b"\r\n\r\n")[2]

    async def run(port):
        async with connected(tmp_path) as connection:
            local = await connection.forward_local_port("127.0.0.1", 0, "127.0.0.1", port)
            assert await fetched(*await asyncio.open_connection("127.0.0.1", local.get_port())) == LARGE
            await connection.forward_local_path_to_port(f"{short_path}/ssh.sock", "127.0.0.1", port)
            assert await fetched(*await asyncio.open_unix_connection(f"{short_path}/ssh.sock")) == LARGE

    with Web() as web:
        asyncio.run(run(web.server_port))


def test_refused(refused):
    """A connection refused."""

    async def run():
        with pytest.raises(ConnectionRefusedError):
            await asyncssh.connect("127.0.0.1", refused, config=None)

    asyncio.run(run())
