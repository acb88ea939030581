"""Where every import waits for the first use of its name (PEP 810): what must be done is done all the same."""

import sys

import pytest

pytestmark = pytest.mark.skipif(sys.version_info < (3, 15), reason="imports can be made lazy from Python 3.15 on")

ALL = ["-X", "lazy_imports=all", "-W", "error"]

CASES = {
    "the package's names": """
        import berkeley, berkeley.constants
        assert berkeley.constants.AF_INET == 2
        assert {"install", "socket"} <= {*dir(berkeley)} and not berkeley.is_installed()
    """,
    "the module, beside the standard one": """
        import socket as standard
        from berkeley import socket
        assert issubclass(socket.timeout, OSError) and socket.AF_INET is socket.AddressFamily.AF_INET
        assert socket.socket is not standard.socket and {*standard.__all__} <= {*dir(socket)}
        assert socket.getaddrinfo("127.0.0.1", 1)[0][4] == ("127.0.0.1", 1)
        for server in socket.create_server(("127.0.0.1", 0)), socket.create_server(("::1", 0), family=socket.AF_INET6):
            with server, socket.create_connection(server.getsockname()[:2], 5) as client, server.accept()[0] as other:
                assert type(server) is type(other) is socket.socket
                client.sendall(b"line\\n")
                assert other.makefile().readline() == "line\\n"
    """,
    "a name of it, and the native module": """
        from berkeley.socket import socketpair, AF_UNIX
        from berkeley._socket import socket as native
        here, there = socketpair(AF_UNIX)
        with here, there: assert isinstance(here, native) and here.family is AF_UNIX
    """,
    "pickles, here and in another process": """
        import pickle, subprocess
        from berkeley import socket
        values = [socket.AF_INET, socket.gaierror(1, "x"), socket.MSG_OOB | socket.MSG_PEEK]
        stream = pickle.dumps(values)
        assert repr(pickle.loads(stream)) == repr(values)
        program = f"import pickle; print(pickle.loads({stream!r}))"
        command = [sys.executable, "-X", "lazy_imports=all", "-c", program]
        assert subprocess.run(command, capture_output=True, check=True).stdout.decode() == f"{values}\\n"
    """,
    "sockets sent by multiprocessing": """
        from berkeley import socket
        from multiprocessing import reduction
        import multiprocessing, pickle
        here, there = socket.socketpair()
        with here, there, pickle.loads(reduction.ForkingPickler.dumps(there)) as copy:
            assert type(copy) is socket.socket and copy.fileno() != there.fileno()
            copy.sendall(b"x")
            assert here.recv(1) == b"x"
        from multiprocessing import resource_sharer
        resource_sharer.stop(10)
    """,
    "installed": """
        import berkeley
        berkeley.install()
        assert berkeley.is_installed()
        import socket, ssl, asyncio, http.client
        assert socket is sys.modules["berkeley.socket"] and ssl.SSLSocket.__base__ is socket.socket
        async def main():
            server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
            async with server:
                assert type(server.sockets[0]._sock) is socket.socket
                reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
                assert await reader.read() == b""
                writer.close()
                await writer.wait_closed()
        asyncio.run(main())
        berkeley.uninstall()
        assert not berkeley.is_installed()
    """,
    "too late": """
        import socket, warnings, berkeley
        assert socket.AF_INET == 2
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            berkeley.install()
        assert "__main__" in str(caught[0].message)
    """,
}


@pytest.mark.parametrize("case", CASES)
def test_all_lazy(python, case):
    program = "import sys\n" + "\n".join(line[8:] for line in CASES[case].splitlines())
    result = python(*ALL, "-c", program)
    assert (result.returncode, result.stderr) == (0, "")


PROGRAM = """
import socket, subprocess, sys
print("berkeley" in socket.__file__, socket.AF_INET.__class__.__module__)
if sys.argv[1:]: subprocess.run([sys.executable, "-X", "lazy_imports=all", sys.argv[1]], check=True)
"""


def test_all_lazy_in_a_program_that_is_run(python, tmp_path):
    """And in its child."""
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    result = python(*ALL, "-m", "berkeley", "run", path, path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "True socket\n" * 2
