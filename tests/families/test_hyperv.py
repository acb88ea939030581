"""AF_HYPERV, Windows's: its conversions."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel import outcome

from berkeley.families import hyperv

RAW = SimpleNamespace(proto=hyperv.HV_PROTOCOL_RAW)
FORM = "AF_HYPERV address must be a str tuple (vm_id, service_id)"
ZERO = hyperv.HV_GUID_ZERO


@given(address=st.tuples(st.uuids().map(str), st.uuids().map(str)))
def test_round_trip(address):
    assert hyperv.unpack(RAW, hyperv.pack(RAW, "bind", address)) == address


@pytest.mark.parametrize("name", ["ZERO", "WILDCARD", "BROADCAST", "CHILDREN", "LOOPBACK", "PARENT"])
def test_published_identities(name):
    guid = getattr(hyperv, f"HV_GUID_{name}")
    assert hyperv.unpack(RAW, hyperv.pack(RAW, "bind", (guid, guid))) == (guid.lower(), guid.lower())


def test_struct():
    """SOCKADDR_HV: Family, Reserved, VmId, ServiceId; of a GUID the first three fields are numbers, low octet first."""
    packed = hyperv.pack(RAW, "bind", ("00112233-4455-6677-8899-aabbccddeeff", hyperv.HV_GUID_BROADCAST))
    assert packed == bytes.fromhex("2200 0000 33221100 5544 7766 8899aabbccddeeff") + b"\xff" * 16


@pytest.mark.parametrize(
    ("address", "error"),
    [
        (ZERO, ("TypeError", None, "bind(): AF_HYPERV address must be tuple, not str")),
        ((ZERO,), ("TypeError", None, FORM)),
        ((ZERO, ZERO, ZERO), ("TypeError", None, FORM)),
        ((1, 2), ("TypeError", None, FORM)),
        ((ZERO, ZERO.encode()), ("TypeError", None, FORM)),
        (("x", ZERO), ("ValueError", None, "bind(): AF_HYPERV address vm_id is not a valid UUID string")),
        ((ZERO, "x"), ("ValueError", None, "bind(): AF_HYPERV address service_id is not a valid UUID string")),
        ((f"{{{ZERO}}}", "x"), ("ValueError", None, "bind(): AF_HYPERV address vm_id is not a valid UUID string")),
        ((ZERO, "0" * 32), ("ValueError", None, "bind(): AF_HYPERV address service_id is not a valid UUID string")),
    ],
    ids=repr,
)
def test_what_is_no_address(address, error):
    assert outcome(hyperv.pack, RAW, "bind", address) == error


def test_other_protocols():
    error = "OSError", None, "connect(): unsupported AF_HYPERV protocol: 6"
    assert outcome(hyperv.pack, SimpleNamespace(proto=6), "connect", (ZERO, ZERO)) == error


@given(data=st.binary(max_size=130))
def test_whatever_the_kernel_gives_is_an_address(data):
    assert [len(guid) for guid in hyperv.unpack(RAW, data)] == [36, 36]
