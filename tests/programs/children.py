"""Programs that hand sockets to child processes, one a function: `python children.py NAME`.

Each prints first the name of the module that is `socket` here, then what its children say that it is there.
"""

import asyncio
import multiprocessing
import os
import socket
import socketserver
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import reduction, resource_sharer
from multiprocessing.connection import Client, Listener
from multiprocessing.managers import SyncManager

LOOPBACK = ("127.0.0.1", 0)
GUARD = 20


# --- what children do


def _use(stream, listener, datagrams):
    """Use three sockets of the parent's: tell the module over each of them."""
    name = socket.__name__.encode()
    for sock in (stream, listener, datagrams):
        assert type(sock) is socket.socket
        assert sock.family in (socket.AF_UNIX, socket.AF_INET)
    with stream, listener, datagrams:
        stream.sendall(name)
        datagrams.send(name)
        with listener.accept()[0] as sock:
            sock.sendall(name)


def _use_received(pipe):
    """The same with sockets that come through a pipe."""
    with pipe:
        _use(*(pipe.recv() for _ in range(3)))


def _use_queued(queue):
    """The same with sockets that come through a queue."""
    _use(*(queue.get() for _ in range(3)))


def _use_handle(pipe):
    """The same for one descriptor."""
    with pipe, socket.socket(fileno=reduction.recv_handle(pipe)) as sock:
        sock.sendall(socket.__name__.encode())


def _name(number):
    """A task of a pool, which makes a pair of sockets of its own."""
    with socket.create_server(LOOPBACK) as server, socket.create_connection(server.getsockname()) as client:
        with server.accept()[0] as accepted:
            accepted.sendall(b"%s %d" % (socket.__name__.encode(), number))
        return client.makefile().read()


# What other programs do, with the number of a descriptor as their argument.
TELL = "import socket, sys; s = socket.socket(fileno=int(sys.argv[1])); s.sendall(socket.__name__.encode()); s.close()"


# --- multiprocessing


def fork():
    _process("fork")


def spawn():
    _process("spawn")


def forkserver():
    _process("forkserver")


def _process(method):
    """Sockets as the arguments of a process."""
    with _sockets() as (theirs, told):
        process = multiprocessing.get_context(method).Process(target=_use, args=theirs)
        process.start()
        for sock in theirs:
            sock.close()
        print(*told())
        _join(process)


def pipes():
    """Sockets that are sent to a process that runs, and come over a Unix socket of the sender's."""
    context = multiprocessing.get_context("spawn")
    ours, child = context.Pipe()
    with ours, _sockets() as (theirs, told):
        process = context.Process(target=_use_received, args=(child,))
        process.start()
        child.close()
        for sock in theirs:
            ours.send(sock)
            sock.close()
        print(*told())
        _join(process)
    resource_sharer.stop(GUARD)


def queues():
    """Sockets in a queue, of which another thread of this process makes pickles."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    with _sockets() as (theirs, told):
        process = context.Process(target=_use_queued, args=(queue,))
        process.start()
        for sock in theirs:
            queue.put(sock)
        queue.close()
        queue.join_thread()
        for sock in theirs:
            sock.close()
        print(*told())
        _join(process)
    resource_sharer.stop(GUARD)


def handles():
    """A descriptor that is sent to a process that runs (SCM_RIGHTS)."""
    context = multiprocessing.get_context("spawn")
    ours, child = context.Pipe()
    here, there = socket.socketpair()
    with ours, here:
        process = context.Process(target=_use_handle, args=(child,))
        process.start()
        child.close()
        with there:
            reduction.send_handle(ours, there.fileno(), process.pid)
        print(_told(here))
        _join(process)


def connections():
    """multiprocessing.connection between programs, of each kind that it has here."""
    call = (
        "import socket, sys; from multiprocessing.connection import Client; address = eval(sys.argv[1])\n"
        "with Client(address, authkey=b'key') as client: client.send(socket.__name__)"
    )
    for family in ("AF_INET", "AF_UNIX"):
        with Listener(family=family, authkey=b"key") as listener:
            child = subprocess.Popen([sys.executable, "-c", call, repr(listener.address)])
            with listener.accept() as connection:
                print(connection.recv())
            assert child.wait(GUARD) == 0


def managers():
    """A manager's process serves objects over sockets."""
    context = multiprocessing.get_context("spawn")
    with SyncManager(ctx=context) as manager:
        names = manager.list()
        process = context.Process(target=_append_name, args=(names,))
        process.start()
        _join(process)
        print(*names)
        with Client(manager.address, authkey=multiprocessing.current_process().authkey):
            pass


def _append_name(names):
    names.append(socket.__name__)


def pool_fork():
    _pool("fork")


def pool_spawn():
    _pool("spawn")


