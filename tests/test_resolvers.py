"""Resolvers of a program's own: for the process, for a context, and those that come with berkeley."""

import contextvars
import gc
import sys
import threading

import pytest

import berkeley
from berkeley import resolvers, socket

HOST, OTHER = "host.invalid", "other.invalid"
ROW = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", 80))


@pytest.fixture(autouse=True)
def no_resolver():
    yield
    assert berkeley.set_resolver(None) is None


@pytest.fixture
def asked():
    """What the resolver of the process was asked; it knows HOST."""
    questions = []

    def resolve(ask, host, *rest):
        questions.append((host, *rest))
        return ask("127.0.0.1" if host == HOST else host, *rest)

    assert berkeley.set_resolver(resolve) is None
    yield questions
    assert berkeley.set_resolver(None) is resolve


def test_all_that_resolve_ask_it(asked):
    rows = socket.getaddrinfo(HOST, 80, type=socket.SOCK_STREAM)
    assert rows == [ROW]
    assert isinstance(rows[0][0], socket.AddressFamily)
    assert isinstance(rows[0][1], socket.SocketKind)
    assert socket.gethostbyname(HOST) == "127.0.0.1"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for connect in (lambda address: socket.create_connection(address), connect_by_name):
            with connect((HOST, port)) as client:
                assert client.getpeername() == server.getsockname()
    assert {host for host, *_ in asked} == {HOST}
    assert asked[0] == (HOST, 80, 0, socket.SOCK_STREAM, 0, 0)


def connect_by_name(address):
    client = socket.socket()
    client.connect(address)
    return client


def test_of_names_it_sees_the_ascii_form(asked):
    for host in ("bücher.invalid", "xn--bcher-kva.invalid", b"xn--bcher-kva.invalid"):
        with pytest.raises(socket.gaierror):
            socket.getaddrinfo(host, 80)
    assert {host for host, *_ in asked} == {"xn--bcher-kva.invalid"}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "::1", "fe80::1%lo", "", None])
def test_it_is_not_asked_what_is_no_name(asked, host):
    for port in (80, "80"):
        try:
            socket.getaddrinfo(host, port)
        except socket.gaierror:
            assert not host  # "" is a name to getaddrinfo(3), and every interface to bind(2)
    assert not asked


def test_bytes_stay_what_they_are():
    """As str, "h\xf6st" is an international name; these bytes are not, whatever they are."""
    seen = []
    with berkeley.resolver(lambda ask, host, *rest: seen.append(host) or ask(host, *rest)):
        for host in (b"h\xf6st.invalid", "höst.invalid".encode()):
            with pytest.raises(socket.gaierror):
                socket.getaddrinfo(host, 80)
    assert seen == ["h\udcf6st.invalid", "h\udcc3\udcb6st.invalid"]


def test_it_is_asked_again_by_none(asked):
    berkeley.set_resolver(berkeley.set_resolver(None))
    assert socket.gethostbyname(HOST) == "127.0.0.1"
    previous = berkeley.set_resolver(None)
    with pytest.raises(socket.gaierror):
        socket.gethostbyname(HOST)
    berkeley.set_resolver(previous)


def test_ipv6():
    if not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6")
    with berkeley.resolver(resolvers.pin({HOST: ["::1"]})), socket.create_server(("::1", 0), family=10) as server:
        with socket.create_connection((HOST, server.getsockname()[1])) as client:
            assert client.family == socket.AF_INET6
        with socket.socket(socket.AF_INET6) as client:
            client.connect((HOST, server.getsockname()[1]))
        with socket.socket() as client, pytest.raises(socket.gaierror):
            client.connect((HOST, server.getsockname()[1]))


class RefusedError(Exception):
    pass


def refuse(*_):
    raise RefusedError


