"""What holds for every family: no bytes of a kernel do harm."""

from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel import claimed

from berkeley import socket

NUMBERS = import_module("berkeley.names._table").FAMILIES
FILES = {name: import_module(f"berkeley.families.{name}") for name in NUMBERS.values()}


@pytest.mark.parametrize("name", [name for name, file in FILES.items() if hasattr(file, "unpack")])
@given(data=st.binary(max_size=130), proto=st.integers(0, 8))
def test_whatever_the_kernel_gives_is_an_address(name, data, proto):
    """Cut short, too long or senseless: an object comes back, made of nothing but what was given."""
    with claimed(socket, f"AF_{name.upper()}", socket.SOCK_RAW, proto) as sock:
        raw = sock.family.to_bytes(2, "little") + data
        assert isinstance(FILES[name].unpack(sock, raw), (tuple, str, int, bytes))
