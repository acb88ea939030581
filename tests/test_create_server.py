"""create_server() and has_dualstack_ipv6(): the options of the listening socket, and the errors, which leak nothing."""

import errno
import sys
from importlib import import_module

import pytest
from waits import Stop, stop

OURS = import_module("berkeley.socket")


@pytest.fixture
def needs_ipv6(impl):
    try:
        with impl.socket(impl.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 on the loopback interface")


@pytest.mark.parametrize("keywords", [{}, {"backlog": None}, {"backlog": 0}, {"backlog": -3}, {"backlog": 7}])
def test_a_server_over_ipv4(impl, keywords):
    with impl.create_server(("127.0.0.1", 0), **keywords) as server:
        assert type(server) is impl.socket
        assert (server.family, server.type, server.gettimeout()) == (impl.AF_INET, impl.SOCK_STREAM, None)
        assert server.getsockopt(impl.SOL_SOCKET, impl.SO_ACCEPTCONN) == 1
        assert server.getsockopt(impl.SOL_SOCKET, impl.SO_REUSEADDR) == 1
        assert server.getsockopt(impl.SOL_SOCKET, impl.SO_REUSEPORT) == 0
        with impl.create_connection(server.getsockname()) as client, server.accept()[0] as peer:
            peer.sendall(b"data")
            assert client.recv(10) == b"data"


def test_the_backlog_is_the_kernels_limit(impl):
    with impl.create_server(("127.0.0.1", 0), backlog=3) as server:
        # <linux/tcp.h>: of a listening socket tcpi_sacked, the ninth 32-bit field, is the backlog.
        information = server.getsockopt(impl.IPPROTO_TCP, impl.TCP_INFO, 104)
    assert int.from_bytes(information[28:32], sys.byteorder) == 3


@pytest.mark.parametrize(("dualstack", "only"), [(False, 1), (True, 0)])
def test_a_server_over_ipv6(impl, needs_ipv6, dualstack, only):
    with impl.create_server(("::", 0), family=impl.AF_INET6, dualstack_ipv6=dualstack) as server:
        assert server.family == impl.AF_INET6
        assert server.getsockopt(impl.IPPROTO_IPV6, impl.IPV6_V6ONLY) == only


def test_servers_share_a_port(impl):
    with impl.create_server(("127.0.0.1", 0), reuse_port=True) as first:
        second = impl.create_server(first.getsockname(), reuse_port=True)
        assert second.getsockname() == first.getsockname()
        second.close()


def test_a_server_on_a_path(impl, tmp_path):
    path = str(tmp_path / "server")
    with impl.create_server(path, family=impl.AF_UNIX) as server:
        assert server.getsockname() == path


def test_sharing_a_port_means_nothing_on_a_path(tmp_path):
    with OURS.create_server(str(tmp_path / "server"), family=OURS.AF_UNIX, reuse_port=True) as server:
        assert server.getsockopt(OURS.SOL_SOCKET, OURS.SO_ACCEPTCONN) == 1


def test_the_options_are_keywords(impl, made):
    with pytest.raises(TypeError):
        impl.create_server(("127.0.0.1", 0), impl.AF_INET)
    assert made == []


def test_dual_stack_is_ipv6(impl, needs_ipv6, made):
    with pytest.raises(ValueError, match=r"^dualstack_ipv6 requires AF_INET6 family$"):
        impl.create_server(("127.0.0.1", 0), dualstack_ipv6=True)
    assert {sock.fileno() for sock in made} <= {-1}


def test_dual_stack_where_there_is_none(impl, made, monkeypatch):
    monkeypatch.setattr(impl, "has_dualstack_ipv6", lambda: False)
    with pytest.raises(ValueError, match=r"^dualstack_ipv6 not supported on this platform$"):
        impl.create_server(("::1", 0), family=impl.AF_INET6, dualstack_ipv6=True)
    assert made == []


@pytest.mark.parametrize("address", [("127.0.0.1", 0), ("192.0.2.1", 0)])
def test_an_error_of_bind_names_the_address(impl, made, address):
    with impl.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname() if address[0] == "127.0.0.1" else address
        with pytest.raises(OSError, match="while attempting to bind") as caught:
            impl.create_server(taken)
        number = errno.EADDRINUSE if taken is not address else errno.EADDRNOTAVAIL
        assert caught.value.errno == number
        assert caught.value.strerror.endswith(f" (while attempting to bind on address {taken!r})")
        assert made[-1].fileno() == -1


@pytest.mark.parametrize("address", ["nowhere.invalid", "::1"])
def test_a_host_without_an_address_stays_a_gaierror(record, address):
    made = record(OURS)
    with pytest.raises(OURS.gaierror) as caught:
        OURS.create_server((address, 0))
    assert caught.value.errno in {OURS.EAI_NONAME, OURS.EAI_ADDRFAMILY, OURS.EAI_AGAIN}
    assert "while attempting" not in str(caught.value)
    assert [sock.fileno() for sock in made] == [-1]


@pytest.mark.parametrize("error", [TimeoutError("late"), OSError("no"), PermissionError("no")], ids=repr)
def test_an_error_without_a_number_stays_what_it_is(record, error):
    def bind(*arguments):
        raise error

    made = record(OURS, bind=bind)
    with pytest.raises(OSError) as caught:
        OURS.create_server(("127.0.0.1", 0))
    assert caught.value is error
    assert [sock.fileno() for sock in made] == [-1]


@pytest.mark.parametrize(
    ("address", "keywords", "error"),
    [
        (("127.0.0.1", 65536), {}, OverflowError),
        (("127.0.0.1", "0"), {}, TypeError),
        ("127.0.0.1", {}, TypeError),
        (("127.0.0.1", 0, 0), {}, TypeError),
        (("127.0.0.1", 0), {"backlog": "5"}, TypeError),
        (("127.0.0.1", 0), {"backlog": 1 << 40}, OverflowError),
    ],
)
def test_bad_arguments_leave_nothing_open(record, address, keywords, error):
    made = record(OURS)
    with pytest.raises(error):
        OURS.create_server(address, **keywords)
    assert [sock.fileno() for sock in made] == [-1]


@pytest.mark.parametrize("method", ["setsockopt", "bind", "listen"])
def test_an_interrupt_leaves_nothing_open(record, method):
    made = record(OURS, **{method: stop})
    with pytest.raises(Stop):
        OURS.create_server(("127.0.0.1", 0))
    assert [sock.fileno() for sock in made] == [-1]


@pytest.mark.parametrize("family", [99, "AF_INET"])
def test_a_family_that_is_none(impl, made, family):
    with pytest.raises((OSError, TypeError)):
        impl.create_server(("127.0.0.1", 0), family=family)
    assert made == []


# --- has_dualstack_ipv6


def test_dual_stack_is_what_the_kernel_says(impl, made):
    assert impl.has_dualstack_ipv6() is OURS.has_dualstack_ipv6()
    assert {sock.fileno() for sock in made} <= {-1}


def test_dual_stack_is_found_by_trying(impl, monkeypatch, record):
    def refuse(*arguments):
        raise OSError(errno.EAFNOSUPPORT, "not here")

    made = record(impl, setsockopt=refuse)
    assert impl.has_dualstack_ipv6() is False
    assert {sock.fileno() for sock in made} <= {-1}
    monkeypatch.setattr(impl, "socket", refuse)
    assert impl.has_dualstack_ipv6() is False
