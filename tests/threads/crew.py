"""Threads that work at the same time, for some seconds; the first failure ends the process."""

import errno
import faulthandler
import os
import sys
import traceback
from random import Random
from threading import Barrier, Lock, Thread
from time import monotonic

THREADS = 8
# The threads take turns often, where there is a lock to take turns at.
SWITCH_INTERVAL = 1e-5
# Seconds for what is under way when the time is over; a thread that hangs longer is shown, with all the others.
REST = 60
# What stands for the errno of a TimeoutError that is the socket's own: it has none.
TIMED_OUT = None

_dying = Lock()


class Crew:
    def __init__(self, seconds, seed):
        self.seconds = seconds
        self.seed = seed
        self.deadline = 0

    def going(self):
        return monotonic() < self.deadline

    def work(self, *jobs):
        """Call each job in a thread of its own, with a Random that is the seed's and its own; wait for all of them."""
        faulthandler.dump_traceback_later(self.seconds + REST, exit=True)
        sys.setswitchinterval(SWITCH_INTERVAL)
        start = Barrier(len(jobs))
        threads = [Thread(target=self._do, args=(job, number, start)) for number, job in enumerate(jobs)]
        self.deadline = monotonic() + self.seconds
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        faulthandler.cancel_dump_traceback_later()

    def _do(self, job, number, start):
        try:
            start.wait()
            job(Random(f"{self.seed} {number}"))
        except BaseException:
            # The others may wait for this thread for ever.
            with _dying:
                traceback.print_exc()
                sys.stderr.flush()
                os._exit(1)

    def again(self, work):
        """The job that does the work again and again: `work(random)`."""

        def job(random):
            while self.going():
                work(random)

        return job


def attempt(allowed, call, *arguments):
    """What the call gives; None where it fails with one of these numbers."""
    try:
        return call(*arguments)
    except OSError as error:
        if (error.errno if error.errno else TIMED_OUT) not in allowed:
            raise
        return None


def refused(error, text, call, *arguments):
    """The call fails so."""
    try:
        call(*arguments)
    except error as reason:
        if str(reason) != text:
            raise
        return
    raise AssertionError(f"it was not refused: {text}")


def descriptors():
    """How many the process has open, but for the file that a sanitizer opens for its first report: `NAME.PID`."""
    links = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd")]
    return sum(not os.readlink(link).endswith(f".{os.getpid()}") for link in links if os.path.lexists(link))


# A socket that does not wait, or not long.
NOT_NOW = {errno.EAGAIN, TIMED_OUT}
