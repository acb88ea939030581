"""What is skipped for what a kernel lacks, and what is not."""

import platform

import pytest
from kernel import ALL_FAMILIES, lacking

UDPLITE = "AF_INET6 socket of type <SocketKind.SOCK_RAW: 3>, protocol 136: Protocol not supported"


@pytest.mark.parametrize("release", ["7.1.0", "7.2.12+deb14-amd64", "10.0-rc1"])
def test_what_no_kernel_of_this_version_has_is_skipped(monkeypatch, release):
    monkeypatch.setattr(platform, "release", lambda: release)
    monkeypatch.setenv(ALL_FAMILIES, "1")
    with pytest.raises(pytest.skip.Exception, match=r"no AF_INET6 .*: Linux 7\.1 removed UDP-Lite$"):
        lacking(UDPLITE)
    with pytest.raises(pytest.fail.Exception, match=r"no AF_INET6 .*, protocol 132: "):
        lacking(UDPLITE.replace("136", "132"))


def test_what_kernels_of_this_version_have_is_demanded_where_all_is(monkeypatch):
    monkeypatch.setattr(platform, "release", lambda: "6.1.0-50-amd64")
    monkeypatch.setenv(ALL_FAMILIES, "1")
    with pytest.raises(pytest.fail.Exception):
        lacking(UDPLITE)
    monkeypatch.delenv(ALL_FAMILIES)
    with pytest.raises(pytest.skip.Exception):
        lacking(UDPLITE)
