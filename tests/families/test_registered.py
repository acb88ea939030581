"""The worked example of docs/families.md: AF_LLC, registered by a program."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from kernel import lacking, opened, outcome

from berkeley import families, socket

AF_LLC = 26
DOCUMENT = Path(__file__).parents[2] / "docs" / "families.md"


@pytest.fixture
def example():
    """Runs the page's code; gives its names. The family is unknown again afterwards."""
    blocks = re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text(), re.S | re.M)
    names = {}

    def run(count):
        exec(compile("\n".join(blocks[:count]), DOCUMENT.name, "exec"), names)
        return names

    yield run
    families._codecs.pop(AF_LLC, None)


def test_conversions(example):
    names = example(1)
    assert families.lookup(AF_LLC) == (names["pack"], names["unpack"])
    address = (772, "00:11:22:33:44:55", 0x30)
    packed = names["pack"](None, "bind", address)
    assert names["unpack"](None, packed) == address
    assert names["unpack"](None, packed[:5]) == (772, "00:00:00:00:00:00", 0)
    for wrong in (None, (1, 2), (1, 2, 3), ("x", "00:11:22:33:44:55", 1), (1, "no address", 1), (1, "00:11", 1 << 9)):
        kind, _, text = outcome(names["pack"], None, "bind", wrong)
        assert (kind, text) == ("TypeError", "bind(): AF_LLC address must be a tuple (hardware type, MAC address, SAP)")


@pytest.fixture
def ethernet():
    """The two interfaces that the page speaks of, on a kernel that has the family."""
    opened(socket, "AF_LLC", socket.SOCK_DGRAM).close()
    if not shutil.which("ip"):
        lacking("program ip (iproute2), which makes interfaces")
    [command] = re.findall(r"`ip (link add .*?)`", DOCUMENT.read_text())
    made = subprocess.run(["ip", *command.split()], capture_output=True, text=True)
    if made.returncode:
        lacking(f"pair of interfaces of type veth: {made.stderr.strip()}")
    try:
        for name in ("left", "right"):
            subprocess.run(["ip", "link", "set", name, "up"], check=True)
        yield
    finally:
        subprocess.run(["ip", "link", "delete", "left"], check=True)


def test_frames(example, capsys, ethernet):
    example(2)
    [printed] = re.findall("# (b'hello' .*)", DOCUMENT.read_text())
    assert capsys.readouterr().out == f"{printed}\n"