@pytest.mark.parametrize("call", [lambda: socket.getaddrinfo(HOST, 1), lambda: socket.gethostbyname(HOST)])
def test_what_it_raises_is_raised(call):
    with pytest.raises(RefusedError), berkeley.resolver(refuse):
        call()


NONSENSE = {
    "None": None,
    "text": "127.0.0.1",
    "short rows": [ROW[:4]],
    "no tuples": [(*ROW[:4], ["127.0.0.1", 80])],
    "a name": [(*ROW[:4], ("localhost", 80))],
    "another family's": [(socket.AF_INET6, *ROW[1:])],
    "no family": [("AF_INET", *ROW[1:])],
    "no port": [(*ROW[:4], ("127.0.0.1", "http"))],
    "an address of one": [(*ROW[:4], ("127.0.0.1",))],
    "an address of three": [(*ROW[:4], ("127.0.0.1", 80, 0))],
    "a port that is none": [(*ROW[:4], ("127.0.0.1", 99999))],
    "a port below all": [(*ROW[:4], ("127.0.0.1", -1))],
    "flowinfo that is none": [(socket.AF_INET6, *ROW[1:4], ("::1", 80, 1 << 40, 0))],
    "a scope that is none": [(socket.AF_INET6, *ROW[1:4], ("::1", 80, 0, -1))],
}


@pytest.mark.parametrize("rows", NONSENSE.values(), ids=NONSENSE)
@pytest.mark.parametrize("call", [lambda: socket.getaddrinfo(HOST, 1), lambda: socket.gethostbyname(HOST)])
def test_nonsense_is_told(rows, call):
    with pytest.raises(TypeError, match="gave no rows such as"), berkeley.resolver(lambda *_: rows):
        call()


def test_no_rows_are_no_address():
    with pytest.raises(socket.gaierror) as caught, berkeley.resolver(lambda *_: []):
        socket.getaddrinfo(HOST, 1)
    assert caught.value.errno == socket.EAI_NONAME


@pytest.mark.parametrize("set_it", [berkeley.set_resolver, berkeley.resolver])
def test_what_cannot_be_called_is_none(set_it):
    with pytest.raises(TypeError, match="a resolver is called"):
        set_it("127.0.0.1")


def test_one_that_was_not_made_is_nothing():
    """Whose __init__() has raised: nothing is told at its end (an error there would fail this test)."""
    with pytest.raises(TypeError):
        berkeley.resolver()
    gc.collect()


def test_audit_events(asked):
    """What the program asks for, and what is asked of the system."""
    seen = []
    watching = [True]
    sys.addaudithook(lambda event, args: event == "socket.getaddrinfo" and watching and seen.append(args[0]))
    socket.getaddrinfo(HOST, 80)
    watching.clear()
    assert seen == [HOST, "127.0.0.1"]


def unknown(host):
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo(host, 80)


def test_audit_events_where_none_is_in_force():
    """In other contexts and threads a look-up is what it is where nobody has resolvers."""
    seen = []
    watching = [True]
    sys.addaudithook(lambda event, args: event == "socket.getaddrinfo" and watching and seen.append(args[0]))
    with berkeley.resolver(refuse):
        contextvars.Context().run(unknown, HOST)
    watching.clear()
    assert seen == [HOST]


# --- in a context


def test_the_inner_one_is_asked_first_and_asks_the_outer_one(asked):
    def resolve(ask, host, *rest):
        return ask(HOST if host == OTHER else host, *rest)

    with berkeley.resolver(resolve):
        assert socket.gethostbyname(OTHER) == socket.gethostbyname(HOST) == "127.0.0.1"
        with berkeley.resolver(resolvers.pin({OTHER: "127.0.0.2"})):
            assert socket.gethostbyname(OTHER) == "127.0.0.2"
        assert socket.gethostbyname(OTHER) == "127.0.0.1"
    with pytest.raises(socket.gaierror):
        socket.gethostbyname(OTHER)


