"""install(), each case in an interpreter of its own: the one that runs pytest has long bound to `socket`."""

import pytest

# Quiet: a warning ends the program.
CASES = {
    "the standard names are ours": """
        import berkeley
        assert not berkeley.is_installed()
        berkeley.install()
        assert berkeley.is_installed()
        import _socket, socket
        assert socket is sys.modules["berkeley.socket"]
        assert _socket is sys.modules["berkeley._socket"]
        from socket import socket as a_class
        assert a_class is __import__("berkeley.socket").socket.socket
    """,
    "installing again changes nothing": """
        import berkeley
        berkeley.install()
        before = dict(sys.modules)
        berkeley.install()
        assert sys.modules == before
        berkeley.uninstall()
        assert not berkeley.is_installed()
    """,
    "installed, uninstalled, installed again": """
        import berkeley
        for _ in range(3):
            berkeley.install()
            import socket
            assert socket is sys.modules["berkeley.socket"]
            berkeley.uninstall()
            import socket
            assert socket is not sys.modules["berkeley.socket"]
            del sys.modules["socket"], sys.modules["_socket"]
    """,
    "many threads at once": """
        import threading, berkeley
        start, failures = threading.Barrier(8), []
        def work():
            start.wait()
            for _ in range(50):
                berkeley.install()
                berkeley.uninstall()
        threading.excepthook = failures.append
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        assert not failures
        assert not berkeley.is_installed() and "_socket" not in sys.modules
        berkeley.install()
        assert berkeley.is_installed()
    """,
    "children forked while another thread installs": """
        import os, threading, warnings
        from berkeley import install, is_installed, uninstall
        warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 on: threads and fork
        done = threading.Event()
        def work():
            while not done.is_set():
                install()
                uninstall()
        thread = threading.Thread(target=work)
        thread.start()
        for _ in range(30):
            child = os.fork()
            if not child:
                install()
                os._exit(not is_installed())
            assert os.waitpid(child, 0)[1] == 0
        done.set()
        thread.join()
    """,
    "children of threads, forked after an installation in a thread": """
        import os, threading, warnings, berkeley
        warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 on: threads and fork
        def in_thread(work):
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        in_thread(berkeley.install)
        assert berkeley.is_installed()
        import socket
        def forks():
            child = os.fork()
            if not child:
                berkeley.install()
                same = berkeley.is_installed() and sys.modules["socket"] is socket
                berkeley.uninstall()
                os._exit(not same or berkeley.is_installed())
            codes.append(os.waitpid(child, 0)[1])
        codes = []
        in_thread(forks)
        assert codes == [0] and berkeley.is_installed()
    """,
    "a reloaded module is the same": """
        import importlib, berkeley
        berkeley.install()
        import socket
        before = socket.socket
        assert importlib.reload(socket) is socket and socket.socket is before
        with socket.create_server(("127.0.0.1", 0)) as sock:
            assert type(sock) is before and sock.family is socket.AF_INET
    """,
    "a method that was replaced stays so in a reloaded module": """
        import importlib, berkeley
        from berkeley import socket
        def accept(self): raise ConnectionAbortedError
        socket.socket._accept = accept
        importlib.reload(socket)
        with socket.create_server(("127.0.0.1", 0)) as sock:
            sock.setblocking(False)
            try: sock.accept()
            except ConnectionAbortedError: pass
    """,
    "modules that were dropped are imported anew, as ours": """
        import berkeley
        berkeley.install()
        import socket as first, _socket as native
        for names in ["socket"], ["_socket"], ["socket", "_socket"]:
            for name in names: del sys.modules[name]
            import socket, _socket
            assert (socket is first, _socket is native) == ("socket" not in names, "_socket" not in names)
            assert socket.socket is first.socket and _socket.socket is native.socket
            assert [sys.modules[name].__name__ for name in names] == names
            assert (socket.__file__, socket.__all__) == (first.__file__, first.__all__)
            assert vars(socket).keys() == vars(first).keys() and vars(_socket).keys() == vars(native).keys()
            assert berkeley.is_installed()
            berkeley.install()
            assert sys.modules["socket"] is socket and sys.modules["_socket"] is _socket
            sys.modules.update(socket=first, _socket=native)
    """,
    "a new module has nothing that was replaced in the first, and is reloaded": """
        import importlib, berkeley
        berkeley.install()
        import _socket, socket as first
        true = first.socket, first.getaddrinfo, _socket.dup
        first.socket = first.getaddrinfo = first.has_dualstack_ipv6 = _socket.dup = None
        del sys.modules["socket"]
        import socket
        assert (socket.socket, socket.dup) == (true[0], None) and socket.getaddrinfo.__name__ == "getaddrinfo"
        del sys.modules["_socket"]
        assert __import__("_socket").dup is true[2]
        socket.socket = socket.extra = None
        assert importlib.reload(socket) is socket and socket.socket is true[0] and socket.extra is None
        assert first.socket is None
    """,
    "each module looks names up in itself": """
        import berkeley
        berkeley.install()
        import socket as patched
        class Other:
            def __init__(self, *arguments, **keywords): self.sock = true(*arguments, **keywords)
            def __getattr__(self, name): return getattr(self.sock, name)
            def __enter__(self): return self
            def __exit__(self, *error): self.sock.close()
        class Derived(patched.socket): pass
        true = patched.socket
        del sys.modules["socket"]
        import socket as plain
        sys.modules["socket"] = patched
        for replacement in Other, Derived:
            patched.socket = replacement
            for module, cls in (plain, true), (patched, replacement):
                with module.create_server(("127.0.0.1", 0)) as server:
                    with module.create_connection(server.getsockname()) as client:
                        # A socket that is wrapped gives what the module gives that it was taken from.
                        accepted = true if replacement is Other else cls
                        with server.accept()[0] as other:
                            assert (type(server), type(client), type(other)) == (cls, cls, accepted), module
                first, second = module.socketpair()
                with first, second, module.fromfd(first.fileno(), first.family, first.type) as third:
                    assert {type(first), type(second), type(third)} == {cls}
            plain.gethostname, patched.gethostname = lambda: "a.b", lambda: "c.d"
            assert (plain.getfqdn(), patched.getfqdn()) == ("a.b", "c.d")
    """,
    "as tests import modules anew": """
        from importlib import import_module, reload
        import berkeley
        berkeley.install()
        import socket
        def import_fresh(name, fresh):
            saved = {each: sys.modules.pop(each) for each in [name, *fresh]}
            try: return import_module(name)
            finally: sys.modules.update(saved)
        ours = import_fresh("socket", ["_socket"])
        assert ours is not socket and ours.socket is socket.socket and sys.modules["socket"] is socket
        assert import_fresh("_socket", []).socket is socket.SocketType
        assert reload(socket) is socket
    """,
    "what shows the warning may fork": """
        import os, socket, warnings, berkeley
        def show(*arguments):
            child = os.fork()
            if not child:
                os._exit(7)
            codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        codes = []
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = show
            berkeley.install()
        assert codes == [7] and berkeley.is_installed()
    """,
    "too late, all goes on": """
        import asyncio, http.server, socket as standard, ssl, threading, urllib.request, warnings, berkeley
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            berkeley.install()
        [warning] = caught
        import socket
        server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
        assert type(server.socket) is standard.socket and socket.socket is not standard.socket
        server.timeout = 30
        asked = []
        http.server.BaseHTTPRequestHandler.do_GET = lambda self: (self.send_error(404), asked.append(self.path))
        http.server.BaseHTTPRequestHandler.log_message = lambda *arguments: None
        thread = threading.Thread(target=lambda: [server.handle_request() for _ in range(3)])
        thread.start()
        try: urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/urllib")
        except urllib.error.HTTPError as error: error.close()
        async def ask():
            reader, writer = await asyncio.open_connection("127.0.0.1", server.server_port)
            writer.write(b"GET /asyncio HTTP/1.0\\r\\n\\r\\n")
            assert (await reader.readline()).split()[1] == b"404"
            writer.close()
            await writer.wait_closed()
        asyncio.run(ask())
        with socket.create_connection(server.server_address) as ours:
            ours.sendall(b"GET /ours HTTP/1.0\\r\\n\\r\\n")
            assert ours.makefile("rb").readline().split()[1] == b"404"
        thread.join()
        server.server_close()
        assert asked == ["/urllib", "/asyncio", "/ours"]
        left, right = socket.socketpair()
        context = ssl.create_default_context()
        with right, context.wrap_socket(left, server_hostname="x", do_handshake_on_connect=False) as tls:
            assert isinstance(tls, standard.socket) and not isinstance(tls, socket.socket)
    """,
    "names that the program uses later come from ours": """
        import berkeley
        berkeley.install()
        import http.client, selectors, socketserver, ssl, asyncio
        import berkeley.socket as ours
        assert socketserver.socket is ours and http.client.socket is ours and ssl.socket is ours.socket
        assert issubclass(ssl.SSLSocket, ours.socket)
    """,
}


