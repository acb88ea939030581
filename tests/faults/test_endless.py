"""Every call ends, also where poll(2) says "ready", the call says EAGAIN, and both go on saying so.

`disagreements.py` has the situations; `endless.py`, a program, has what is tried in each, and kills its processes where
they do not end.
"""

import ast
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from disagreements import FLAGGED, SITUATIONS
from endless import PATIENCE, TIMEOUT
from sleeping import shown, sleeps

pytestmark = pytest.mark.alone

PROGRAM = Path(__file__).with_name("endless.py")

# Seconds. The machine may be busy: a call may be late, but nothing may come only when the call ends.
LATE = 2
HANDLED = 0.3
SHARE = 0.05  # of a processor

OURS = [(title, name) for title, situation in SITUATIONS.items() for name in situation.methods]
# The standard recv_fds() leaves out the flags.
STANDARD = [
    (title, name)
    for title, name in OURS
    if SITUATIONS[title].standard and not (name == "recv_fds" and SITUATIONS[title].methods is FLAGGED)
]


@pytest.mark.skipif(not shown(), reason="the kernel has no /proc/self/task/*/syscall")
def test_one_connection_wakes_all_who_accept(impl, forked):
    ends = forked(accept_together, impl)
    assert sorted(end for end, _ in ends) == ["TimeoutError", "TimeoutError", "TimeoutError", "accepted"]
    assert all(processor < SHARE * TIMEOUT for _, processor in ends)


def accept_together(socket):
    """How four threads end, that accept on one listener to which one client comes, and the processor time of each."""
    ends = []

    def accept():
        try:
            listener.accept()[0].close()
            end = "accepted"
        except TimeoutError:
            end = "TimeoutError"
        ends.append((end, time.thread_time()))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(TIMEOUT)
        threads = [threading.Thread(target=accept) for _ in range(4)]
        for thread in threads:
            thread.start()
        while not all(sleeps(thread.native_id, listener.fileno()) for thread in threads):
            os.sched_yield()
        with socket.create_connection(listener.getsockname()):
            for thread in threads:
                thread.join()
    return ends


def run(module, title):
    """For each call, what its process told: what was seen at each check."""
    done = subprocess.run(
        [sys.executable, PROGRAM, module, title], capture_output=True, text=True, timeout=PATIENCE + 20
    )
    assert done.stderr == ""
    told = {name: {} for name in SITUATIONS[title].methods}
    for line in done.stdout.splitlines():
        name, check, seen = ast.literal_eval(line)
        told[name][check] = seen
    return told


@pytest.fixture(scope="module")
def told(request):
    """What a call's process told. The programs that the tests want run meanwhile, some at a time."""
    wanted = {
        (item.callspec.params["module"], item.callspec.params["title"]): None
        for item in request.session.items
        if item.path == request.path and "told" in item.fixturenames
    }
    with ThreadPoolExecutor(8) as pool:
        running = {key: pool.submit(run, *key) for key in wanted}

        def told(module, title, name):
            seen = running[module, title].result()[name]
            if "lacks" in seen:
                pytest.skip(f"the kernel, or the user's rights: {seen['lacks']}")
            return seen

        yield told


@pytest.mark.parametrize("module", ["berkeley.socket"])
@pytest.mark.parametrize(("title", "name"), OURS)
def test_call_ends(told, module, title, name):
    seen = told(module, title, name)
    print(*(f"{check}: {figures}" for check, figures in seen.items()), sep="\n")
    error = "BlockingIOError" if name == "connect_ex" else "TimeoutError"  # it gives EAGAIN back
    assert list(faults(seen, SITUATIONS[title].lasts, error)) == []


@pytest.mark.parametrize("module", ["socket"])
@pytest.mark.parametrize(("title", "name"), STANDARD)
def test_standard_call_ends(told, module, title, name):
    seen = told(module, title, name)
    assert seen["ends_alone"]["error"] == SITUATIONS[title].standard
    assert seen["ends_alone"]["seconds"] < TIMEOUT + LATE


def faults(seen, lasts, error):
    """What is wrong with a call, by what its process told."""
    if "fails" in seen:
        yield seen["fails"]
    elif seen["begins"] not in seen:
        yield f"{seen['begins']}: killed, as it did not end"
    for check, timeout in {"ends": TIMEOUT, "ends_in_a_storm": TIMEOUT / 2}.items():
        figures = seen.get(check, {"error": error, "seconds": timeout, "processor": 0})
        if figures.get("error") != error:
            yield f"{check}: not by {error}, but {figures}"
        if not timeout <= figures["seconds"] < timeout + LATE:
            yield f"{check}: after {figures['seconds']} s"
    for check in ("is_interrupted", "succeeds", "succeeds_in_a_storm"):
        figures = seen.get(check, {})
        if "failed" in figures:
            yield f"{check}: {figures['failed']} in the other thread"
        if not figures.get("right", True):
            yield f"{check}: {figures}"
        if figures.get("late", 0) > LATE:
            yield f"{check}: {figures['late']} s later than what ends it"
    if seen.get("is_interrupted", {}).get("error", "KeyboardInterrupt") != "KeyboardInterrupt":
        yield f"is_interrupted: {seen['is_interrupted']}"
    yield from handlers(seen.get("ends", {}), lasts)


def handlers(figures, lasts):
    """What is wrong with the handlers of signals that came to this thread, and to another, and with what it took.

    A signal that another thread gets does not end a poll(2) that agrees with the call.
    """
    if not figures:
        return
    for thread in ("here", "elsewhere") if lasts else ("here",):
        if figures[thread] is None or figures[thread] > HANDLED:
            yield f"the handler of a signal that came {thread} ran after {figures[thread]} s"
    if figures["processor"] > SHARE * TIMEOUT:
        yield f"{figures['processor']} s of processor time while it waited"