def pool_forkserver():
    _pool("forkserver")


def _pool(method):
    with ProcessPoolExecutor(2, multiprocessing.get_context(method)) as pool:
        words = [line.split() for line in pool.map(_name, range(4), timeout=GUARD)]
    assert [int(number) for _, number in words] == [0, 1, 2, 3]
    print(*{name for name, _ in words})


# --- other programs


def descriptors():
    """A program that inherits a descriptor under its number (pass_fds), with all that it asks the kernel about it."""
    with _given([sys.executable, "-c", TELL]) as told:
        print(told)


def ignoring_the_environment():
    _deaf("-E")


def isolated():
    _deaf("-I")


def without_site():
    _deaf("-S")


def _deaf(option):
    with _given([sys.executable, option, "-c", TELL]) as told:
        print(told)


def standard_input():
    """A program whose standard input and output are a socket, as inetd starts them."""
    here, there = socket.socketpair()
    with here:
        with there:
            child = subprocess.Popen([sys.executable, "-c", TELL, "0"], stdin=there, stdout=there)
        print(_told(here))
        assert child.wait(GUARD) == 0


def replaced():
    """The program gives way to another (os.exec), and leaves it a socket with something to read in it."""
    here, there = socket.socketpair()
    there.sendall(b"some data")
    here.set_inheritable(True)
    program = (
        "import os, socket, sys; s = socket.socket(fileno=int(sys.argv[1])); assert os.get_inheritable(s.fileno());"
        "assert s.recv(9) == b'some data'; assert s.recv(1) == b''; s.close(); print(socket.__name__)"
    )
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-c", program, str(here.fileno())])


def spawned():
    """posix_spawn(3), which leaves the descriptors that are inheritable."""
    here, there = socket.socketpair()
    with here:
        with there:
            there.set_inheritable(True)
            words = [sys.executable, "-c", TELL, str(there.fileno())]
            child = os.posix_spawn(sys.executable, words, os.environ)
        print(_told(here))
        assert os.waitpid(child, 0)[1] == 0


def with_asyncio():
    """A program that an event loop starts, and that calls the loop's server."""
    call = (
        "import socket, sys; address = ('127.0.0.1', int(sys.argv[1]))\n"
        "with socket.create_connection(address) as s: s.sendall(socket.__name__.encode())"
    )

    async def main():
        heard = asyncio.get_running_loop().create_future()

        async def hear(reader, writer):
            heard.set_result(await reader.read())
            writer.close()
            await writer.wait_closed()

        async with await asyncio.start_server(hear, *LOOPBACK) as server:
            port = str(server.sockets[0].getsockname()[1])
            child = await asyncio.create_subprocess_exec(sys.executable, "-c", call, port)
            print((await heard).decode())
            assert await child.wait() == 0

    asyncio.run(asyncio.wait_for(main(), GUARD))


def forking_server():
    """A server that forks for each connection."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            assert os.getpid() != parent
            self.wfile.write(self.rfile.readline().replace(b"?", socket.__name__.encode()))

    parent = os.getpid()
    with socketserver.ForkingTCPServer(LOOPBACK, Handler) as server:
        for _ in range(3):
            with socket.create_connection(server.server_address, GUARD) as client:
                client.sendall(b"?\n")
                server.handle_request()
                print(client.makefile().readline().strip())


# --- helpers


@contextmanager
def _sockets():
    """A stream, a listener and a datagram socket for a child; and what tells what the child says over each."""
    stream, stream_there = socket.socketpair()
    datagrams, datagrams_there = (socket.socket(type=socket.SOCK_DGRAM) for _ in range(2))
    for sock in (datagrams, datagrams_there):
        sock.bind(LOOPBACK)
    datagrams_there.connect(datagrams.getsockname())
    listener = socket.create_server(LOOPBACK)
    address = listener.getsockname()

    def told():
        for sock in (stream, datagrams):
            sock.settimeout(GUARD)
        with socket.create_connection(address, GUARD) as client:
            return _told(stream), datagrams.recv(100).decode(), client.makefile().read()

    with stream, stream_there, datagrams, datagrams_there, listener:
        yield (stream_there, listener, datagrams_there), told


def _told(sock):
    """All that comes, up to the end."""
    sock.settimeout(GUARD)
    with sock.makefile() as file:
        return file.read()


@contextmanager
def _given(command):
    """What a program says over a socket that it inherits."""
    here, there = socket.socketpair()
    with here:
        with there:
            child = subprocess.Popen([*command, str(there.fileno())], pass_fds=[there.fileno()])
        yield _told(here)
        assert child.wait(GUARD) == 0


def _join(process):
    process.join(GUARD)
    assert process.exitcode == 0
    process.close()


if __name__ == "__main__":
    print(socket.__name__)
    globals()[sys.argv[1]]()