@pytest.mark.parametrize("case", CASES)
def test_install(python, case):
    program = "import sys\n" + "\n".join(line[8:] for line in CASES[case].splitlines())
    result = python("-W", "error", "-c", program)
    assert (result.returncode, result.stderr) == (0, "")


TOO_LATE = """
import sys, warnings
{before}
import berkeley
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    berkeley.install()
assert berkeley.is_installed()
for warning in caught:
    assert warning.category is RuntimeWarning and warning.filename == "<string>", warning
    print(warning.message)
"""


@pytest.mark.parametrize(
    ("before", "named"),
    [
        pytest.param("import ssl", ["ssl", "_ssl"], id="a class by from-import, and an extension that hides it"),
        pytest.param("import http.client", ["http.client"], id="a module"),
        pytest.param("import socketserver", ["socketserver"], id="another module"),
        pytest.param("import asyncio", ["asyncio.base_events", "asyncio.selector_events", "ssl"], id="a package"),
        pytest.param("import urllib.request", ["urllib.request", "http.client"], id="what others import"),
        pytest.param("import multiprocessing.reduction", ["multiprocessing.reduction"], id="a registry by class"),
        pytest.param("import socket", ["__main__"], id="the program itself"),
        pytest.param("from socket import create_connection as dial", ["__main__"], id="a function under a new name"),
        pytest.param("from _socket import inet_aton", ["__main__"], id="a native function"),
    ],
)
def test_too_late(python, before, named):
    result = python("-c", TOO_LATE.format(before=before))
    assert (result.returncode, result.stderr) == (0, "")
    [message] = result.stdout.splitlines()
    assert message.startswith("berkeley.install() came too late for these modules")
    assert "berkeley run" in message
    words = message.replace(",", " ").replace(".  ", " ").split()
    assert {name for name in named if name not in words and f"{name}." not in words} == set()


