"""Close, or cancel, a socket in whose call a thread is, at any moment of it, again and again.

    python tests/closing/many.py --times 10000 recv-tcp

No wake-up may be lost, and no descriptor be left open.
"""

import errno
import faulthandler
import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from queue import SimpleQueue
from random import Random
from threading import Thread

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from sleepers import CALLS, NAMES, opened

LIMIT = 60  # seconds: so long nothing here takes, but for a wake-up that was lost
LONGEST = 14  # the binary logarithm of the turns of a loop before the socket is closed: by then the call sleeps


def main():
    parser = ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="+", choices=NAMES, metavar="name")
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--timeout", type=float)
    parser.add_argument("--way", choices=ENDS, default="close")
    chosen = parser.parse_args()
    sys.setswitchinterval(1e-5)
    for name in chosen.names:
        make, kind, call = CALLS[NAMES.index(name)]
        before = os.listdir("/proc/self/fd")
        worker = Worker(call)
        random = Random(name)
        for _ in range(chosen.times):
            faulthandler.dump_traceback_later(LIMIT, exit=True)
            with opened(make, chosen.timeout) as (one, other):
                worker.begin(one, other)
                for _ in range(random.randrange(2 ** random.randrange(LONGEST))):
                    pass
                ENDS[chosen.way](one, kind, worker)
                assert worker.outcome() == NUMBERS[chosen.way]
        faulthandler.cancel_dump_traceback_later()
        worker.end()
        assert os.listdir("/proc/self/fd") == before, name


def close(one, kind, _):
    if kind == "readline":
        one._real_close()  # close() leaves it to the file
    else:
        one.close()


def cancel(one, _, worker):
    """What has not begun is not cancelled: until it has."""
    while not worker.is_over():
        one.cancel()


ENDS = {"close": close, "cancel": cancel}
NUMBERS = {"close": errno.EBADF, "cancel": errno.ECANCELED}


class Worker:
    """A thread that makes the call whenever it is told to."""

    def __init__(self, call):
        self.call, self.tasks, self.outcomes = call, SimpleQueue(), SimpleQueue()
        self.thread = Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        for one, other in iter(self.tasks.get, None):
            try:
                self.outcomes.put(self.call(one, other))
            except OSError as error:
                self.outcomes.put(error.errno)

    def begin(self, one, other):
        self.tasks.put((one, other))

    def is_over(self):
        return not self.outcomes.empty()

    def outcome(self):
        return self.outcomes.get()

    def end(self):
        self.tasks.put(None)
        self.thread.join()


if __name__ == "__main__":
    main()
