"""Calls that poll(2) and the kernel's answer could keep busy for ever: `python endless.py MODULE SITUATION`.

Each call of the situation is tried in a process of its own, all at the same time; a process that does not end is
killed. Prints a line for each: (call, check, what was seen).
"""

import errno
import os
import resource
import select
import signal
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from importlib import import_module

from disagreeing import BULK, DATA, shows
from disagreements import SITUATIONS

TIMEOUT = 0.5
LONG = 30
SOON = 0.05  # seconds from the call's begin to what happens meanwhile: no system call tells whether it waits or spins
PATIENCE = 20  # seconds for all checks of a call, which take about one and a half
PROCESSOR = 1  # seconds of processor time for them, of which they take a tenth: what spins is killed soon

# What the kernel, or its rules for this user, may lack.
LACKING = {
    errno.EPERM,
    errno.EACCES,
    errno.EAFNOSUPPORT,
    errno.EPROTONOSUPPORT,
    errno.ENOPROTOOPT,
    errno.EOPNOTSUPP,
    errno.EADDRNOTAVAIL,
}


# --- the calls: what was received, how much was sent, or whether it is connected


def into(receive):
    def call(socket, scene, data):
        buffer = bytearray(100)
        count = receive(scene.sock, buffer, scene.flags)
        return bytes(buffer[: count[0] if isinstance(count, tuple) else count])

    return call


def read(method):
    def call(socket, scene, data):
        with scene.sock.makefile("rb") as file:
            return method(file)

    return call


def write(socket, scene, data):
    with scene.sock.makefile("wb", 0) as file:
        return file.write(data)


def send_all(socket, scene, data):
    assert scene.sock.sendall(data) is None
    return len(data)


def send_file(socket, scene, data):
    with tempfile.TemporaryFile() as file:
        file.write(data)
        return scene.sock.sendfile(file)


def connect(socket, scene, data):
    assert scene.sock.connect(scene.address) is None
    return scene.sock.getpeername() == scene.address


def connect_ex(socket, scene, data):
    number = scene.sock.connect_ex(scene.address)
    if number:
        raise OSError(number, os.strerror(number))
    return scene.sock.getpeername() == scene.address


CALLS = {
    "recv": lambda socket, scene, data: scene.sock.recv(100, scene.flags),
    "recv_into": into(lambda sock, buffer, flags: sock.recv_into(buffer, 0, flags)),
    "recvfrom": lambda socket, scene, data: scene.sock.recvfrom(100, scene.flags)[0],
    "recvfrom_into": into(lambda sock, buffer, flags: sock.recvfrom_into(buffer, 0, flags)),
    "recvmsg": lambda socket, scene, data: scene.sock.recvmsg(100, 1000, scene.flags)[0],
    "recvmsg_into": into(lambda sock, buffer, flags: sock.recvmsg_into([buffer], 1000, flags)),
    "recv_fds": lambda socket, scene, data: socket.recv_fds(scene.sock, 100, 1, scene.flags)[0],
    "makefile read": read(lambda file: file.read(len(DATA))),
    "makefile readline": read(lambda file: file.readline()),
    "send": lambda socket, scene, data: scene.sock.send(data),
    "sendall": send_all,
    "sendto": lambda socket, scene, data: scene.sock.sendto(data, scene.address or scene.sock.getpeername()),
    "sendmsg": lambda socket, scene, data: scene.sock.sendmsg([data], [], 0, scene.address),
    "send_fds": lambda socket, scene, data: socket.send_fds(scene.sock, [data], [0], 0, scene.address),
    "makefile write": write,
    "sendfile": send_file,
    "connect": connect,
    "connect_ex": connect_ex,
}
RECEIVING = [name for name in CALLS if name.startswith(("recv", "makefile read"))]
CONNECTING = [name for name in CALLS if name.startswith("connect")]


# --- one call


