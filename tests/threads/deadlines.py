"""Deadlines and look-ups of eight threads: each is bounded by its own, and nothing is left of any."""

import contextvars
import os
from time import monotonic, sleep

from crew import NOT_NOW, REST, THREADS, TIMED_OUT, attempt

import berkeley
from berkeley import _native, resolvers, socket

# Of a look-up for which there is no thread (EAI_AGAIN), or no time.
UNANSWERED = {TIMED_OUT, socket.EAI_AGAIN}
SHORT = 0.003  # seconds
LATE = 10
# No name server can be asked for so long a name.
EVERYONE = "everyone." * 40


def deadlines(crew, _):
    """Calls that block on shared sockets end in time; deadlines are left out of order, and by other threads."""
    idle = socket.socketpair()
    full = socket.socketpair()
    full[0].setblocking(False)
    while attempt(NOT_NOW, full[0].send, bytes(65536)):
        pass
    full[0].setblocking(True)
    listener = socket.create_server(("127.0.0.1", 0))
    entered = []

    def receive(_):
        assert attempt(NOT_NOW, idle[0].recv, 1) is None

    def send(_):
        assert attempt(NOT_NOW, full[0].send, b"data") is None

    def receive_all(_):
        assert attempt(NOT_NOW, idle[1].recv, 9, socket.MSG_WAITALL) is None

    def accept(_):
        assert attempt(NOT_NOW, listener.accept) is None

    def wait(random):
        seconds = random.random() * SHORT
        began = monotonic()
        with berkeley.deadline(seconds), berkeley.deadline(REST):
            random.choice([receive, send, receive_all, accept])(random)
        assert monotonic() - began < LATE

    def exchange(_):
        """Enter one in a context of its own, for another thread to leave; leave what another has entered."""
        one = berkeley.deadline(REST)
        contextvars.copy_context().run(one.__enter__)
        entered.append(one)
        other = entered.pop(0)
        assert other.remaining() > 0
        other.__exit__(None, None, None)

    def lose(_):
        contextvars.copy_context().run(berkeley.deadline(0).__enter__)

    crew.work(*map(crew.again, [*[wait] * (THREADS - 3), exchange, exchange, lose]))
    assert entered == []
    assert not _native.deadlines_are_open()
    for sock in (*idle, *full, listener):
        sock.close()


def lookups(crew, _):
    """Names are looked up within deadlines, many at once, by resolvers that come and go; the limit changes."""
    # With the first thread, ThreadSanitizer has one of its own.
    crew.work(lambda _: None)
    threads_before = tasks()
    hosts = {"127.0.0.1", "::1", "127.0.0.2"}
    pinned = resolvers.pin({EVERYONE: "127.0.0.3"})

    def alone(random):
        attempt(UNANSWERED, within, random, lambda: socket.gethostbyname("localhost"))

    def by_address(random):
        attempt(UNANSWERED, within, random, lambda: socket.getnameinfo(("127.0.0.1", 80), 0))

    def within(random, call):
        with berkeley.deadline(random.random() * SHORT):
            return call()

    def together(_):
        found = dict(berkeley.getaddrinfo_as_completed(hosts, 80, timeout=REST))
        assert found.keys() == hosts
        assert all(rows for rows in found.values()), found

    def limit(random):
        assert 1 <= berkeley.set_lookup_limit(random.randrange(1, THREADS)) <= 64

    def own(random):
        address = f"127.0.0.{random.randrange(4, 200)}"
        with berkeley.resolver(resolvers.pin({"own.invalid": address})):
            assert socket.gethostbyname("own.invalid") == address

    def everyone(random):
        berkeley.set_resolver(random.choice([None, pinned]))
        answer = attempt({socket.EAI_NONAME, socket.EAI_AGAIN}, socket.gethostbyname, EVERYONE)
        assert answer in (None, "127.0.0.3")

    def ask(random):
        random.choice([alone, by_address, together, limit, own, everyone])(random)

    crew.work(*[crew.again(ask)] * THREADS)
    berkeley.set_resolver(None)
    berkeley.set_lookup_limit(64)
    # What was left is still on its way, with the files that it reads.
    end = monotonic() + REST
    while tasks() > threads_before:
        assert monotonic() < end
        sleep(SHORT)


def tasks():
    return len(os.listdir("/proc/self/task"))
