"""The first file system of the machine: made in memory, with as much as it takes to reach the host's files."""

import stat
from pathlib import Path

from host import Unavailable

# cpio(5), "new ASCII format": what the kernel's Documentation/driver-api/early-userspace/buffer-format.rst asks for.
MAGIC = b"070701"
TRAILER = "TRAILER!!!"


def archive(files, directories=()):
    """A cpio archive, as bytes, of files (name: (content, mode)) and empty directories (names)."""
    entries = [(name, b"", stat.S_IFDIR | 0o755) for name in directories]
    entries += [(name, content, stat.S_IFREG | mode) for name, (content, mode) in files.items()]
    return b"".join(entry(number, *each) for number, each in enumerate([*entries, (TRAILER, b"", 0)], 1))


def entry(number, name, content, mode):
    """One file: its header, its name, its content, each padded to four bytes."""
    path = name.encode() + b"\0"
    # Inode, mode, owner, group, links, time, size, the numbers of two devices, length of the name, no checksum.
    fields = number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(path), 0
    header = MAGIC + b"".join(b"%08X" % field for field in fields)
    return padded(header + path) + padded(content)


def padded(data):
    return data + bytes(-len(data) % 4)


def in_order(modules, names):
    """The files of kernel modules and of all that they depend on, each after those that it needs.

    `modules` is the directory of one kernel, in which depmod has written modules.dep: a line for each file, with the
    files that it depends on, directly or not, the deepest last (modules.dep(5)). What is built in has no file.
    """
    needs, built_in = listed(modules)
    if lacking := [name for name in names if name not in needs.keys() | built_in]:
        raise Unavailable(f"the kernel in {modules} has no module {', '.join(lacking)}")
    paths = [path for name in names if name not in built_in for path in needs[name]]
    return list(dict.fromkeys(paths))


def present(modules, names):
    """Those of the names that are modules of the kernel; and those that it lacks."""
    needs, built_in = listed(modules)
    return [name for name in names if name in needs], [name for name in names if name not in needs.keys() | built_in]


def listed(modules):
    """A kernel's modules: {name: its file, after all that it depends on}; and the names of those that are built in."""
    lines = [line.split(":") for line in (modules / "modules.dep").read_text().splitlines()]
    built_in = {module_name(path) for path in (modules / "modules.builtin").read_text().split()}
    return {module_name(path): [*reversed(needed.split()), path] for path, needed in lines}, built_in


def module_name(path):
    """The name of a module; its file may have - where that has _."""
    return Path(path).name.partition(".")[0].replace("-", "_")
