"""Collects metrics that programs send over UDP, in statsd's format, and prints a summary in each interval.

    python examples/udp_metrics.py --port 8125
    echo "hits:1|c" > /dev/udp/127.0.0.1/8125          bash sends a datagram

A line of a datagram is `name:value|type`: `c` counts (`hits:1|c|@0.1` was sent for one hit in ten), `ms` is a time in
milliseconds, `g` a gauge (`queue:+2|g` adds to it). SIGINT (Ctrl-C) or SIGTERM prints the last summary and ends it.
"""

import argparse
import collections
import signal
import sys
import time

from berkeley import socket

LARGEST_DATAGRAM = 65535
SIGNALS = signal.SIGINT, signal.SIGTERM


def main():
    for number in SIGNALS:
        signal.signal(number, signal.default_int_handler)  # raises KeyboardInterrupt
    arguments = command_line()
    metrics = Metrics()
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((arguments.host, arguments.port))
            print("listening on", *sock.getsockname(), flush=True)
            while True:
                collect(sock, metrics, time.monotonic() + arguments.interval)
                # What a signal interrupts here would be told twice, or not at all.
                signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
                metrics.report()
                signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    except KeyboardInterrupt:
        metrics.report()
    except OSError as error:
        sys.exit(f"{arguments.host} port {arguments.port}: {error}")


def command_line():
    parser = argparse.ArgumentParser(description="Collects metrics in statsd's format over UDP.")
    parser.add_argument("--host", default="127.0.0.1", help="IPv4 address or name to listen at (%(default)s)")
    parser.add_argument("--port", type=int, default=0, help="the kernel chooses one if it is 0 (%(default)s)")
    parser.add_argument("--interval", type=float, default=10, help="seconds between summaries (%(default)s)")
    arguments = parser.parse_args()
    if arguments.interval <= 0:
        parser.error("--interval must be positive")
    return arguments


def collect(sock, metrics, end):
    while (left := end - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            data = sock.recv(LARGEST_DATAGRAM)
        except TimeoutError:
            return
        for line in data.decode(errors="replace").splitlines():
            metrics.add(line)


class Metrics:
    """What has come since the last report; gauges stay."""

    def __init__(self):
        self.gauges = collections.Counter()
        self.clear()

    def clear(self):
        self.since = time.monotonic()
        self.counters = collections.Counter()
        self.times = collections.defaultdict(list)
        self.bad = 0

    def add(self, line):
        try:
            name, _, rest = line.partition(":")
            text, kind, *sampled = rest.split("|")
            value = float(text)
            rate = float(sampled[0].removeprefix("@")) if sampled else 1
            if kind == "c":
                self.counters[name] += value / rate
            elif kind == "ms":
                self.times[name].append(value)
            elif kind == "g":
                self.gauges[name] = value + (self.gauges[name] if text[0] in "+-" else 0)
            else:
                raise ValueError(kind)
        except (ValueError, ZeroDivisionError):
            self.bad += 1

    def report(self):
        elapsed = time.monotonic() - self.since
        print(f"--- {time.strftime('%H:%M:%S')}, {elapsed:.1f} s")
        for name, count in sorted(self.counters.items()):
            print(f"counter {name}: {count:g}, {count / elapsed:.1f} a second")
        for name, values in sorted(self.times.items()):
            values.sort()
            mean, median = sum(values) / len(values), values[len(values) // 2]
            print(f"timer {name}: {len(values)}, mean {mean:g}, median {median:g}, longest {values[-1]:g} ms")
        for name, value in sorted(self.gauges.items()):
            print(f"gauge {name}: {value:g}")
        if self.bad:
            print(f"not understood: {self.bad}")
        sys.stdout.flush()
        self.clear()


if __name__ == "__main__":
    main()