class Trial:
    """A call in its situation, which is made anew where the call, or its success, has put an end to it."""

    def __init__(self, socket, situation, name):
        self.socket, self.situation, self.name = socket, situation, name
        self.data = DATA
        self.scene = None

    def prepare(self):
        if self.scene and self.situation.lasts:
            return
        self.scene = self.situation.make(self.socket, *self.situation.arguments)
        self.data = BULK if self.scene.bulk and self.name in ("sendall", "sendfile") else DATA

    def disagrees(self):
        """Does poll(2) say "ready", and the call EAGAIN?"""
        self.prepare()
        self.scene.sock.setblocking(False)
        # A file object says None, and sendfile() takes no such socket.
        name = "send" if "send" in self.situation.methods or self.name == "sendfile" else self.situation.methods[0]
        try:
            CALLS[name](self.socket, self.scene, self.data)
        except BlockingIOError:
            return shows(self.scene.sock, self.scene.events | select.POLLERR | select.POLLHUP)
        self.scene = None
        return False

    def wait(self, timeout, *actions):
        """Make the call, to which a second thread does the actions one after the other: what came of it."""
        self.prepare()
        self.scene.sock.settimeout(timeout)
        seen = {}
        begun = threading.Event()

        def act():
            begun.wait()
            for action in actions:
                time.sleep(SOON)
                seen["acted"] = time.monotonic()
                try:
                    action()
                except BaseException as error:
                    seen["failed"] = repr(error)

        thread = threading.Thread(target=act)
        thread.start()
        processor = time.thread_time()
        start = time.monotonic()
        begun.set()
        try:
            seen["result"] = CALLS[self.name](self.socket, self.scene, self.data)
        except BaseException as error:
            seen["error"], seen["text"] = type(error).__name__, str(error)
        end = time.monotonic()
        seen["processor"] = time.thread_time() - processor
        seen["seconds"] = end - start
        thread.join()
        if actions:
            seen["late"] = end - seen["acted"]
        return seen

    def release(self):
        self.scene.release(self.data)

    def right(self, result):
        scene, self.scene = self.scene, None
        if self.name in RECEIVING:
            return result == scene.data or scene.data is None
        return result == (True if self.name in CONNECTING else len(self.data))


# --- the checks: what was seen


@contextmanager
def storm():
    """A signal every two milliseconds, with a handler that does nothing."""
    signal.signal(signal.SIGALRM, lambda number, frame: None)
    signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def ends(trial):
    """At its deadline, though handlers run meanwhile: for a signal that this thread gets, and one that another gets."""
    handled = {}

    def handle(number, frame):
        handled[number] = time.monotonic() - sent[number]

    sent = {}

    def send(number, thread):
        sent[number] = time.monotonic()
        signal.pthread_kill(thread, number)

    main = threading.main_thread().ident
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, handle)
    seen = trial.wait(
        TIMEOUT,
        lambda: send(signal.SIGUSR1, main),
        lambda: send(signal.SIGUSR2, threading.get_ident()),
    )
    return seen | {"here": handled.get(signal.SIGUSR1), "elsewhere": handled.get(signal.SIGUSR2)}


def ends_alone(trial):
    """The standard module's own wait: it is busy all the time."""
    return trial.wait(TIMEOUT / 10)


def ends_in_a_storm(trial):
    with storm():
        return trial.wait(TIMEOUT / 2)


def is_interrupted(trial):
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return trial.wait(LONG, lambda: os.kill(os.getpid(), signal.SIGINT))


def succeeds(trial):
    seen = trial.wait(LONG, trial.release)
    return seen | {"right": "result" in seen and trial.right(seen.pop("result"))}


def succeeds_in_a_storm(trial):
    with storm():
        return succeeds(trial)


def checks(module, scene):
    if module == "socket":
        return [ends_alone]
    released = [succeeds, succeeds_in_a_storm] if scene.release else []
    return [ends, is_interrupted, *released, ends_in_a_storm]


# --- all calls of a situation


def try_all(trial, module, tell):
    if module != "socket" and trial.situation.lasts and not any(trial.disagrees() for _ in range(3)):
        tell("lacks", "a kernel on which poll(2) and the call disagree")
        return
    trial.prepare()
    for check in checks(module, trial.scene):
        tell("begins", check.__name__)
        tell(check.__name__, check(trial))


def child(module, situation, name, out):
    """Try one call, in a process that was made for it; does not return."""
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR, PROCESSOR))  # the kernel's own hard kill

    def tell(check, seen):
        os.write(out, f"{(name, check, seen)!r}\n".encode())

    try:
        try_all(Trial(import_module(module), situation, name), module, tell)
    except OSError as error:
        tell("lacks" if error.errno in LACKING else "fails", str(error))
    except BaseException as error:
        tell("fails", repr(error))
    finally:
        os._exit(0)


def start(module, situation, name):
    """The number of a new process, and the descriptor from which what it tells can be read."""
    told, out = os.pipe()
    number = os.fork()
    if not number:
        child(module, situation, name, out)
    os.close(out)
    return number, told


def outcome(number, told, until):
    """What a process told: to its end, or until it is killed."""
    text = b""
    poll = select.poll()
    poll.register(told, select.POLLIN)
    while poll.poll(max(0, until - time.monotonic()) * 1000):
        part = os.read(told, 65536)
        if not part:
            break
        text += part
    else:
        os.kill(number, signal.SIGKILL)
    os.waitpid(number, 0)
    return text.decode()


def main(module, title):
    situation = SITUATIONS[title]
    import_module(module)
    children = [start(module, situation, name) for name in situation.methods]
    until = time.monotonic() + PATIENCE
    for number, told in children:
        sys.stdout.write(outcome(number, told, until))


if __name__ == "__main__":
    main(*sys.argv[1:])
