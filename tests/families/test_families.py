"""What holds for every family: no bytes of a kernel do harm, and it is tested."""

import sys
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel import claimed

from berkeley import families, socket

NUMBERS = import_module("berkeley.names._table").FAMILIES
FILES = {name: import_module(f"berkeley.families.{name}") for name in NUMBERS.values()}


@pytest.mark.parametrize("name", [name for name, file in FILES.items() if hasattr(file, "unpack")])
@given(data=st.binary(max_size=130), proto=st.integers(0, 8))
def test_whatever_the_kernel_gives_is_an_address(name, data, proto):
    """Cut short, too long or senseless: an object comes back, made of nothing but what was given."""
    with claimed(socket, f"AF_{name.upper()}", socket.SOCK_RAW, proto) as sock:
        raw = sock.family.to_bytes(2, sys.byteorder) + data
        assert isinstance(FILES[name].unpack(sock, raw), (tuple, str, int, bytes))


@pytest.mark.parametrize("name", [path.stem for path in Path(families.__file__).parent.glob("[a-z]*.py")])
def test_each_family_has_a_test(name):
    path = Path(__file__).with_name(f"test_{name}.py")
    assert path.exists(), f"families/{name}.py has no test"
    assert f"AF_{name.upper()}" in path.read_text()
