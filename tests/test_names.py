"""The names of berkeley.socket and berkeley._socket: all that the interpreter has, and what newer ones added."""

import copy
import enum
import inspect
import pickle
import re
from importlib import import_module

import pytest

MODULES = ["socket", "_socket"]
ENUMERATIONS = ["AddressFamily", "AddressInfo", "MsgFlag", "SocketKind"]

# The standard module imports them for itself, up to Python 3.13. They would make every program's start longer.
LEFT_OUT = {"array", "selectors", "__warningregistry__"}
# And this one from 3.15 on, which is nobody's to look for there.
LEFT_OUT |= {"partial"}

# On methods, private names that others call or set: ssl, uvloop, trio, gevent, and the interpreters' own tests.
PRIVATE = {"_accept", "_closed", "_io_refs", "_real_close", "_decref_socketios", "_sendfile_use_send"}
PRIVATE |= {"_sendfile_zerocopy"}

# What 3.14 and 3.15 added on Linux, or had only where Bluetooth headers were found when Python was built.
ADDED = """
    AF_BLUETOOTH BDADDR_ANY BDADDR_BREDR BDADDR_LE_PUBLIC BDADDR_LE_RANDOM BDADDR_LOCAL BTPROTO_HCI BTPROTO_L2CAP
    BTPROTO_RFCOMM BTPROTO_SCO BT_CHANNEL_POLICY BT_CHANNEL_POLICY_BREDR_ONLY BT_CODEC BT_DEFER_SETUP BT_FLUSHABLE
    BT_FLUSHABLE_ON BT_ISO_QOS BT_MODE BT_MODE_LE_FLOWCTL BT_PHY BT_PHY_EDR_3M_5SLOT BT_PHY_LE_CODED_RX BT_PKT_STATUS
    BT_POWER BT_POWER_FORCE_ACTIVE_ON BT_RCVMTU BT_SECURITY BT_SECURITY_FIPS BT_SNDMTU BT_VOICE BT_VOICE_CVSD_16BIT
    CAN_ISOTP_DEFAULT_FRAME_TXTIME CAN_ISOTP_DEFAULT_PAD_CONTENT CAN_ISOTP_EXTEND_ADDR CAN_ISOTP_LL_OPTS CAN_ISOTP_OPTS
    CAN_ISOTP_RECV_FC CAN_ISOTP_SF_BROADCAST CAN_ISOTP_TX_STMIN HCI_CHANNEL_CONTROL HCI_DATA_DIR HCI_DEV_NONE HCI_FILTER
    IPV6_HDRINCL IPV6_RECVERR IP_FREEBIND IP_RECVERR IP_RECVORIGDSTADDR IP_RECVTTL L2CAP_LM L2CAP_LM_SECURE NI_IDN
    SOL_BLUETOOTH SOL_CAN_ISOTP SOL_HCI SOL_L2CAP SOL_RFCOMM SOL_SCO SO_BINDTOIFINDEX SO_ORIGINAL_DST SO_PASSRIGHTS
    VMADDR_CID_LOCAL
""".split()  # noqa: SIM905

# Documented for other systems.
ELSEWHERE = re.compile(
    "fromshare|share|ioctl|SIO_.*|RCVALL_.*|AF_(HYPERV|SYSTEM|DIVERT|LINK)|LOCAL_CREDS(_PERSISTENT)?|SCM_CREDS2?"
    "|HV.*|SYSPROTO_CONTROL|SO_EXCLUSIVEADDRUSE|SO_RTABLE|SO_USER_COOKIE|TCP_CONNECTION_INFO"
)


@pytest.fixture(params=MODULES)
def pair(request):
    """The standard module and ours."""
    return import_module(request.param), import_module(f"berkeley.{request.param}")


def test_every_name_is_there(pair):
    standard, ours = pair
    assert set(dir(standard)) - set(dir(ours)) - LEFT_OUT == set()
    assert not LEFT_OUT & set(dir(ours))


@pytest.mark.parametrize("shown", [lambda value: type(value).__name__, repr, str, "{:}".format, "{:>30}".format])
def test_constants_are_of_the_same_kind_and_look_the_same(pair, shown):
    standard, ours = pair
    constants = {
        name: value for name, value in vars(standard).items() if isinstance(value, (int, str)) and name[:2] != "__"
    }
    assert len(constants) > 300
    assert {name: shown(getattr(ours, name)) for name in constants} == {n: shown(v) for n, v in constants.items()}


