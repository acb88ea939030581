"""Debian's kernels: the packages of one are fetched once and unpacked, never installed."""

import lzma
import re
import struct
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import click
from host import Unavailable, located

sys.path.append(str(Path(__file__).parent.parent / "tools"))
from debian import Apt, cache, output

# The kernels to run on, and Debian's releases that have them. A release keeps its kernel, but for the one in the
# making: what runs is then the kernel that it has by now.
RELEASES = {"6.1": "bookworm", "6.12": "trixie", "7.2": "forky"}
# It depends on the package of a release's newest kernel. ("cloud" kernels lack families.)
NEWEST = "linux-image-amd64"
# The kernel's packages: its name has the version. In newer releases, it depends on others that have the files.
PACKAGES = re.compile(r"Depends: (linux-(?:image|binary|base|modules)-\d\S+)")
# What there is use for in a machine without devices, a tenth of it (fnmatch). Newer packages have it all below usr/.
MODULES = ["arch/*", "crypto/*", "lib/*", "net/*", "fs/9p/*", "fs/fscache/*", "fs/netfs/*", "fs/overlayfs/*"]
DRIVERS = ["bluetooth/*", "net/can/*", "net/dummy.*", "net/tun.*", "net/veth.*", "virtio/*"]
WANTED = [
    "boot/vmlinuz-*",
    "lib/modules/*/vmlinuz",
    "lib/modules/*/modules.*",
    *(f"lib/modules/*/kernel/{part}" for part in MODULES),
    *(f"lib/modules/*/kernel/drivers/{part}" for part in DRIVERS),
]
# Where a kernel has the number of sectors in front of the program that unpacks it, less one, and where and how long is
# what that unpacks (the kernel's Documentation/arch/x86/boot.rst: setup_sects, payload_offset, payload_length).
SETUP_SECTS, PAYLOAD, SECTOR = 0x1F1, 0x248, 512


@dataclass(frozen=True)
class Kernel:
    """A kernel unpacked in a directory."""

    directory: Path

    @property
    def image(self):
        [path] = [*self.directory.glob("boot/vmlinuz-*"), *self.directory.glob("lib/modules/*/vmlinuz")]
        return path

    @property
    def modules(self):
        """The directory of its modules, which is named by the kernel's release."""
        [path] = self.directory.glob("lib/modules/*")
        return path


def kernel(version):
    """The kernel of RELEASES; it is fetched if it is not there."""
    release = RELEASES[version]
    directory = cache("berkeley-vm") / release
    try:
        found = Kernel(directory if directory.exists() else fetch(release, directory))
    except SystemExit as ended:
        raise Unavailable(ended.code) from None
    if not found.modules.name.startswith(f"{version}."):
        click.echo(f"vm: Debian's {release} no longer has Linux {version}: this is {found.modules.name}", err=True)
    return found


def fetch(release, directory):
    """Fetch the newest kernel's packages; give the new directory, with what is wanted of them."""
    dpkg_deb, busybox, *_ = located("dpkg-deb", "busybox", "apt-get", "apt-cache", "zstd")
    directory.parent.mkdir(parents=True, exist_ok=True)
    click.echo(f"vm: fetching the newest kernel of Debian's {release} (about 130 MB, with the lists)", err=True)
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix="unfinished-") as scratch:
        apt = Apt(Path(scratch), [f"deb {{}} {release} main"])
        apt.run("download", *packages(["apt-cache", *apt.command[1:]]), directory=Path(scratch))
        unpacked = Kernel(Path(scratch, "unpacked"))
        for archive in Path(scratch).glob("*.deb"):
            unpack(dpkg_deb, archive, unpacked.directory)
        decompress(unpacked.image)
        output([busybox, "depmod", "-b", str(unpacked.directory), unpacked.modules.name])
        # Only now does it look finished.
        return unpacked.directory.rename(directory)


def packages(apt_cache):
    """The names of the packages that have the newest kernel, by a command that asks apt."""
    named = PACKAGES.findall(output([*apt_cache, "depends", NEWEST]))
    if not named:
        raise Unavailable(f"apt knows of no kernel by {NEWEST}")
    return [*named, *PACKAGES.findall(output([*apt_cache, "depends", *named]))]


def unpack(dpkg_deb, archive, directory):
    """Write the wanted files of a package to a directory: modules without the compression that a name tells."""
    try:
        with (
            subprocess.Popen([dpkg_deb, "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE) as process,
            tarfile.open(fileobj=process.stdout, mode="r|") as files,
        ):
            for member in filter(tarfile.TarInfo.isfile, files):
                name = member.name.removeprefix("./").removeprefix("usr/")
                if any(fnmatchcase(name, pattern) for pattern in WANTED):
                    path, content = directory / name, files.extractfile(member).read()
                    if path.suffix == ".xz":
                        path, content = path.with_suffix(""), lzma.decompress(content)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)
    except tarfile.TarError as error:
        raise Unavailable(f"{archive.name} cannot be unpacked: {error}") from error


def decompress(image):
    """Replace a kernel that would decompress itself, which takes the emulated processor seconds, by what comes out.

    QEMU starts that too, as it has an entry for PVH. What is compressed otherwise is left as it is.
    """
    content = image.read_bytes()
    offset, length = struct.unpack_from("<II", content, PAYLOAD)
    start = (content[SETUP_SECTS] + 1) * SECTOR + offset
    # At its end is how much comes out, in four bytes.
    payload = content[start : start + length - 4]
    for magic, decompressed in FORMATS.items():
        if payload.startswith(magic):
            image.write_bytes(decompressed(payload))


def zstd(data):
    [program] = located("zstd")
    return subprocess.run([program, "--decompress"], input=data, stdout=subprocess.PIPE, check=True).stdout


# What data of a format begin with, and what decompresses them.
FORMATS = {b"\xfd7zXZ\0": lzma.decompress, b"\x28\xb5\x2f\xfd": zstd}
