"""Collects metrics that programs send over UDP, in StatsD's format, and prints what they come to in each interval.

    python examples/udp_metrics.py --port 8125
    echo "hits:1|c" > /dev/udp/127.0.0.1/8125          bash sends a datagram
    python examples/udp_metrics.py --compare            how fast is it, beside the same with recvfrom()?

A line of a datagram is `name:value|type`: `c` counts, `ms` is a time in milliseconds, `g` a gauge (`queue:+2|g` adds to
it), `s` a member of a set, whose different members are counted. `hits:1|c|@0.1` was sent for one hit in ten; so it is
for times. SIGINT (Ctrl-C) or SIGTERM prints the last summary and ends it.
"""

import argparse
import collections
import contextlib
import functools
import itertools
import math
import os
import signal
import statistics
import sys
import time

import berkeley
from berkeley import constants, socket

LARGEST_DATAGRAM = 65535
BATCH = 64
KEPT = 10_000
KINDS = "c", "ms", "g", "s"
RECEIVE_BUFFER = 4 * 1024 * 1024  # the kernel gives as much as /proc/sys/net/core/rmem_max says, twice
FED = ["api.requests:1|c", "api.latency:{}.5|ms", "api.users:user{}|s", "queue.length:+1|g", "cache.hits:1|c|@0.1"]


def main():
    arguments = command_line()
    try:
        with listening(arguments.host, arguments.port) as sock:
            if arguments.compare:
                compare(sock, arguments.interval)
            else:
                serve(sock, arguments.interval)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        sys.exit(f"{arguments.host} port {arguments.port}: {error}")


def command_line():
    parser = argparse.ArgumentParser(description="Collects metrics in StatsD's format over UDP.")
    parser.add_argument("--host", default="127.0.0.1", help="address or name to listen at (%(default)s)")
    parser.add_argument("--port", type=int, default=0, help="the kernel chooses one if it is 0 (%(default)s)")
    parser.add_argument("--interval", type=float, help="seconds between summaries (10), or of a turn (1)")
    parser.add_argument("--compare", action="store_true", help="measure it beside recvfrom(), in turns, and end")
    arguments = parser.parse_args()
    if arguments.interval is None:
        arguments.interval = 1 if arguments.compare else 10
    if not 0 < arguments.interval < math.inf:
        parser.error("--interval must be positive")
    return arguments


@contextlib.contextmanager
def listening(host, port):
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as sock:
        # What comes while a summary is printed waits there.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        # With each comes how many were lost so far for want of room.
        sock.setsockopt(socket.SOL_SOCKET, constants.SO_RXQ_OVFL, 1)
        sock.bind(address)
        yield sock


def serve(sock, interval):
    def end(*_):
        """Nothing more is waited for. What has been received is counted first: no exception comes in between."""
        sock.setblocking(False)
        sock.cancel()

    for number in signal.SIGINT, signal.SIGTERM:
        signal.signal(number, end)
    metrics = Metrics()
    print("listening on", *sock.getsockname()[:2], flush=True)
    while True:
        in_batches(sock, metrics, interval)
        waits = sock.getblocking()
        metrics.report()
        if not waits:
            break


# --- two ways to receive


@contextlib.contextmanager
def bounded(sock, seconds):
    """For so many seconds, or until a signal has ended the waiting."""
    try:
        with berkeley.deadline(seconds):
            yield
    except TimeoutError:
        pass
    except OSError:
        if sock.getblocking():
            raise


def in_batches(sock, metrics, interval):
    """All that is there by one call, into memory that is made once; how many datagrams came in the interval."""
    batch, count = berkeley.DatagramBatch(BATCH, LARGEST_DATAGRAM, ancbufsize=socket.CMSG_SPACE(4)), 0
    with bounded(sock, interval):
        while True:
            count += sock.recvmmsg_into(batch)
            metrics.lost = batch[-1].info.dropped or 0
            metrics.add(b"\n".join(batch))  # a slot is bytes-like
            if not sock.getblocking():
                break
    return count


def one_by_one(sock, metrics, interval):
    """The same with the call that every socket module has."""
    count = 0
    with bounded(sock, interval):
        while True:
            data, _ = sock.recvfrom(LARGEST_DATAGRAM)
            count += 1
            metrics.add(data)
            if not sock.getblocking():
                break
    return count


