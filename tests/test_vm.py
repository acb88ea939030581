"""The program that boots a kernel with every family: what can go wrong, and be tried, without a machine that boots."""

import lzma
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

VM = Path(__file__).parent.parent / "vm"


@pytest.fixture(autouse=True)
def path(monkeypatch):
    monkeypatch.syspath_prepend(VM)


@pytest.fixture
def unavailable():
    import host

    return host.Unavailable


def program(name):
    return shutil.which(name) or pytest.skip(f"no {name}")


# --- the host's programs


def test_missing_programs_are_named_and_their_packages(monkeypatch, tmp_path, unavailable):
    import host

    monkeypatch.setattr(host, "DIRECTORIES", [str(tmp_path)])
    (tmp_path / "busybox").touch(mode=0o755)
    with pytest.raises(unavailable) as raised:
        host.located("btvirt", "busybox", "apt-get", "apt-cache")
    assert "missing: btvirt, apt-get, apt-cache." in raised.value.message
    assert raised.value.message.endswith(" bluez-test-tools apt")
    assert host.located("busybox") == [str(tmp_path / "busybox")]


# --- the kernel


@pytest.mark.parametrize(
    ("depends", "packages"),
    [
        (
            {"linux-image-amd64": ["linux-image-6.1.0-9-amd64"], "linux-image-6.1.0-9-amd64": ["kmod"]},
            ["linux-image-6.1.0-9-amd64"],
        ),
        (
            {
                "linux-image-amd64": ["linux-base-amd64", "linux-image-7.2.1-amd64"],
                "linux-image-7.2.1-amd64": ["dracut", "linux-base-7.2.1-amd64", "linux-binary-7.2.1-amd64"],
            },
            ["linux-image-7.2.1-amd64", "linux-base-7.2.1-amd64", "linux-binary-7.2.1-amd64"],
        ),
    ],
)
def test_the_packages_of_the_newest_kernel_are_those_that_it_depends_on(depends, packages):
    import fetch

    class Apt:
        def depends(self, *names):
            return "".join(f"  Depends: {needed}\n" for name in names for needed in depends[name])

    assert fetch.packages(Apt()) == packages


def test_a_release_without_a_kernel_is_told_of(unavailable):
    import fetch

    class Apt:
        def depends(self, *names):
            return "linux-image-amd64\n"

    with pytest.raises(unavailable, match="no kernel by linux-image-amd64"):
        fetch.packages(Apt())


def test_a_kernel_that_was_fetched_is_kept(monkeypatch, tmp_path, capsys):
    import fetch

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "berkeley-vm" / "forky" / "lib" / "modules" / "7.2.1-amd64").mkdir(parents=True)
    assert fetch.kernel("7.2").modules.name == "7.2.1-amd64"
    assert capsys.readouterr().err == ""


def test_a_release_with_a_newer_kernel_by_now_says_so(monkeypatch, tmp_path, capsys):
    import fetch

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "berkeley-vm" / "forky" / "lib" / "modules" / "7.20.1-amd64").mkdir(parents=True)
    assert fetch.kernel("7.2").modules.name == "7.20.1-amd64"
    assert capsys.readouterr().err.endswith(": Debian's forky no longer has Linux 7.2: this is 7.20.1-amd64\n")


def test_what_ends_a_tool_is_why_there_is_no_kernel(monkeypatch, tmp_path, unavailable):
    import fetch

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(fetch, "fetch", lambda release, directory: sys.exit(f"no such release: {release}"))
    with pytest.raises(unavailable, match=r"^no such release: bookworm$"):
        fetch.kernel("6.1")


