"""The programs of examples/ that take and send datagrams in batches, on real sockets. The DNS server is in
test_examples_dns.py.
"""

import random
import re
import select
import signal
import threading
from contextlib import ExitStack, contextmanager, suppress

import pytest
from said import ended, listening

from berkeley import socket

SIGNALS = [signal.SIGINT, signal.SIGTERM]


# --- the metrics collector


@pytest.mark.parametrize("number", SIGNALS)
def test_udp_metrics(example, number):
    understood = "hits:2|c hits:1|c|@0.1 load:70|ms load:10|ms load:40|ms|@0.5 queue:7|g queue:-3|g"
    understood += " who:me|s who:you|s who:me|s"
    misunderstood = "hits hits:1|x hits:1|c|@0 hits:nan|c hits:1|c|@2 :1|c queue:|g"
    with example("udp_metrics.py", "--interval=0.1") as collector:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            lines = f"{understood} {misunderstood}".replace(" ", "\n").encode()
            sock.sendto(lines, listening(collector))
        summary = [*iter(collector.stdout.readline, "not understood: 7\n")]
        last = ended(collector, number)
    counter = next(place for place, line in enumerate(summary) if line.startswith("counter"))
    assert re.fullmatch(r"--- \d\d:\d\d:\d\d, \d+\.\d s\n", summary[counter - 1])
    assert re.fullmatch(r"counter hits: 12, \d+\.\d a second\n", summary[counter])
    rest = ["timer load: 4, mean 40, median 40, longest 70 ms\n", "gauge queue: 4\n", "set who: 2\n"]
    assert summary[counter + 1 :] == rest
    assert re.search(r"--- .*\ngauge queue: 4\n$", last)


def test_udp_metrics_of_many_datagrams(example):
    """More than a batch holds, of every length: none is lost, cut or taken twice."""
    lines = [b"n:1|c\n" * repeated for repeated in range(1, 200)]
    with example("udp_metrics.py", "--interval=60") as collector, socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.connect(listening(collector))
        collector.send_signal(signal.SIGSTOP)
        for data in lines[:64]:
            sock.send(data)
        collector.send_signal(signal.SIGCONT)
        for data in lines[64:]:
            sock.send(data)
        until_taken(sock)
        assert f"counter n: {sum(range(1, 200))}, " in ended(collector)


def until_taken(sock):
    """Wait until what was sent by the socket has been received: the peer's queue is empty (/proc/net/udp)."""
    _, port = sock.getpeername()
    while True:
        with open("/proc/net/udp") as table:
            [queued] = [line.split()[4] for line in table if line.split()[1].endswith(f":{port:04X}")]
        if queued.endswith(":00000000"):
            return


def test_udp_metrics_that_loses(example):
    """The kernel counts what it has no room for, and tells with what comes after."""
    with example("udp_metrics.py", "--interval=0.1") as collector, socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.connect(listening(collector))
        collector.send_signal(signal.SIGSTOP)
        data, sent, seen, lost = b"n" * 30_000 + b":1|c", 2000, 0, 0
        for _ in range(sent):
            sock.send(data)
        collector.send_signal(signal.SIGCONT)
        while seen + lost < 2000:
            line = collector.stdout.readline()
            if found := re.match(r"counter n+: (\d+), ", line):
                seen += int(found[1])
            elif found := re.match(r"lost, for they came too fast: (\d+)\n", line):
                lost += int(found[1])
            elif line.startswith("---"):
                sent += sock.send(data) // len(data)
        ended(collector)
    assert lost > 0
    assert seen + lost <= sent


def test_udp_metrics_compared(example):
    with example("udp_metrics.py", "--compare", "--interval=0.1") as program:
        *turns, last = program.stdout
    assert len(turns) == 10
    for number, line in enumerate(turns):
        way = ["recvfrom", "recvmmsg_into"][number % 2]
        rate = rf"turn {number // 2 + 1}: {way} +([\d,]+) datagrams a second"
        taken = re.fullmatch(rf"{rate}, +\d+\.\d\d us of processor time for each\n", line)
        assert int(taken[1].replace(",", "")) > 0
    pattern = r"in batches: \d+\.\d\d times as many a second, \d+% of the processor time \(medians of 5 turns\)\n"
    assert re.fullmatch(pattern, last)


# --- the file


@contextmanager
def between(receiver, passes):
    """Where to send to what listens at the address: `passes(data)` gives what goes on of a datagram, or None."""
    with ExitStack() as opened:
        here, there, end = (opened.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(3))
        here.bind(("127.0.0.1", 0))
        there.connect(receiver)
        end.connect(here.getsockname())

        def carry():
            peer = None
            while True:
                ready, _, _ = select.select([here, there], [], [])
                for sock in ready:
                    with suppress(ConnectionRefusedError):  # the receiver has left
                        data, address = sock.recvfrom(65535)
                        if address == end.getsockname():
                            return
                        if sock is there:
                            here.sendto(data, peer)
                            continue
                        peer = address
                        if (data := passes(data)) is not None:
                            there.send(data)

        thread = threading.Thread(target=carry)
        thread.start()
        try:
            yield here.getsockname()
        finally:
            end.send(b"")
            thread.join()


