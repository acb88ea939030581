"""The program that boots a kernel with every family: what can go wrong, and be tried, without a machine that boots."""

import lzma
import os
import shutil
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


def test_the_newest_kernel_is_what_its_package_depends_on(unavailable):
    import fetch

    assert fetch.newest("linux-image-amd64\n  Depends: linux-image-6.1.0-9-amd64\n") == "linux-image-6.1.0-9-amd64"
    with pytest.raises(unavailable, match="apt-get update"):
        fetch.newest("")


def test_a_command_that_fails_tells_why(unavailable):
    import fetch

    with pytest.raises(unavailable) as raised:
        fetch.output(sys.executable, "-c", "import sys; sys.exit('no such package')")
    assert raised.value.message.endswith("exit code 1\nno such package")


def test_the_kernel_fetched_last_is_used(monkeypatch, tmp_path):
    import fetch

    for number, name in enumerate(["linux-image-9", "linux-image-10", "unfinished-x"]):
        (tmp_path / "berkeley-vm" / name).mkdir(parents=True)
        os.utime(tmp_path / "berkeley-vm" / name, (number, number))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert fetch.kernel().directory.name == "linux-image-10"


def test_of_the_package_only_what_is_wanted_is_unpacked(tmp_path, unavailable):
    import fetch

    package, unpacked = tmp_path / "package", tmp_path / "unpacked"
    modules = "lib/modules/6.1.0-9-amd64"
    wanted = {
        "boot/vmlinuz-6.1.0-9-amd64",
        f"{modules}/modules.order",
        f"{modules}/kernel/net/can/can.ko",
        f"{modules}/kernel/drivers/net/can/dev/can-dev.ko",
        f"{modules}/kernel/drivers/net/veth.ko",
    }
    for name in [*wanted, "boot/config-6.1.0-9-amd64", f"{modules}/kernel/drivers/net/ethernet/e1000.ko"]:
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(name)
    (package / "DEBIAN").mkdir()
    (package / "DEBIAN/control").write_text(
        "Package: linux-image\nVersion: 1\nArchitecture: amd64\nMaintainer: nobody <nobody@localhost>\n"
        "Description: none\n"
    )
    dpkg_deb = program("dpkg-deb")
    subprocess.run([dpkg_deb, "--build", str(package), str(tmp_path / "a.deb")], check=True, stdout=subprocess.DEVNULL)
    fetch.unpack(dpkg_deb, tmp_path / "a.deb", unpacked)
    assert {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()} == wanted
    assert (unpacked / "boot/vmlinuz-6.1.0-9-amd64").read_text() == "boot/vmlinuz-6.1.0-9-amd64"
    kernel = fetch.Kernel(unpacked)
    assert (kernel.image.name, kernel.modules.name) == ("vmlinuz-6.1.0-9-amd64", "6.1.0-9-amd64")
    (tmp_path / "a.deb").write_bytes(b"")
    with pytest.raises(unavailable, match=r"a\.deb cannot be unpacked"):
        fetch.unpack(dpkg_deb, tmp_path / "a.deb", tmp_path / "broken")


def test_a_compressed_kernel_is_decompressed(tmp_path):
    import fetch

    image = tmp_path / "vmlinuz"
    image.write_bytes(b"MZ unpacks itself" + lzma.compress(b"\x7fELF") + b"what follows")
    for _ in range(2):
        fetch.decompress(image)
        assert image.read_bytes() == b"\x7fELF"


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