def test_functions_and_classes_say_the_same_of_themselves(pair):
    standard, ours = pair
    callables = [
        name
        for name, value in vars(standard).items()
        # A module that is built into the interpreter has a class as its __loader__.
        if callable(value) and not isinstance(value, enum.Enum) and name not in {"__loader__", *LEFT_OUT}
    ]

    def said(module):
        return {
            name: (type(value), value.__module__, value.__name__, value.__qualname__)
            for name, value in ((name, getattr(module, name)) for name in callables)
        }

    assert said(ours) == said(standard)


def test_other_objects_are_of_the_same_type(pair):
    standard, ours = pair
    others = {name: type(value) for name, value in vars(standard).items()
              if not name.startswith("__") and name not in LEFT_OUT and not isinstance(value, type)}  # fmt: skip
    members = {name for name, kind in others.items() if issubclass(kind, enum.Enum)}
    assert {name: type(getattr(ours, name)) for name in others.keys() - members} == {
        name: others[name] for name in others.keys() - members
    }


@pytest.mark.parametrize("name", ["AddressFamily", "SocketKind", "MsgFlag", "AddressInfo"])
def test_enumerations_have_nothing_that_the_standard_ones_have_not(name):
    def own(module):
        enumeration = getattr(import_module(module), name)
        return vars(enumeration).keys() - enumeration.__members__.keys()

    assert own("berkeley.socket") <= own("socket")


def test_all(pair):
    standard, ours = pair
    names = import_module("berkeley.socket").__all__
    assert sorted(set(names)) == sorted(names)
    assert set(import_module("socket").__all__) <= set(names)
    assert all(name.isupper() or name in import_module("socket").__all__ for name in names)
    space = {}
    exec(f"from {ours.__name__} import *", space)
    assert {name for name in vars(standard) if not name.startswith("_")} & set(names) <= space.keys()
    assert [name for name in ADDED if name not in space] == []


def test_signatures():
    standard, ours = import_module("socket"), import_module("berkeley.socket")
    functions = {name: value for name, value in vars(standard).items() if inspect.isroutine(value)}
    functions["socket"] = standard.socket
    methods = dict(inspect.getmembers(standard.socket, inspect.isroutine))
    methods = {name: value for name, value in methods.items() if not name.startswith("_")}
    for home, values in ((ours, functions), (ours.socket, methods)):
        for name, value in values.items():
            expected = parameters(value)
            # Python's own functions: ours has what 3.13 has, to which 3.10's is a beginning.
            assert expected is None or parameters(getattr(home, name))[: len(expected)] == expected, name


def parameters(function):
    """What a caller can see of each parameter, or None where nothing is known. Names count where they can be used."""
    try:
        signature = inspect.signature(function)
    except ValueError:
        return None
    return [
        (None if each.kind is each.POSITIONAL_ONLY else each.name, each.kind)
        + ((type(each.default),) if type(each.default) is object else (repr(each.default),))
        for each in signature.parameters.values()
        if each.name != "self"
    ]


@pytest.mark.parametrize("path", ["socket.socket", "_socket.socket", "socket.SocketIO"])
def test_attributes_of_classes(path):
    module, name = path.split(".")
    standard, ours = getattr(import_module(module), name), getattr(import_module(f"berkeley.{module}"), name)
    wanted = {word for word in dir(standard) if word.startswith("__") or not word.startswith("_") or word in PRIVATE}
    assert wanted - {"__firstlineno__", "__static_attributes__"} <= set(dir(ours))
    methods = [word for word in wanted if inspect.isroutine(getattr(standard, word)) and not word.startswith("__")]
    assert [getattr(ours, word).__name__ for word in methods] == methods
    assert [base.__name__ for base in ours.__mro__] == [base.__name__ for base in standard.__mro__]
    assert (standard.__module__, standard.__flags__ & 0x400) == (ours.__module__, ours.__flags__ & 0x400)
    assert ours.__doc__


@pytest.mark.parametrize("name", ENUMERATIONS)
def test_enumerations_have_the_same_members(name):
    standard, ours = (getattr(import_module(module), name) for module in ("socket", "berkeley.socket"))
    assert ours.__mro__[1:] == standard.__mro__[1:]
    assert (ours.__module__, ours.__qualname__) == (standard.__module__, standard.__qualname__)
    assert {word: ours[word].name for word in standard.__members__} == {
        word: member.name for word, member in standard.__members__.items()
    }
    assert [repr(member) for member in ours if member.name in standard.__members__] == list(map(repr, standard))
    assert ours.__members__.keys() - standard.__members__.keys() <= set(ADDED)


@pytest.mark.parametrize("name", ENUMERATIONS)
@pytest.mark.parametrize("number", [0, 3, 7, 0x40, 0x10001, 1 << 20, (1 << 31) - 1])
def test_enumerations_make_the_same_of_numbers(name, number):
    def made(module):
        try:
            member = getattr(import_module(module), name)(number)
        except ValueError as error:
            return str(error)
        return repr(member), str(member), repr(~member), hash(member)

    assert made("berkeley.socket") == made("socket")


