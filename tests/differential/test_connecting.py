"""create_connection() and create_server(): addresses, options and errors of each."""

import socket as standard
import sys

from drive import each, same, same_act
from hypothesis import given
from hypothesis import strategies as st
from situations import Scene
from values import Of, Pair, Text, anything, no_text, numbers

PORTS = [0, 65535, 65536, 99999, -1, 2**31, "0", "nosuch", None, 1.5]
# Those that a resolver is not asked for, or refuses at once.
HOSTS = [
    "127.0.0.1",
    "::1",
    "localhost",
    "",
    None,
    b"127.0.0.1",
    "<broadcast>",
    "a..b",
    "x" * 64 + ".é",
    5,
    "127.0.0.1\n",
]

sampled = st.sampled_from
hosts = sampled(HOSTS)
addresses = st.tuples(hosts, sampled(PORTS)) | st.lists(hosts, max_size=4) | no_text
sources = (
    sampled([None, ("127.0.0.1", 0), ("127.0.0.1", 65536), ("::1", 0), (), "", "x", ("127.0.0.2", 0), Pair(("", 0))])
    | no_text
)
timeouts = sampled([None, 0, 0.5, -1, "x", float("nan"), 2.5]) | numbers


def served(module, stack):
    """A listener, whose address is the scene's."""
    server = stack.enter_context(standard.create_server(("127.0.0.1", 0)))
    return Scene(address=server.getsockname())


def refused(module, stack):
    """The address of a bound socket that does not listen."""
    sock = stack.enter_context(standard.socket())
    sock.bind(("127.0.0.1", 0))
    return Scene(address=sock.getsockname())


@each
@given(
    where=sampled([served, refused]),
    timeout=timeouts,
    source=sources,
    all_errors=sampled([False, True, 0, 1, None, "x"]),
)
def test_connection(where, timeout, source, all_errors):
    same_act(where, lambda module, scene: connection(module, scene.address, timeout, source, all_errors=all_errors))


def connection(module, *arguments, all_errors):
    """create_connection(), with the errors of a group as the result; Python 3.10 has no groups."""
    keywords = {"all_errors": all_errors} if sys.version_info >= (3, 11) else {}
    try:
        return module.create_connection(*arguments, **keywords)
    except Exception as error:
        if not hasattr(error, "exceptions"):
            raise
        return str(error), [(type(one).__name__, str(one)) for one in error.exceptions]


@each
@given(address=addresses.filter(lambda address: not reachable(address)), all_errors=st.booleans())
def test_bad_addresses(address, all_errors):
    same_act(refused, lambda module, scene: connection(module, address, all_errors=all_errors))


def reachable(address):
    """Would a port of this machine be called that may belong to somebody? Port 0 cannot."""
    return type(address) in (tuple, list) and len(address) == 2 and address[1] in (65535, 99999, -1, 2**31, 65536)


@each
@given(
    address=addresses.filter(lambda address: not reachable(address)),
    family=sampled([standard.AF_INET, 2, 10, standard.AF_INET6, 1, 99, -1, "x"]) | anything,
    backlog=sampled([None, 0, 1, -5, 2**31, "x"]) | anything,
    reuse_port=sampled([False, True, None, "x"]),
    dualstack=sampled([False, False, True, None, "x"]),
)
def test_server(address, family, backlog, reuse_port, dualstack):
    same(None, "create_server", address)
    same(None, "create_server", address, family=family)
    # Newer interpreters, as berkeley, set SO_REUSEPORT for IP alone: newer kernels refuse it to other families.
    options = {"reuse_port": reuse_port and family in (2, 10), "dualstack_ipv6": dualstack}
    same(None, "create_server", address, family=family, backlog=backlog, **options)
    for sound in (("127.0.0.1", 0), ("::1", 0), ("", 0), "own"):
        same(None, "create_server", sound, family=family, backlog=backlog, **options)


@each
@given(where=sampled([served, refused]))
def test_address_in_use(where):
    same(where, "create_server", Of("address"))
    same(where, "create_server", Of("address"), reuse_port=True)
    same(where, "create_server", (Text("127.0.0.1"), 0))