class Metrics:
    """What has come since the last report; gauges stay."""

    def __init__(self):
        self.gauges = collections.Counter()
        self.lost = 0
        self.kinds = {"c": self.count, "ms": self.time, "g": self.set_gauge, "+g": self.move_gauge, "s": self.member}
        self.clear()

    def clear(self):
        self.since = time.monotonic()
        self.counters = collections.Counter()
        self.times, self.timed = collections.defaultdict(list), collections.Counter()
        self.sets = collections.defaultdict(set)
        self.bad, self.lost_before = 0, self.lost

    def add(self, lines):
        for line in lines.split(b"\n"):
            if line:
                try:
                    kind, name, value, rate = parsed(line)
                    self.kinds[kind](name, value, rate)
                except ValueError:
                    self.bad += 1

    def count(self, name, value, rate):
        self.counters[name] += value / rate

    def time(self, name, value, rate):
        self.times[name].append(value)
        self.timed[name] += 1 / rate

    def set_gauge(self, name, value, _):
        self.gauges[name] = value

    def move_gauge(self, name, value, _):
        self.gauges[name] += value

    def member(self, name, value, _):
        self.sets[name].add(value)

    def report(self):
        elapsed = time.monotonic() - self.since
        print(f"--- {time.strftime('%H:%M:%S')}, {elapsed:.1f} s")
        for name, count in sorted(self.counters.items()):
            print(f"counter {name}: {count:g}, {count / elapsed:.1f} a second")
        for name, values in sorted(self.times.items()):
            values.sort()
            mean, median = sum(values) / len(values), values[len(values) // 2]
            print(f"timer {name}: {self.timed[name]:g}, mean {mean:g}, median {median:g}, longest {values[-1]:g} ms")
        for name, value in sorted(self.gauges.items()):
            print(f"gauge {name}: {value:g}")
        for name, members in sorted(self.sets.items()):
            print(f"set {name}: {len(members)}")
        if self.bad:
            print(f"not understood: {self.bad}")
        if self.lost != self.lost_before:
            print(f"lost, for they came too fast: {self.lost - self.lost_before}")
        sys.stdout.flush()
        self.clear()


@functools.lru_cache(KEPT)
def parsed(line):
    """The kind, name, value and sample rate of a line; ValueError for what is none. Most lines come again and again."""
    name, rest = line.decode().strip().split(":", 1)
    text, kind, *sampled = rest.split("|")
    value = text if kind == "s" else float(text)
    rate = float(sampled[0].removeprefix("@")) if sampled else 1
    if not name or kind not in KINDS or not 0 < rate <= 1 or (kind != "s" and not math.isfinite(value)):
        raise ValueError(line)
    return "+g" if kind == "g" and text[0] in "+-" else kind, name, value, rate


# --- compared


def compare(sock, seconds, turns=5):
    """Feed it more than it can take, from another process; say how much it takes, in either way by turns."""
    ways = {"recvfrom": one_by_one, "recvmmsg_into": in_batches}
    rates, costs = ({name: [] for name in ways} for _ in range(2))
    feeder = os.fork()
    if feeder == 0:
        feed(sock)
    try:
        sock.recv(1, socket.MSG_PEEK)  # it is at work
        for turn, name in itertools.product(range(turns), ways):
            begun, used, metrics = time.monotonic(), time.process_time(), Metrics()
            count = ways[name](sock, metrics, seconds)
            rates[name].append(count / (time.monotonic() - begun))
            costs[name].append((time.process_time() - used) / max(count, 1) * 1e6)
            print(f"turn {turn + 1}: {name:13} {rates[name][-1]:9,.0f} datagrams a second,", end=" ")
            print(f"{costs[name][-1]:5.2f} us of processor time for each", flush=True)
            if metrics.bad:
                sys.exit(f"not understood: {metrics.bad}")
    finally:
        os.kill(feeder, signal.SIGKILL)
        os.waitpid(feeder, 0)
    plain, batched = ((statistics.median(rates[name]), statistics.median(costs[name])) for name in ways)
    rate, cost = batched[0] / plain[0], batched[1] / plain[1]
    print(f"in batches: {rate:.2f} times as many a second, {cost:.0%} of the processor time (medians of {turns} turns)")


def feed(receiver):
    """Send without end, in a process of its own, what this sock receives: until it is killed."""
    with contextlib.suppress(OSError, KeyboardInterrupt), socket.socket(receiver.family, socket.SOCK_DGRAM) as sock:
        sock.connect(receiver.getsockname())
        # If the parent dies, nobody has the port, and a connected socket is told so.
        receiver.close()
        batch = berkeley.DatagramBatch(1000, 64)
        for number in range(batch.count):
            batch.append(FED[number % len(FED)].format(number).encode())
        while True:
            sock.sendmmsg(batch)
    os._exit(0)


if __name__ == "__main__":
    main()