@pytest.mark.parametrize(
    ("top", "image", "suffix"), [("", "boot/vmlinuz-6.1.0-9", ""), ("usr/", "lib/modules/6.1.0-9/vmlinuz", ".xz")]
)
def test_of_the_packages_only_what_is_wanted_is_unpacked(tmp_path, unavailable, top, image, suffix):
    """Older releases have it at the root, newer ones below usr/, with compressed modules."""
    import fetch

    package, unpacked = tmp_path / "package", tmp_path / "unpacked"
    modules = "lib/modules/6.1.0-9"
    plain = [image, f"{modules}/modules.order"]
    wanted = [f"{modules}/kernel/{name}.ko" for name in ("net/can/can", "drivers/net/can/dev", "drivers/net/veth")]
    others = ["boot/config-6.1.0-9", f"{modules}/kernel/drivers/net/ethernet/e1000.ko{suffix}"]
    for name in [*plain, *others, *(f"{name}{suffix}" for name in wanted)]:
        path = package / f"{top}{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(lzma.compress(name.encode()) if path.suffix == ".xz" else name.encode())
    (package / "DEBIAN").mkdir()
    (package / "DEBIAN/control").write_text(
        "Package: linux-image\nVersion: 1\nArchitecture: amd64\nMaintainer: nobody <nobody@localhost>\n"
        "Description: none\n"
    )
    dpkg_deb = program("dpkg-deb")
    subprocess.run([dpkg_deb, "--build", str(package), str(tmp_path / "a.deb")], check=True, stdout=subprocess.DEVNULL)
    fetch.unpack(dpkg_deb, tmp_path / "a.deb", unpacked)
    found = {str(path.relative_to(unpacked)): path.read_text() for path in unpacked.rglob("*") if path.is_file()}
    assert found == {**{name: name for name in plain}, **{name: f"{name}{suffix}" for name in wanted}}
    kernel = fetch.Kernel(unpacked)
    assert (str(kernel.image.relative_to(unpacked)), kernel.modules.name) == (image, "6.1.0-9")
    (tmp_path / "a.deb").write_bytes(b"")
    with pytest.raises(unavailable, match=r"a\.deb cannot be unpacked"):
        fetch.unpack(dpkg_deb, tmp_path / "a.deb", tmp_path / "broken")


def zstd(data):
    return subprocess.run([program("zstd"), "--compress"], input=data, capture_output=True, check=True).stdout


@pytest.mark.parametrize("compress", [lzma.compress, zstd])
def test_a_compressed_kernel_is_decompressed(tmp_path, compress):
    import fetch

    # What unpacks it has bytes that such data begin with, too.
    setup = bytearray(b"MZ unpacks itself \x28\xb5\x2f\xfd \xfd7zXZ\0".ljust(3 * 512 + 100, b"."))
    payload = compress(b"\x7fELF" + bytes(0x400))
    setup[0x1F1] = 2
    setup[0x248:0x250] = struct.pack("<II", 100, len(payload) + 4)
    image = tmp_path / "vmlinuz"
    image.write_bytes(setup + payload + struct.pack("<I", 0x404) + b"what follows")
    for _ in range(2):
        fetch.decompress(image)
        assert image.read_bytes() == b"\x7fELF" + bytes(0x400)


# --- the first files


@pytest.fixture
def modules(tmp_path):
    """The directory of a kernel whose d needs c and b, which both need a; m is built in."""
    (tmp_path / "modules.dep").write_text("k/a.ko:\nk/b-x.ko: k/a.ko\nk/c.ko: k/a.ko\nk/d.ko: k/c.ko k/b-x.ko k/a.ko\n")
    (tmp_path / "modules.builtin").write_text("kernel/net/m-m.ko\n")
    return tmp_path


@pytest.mark.parametrize(
    ("names", "files"),
    [
        (["a"], ["k/a.ko"]),
        (["b_x", "m_m"], ["k/a.ko", "k/b-x.ko"]),
        (["d"], ["k/a.ko", "k/b-x.ko", "k/c.ko", "k/d.ko"]),
        (["c", "d", "a"], ["k/a.ko", "k/c.ko", "k/b-x.ko", "k/d.ko"]),
    ],
)
def test_a_module_comes_after_those_that_it_needs(modules, names, files):
    import initramfs

    assert initramfs.in_order(modules, names) == files


def test_modules_that_the_kernel_lacks_are_named(modules, unavailable):
    import initramfs

    with pytest.raises(unavailable, match="has no module y, z"):
        initramfs.in_order(modules, ["a", "y", "m_m", "z"])


