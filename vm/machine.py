"""The emulated machine: its hardware, its first files, and what became of it."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Timer

from initramfs import archive, in_order
from programs import Unavailable, located

HERE = Path(__file__).parent
# What reaches the host's files, among which are the other modules.
EARLY = ["virtio_pci", "9pnet_virtio", "9p"]
DIRECTORIES = ["bin", "dev", "host", "lib", "lib/modules", "modules", "proc", "root", "sys", "upper"]

HARDWARE = ["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "2G"]
PLAIN = ["-no-user-config", "-nodefaults", "-display", "none", "-no-reboot"]
# Any error of the kernel's own ends the machine at once. Its tests of its ciphers would take seconds, and some fail
# for the emulated clock.
KERNEL_OPTIONS = "console=ttyS0 quiet panic=-1 oops=panic cryptomgr.notests=1"
PANIC = re.compile(r"Kernel panic - .*")


class Overtime(Unavailable):
    """The time limit passed. The exit code is that of timeout(1)."""

    exit_code = 124


def run(kernel, script, limit=None):
    """Boot, run a shell script, and give its exit status; Unavailable, with the reason, if there is none.

    What the machine writes to its console goes to standard output. With a time limit, in seconds, it reads nothing;
    without one, the console is this process's terminal.
    """
    qemu, busybox, *_ = located("qemu-system-x86_64", "busybox", "btvirt", "hciconfig")
    with tempfile.TemporaryDirectory(prefix="berkeley-vm-") as directory:
        first, status = Path(directory, "initramfs"), Path(directory, "status")
        first.write_bytes(archive(first_files(kernel, Path(busybox).read_bytes(), script), DIRECTORIES))
        command = [qemu, *HARDWARE, *PLAIN, *devices(kernel, first, status, "mon:stdio" if limit is None else "stdio")]
        last, code = console(command, limit)
        return outcome(status.read_text().split(), last, code, limit)


def first_files(kernel, busybox, script):
    """What the kernel finds when it starts /init: busybox, the first modules, and what is to be done."""
    if b"/ld-linux" in busybox:
        raise Unavailable("busybox needs its libraries: install the package busybox-static in place of busybox")
    modules = [(kernel.modules / path).read_bytes() for path in in_order(kernel.modules, EARLY)]
    return {
        "init": ((HERE / "init").read_bytes(), 0o755),
        "bin/busybox": (busybox, 0o755),
        "modules.txt": ((HERE / "modules.txt").read_bytes(), 0o644),
        "script": (script.encode(errors="surrogateescape"), 0o644),
        **{f"modules/{number:02}.ko": (content, 0o644) for number, content in enumerate(modules)},
    }


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
    process = subprocess.Popen(command, **pipes)
    timer = Timer(limit or 0, process.kill)
    try:
        last = b""
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
        process.wait()


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