def test_other_threads_do_not_ask_it(asked):
    def look_up():
        try:
            found.append(socket.gethostbyname(OTHER))
        except socket.gaierror:
            found.append(None)

    found = []
    with berkeley.resolver(resolvers.pin({OTHER: "127.0.0.2"})):
        arguments = {"context": contextvars.Context()} if sys.version_info >= (3, 14) else {}
        thread = threading.Thread(target=look_up, **arguments)
        thread.start()
        thread.join()
        look_up()
    assert found == [None, "127.0.0.2"]


def test_left_out_of_order():
    outer = berkeley.resolver(resolvers.pin({HOST: "127.0.0.2"}))
    inner = berkeley.resolver(resolvers.pin({OTHER: "127.0.0.3"}))
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    assert socket.gethostbyname(OTHER) == "127.0.0.3"
    with pytest.raises(socket.gaierror):
        socket.gethostbyname(HOST)
    inner.__exit__(None, None, None)
    with pytest.raises(socket.gaierror):
        socket.gethostbyname(OTHER)


def test_lost():
    """Of one that was entered, and that nobody can leave any more."""
    berkeley.resolver(refuse).__enter__()
    assert socket.gethostbyname("localhost")


def test_entered_once():
    used = berkeley.resolver(refuse)
    with used:
        pass
    with pytest.raises(RuntimeError, match=r"^a resolver is entered once$"), used:
        pass


# --- those that come with it


def test_pin():
    with berkeley.resolver(resolvers.pin({"Host.invalid": ["127.0.0.1", "::1"], OTHER: "127.0.0.2"})):
        assert socket.gethostbyname("HOST.INVALID.") == "127.0.0.1"
        rows = socket.getaddrinfo(HOST, "http", type=socket.SOCK_STREAM)
        assert [row[4][:2] for row in rows] == [("127.0.0.1", 80), ("::1", 80)]
        assert [row[4][0] for row in socket.getaddrinfo(HOST, 80, socket.AF_INET6, socket.SOCK_DGRAM)] == ["::1"]
        with pytest.raises(socket.gaierror):
            socket.getaddrinfo(OTHER, 80, socket.AF_INET6)
        assert socket.gethostbyname("localhost").startswith("127.")


@pytest.mark.parametrize("address", ["localhost", "127.0.0.256", "", []])
def test_pin_takes_addresses(address):
    with pytest.raises((socket.gaierror, ValueError)):
        resolvers.pin({HOST: address})


INTERNATIONAL = ["bücher.invalid", "BÜCHER.invalid.", "bücher\u3002invalid", "xn--bcher-kva.invalid"]


@pytest.mark.parametrize("asked", [*INTERNATIONAL, b"xn--bcher-kva.INVALID"])
@pytest.mark.parametrize("given", INTERNATIONAL)
def test_international_names(given, asked):
    with berkeley.resolver(resolvers.pin({given: "127.0.0.4"})):
        assert socket.gethostbyname(asked) == "127.0.0.4"
        with berkeley.resolver(resolvers.refuse(given)), pytest.raises(socket.gaierror, match="is refused"):
            socket.gethostbyname(asked)


def test_patterns_of_international_names():
    with (
        berkeley.resolver(resolvers.pin({"www.bücher.invalid": "127.0.0.4", "bücher.invalid": "127.0.0.5"})),
        berkeley.resolver(resolvers.refuse("*.bücher.invalid")),
    ):
        with pytest.raises(socket.gaierror, match=r"www\.xn--bcher-kva\.invalid is refused"):
            socket.getaddrinfo("www.bücher.invalid", 80)
        assert socket.gethostbyname("bücher.invalid") == "127.0.0.5"


def test_names_that_are_bytes():
    """Of which a resolver sees surrogates (PEP 383): no international names."""
    with berkeley.resolver(resolvers.pin({"h\udcf6st.invalid": "127.0.0.4"})):
        assert socket.gethostbyname(b"h\xf6st.invalid") == "127.0.0.4"
        with pytest.raises(socket.gaierror):
            socket.gethostbyname("h\xf6st.invalid")


