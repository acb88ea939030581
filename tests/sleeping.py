"""Threads that are seen to sleep in the kernel, and what is done then: for tests and their children."""

import os
import signal
import threading
from contextlib import contextmanager


def shown():
    """Does this kernel tell in which system call a thread is? (proc(5), /proc/pid/syscall)"""
    try:
        with open(f"/proc/self/task/{threading.get_native_id()}/syscall") as file:
            return len(file.read().split()) > 3
    except OSError:
        return False


def sleeps(thread, fd):
    """Does the thread sleep in a system call on the descriptor, or in a poll(2) of a single one, or in a pause?"""
    try:
        with open(f"/proc/self/task/{thread}/syscall") as file:
            _number, *arguments = file.read().split()
    except (OSError, ValueError):
        return False  # it has not begun, or has ended
    # Awake, a thread is "running"; asleep for another reason it has no arguments.
    if len(arguments) < 3:
        return False
    first, second = (int(each, 16) for each in arguments[:2])
    return first == fd or second == 1 or (first, second) == (0, 0)


@contextmanager
def acting(fd, actions):
    """Inside the block, do one action after the other, each when the main thread sleeps in a call on `fd`."""
    main = threading.main_thread().native_id
    over = threading.Event()
    failures = []

    def act():
        try:
            for action in actions:
                while not sleeps(main, fd):
                    if over.is_set():
                        return
                    os.sched_yield()
                action()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=act)
    thread.start()
    try:
        yield
    finally:
        over.set()
        # A signal that comes just before a wait does not end it, and the thread may wait for its handler.
        while thread.is_alive():
            thread.join(0.05)
    if failures:
        raise failures[0]


@contextmanager
def handling(work=lambda: None):
    """Inside the block SIGUSR1 does the work. Gives what sends it to the main thread and waits until it was handled."""
    handled = []

    def handle(number, frame):
        handled.append(number)
        work()

    def send():
        before = len(handled)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)
        while len(handled) == before:
            os.sched_yield()

    previous = signal.signal(signal.SIGUSR1, handle)
    try:
        yield send
    finally:
        signal.signal(signal.SIGUSR1, previous)