def test_too_late_names_no_bystander(python):
    result = python("-c", TOO_LATE.format(before="import http.client, json, logging, berkeley.socket"))
    [message] = result.stdout.splitlines()
    assert "http.client" in message
    for bystander in ("json", "logging", "selectors", "os,", "berkeley."):
        assert f" {bystander}" not in message.replace("berkeley.install()", "")


def test_loaded_but_held_by_no_one(python):
    before = "import importlib\nimportlib.import_module('socket')"
    result = python("-c", TOO_LATE.format(before=before))
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_a_module_that_waits_for_its_first_use_is_left_waiting(python):
    before = """
import importlib.util, socket
spec = importlib.util.find_spec("wave")
spec.loader = importlib.util.LazyLoader(spec.loader)
sys.modules["wave"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["wave"])
waiting = type(sys.modules["wave"])
"""
    after = "\nassert type(sys.modules['wave']) is waiting and waiting.__name__ == '_LazyModule'"
    result = python("-c", TOO_LATE.format(before=before) + after)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_warning_made_an_error_leaves_all_as_it_was(python):
    program = """
import socket, sys
import berkeley
try:
    berkeley.install()
except RuntimeWarning:
    print(berkeley.is_installed(), sys.modules["socket"] is socket)
"""
    assert python("-W", "error", "-c", program).stdout == "False True\n"


@pytest.mark.parametrize(
    ("pretence", "named"),
    [
        pytest.param("sys.version_info = (3, 9, 0)", "cpython 3.9", id="too old"),
        pytest.param("sys.version_info = (3, 16, 0)", "cpython 3.16", id="too new"),
        pytest.param("sys.implementation.name, sys.version_info = 'other', (3, 13, 0)", "other 3.13", id="other"),
    ],
)
def test_unknown_layout(python, pretence, named):
    program = f"""
import sys, ssl, berkeley, berkeley._install
{pretence}
before = dict(sys.modules)
try:
    berkeley.install()
except ImportError as error:
    print(error)
assert {{name: module for name, module in sys.modules.items() if name in before}} == before
assert not berkeley.is_installed()
"""
    result = python("-c", program)
    assert result.returncode == 0, result.stderr
    assert result.stdout == (
        f"berkeley cannot stand for the socket module of {named}: the layout of sockets that its ssl module expects is "
        "not known (`from berkeley import socket` works beside the standard module)\n"
    )
