"""Runs a command in a virtual machine whose kernel has every address family: `vm/run.py --help`."""

import signal
import sys

import click
import fetch
import machine

# Options after the command's name are the command's.
SETTINGS = {"ignore_unknown_options": True, "allow_interspersed_args": False, "max_content_width": 100}

KERNELS = [*fetch.RELEASES]


@click.command(context_settings=SETTINGS)
@click.option("--time-limit", "limit", default=600, show_default=True, help="Seconds for all of it. A shell has none.")
@click.option("--kernel", default=KERNELS[0], show_default=True, type=click.Choice(KERNELS), help="Linux's version.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="[COMMAND [ARGUMENTS]...]")
def main(limit, kernel, command):
    """Run a command on a Linux kernel with every address family; or a shell, if there is no command.

    \b
    python vm/run.py                                              look around
    python vm/run.py --kernel 7.2 --time-limit 60 hciconfig       a command
    python vm/run.py .venv/bin/python -m pytest tests/families    the tests

    It boots a kernel of Debian's in an emulated machine (QEMU). This sees the host's files where they are, and the
    command starts in the same directory and environment, as root. What it writes stays in memory and is gone at the
    end. Of networks, there is loopback; CAN has vcan0 and vcan1, Bluetooth hci0 and hci1, within reach of each other.

    A kernel's packages are fetched when they are first needed, up to 130 MB, and kept, unpacked, in
    ~/.cache/berkeley-vm: delete that to have a newer one fetched.

    The exit code is the command's; 124 if the time limit passed, 125 if it could not be run to its end.
    """
    # As if interrupted: QEMU is not left behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(machine.run(fetch.kernel(kernel), command, limit))


if __name__ == "__main__":
    main()
