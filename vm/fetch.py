"""Debian's kernel: its package is fetched once and unpacked, never installed."""

import lzma
import os
import re
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import click
from host import Unavailable, located

# It depends on the package of Debian's newest kernel, whose name has the version. ("cloud" kernels lack families.)
NEWEST = "linux-image-amd64"
# What there is use for in a machine without devices, a tenth of it (fnmatch).
MODULES = ["arch/*", "crypto/*", "lib/*", "net/*", "fs/9p/*", "fs/fscache/*", "fs/netfs/*", "fs/overlayfs/*"]
DRIVERS = ["bluetooth/*", "net/can/*", "net/dummy.*", "net/tun.*", "net/veth.*", "virtio/*"]
WANTED = [
    "./boot/vmlinuz-*",
    "./lib/modules/*/modules.*",
    *(f"./lib/modules/*/kernel/{part}" for part in MODULES),
    *(f"./lib/modules/*/kernel/drivers/{part}" for part in DRIVERS),
]
# What a file of this format begins with: the kernel's does, after the program that unpacks it.
XZ = b"\xfd7zXZ\0"


@dataclass(frozen=True)
class Kernel:
    """A kernel unpacked in a directory."""

    directory: Path

    @property
    def image(self):
        [path] = self.directory.glob("boot/*")
        return path

    @property
    def modules(self):
        """The directory of its modules, which is named by the kernel's release."""
        [path] = self.directory.glob("lib/modules/*")
        return path


def kernel(directory=None):
    """The kernel that was fetched last; it is fetched now if there is none."""
    directory = directory or cache()
    kept = sorted(directory.glob("linux-image-*"), key=os.path.getmtime)
    return Kernel(kept[-1] if kept else fetch(directory))


def cache():
    """Where kernels are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "berkeley-vm"


def fetch(directory):
    """Fetch the newest kernel's package; give the new directory, within `directory`, with what is wanted of it."""
    apt_cache, apt_get, dpkg_deb, busybox = located("apt-cache", "apt-get", "dpkg-deb", "busybox")
    package = newest(output(apt_cache, "depends", NEWEST))
    directory.mkdir(parents=True, exist_ok=True)
    click.echo(f"vm: fetching the package {package} (about 70 MB)", err=True)
    with tempfile.TemporaryDirectory(dir=directory, prefix="unfinished-") as scratch:
        # The option: apt would warn that its own user cannot write here.
        output(apt_get, "download", "-o", "APT::Sandbox::User=root", package, directory=scratch)
        [archive] = Path(scratch).glob("*.deb")
        unpacked = Path(scratch, package)
        unpack(dpkg_deb, archive, unpacked)
        decompress(Kernel(unpacked).image)
        output(busybox, "depmod", "-b", str(unpacked), Kernel(unpacked).modules.name)
        # Only now does it look finished.
        return unpacked.rename(directory / package)


def newest(depends):
    """The name of the newest kernel's package, as `apt-cache depends` tells it."""
    if found := re.search(r"Depends: (linux-image-\d\S+)", depends):
        return found[1]
    raise Unavailable(f"apt knows of no kernel by {NEWEST}: is this Debian, and was apt-get update run?")


def unpack(dpkg_deb, archive, directory):
    """Write the wanted files of a package to a new directory."""
    try:
        with (
            subprocess.Popen([dpkg_deb, "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE) as process,
            tarfile.open(fileobj=process.stdout, mode="r|") as files,
        ):
            for member in filter(wanted, files):
                path = directory / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(files.extractfile(member).read())
    except tarfile.TarError as error:
        raise Unavailable(f"{archive.name} cannot be unpacked: {error}") from error


def wanted(member):
    return member.isfile() and any(fnmatchcase(member.name, pattern) for pattern in WANTED)


def decompress(image):
    """Replace a kernel that would decompress itself, which takes the emulated processor seconds, by what comes out.

    QEMU starts that too, as it has an entry for PVH. What is not compressed by xz is left as it is.
    """
    content = image.read_bytes()
    start = content.find(XZ)
    if start >= 0:
        image.write_bytes(lzma.LZMADecompressor().decompress(content[start:]))


def output(*command, directory=None):
    """What a command writes; Unavailable, with what it complains of, if it fails."""
    result = subprocess.run(command, cwd=directory, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if result.returncode:
        raise Unavailable(f"{' '.join(command)}: exit code {result.returncode}\n{result.stderr.strip()}")
    return result.stdout
