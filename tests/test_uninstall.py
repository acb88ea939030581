"""uninstall(): what stood there is back, and what is in use goes on. Each case in an interpreter of its own."""

from pathlib import Path

import pytest

CERTIFICATE = str(Path(__file__).with_name("localhost.pem"))

# Quiet: a warning ends the program.
CASES = {
    "uninstalling what is not installed changes nothing": """
        import socket, _socket, berkeley
        berkeley.uninstall()
        assert sys.modules["socket"] is socket and sys.modules["_socket"] is _socket
    """,
    "without standard modules before, none is left behind": """
        import berkeley
        berkeley.install()
        berkeley.uninstall()
        assert not {"socket", "_socket"} & set(sys.modules)
        import socket
        assert socket is not sys.modules["berkeley.socket"] and socket.__name__ == "socket"
        assert socket.socket.__base__ is sys.modules["_socket"].socket
    """,
    "the very modules that stood there come back": """
        import importlib
        standard = [importlib.import_module(name) for name in ("socket", "_socket")]
        import berkeley
        berkeley.install()
        assert berkeley.is_installed()
        berkeley.uninstall()
        assert [sys.modules[name] for name in ("socket", "_socket")] == standard
    """,
    "only _socket was loaded": """
        import importlib
        standard = [importlib.import_module("_socket")]
        import berkeley
        berkeley.install()
        berkeley.uninstall()
        assert sys.modules["_socket"] is standard[0] and "socket" not in sys.modules
    """,
    "a module that another put there since stays": """
        import types, berkeley
        berkeley.install()
        sys.modules["socket"] = other = types.ModuleType("socket")
        assert not berkeley.is_installed()
        berkeley.uninstall()
        assert sys.modules["socket"] is other and "_socket" not in sys.modules
    """,
    "new modules of ours go as the first ones do": """
        import berkeley
        berkeley.install()
        before = sys.modules.pop("socket"), sys.modules.pop("_socket")
        import socket, _socket
        assert berkeley.is_installed() and socket not in before and _socket not in before
        berkeley.uninstall()
        assert not berkeley.is_installed() and not {"socket", "_socket"} & {*sys.modules}
        import socket as standard
        assert standard.socket is not socket.socket
        left, right = socket.socketpair()
        with left, right, left.makefile("rb") as reader:
            right.sendall(b"line\\n")
            assert reader.readline() == b"line\\n"
    """,
    "what was dropped is the standard module's again": """
        import berkeley
        berkeley.install()
        del sys.modules["socket"], sys.modules["_socket"]
        assert berkeley.is_installed()
        berkeley.uninstall()
        assert not berkeley.is_installed()
        import socket
        assert socket.__name__ == "socket" and socket.socket.__base__ is sys.modules["_socket"].socket
    """,
    "while other threads drop modules and import them": """
        import threading, berkeley
        def work():
            while not done:
                sys.modules.pop("socket", None)
                try: socket = __import__("socket")
                except KeyError: continue  # another thread has dropped it meanwhile
                which.add(socket.__file__)
        failures = []
        threading.excepthook = failures.append
        for _ in range(20):
            done, which = [], set()
            berkeley.install()
            threads = [threading.Thread(target=work) for _ in range(3)]
            for thread in threads: thread.start()
            while not which: pass
            berkeley.uninstall()
            done.append(True)
            for thread in threads: thread.join()
            assert not failures, failures
            assert not berkeley.is_installed() and "berkeley" not in __import__("socket").__file__
            sys.modules.pop("socket"), sys.modules.pop("_socket")
    """,
    "while a new module of ours is made": """
        import berkeley
        for standing in [], ["_socket"], ["_socket", "socket"]:
            standard = {name: __import__(name) for name in standing}
            berkeley.install()
            from berkeley import _install
            complete = _install._look_into
            _install._look_into = lambda module: (complete(module), berkeley.uninstall())
            del sys.modules["socket"]
            import socket
            _install._look_into = complete
            assert not berkeley.is_installed()
            assert sys.modules["socket"] is socket and "berkeley" not in socket.__file__
            assert {name: sys.modules[name] for name in standard} == standard
            del sys.modules["socket"], sys.modules["_socket"], socket
            standard.clear()
    """,
    "what finds modules is as it was": """
        import berkeley
        berkeley.install()
        import multiprocessing.reduction
        first = list(sys.meta_path)
        berkeley.install()
        assert sys.meta_path == first
        berkeley.uninstall()
        assert sys.meta_path == first[1:]
        berkeley.uninstall()
        assert sys.meta_path == first[1:]
    """,
    "a name that may not be imported may not again": """
        sys.modules["socket"] = None
        import berkeley
        assert not berkeley.is_installed()
        berkeley.install()
        import socket
        assert berkeley.is_installed()
        berkeley.uninstall()
        assert sys.modules["socket"] is None and not berkeley.is_installed()
    """,
    "open sockets outlive the change": """
        import berkeley
        berkeley.install()
        import socket
        left, right = socket.socketpair()
        reader = left.makefile("rb")
        berkeley.uninstall()
        right.sendall(b"still here\\n")
        assert reader.readline() == b"still here\\n"
        with left, right, reader, right.dup() as copy:
            assert type(copy) is type(right)
    """,
    "TLS sockets outlive the change": f"""
        import berkeley
        berkeley.install()
        import socket, ssl, threading
        client, server = ssl.create_default_context(cafile={CERTIFICATE!r}), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain({CERTIFICATE!r})
        def pair():
            left, right = sys.modules["socket"].socketpair()
            ends = [server.wrap_socket(right, server_side=True, do_handshake_on_connect=False)]
            thread = threading.Thread(target=ends[0].do_handshake)
            thread.start()
            ends.append(client.wrap_socket(left, server_hostname="localhost"))
            thread.join()
            return ends
        def talk(left, right):
            left.sendall(b"from left")
            assert right.recv(99) == b"from left"
            right.settimeout(0.01)
            try: right.recv(99)
            except TimeoutError: pass
        first = pair()
        berkeley.uninstall()
        talk(*first)
        import socket as standard
        assert standard is not socket
        second = pair()  # of the standard module's sockets, by the `ssl` that has bound to ours
        talk(*second)
        for sock in (*first, *second): sock.close()
    """,
    "a running event loop outlives the change": """
        import berkeley
        berkeley.install()
        import asyncio
        async def echo(reader, writer):
            while line := await reader.readline():
                writer.write(line)
            writer.close()
        async def main():
            server = await asyncio.start_server(echo, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            async def talk(line):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                kept.append(writer)
                writer.write(line)
                assert await reader.readline() == line
                return reader, writer
            kept = []
            reader, writer = await talk(b"installed\\n")
            berkeley.uninstall()
            assert not berkeley.is_installed()
            writer.write(b"still there\\n")
            assert await reader.readline() == b"still there\\n"
            await talk(b"after\\n")
            berkeley.install()
            await talk(b"again\\n")
            for writer in kept:
                writer.close()
                await writer.wait_closed()
            server.close()
        asyncio.run(main())
    """,
}


@pytest.mark.parametrize("case", CASES)
def test_uninstall(python, case):
    program = "import sys\n" + "\n".join(line[8:] for line in CASES[case].splitlines())
    result = python("-W", "error", "-c", program)
    assert (result.returncode, result.stderr) == (0, "")