def test_modules_that_are_loaded_are_those_that_the_kernel_has(modules):
    import initramfs

    assert initramfs.present(modules, ["a", "y", "m_m", "z", "b_x"]) == (["a", "b_x"], ["y", "z"])


def test_the_archive_is_one_that_cpio_reads(tmp_path):
    import initramfs

    files = {"init": (b"#!/bin/sh\n", 0o755), "some/odd": (b"", 0o644), "some/even": (b"\0" * 8, 0o600)}
    archive = initramfs.archive(files, ["some", "empty"])
    busybox = program("busybox")
    result = subprocess.run([busybox, "cpio", "-id"], input=archive, cwd=tmp_path, capture_output=True, check=True)
    assert b"error" not in result.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"init", "some", "empty"}
    for name, (content, mode) in files.items():
        assert (tmp_path / name).read_bytes() == content
        assert (tmp_path / name).stat().st_mode & 0o777 == mode


def test_busybox_has_to_stand_alone(tmp_path, unavailable):
    import machine

    (tmp_path / "busybox").write_bytes(b"\x7fELF ... /lib64/ld-linux-x86-64.so.2 ...")
    with pytest.raises(unavailable, match="busybox-static"):
        machine.first_files(None, tmp_path / "busybox", "")


def test_the_command_runs_as_it_would_here(monkeypatch, tmp_path):
    import machine

    monkeypatch.chdir(tmp_path)
    value = "two\nlines 'quoted' $HOME"
    monkeypatch.setenv("not.a name", value)
    program = "import os, sys; print(sys.argv[1:], os.getcwd(), repr(os.environ['not.a name'])); sys.exit(5)"
    script = machine.script([sys.executable, "-c", program, "a b", "", "$x;"])
    result = subprocess.run(["sh", "-c", script], cwd="/", capture_output=True, text=True)
    assert result.stdout == f"{['a b', '', '$x;']} {tmp_path} {value!r}\n"
    assert result.returncode == 5


# --- what became of the machine


def test_the_console_is_shown_and_its_end_remembered(capfdbinary):
    import machine

    program = "import sys; print('x' * 20_000 + 'first\\r\\nlast', flush=True); sys.exit(3)"
    last, code = machine.console([sys.executable, "-c", program], 50)
    assert (last[-11:], len(last), code) == ("first\nlast\n", 10_000, 3)
    assert capfdbinary.readouterr().out == b"x" * 20_000 + b"first\nlast\n"


def test_what_hangs_is_stopped():
    import machine

    assert machine.console([sys.executable, "-c", "import time; print(1, flush=True); time.sleep(50)"], 1)[1] == -9


@pytest.mark.parametrize(("words", "status"), [("ready exit 0", 0), ("ready exit 42", 42)])
def test_the_commands_exit_status_is_carried_back(words, status):
    import machine

    assert machine.outcome(words.split(), "Kernel panic - afterwards", -9, 1) == status


@pytest.mark.parametrize(
    ("words", "last", "code", "exit_code", "told"),
    [
        ("", "", -9, 124, "the time limit of 7 seconds passed before the command could start"),
        ("ready", "", -9, 124, "the time limit of 7 seconds passed before the command had ended"),
        ("", "", 1, 125, "QEMU failed before the command could start: exit code 1"),
        ("", "a\n[ 1.2] Kernel panic - not syncing: x\n", 0, 125, "could start: Kernel panic - not syncing: x"),
        ("ready", "Kernel panic - not syncing: x", 0, 125, "had ended: Kernel panic - not syncing: x"),
        ("", "mount: failed", 0, 125, "the machine ended before the command could start"),
    ],
)
def test_a_machine_that_ends_before_the_command_tells_why(unavailable, words, last, code, exit_code, told):
    import machine

    with pytest.raises(unavailable) as raised:
        machine.outcome(words.split(), last, code, 7)
    assert told in raised.value.message
    assert raised.value.exit_code == exit_code