def rates(program, word, size):
    """What it says at the end: of its rate, and more."""
    rate, more = program.stdout
    assert re.fullmatch(rf"{word} {size:,} bytes in \d+\.\d{{3}} s, \d+\.\d MB/s\n", rate)
    return more


@pytest.fixture
def original(tmp_path):
    def write(size):
        (tmp_path / "original").write_bytes(random.Random(size).randbytes(size))
        return tmp_path / "original"

    return write


@pytest.mark.parametrize("segment", [1400, 14, 9000, 65507])
@pytest.mark.parametrize("size", [0, 1, 1387, 1388, 100_000])
def test_udp_file(example, original, tmp_path, size, segment):
    file = original(size)
    with example("udp_file.py", "receive", tmp_path / "copy") as receiver:
        _, port = listening(receiver)
        with example("udp_file.py", "send", file, "--port", port, "--segment", segment) as sender:
            count = -(-size // (segment - 13))
            assert re.fullmatch(rf"{count} datagrams, \d+ of them again; cut by .*\n", rates(sender, "sent", size))
        assert "joined by the kernel" in rates(receiver, "received", size)
    assert (tmp_path / "copy").read_bytes() == file.read_bytes()
    assert not (tmp_path / "copy.part").exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_large_udp_file(example, original, tmp_path, host):
    """Both offloads, and losses where the window has grown too large."""
    if host == "::1" and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    size, file = 20_000_000, original(20_000_000)
    with example("udp_file.py", "receive", tmp_path / "copy", "--host", host) as receiver:
        _, port = listening(receiver)
        with example("udp_file.py", "send", file, "--host", host, "--port", port) as sender:
            more = rates(sender, "sent", size)
        joined = rates(receiver, "received", size)
    assert (tmp_path / "copy").read_bytes() == file.read_bytes()
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        assert ("cut by the kernel" in more) == sock.segments_in_kernel()
        assert (joined == "joined by the kernel\n") == sock.set_coalescing(True)


@pytest.mark.parametrize("one_in", [2, 10, 100])
def test_udp_file_with_losses(example, original, tmp_path, one_in):
    """Whatever is lost on the way, of all kinds of datagrams."""
    chance, size = random.Random(one_in), 500_000
    file = original(size)
    with (
        example("udp_file.py", "receive", tmp_path / "copy") as receiver,
        between(listening(receiver), lambda data: data if chance.randrange(one_in) else None) as (_, port),
    ):
        with example("udp_file.py", "send", file, "--port", port) as sender:
            again = re.match(r"361 datagrams, (\d+) of them again;", rates(sender, "sent", size))
            assert int(again[1]) > 0
        rates(receiver, "received", size)
    assert (tmp_path / "copy").read_bytes() == file.read_bytes()


def test_udp_file_that_is_changed_on_the_way(example, original, tmp_path):
    """A byte is another one, in a datagram whose own checksum is right."""
    differs = "what has arrived is not what was sent: the digests differ\n"

    def passes(data):
        return data[:-1] + bytes([data[-1] ^ 1]) if len(data) == 1400 else data

    with (
        example("udp_file.py", "receive", tmp_path / "copy", status=1, says=differs) as receiver,
        between(listening(receiver), passes) as (_, port),
        example("udp_file.py", "send", original(50_000), "--port", port, status=1, says=differs) as sender,
    ):
        assert (receiver.stdout.read(), sender.stdout.read()) == ("", "")
    assert not [*tmp_path.glob("copy*")]


def test_udp_file_that_nobody_receives(example, original, tmp_path):
    file = original(1000)
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        arguments = "send", file, "--port", port, "--patience=0.3"
        with example("udp_file.py", *arguments, status=1, says=f"127.0.0.1 port {port}: timed out\n"):
            assert sock.recv(100)
    with example("udp_file.py", *arguments, status=1, says=f"127.0.0.1 port {port}: Connection refused\n"):
        pass
    missing = "send", tmp_path / "none", "--port", port
    with example("udp_file.py", *missing, status=1, says=r"\S*none: No such file or directory\n"):
        pass


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("which", [0, 1])
def test_udp_file_that_is_interrupted(example, original, tmp_path, which, number):
    """The other one does not wait for ever; nothing is left of the file."""
    statuses, says = [1, 1], [r"127\.0\.0\.1 port \d+: (timed out|Connection refused)\n"] * 2
    statuses[which], says[which] = 130, ""
    seen = threading.Event()

    def passes(data):
        """The first few, then none."""
        if len(data) == 1400:
            seen.set()
            return None
        return data

    patience = ["--patience=1"] * 2
    patience[which] = "--patience=30"
    receive = "receive", tmp_path / "copy", patience[0]
    send = "send", original(1_000_000), patience[1], "--port"
    with (
        example("udp_file.py", *receive, status=statuses[0], says=says[0]) as receiver,
        between(listening(receiver), passes) as (_, port),
        example("udp_file.py", *send, port, status=statuses[1], says=says[1]) as sender,
    ):
        assert seen.wait(30)
        (receiver, sender)[which].send_signal(number)
    assert not [*tmp_path.glob("copy*")]