@pytest.mark.parametrize("name", ["ü" * 64, "ü..invalid", "\ud800.invalid"])
def test_names_that_idna_refuses(name):
    for make in (resolvers.refuse, lambda name: resolvers.pin({name: "127.0.0.1"})):
        with pytest.raises(ValueError, match="is no host name"):
            make(name)
        with pytest.raises(TypeError, match="a host's name is a str"):
            make(5)
    with pytest.raises(ValueError, match="no pattern of host names"):
        resolvers.refuse("*ü.invalid")


def test_ascii_names_pay_nothing(python):
    program = """
import sys
from berkeley import resolvers
resolvers.pin({"host.invalid": "127.0.0.1"}), resolvers.refuse("*.invalid")
assert "encodings.idna" not in sys.modules
"""
    assert python("-c", program).stderr == ""


def test_pinned_names_are_all_that_there_are():
    with berkeley.resolver(resolvers.refuse("*")), berkeley.resolver(resolvers.pin({HOST: "127.0.0.3"})):
        assert socket.gethostbyname(HOST) == "127.0.0.3"
        assert socket.gethostbyname_ex(HOST) == (HOST, [], ["127.0.0.3"])
        with pytest.raises(socket.gaierror):
            socket.gethostbyname("localhost")


def test_those_that_were_left_are_not_kept():
    """As of a callback that enters one, and calls itself again in the context that it copied there."""
    with berkeley.resolver(refuse):
        context = contextvars.copy_context()
    inner = berkeley.resolver(refuse)
    context.run(inner.__enter__)
    assert inner._layer.around is None
    inner.__exit__(None, None, None)


def test_refuse():
    pinned = resolvers.pin({"www.host.invalid": "127.0.0.1", HOST: "127.0.0.1"})
    with berkeley.resolver(pinned), berkeley.resolver(resolvers.refuse("*.Host.invalid", OTHER)):
        assert socket.gethostbyname(HOST) == "127.0.0.1"
        for host in ("www.host.invalid", "WWW.HOST.INVALID.", OTHER):
            with pytest.raises(socket.gaierror, match="refused") as caught:
                socket.getaddrinfo(host, 80)
            assert caught.value.errno == socket.EAI_NONAME


def test_cache(asked, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("berkeley._beyond.resolvers.monotonic", lambda: now[0])
    cache = resolvers.cache(10, size=2)
    with berkeley.resolver(cache):
        first = [socket.getaddrinfo(host, 80) for host in (HOST, HOST, HOST.upper() + ".")]
        assert first[0] == first[1] == first[2]
        assert len(asked) == 1
        socket.getaddrinfo(HOST, 81)
        now[0] = 9
        socket.getaddrinfo(HOST, 80)
        assert len(asked) == 2
        now[0] = 10
        socket.getaddrinfo(HOST, 80)
        assert len(asked) == 3
        for port in (82, 83, 80):
            socket.getaddrinfo(HOST, port)
        assert len(asked) == 6
        cache.clear()
        socket.getaddrinfo(HOST, 80)
        assert len(asked) == 7
        for _ in range(2):
            with pytest.raises(socket.gaierror):
                socket.getaddrinfo(OTHER, 80)
        assert len(asked) == 9


@pytest.mark.parametrize(("seconds", "size"), [(0, 1), (-1, 1), (1, 0)])
def test_a_cache_keeps_something(seconds, size):
    with pytest.raises(ValueError, match="a cache keeps something"):
        resolvers.cache(seconds, size=size)


def test_rows_of_a_cache_are_not_shared(asked):
    with berkeley.resolver(resolvers.cache(10)):
        socket.getaddrinfo(HOST, 80).clear()
        assert socket.getaddrinfo(HOST, 80)
