"""An SSH server of paramiko's, which serves the files of a directory over SFTP."""

import os
import socket
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import paramiko
from accepting import accepting


class Rules(paramiko.ServerInterface):
    """Lets anybody in who knows the password; any command is `cat`."""

    def check_auth_password(self, username, password):
        return paramiko.AUTH_SUCCESSFUL if password == "secret" else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username):
        return "password"

    def check_channel_request(self, kind, channel_number):
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel, command):
        Thread(target=answer, args=(channel,)).start()
        return True


def answer(channel):
    """What is sent to the command comes back."""
    with channel:
        channel.sendall(channel.makefile("rb").read())
        channel.send_exit_status(0)


class Files(paramiko.SFTPServerInterface):
    """The files of a directory."""

    def __init__(self, server, directory):
        super().__init__(server)
        self.directory = directory

    def open(self, path, flags, attributes):
        modes = {os.O_RDONLY: "rb", os.O_WRONLY | os.O_CREAT | os.O_TRUNC: "wb"}
        handle = paramiko.SFTPHandle(flags)
        handle.readfile = handle.writefile = (self.directory / path.lstrip("/")).open(modes[flags])
        return handle

    def stat(self, path):
        return paramiko.SFTPAttributes.from_stat((self.directory / path.lstrip("/")).stat())


@contextmanager
def served(directory: Path):
    """The server's port."""
    transports = []
    key = paramiko.RSAKey.generate(2048)

    def serve(connection):
        transport = paramiko.Transport(connection)
        transport.add_server_key(key)
        transport.set_subsystem_handler("sftp", paramiko.SFTPServer, Files, directory)
        transport.start_server(server=Rules())
        transports.append(transport)

    with socket.create_server(("127.0.0.1", 0)) as listener, accepting(listener, serve):
        try:
            yield listener.getsockname()[1]
        finally:
            for transport in transports:
                transport.close()
