"""The emulated machine: its hardware, its first files, and what became of it."""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Timer

import click
from host import Unavailable, located
from initramfs import archive, in_order, present

HERE = Path(__file__).parent
# What reaches the host's files, among which are the other modules.
EARLY = ["virtio_pci", "9pnet_virtio", "9p"]
DIRECTORIES = ["bin", "dev", "host", "lib", "lib/modules", "modules", "proc", "root", "sys", "upper"]

HARDWARE = ["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "2G"]
PLAIN = ["-no-user-config", "-nodefaults", "-display", "none", "-no-reboot"]
# Any error of the kernel's own ends the machine at once. Its tests of its ciphers would take seconds, and some fail
# for the emulated clock; its test of the timer fails, and it stops, where the host has much else to do.
KERNEL_OPTIONS = "console=ttyS0 quiet panic=-1 oops=panic cryptomgr.notests=1 no_timer_check"
PANIC = re.compile(r"Kernel panic - .*")


class Overtime(Unavailable):
    """The time limit passed. The exit code is that of timeout(1)."""

    exit_code = 124


def run(kernel, command, limit):
    """Boot, run a command (a list of words), and give its exit status; Unavailable, with the reason, if there is none.

    It runs in the directory and environment of this process, reads nothing, has `limit` seconds from the boot on, and
    its output goes to standard output. If there is no command, there is a shell on this process's terminal, without a
    limit.
    """
    qemu, busybox, *_ = located("qemu-system-x86_64", "busybox", "btvirt", "hciconfig")
    limit = limit if command else None
    with tempfile.TemporaryDirectory(prefix="berkeley-vm-") as directory:
        first, status = Path(directory, "initramfs"), Path(directory, "status")
        first.write_bytes(archive(first_files(kernel, Path(busybox), script(command)), DIRECTORIES))
        line = [qemu, *HARDWARE, *PLAIN, *devices(kernel, first, status, "stdio" if command else "mon:stdio")]
        last, code = console(line, limit)
        return outcome(status.read_text().split(), last, code, limit)


def script(command):
    """What a shell is to do."""
    environment = [f"{name}={value}" for name, value in {**os.environ, **terminal()}.items()]
    # Not every name in an environment is one that a shell can export.
    lines = [["cd", os.getcwd()], ["exec", "env", "-i", *environment, *(command or ["sh", "-i"])]]
    return "".join(shlex.join(line) + "\n" for line in lines)


def terminal():
    """What tells a command of the terminal that it writes to: it sees a serial line in any case."""
    columns, lines = shutil.get_terminal_size()
    size = {"COLUMNS": str(columns), "LINES": str(lines)}
    return size if sys.stdout.isatty() else {**size, "TERM": "dumb", "NO_COLOR": "1"}


def first_files(kernel, busybox, script):
    """What the kernel finds when it starts /init: busybox, the first modules, and what is to be done."""
    if b"/ld-linux" in busybox.read_bytes():
        raise Unavailable(f"{busybox} needs its libraries: install the package busybox-static in place of busybox")
    modules = [(kernel.modules / path).read_bytes() for path in in_order(kernel.modules, EARLY)]
    return {
        "init": ((HERE / "init").read_bytes(), 0o755),
        "bin/busybox": (busybox.read_bytes(), 0o755),
        "families": (families(kernel).encode(), 0o644),
        "hostname": (socket.gethostname().encode(), 0o644),
        "script": (os.fsencode(script), 0o644),
        **{f"modules/{number:02}.ko": (content, 0o644) for number, content in enumerate(modules)},
    }


def families(kernel):
    """The names of the modules of modules.txt, separated by spaces; those that the kernel lacks are told."""
    names = " ".join(line.partition("#")[0] for line in (HERE / "modules.txt").read_text().splitlines()).split()
    names, lacking = present(kernel.modules, names)
    if lacking:
        click.echo(f"vm: Linux {kernel.modules.name} has no module {', '.join(lacking)}", err=True)
    return " ".join(names)


def devices(kernel, first, status, terminal):
    """QEMU's options for what the machine starts from, its two serial lines, and the directories that it sees."""
    started_from = ["-kernel", str(kernel.image), "-initrd", str(first), "-append", KERNEL_OPTIONS]
    lines = ["-serial", terminal, "-serial", f"file:{status}"]
    return [*started_from, *lines, *shared("host", "/"), *shared("modules", kernel.modules.parent)]


def shared(tag, path):
    # A comma in a value is written twice.
    path = str(path).replace(",", ",,")
    return ["-virtfs", f"local,path={path},mount_tag={tag},security_model=none,readonly=on,multidevs=remap"]


def console(command, limit):
    """Run QEMU for at most `limit` seconds; give the last of what it wrote, if there is a limit, and its exit code."""
    pipes = {} if limit is None else {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:
        timer = Timer(limit or 0, process.kill)
        last = b""
        try:
            if limit is not None:
                timer.start()
                while chunk := os.read(process.stdout.fileno(), 65536):
                    # A serial line's.
                    chunk = chunk.replace(b"\r", b"")
                    sys.stdout.buffer.write(chunk)
                    sys.stdout.flush()
                    last = (last + chunk)[-10_000:]
            return last.decode(errors="replace"), process.wait()
        finally:
            timer.cancel()
            process.kill()


def outcome(status, last, code, limit):
    """The script's exit status; Unavailable, if the machine ended before the script.

    `status` is what /init wrote: "ready", then "exit" and a number. `last` is the end of the console's output, `code`
    the exit code of QEMU, which is negative if it was killed.
    """
    if "exit" in status:
        return int(status[-1])
    phase = "the command had ended" if "ready" in status else "the command could start"
    if code == -9 and limit is not None:
        raise Overtime(f"stopped: the time limit of {limit} seconds passed before {phase}")
    if code:
        raise Unavailable(f"QEMU failed before {phase}: exit code {code}")
    if panic := PANIC.search(last):
        raise Unavailable(f"the kernel broke down before {phase}: {panic[0]}")
    raise Unavailable(f"the machine ended before {phase}: see its last lines above")
