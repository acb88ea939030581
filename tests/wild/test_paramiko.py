import socket

import paramiko
import pytest
from sftp import served
from web import LARGE

pytestmark = pytest.mark.tried("paramiko")
LOGIN = {"username": "wild", "password": "secret", "allow_agent": False, "look_for_keys": False}


@pytest.fixture
def client():
    with paramiko.SSHClient() as client:
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        yield client


def test_files(client, tmp_path):
    """Client and server: a command, and 8 MiB over SFTP, both ways."""
    (tmp_path / "files").mkdir()
    (tmp_path / "here").write_bytes(2 * LARGE)
    with served(tmp_path / "files") as port:
        client.connect("127.0.0.1", port, **LOGIN)
        assert isinstance(client.get_transport().sock, socket.socket)
        to, back, _ = client.exec_command("cat")
        to.write(b"say this")
        to.channel.shutdown_write()
        assert back.read() == b"say this"
        with client.open_sftp() as files:
            files.put(tmp_path / "here", "/there")
            files.get("/there", tmp_path / "back")
        client.close()
    assert (tmp_path / "files" / "there").read_bytes() == (tmp_path / "back").read_bytes() == 2 * LARGE


def test_errors(client, tmp_path, refused):
    """A wrong password, a banner that does not come in time, a connection refused."""
    with served(tmp_path) as port, pytest.raises(paramiko.AuthenticationException):
        client.connect("127.0.0.1", port, **{**LOGIN, "password": "wrong"})
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(paramiko.SSHException, match="banner"):
        client.connect("127.0.0.1", silent.getsockname()[1], banner_timeout=0.2, **LOGIN)
    with pytest.raises(paramiko.ssh_exception.NoValidConnectionsError):
        client.connect("127.0.0.1", refused, **LOGIN)
