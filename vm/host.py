"""The programs that it takes, and Debian's packages that have them."""

import os
import shutil

import click

PACKAGES = {
    "qemu-system-x86_64": "qemu-system-x86",
    "busybox": "busybox-static",
    "btvirt": "bluez-test-tools",
    "hciconfig": "bluez",
    "apt-get": "apt",
    "apt-cache": "apt",
    "dpkg-deb": "dpkg",
    "zstd": "zstd",
}
# Not every user has all of these on PATH.
DIRECTORIES = [*os.get_exec_path(), "/usr/local/sbin", "/usr/sbin", "/sbin"]


class Unavailable(click.ClickException):
    """The command could not be run: which is neither its success nor its failure."""

    exit_code = 125


def located(*names):
    """The paths of programs; Unavailable, with the way to get them, if any is missing."""
    paths = [shutil.which(name, path=os.pathsep.join(DIRECTORIES)) for name in names]
    missing = [name for name, path in zip(names, paths, strict=True) if path is None]
    if missing:
        packages = " ".join(dict.fromkeys(PACKAGES[name] for name in missing))
        command = f"apt-get install --no-install-recommends {packages}"
        raise Unavailable(f"missing: {', '.join(missing)}. On Debian, as root: {command}")
    return paths