def test_what_newer_pythons_added(pair):
    _, ours = pair
    assert [name for name in ADDED if not isinstance(getattr(ours, name, None), (int, str))] == []


def test_nothing_of_other_systems(pair):
    standard, ours = pair
    names = {*dir(ours), *dir(ours.socket)}
    assert list(filter(ELSEWHERE.fullmatch, names)) == []
    assert list(filter(ELSEWHERE.fullmatch, {*dir(standard), *dir(standard.socket)})) == []


def test_aliases(impl):
    assert impl.error is OSError
    assert impl.timeout is TimeoutError
    assert impl.SocketType is impl.socket.__base__
    assert impl.has_ipv6 is True
    assert {impl.EBADF, impl.EAGAIN, impl.EWOULDBLOCK} == {9, 11}
    assert impl._blocking_errnos == {11}
    assert (impl._LOCALHOST, impl._LOCALHOST_V6) == ("127.0.0.1", "::1")


@pytest.mark.parametrize("name", ["gaierror", "herror"])
def test_errors(impl, name):
    error = getattr(impl, name)(-2, "nobody knows")
    assert isinstance(error, OSError)
    assert (error.errno, error.strerror, str(error)) == (-2, "nobody knows", "[Errno -2] nobody knows")
    assert repr(error) == f"{name}(-2, 'nobody knows')"
    assert (type(error).__module__, type(error).__bases__) == ("socket", (OSError,))


PICKLED = """
import copy, pickle
error = socket.gaierror(-2, "nobody"); error.add = "a note"
things = [socket.AF_INET, socket.SOCK_STREAM, socket.MSG_PEEK, socket.AI_PASSIVE, error, socket.herror(1, "x")]
# Python 3.10 copies no flags that have two names.
more = [socket.MSG_PEEK | socket.MSG_OOB] if socket.__package__ else []
for thing in things + more:
    others = [copy.copy(thing), copy.deepcopy(thing)]
    others += [pickle.loads(pickle.dumps(thing, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    for other in others:
        assert type(other) is type(thing) and repr(other) == repr(thing) and vars(other) == vars(thing), other
print(pickle.dumps(things).hex())
"""
READ = """
import pickle, sys
things = pickle.loads(bytes.fromhex(sys.argv[1]))
names = "AddressFamily SocketKind MsgFlag AddressInfo gaierror herror"
assert [type(thing).__name__ for thing in things] == names.split()
assert type(things[0]) is socket.AddressFamily and type(things[4]) is socket.gaierror
"""
WAYS = {
    "standard": "import socket\n",
    "imported": "from berkeley import socket\n",
    "beside": "import socket as standard\nfrom berkeley import socket\n",
    "installed": "import berkeley; berkeley.install(); import socket\n",
}


@pytest.mark.parametrize(
    ("writer", "reader"),
    [("imported", "beside"), ("beside", "imported"), ("beside", "installed"), ("installed", "standard"),
     ("standard", "installed"), ("installed", "installed")],
)  # fmt: skip
def test_pickles_and_copies_of_members_and_errors(python, writer, reader):
    written = python("-W", "error", "-c", WAYS[writer] + PICKLED)
    assert written.returncode == 0, written.stderr
    read = python("-W", "error", "-c", WAYS[reader] + READ, written.stdout.strip())
    assert read.returncode == 0, read.stderr


def test_pickles_that_were_kept(python):
    """Made beside the standard module by the first version: the name in them leads to the same function."""
    kept = b"cberkeley._pickles\nrestore\np0\n(VAddressFamily\np1\nI2\ntp2\nRp3\n."
    program = f"import pickle; from berkeley import socket; print(pickle.dumps(socket.AF_INET, 0) == {kept})"
    assert python("-c", program).stdout == "True\n"
    program = f"import pickle; print(repr(pickle.loads({kept})))"
    assert python("-c", program).stdout == "<AddressFamily.AF_INET: 2>\n"


class Derived(import_module("berkeley.socket").gaierror):
    pass


@pytest.mark.parametrize("act", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_derived_errors_are_copied(act):
    error = Derived(1, "text")
    error.note = "more"
    copied = act(error)
    assert (type(copied), copied.args, copied.note) == (Derived, (1, "text"), "more")


def test_sockets_are_not_pickled(impl):
    class Own(impl.socket):
        pass

    for cls in (impl.socket, Own):
        with cls() as sock:
            for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
                with pytest.raises(TypeError, match=f"^cannot pickle '{cls.__name__}' object$"):
                    attempt(sock)
