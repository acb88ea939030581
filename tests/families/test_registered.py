"""The worked example of docs/families.md: AF_LLC, registered by a program. The page as a whole is run by tests/docs."""

import re
from pathlib import Path

import pytest
from kernel import outcome

from berkeley import families

AF_LLC = 26
DOCUMENT = Path(__file__).parents[2] / "docs" / "families.md"


@pytest.fixture
def example():
    """The names that the page's first block of code makes. The family is unknown again afterwards."""
    block = re.search(r"^```python\n(.*?)^```", DOCUMENT.read_text(), re.S | re.M)[1]
    names = {}
    exec(compile(block, DOCUMENT.name, "exec"), names)
    yield names
    families._codecs.pop(AF_LLC, None)


def test_conversions(example):
    assert families.lookup(AF_LLC) == (example["pack"], example["unpack"])
    address = (772, "00:11:22:33:44:55", 0x30)
    packed = example["pack"](None, "bind", address)
    assert example["unpack"](None, packed) == address
    assert example["unpack"](None, packed[:5]) == (772, "00:00:00:00:00:00", 0)
    for wrong in (None, (1, 2), (1, 2, 3), ("x", "00:11:22:33:44:55", 1), (1, "no address", 1), (1, "00:11", 1 << 9)):
        kind, _, text = outcome(example["pack"], None, "bind", wrong)
        assert (kind, text) == ("TypeError", "bind(): AF_LLC address must be a tuple (hardware type, MAC address, SAP)")
