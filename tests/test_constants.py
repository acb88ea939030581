"""The constants: complete, with the values of the running interpreter and of the C headers, and up to date."""

import errno
import functools
import importlib
import importlib.util
import json
import os
import re
import runpy
import shlex
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOL = ROOT / "tools" / "constants.py"
COMPILED_HEADER = ROOT / "src" / "berkeley" / "native" / "compiled_constants.h"
COMPILER = shlex.split(os.environ.get("CC", "cc"))

STANDARD = importlib.import_module("berkeley.names._table").STANDARD
BEYOND = importlib.import_module("berkeley.names._beyond").BEYOND
FAMILIES = importlib.import_module("berkeley.names._table").FAMILIES


def load_tool():
    spec = importlib.util.spec_from_file_location("constants_tool", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LISTS = load_tool().read_lists()
HERE = [words for words in LISTS if sys.platform.startswith(words.system)]

needs_compiler = pytest.mark.skipif(not shutil.which(COMPILER[0]), reason="no C compiler: $CC and cc are missing")


def compile_c(source, *options):
    command = [*COMPILER, "-w", "-D_GNU_SOURCE", *options, "-x", "c", "-"]
    return subprocess.run(command, input=source, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})


@functools.cache
def all_errors():
    """The option that makes the compiler report every error: Clang stops at 20, GCC needs none."""
    return ["-ferror-limit=0"] if "__clang__" in compile_c("", "-E", "-dM").stdout else []


def compared_in_c(entry, expressions):
    """The subset of {C expression: value} that the headers in `entry` declare; fails where a value is another one."""
    guard = " && ".join(f"__has_include(<{header}>)" for header in entry.split())
    includes = "".join(f"#include <{header}>\n" for header in entry.split())
    asserts = "".join(f'_Static_assert((long long)({c}) == {value}LL, "{c}");\n' for c, value in expressions.items())
    result = compile_c(
        f"#if {guard}\n{includes}{asserts}#else\n#error header-missing\n#endif\n", "-fsyntax-only", *all_errors()
    )
    if "header-missing" in result.stderr:
        return {}
    undeclared = set()
    for line in re.findall(r"error: (.*)", result.stderr):
        found = re.match(r"(?:use of undeclared identifier )?['\u2018](\w+)['\u2019](?: undeclared|$|;)", line)
        if found:
            undeclared.add(found[1])
        else:
            # GCC says this too of each assertion with an undeclared name.
            assert re.match(r"expression in static assertion is not (an integer|constant)", line), f"{entry}: {line}"
    return {c: value for c, value in expressions.items() if c not in undeclared}


@pytest.fixture(scope="module")
def overrides(tmp_path_factory):
    return reported(COMPILED_HEADER.read_text(), tmp_path_factory.mktemp("overrides"))


def reported(header, directory):
    """What a program that includes the header is told to correct: {name: value}."""
    program = directory / "overrides"
    main = """
        #include <stdio.h>
        int main(void) {
            for (const struct compiled_constant *row = compiled_constants(); row->name; row++)
                printf("%s %lld\\n", row->name, row->value);
        }"""
    built = compile_c(header + main, "-o", str(program))
    assert built.returncode == 0, built.stderr
    lines = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    return {name: int(value) for name, value in map(str.split, lines)}


@needs_compiler
@pytest.mark.parametrize("module", ["socket", "_socket"])
def test_the_interpreters_own_names_are_standard_and_equal(module, overrides):
    script = f"""if True:
        import json, {module} as module
        names = {{name: getattr(module, name) for name in dir(module) if name[0].isupper()}}
        print(json.dumps({{name: value for name, value in names.items() if isinstance(value, (int, str))}}))"""
    output = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True).stdout
    names = {name: value for name, value in json.loads(output).items() if not hasattr(errno, name)}
    assert len(names) > 300
    ours = {**STANDARD, **overrides}
    assert {name: ours.get(name) for name in names} == names


def test_standard_is_what_cpython_3_10_to_3_15_have_on_linux():
    assert set(STANDARD) == set(CPYTHON_ON_LINUX.split())


def test_beyond_has_what_users_asked_for_and_nothing_standard():
    assert set(ASKED_FOR.split()) <= set(BEYOND)
    assert not set(STANDARD) & set(BEYOND)


def test_each_family_file_is_registered_under_its_number():
    assert set(FAMILIES.values()) == {words.path.stem for words in HERE if words.path.parent.name == "families"}
    assert all(STANDARD[f"AF_{name.upper()}"] == number for number, name in FAMILIES.items())


@pytest.mark.parametrize(
    ("system", "name", "number"), [("darwin", "system", 32), ("win32", "hyperv", 34), ("freebsd14", "divert", 44)]
)
def test_families_of_other_systems_are_known_there_alone(monkeypatch, system, name, number):
    assert f"AF_{name.upper()}" not in {**STANDARD, **BEYOND}
    assert number not in FAMILIES
    monkeypatch.setattr(sys, "platform", system)
    there = runpy.run_path(ROOT / "src" / "berkeley" / "names" / "_table.py")
    assert there["STANDARD"][f"AF_{name.upper()}"] == number
    assert there["FAMILIES"][number] == name
    assert [words.path.stem for words in LISTS if words.system != "linux" and words.system in system] == [name]


@needs_compiler
@pytest.mark.parametrize("words", HERE, ids=lambda words: words.path.stem)
def test_values_are_those_of_the_c_headers(words, overrides):
    values = {
        name.removeprefix("CAN_BCM_"): overrides.get(name, value)
        for name, value in words.values.items()
        if isinstance(value, int)
    }
    compared = {}
    for entry in words.headers:
        compared.update(compared_in_c(entry, values))
    if not compared:
        pytest.skip(f"headers are missing: {', '.join(words.headers)}")


@needs_compiler
def test_the_comparison_with_c_sees_a_wrong_value():
    assert compared_in_c("sys/socket.h", {"AF_INET": 2, "NO_SUCH_NAME": 1}) == {"AF_INET": 2}
    assert compared_in_c("no/such/header.h", {"AF_INET": 2}) == {}
    with pytest.raises(AssertionError, match="AF_INET"):
        compared_in_c("sys/socket.h", {"AF_INET": 3})


@needs_compiler
def test_compiled_header_reports_exactly_what_differs(overrides, tmp_path):
    compiled = {name: value for words in LISTS if words.compiled for name, value in words.values.items()}
    assert all(compiled[name] != value for name, value in overrides.items())
    spoiled = COMPILED_HEADER.read_text().replace("ROW(SHUT_WR, 1)", "ROW(SHUT_WR, 4242)")
    assert reported(spoiled, tmp_path) == {**overrides, "SHUT_WR": 1}


@needs_compiler
@pytest.mark.parametrize(
    ("family", "address", "headers", "struct", "fields"),
    [
        ("netlink", (0x01020304, 0x05060708), "linux/netlink.h", "sockaddr_nl",
         {"nl_pid": 0x01020304, "nl_groups": 0x05060708}),
        ("vsock", (0x01020304, 0x05060708), "linux/vm_sockets.h", "sockaddr_vm",
         {"svm_cid": 0x01020304, "svm_port": 0x05060708}),
        ("packet", ("lo", 0, 9, 0x0506, b"\1\2\3\4"), "linux/if_packet.h", "sockaddr_ll",
         {"sll_hatype": 0x0506, "sll_pkttype": 9, "sll_halen": 4, "sll_addr[0]": 1}),
    ],
    ids=["netlink", "vsock", "packet"],
)  # fmt: skip
def test_packed_addresses_are_laid_out_as_in_c(family, address, headers, struct, fields, tmp_path):
    with socket.socket() as sock:
        raw = importlib.import_module(f"berkeley.families.{family}").pack(sock, "bind", address)
    source = f"""
        #include <stdio.h>
        #include <sys/socket.h>
        #if !__has_include(<{headers}>)
        #error header-missing
        #endif
        #include <{headers}>
        int main(void) {{
            struct {struct} sa;
            if (fread(&sa, 1, sizeof sa, stdin) != {len(raw)} || sizeof sa != {len(raw)}) return 1;
            {"".join(f"printf('%lld ', (long long)sa.{field});" for field in fields).replace("'", '"')}
            return 0;
        }}"""
    built = compile_c(source, "-o", str(tmp_path / "reader"))
    if "header-missing" in built.stderr:
        pytest.skip(f"<{headers}> is missing")
    assert built.returncode == 0, built.stderr
    read = subprocess.run([tmp_path / "reader"], input=raw, capture_output=True, check=True)
    assert [int(value) for value in read.stdout.split()] == list(fields.values())


def test_generated_files_are_current():
    result = subprocess.run([sys.executable, TOOL, "--check"], capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, "")


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """The tool, on a small source tree of its own."""
    tool = load_tool()
    monkeypatch.setattr(tool, "SOURCE", tmp_path / "src" / "berkeley")
    for folder in ("names", "families", "native", "_standard"):
        (tool.SOURCE / folder).mkdir(parents=True)
    (tool.SOURCE / "names" / "udp.py").write_text('UDP_GRO = 104\nSOL_UDP = 17\nBEYOND = ("UDP_*",)\nlower = 1 + 1\n')
    (tool.SOURCE / "families" / "can.py").write_text('AF_CAN = 29\nHEADERS = ("linux/can.h",)\nCOMPILED = True\n')
    for stub in ("constants", "_standard/enums", "_socket", "socket"):
        (tool.SOURCE / f"{stub}.pyi").write_text("by hand\n\n")
    return tool


def test_tool_writes_what_check_then_accepts(tool, capsys):
    assert tool.main(["--check"]) == 1
    assert capsys.readouterr().out.count("stale: ") == 7
    assert tool.main([]) == 0
    assert tool.main(["--check"]) == 0
    written = {}
    for name in ("_table", "_beyond"):
        exec((tool.SOURCE / "names" / f"{name}.py").read_text(), written)
    assert (written["STANDARD"], written["BEYOND"]) == ({"AF_CAN": 29, "SOL_UDP": 17}, {"UDP_GRO": 104})
    assert written["FAMILIES"] == {29: "can"}
    stub = {path.stem: path.read_text().removeprefix("by hand\n\n# Generated") for path in tool.SOURCE.rglob("*.pyi")}
    assert "AF_CAN: Final[int]\nSOL_UDP: Final = 17\nUDP_GRO: Final = 104\n" in stub["constants"]
    docstring = tool.ENUMERATIONS["AF_"][1]
    assert f'class AddressFamily(enum.IntEnum):\n    """{docstring}"""\n\n    AF_CAN = ...\n' in stub["enums"]
    assert "AF_CAN as AF_CAN, SOL_UDP as SOL_UDP," in stub["_socket"]
    assert "AF_CAN: Final = AddressFamily.AF_CAN\n" in stub["socket"]
    assert "ROW(AF_CAN, 29)" in (tool.SOURCE / "native" / "compiled_constants.h").read_text()


def test_check_names_the_stale_file(tool, capsys):
    tool.main([])
    (tool.SOURCE / "names" / "udp.py").write_text("UDP_GRO = 104\nSOL_UDP = 18\nBEYOND = ('UDP_*',)\n")
    capsys.readouterr()
    assert tool.main(["--check"]) == 1
    assert capsys.readouterr().out == "stale: src/berkeley/names/_table.py\nstale: src/berkeley/constants.pyi\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SOL_UDP = 17\n", "SOL_UDP is in both tcp.py and udp.py"),
        ("SOL_TCP = 6\nSOL_TCP = 6\n", "tcp.py: SOL_TCP is assigned twice"),
        ("SOL_TCP = 3 + 3\n", "tcp.py:1: SOL_TCP is not a literal"),
        ("SOL_TCP = 6\nBEYOND = ('TCP_*',)\n", "tcp.py: no name matches 'TCP_*', which is in BEYOND"),
    ],
)
def test_tool_refuses_lists_that_contradict(tool, text, message):
    (tool.SOURCE / "names" / "tcp.py").write_text(text)
    assert tool.main([]) == f"tools/constants.py: {message}"


ASKED_FOR = """
    UDP_SEGMENT UDP_GRO SO_TIMESTAMP SO_TIMESTAMPNS SO_TIMESTAMPING SCM_TIMESTAMPNS SO_TXTIME SO_ZEROCOPY MSG_ZEROCOPY
    TCP_AO_ADD_KEY SOL_TLS IP_MTU_DISCOVER IP_PMTUDISC_DO IP_MTU IPV6_MTU_DISCOVER SO_PEERPIDFD SO_PASSPIDFD
    SO_ATTACH_FILTER SO_DETACH_FILTER SO_LOCK_FILTER SO_ATTACH_BPF SO_BUSY_POLL SO_RXQ_OVFL
    SO_MAX_PACING_RATE SO_COOKIE SO_MEMINFO SO_RCVBUFFORCE SO_PREFER_BUSY_POLL SO_INCOMING_NAPI_ID AF_XDP SOL_XDP AF_SMC
    AF_NFC AF_MCTP MPTCP_INFO SOL_SCTP SCTP_INITMSG SOL_PACKET PACKET_ADD_MEMBERSHIP PACKET_RX_RING PACKET_FANOUT
    PACKET_STATISTICS PACKET_IGNORE_OUTGOING CAN_RAW_XL_FRAMES CANXL_XLF SOL_NETLINK NETLINK_EXT_ACK
    NETLINK_ADD_MEMBERSHIP MSG_WAITFORONE MSG_PROBE MCAST_JOIN_GROUP IP_MULTICAST_ALL IPV6_MULTICAST_ALL SIOCINQ
    SIOCOUTQ
"""

# Of 3.10 to 3.13 as built on Linux, with BlueZ's headers where those are needed; of 3.14 and 3.15 as documented. RDS_*
# the manual promises, and CPython's source lists, although no header that it includes declares them.
CPYTHON_ON_LINUX = """
    AF_ALG AF_APPLETALK AF_ASH AF_ATMPVC AF_ATMSVC AF_AX25 AF_BLUETOOTH AF_BRIDGE AF_CAN AF_DECnet AF_ECONET AF_INET
    AF_INET6 AF_IPX AF_IRDA AF_KEY AF_LLC AF_NETBEUI AF_NETLINK AF_NETROM AF_PACKET AF_PPPOX AF_QIPCRTR AF_RDS AF_ROSE
    AF_ROUTE AF_SECURITY AF_SNA AF_TIPC AF_UNIX AF_UNSPEC AF_VSOCK AF_WANPIPE AF_X25 AI_ADDRCONFIG AI_ALL AI_CANONNAME
    AI_NUMERICHOST AI_NUMERICSERV AI_PASSIVE AI_V4MAPPED ALG_OP_DECRYPT ALG_OP_ENCRYPT ALG_OP_SIGN ALG_OP_VERIFY
    ALG_SET_AEAD_ASSOCLEN ALG_SET_AEAD_AUTHSIZE ALG_SET_IV ALG_SET_KEY ALG_SET_OP ALG_SET_PUBKEY BDADDR_ANY
    BDADDR_BREDR BDADDR_LE_PUBLIC BDADDR_LE_RANDOM BDADDR_LOCAL BTPROTO_HCI BTPROTO_L2CAP BTPROTO_RFCOMM BTPROTO_SCO
    BT_CHANNEL_POLICY BT_CHANNEL_POLICY_BREDR_ONLY BT_CHANNEL_POLICY_BREDR_PREFERRED BT_CODEC BT_DEFER_SETUP
    BT_FLUSHABLE BT_FLUSHABLE_OFF BT_FLUSHABLE_ON BT_ISO_QOS BT_MODE BT_MODE_BASIC BT_MODE_ERTM BT_MODE_EXT_FLOWCTL
    BT_MODE_LE_FLOWCTL BT_MODE_STREAMING BT_PHY BT_PHY_BR_1M_1SLOT BT_PHY_BR_1M_3SLOT BT_PHY_BR_1M_5SLOT
    BT_PHY_EDR_2M_1SLOT BT_PHY_EDR_2M_3SLOT BT_PHY_EDR_2M_5SLOT BT_PHY_EDR_3M_1SLOT BT_PHY_EDR_3M_3SLOT
    BT_PHY_EDR_3M_5SLOT BT_PHY_LE_1M_RX BT_PHY_LE_1M_TX BT_PHY_LE_2M_RX BT_PHY_LE_2M_TX BT_PHY_LE_CODED_RX
    BT_PHY_LE_CODED_TX BT_PKT_STATUS BT_POWER BT_POWER_FORCE_ACTIVE_OFF BT_POWER_FORCE_ACTIVE_ON BT_RCVMTU BT_SECURITY
    BT_SECURITY_FIPS BT_SECURITY_HIGH BT_SECURITY_LOW BT_SECURITY_MEDIUM BT_SECURITY_SDP BT_SNDMTU BT_VOICE
    BT_VOICE_CVSD_16BIT BT_VOICE_TRANSPARENT BT_VOICE_TRANSPARENT_16BIT CAN_BCM CAN_BCM_CAN_FD_FRAME
    CAN_BCM_RX_ANNOUNCE_RESUME CAN_BCM_RX_CHANGED CAN_BCM_RX_CHECK_DLC CAN_BCM_RX_DELETE CAN_BCM_RX_FILTER_ID
    CAN_BCM_RX_NO_AUTOTIMER CAN_BCM_RX_READ CAN_BCM_RX_RTR_FRAME CAN_BCM_RX_SETUP CAN_BCM_RX_STATUS CAN_BCM_RX_TIMEOUT
    CAN_BCM_SETTIMER CAN_BCM_STARTTIMER CAN_BCM_TX_ANNOUNCE CAN_BCM_TX_COUNTEVT CAN_BCM_TX_CP_CAN_ID CAN_BCM_TX_DELETE
    CAN_BCM_TX_EXPIRED CAN_BCM_TX_READ CAN_BCM_TX_RESET_MULTI_IDX CAN_BCM_TX_SEND CAN_BCM_TX_SETUP CAN_BCM_TX_STATUS
    CAN_EFF_FLAG CAN_EFF_MASK CAN_ERR_FLAG CAN_ERR_MASK CAN_ISOTP CAN_ISOTP_CHK_PAD_DATA CAN_ISOTP_CHK_PAD_LEN
    CAN_ISOTP_DEFAULT_EXT_ADDRESS CAN_ISOTP_DEFAULT_FLAGS CAN_ISOTP_DEFAULT_FRAME_TXTIME CAN_ISOTP_DEFAULT_LL_MTU
    CAN_ISOTP_DEFAULT_LL_TX_DL CAN_ISOTP_DEFAULT_LL_TX_FLAGS CAN_ISOTP_DEFAULT_PAD_CONTENT CAN_ISOTP_DEFAULT_RECV_BS
    CAN_ISOTP_DEFAULT_RECV_STMIN CAN_ISOTP_DEFAULT_RECV_WFTMAX CAN_ISOTP_EXTEND_ADDR CAN_ISOTP_FORCE_RXSTMIN
    CAN_ISOTP_FORCE_TXSTMIN CAN_ISOTP_HALF_DUPLEX CAN_ISOTP_LISTEN_MODE CAN_ISOTP_LL_OPTS CAN_ISOTP_OPTS
    CAN_ISOTP_RECV_FC CAN_ISOTP_RX_EXT_ADDR CAN_ISOTP_RX_PADDING CAN_ISOTP_RX_STMIN CAN_ISOTP_SF_BROADCAST
    CAN_ISOTP_TX_PADDING CAN_ISOTP_TX_STMIN CAN_ISOTP_WAIT_TX_DONE CAN_J1939 CAN_RAW CAN_RAW_ERR_FILTER
    CAN_RAW_FD_FRAMES CAN_RAW_FILTER CAN_RAW_JOIN_FILTERS CAN_RAW_LOOPBACK CAN_RAW_RECV_OWN_MSGS CAN_RTR_FLAG
    CAN_SFF_MASK EAI_ADDRFAMILY EAI_AGAIN EAI_BADFLAGS EAI_FAIL EAI_FAMILY EAI_MEMORY EAI_NODATA EAI_NONAME
    EAI_OVERFLOW EAI_SERVICE EAI_SOCKTYPE EAI_SYSTEM ETHERTYPE_ARP ETHERTYPE_IP ETHERTYPE_IPV6 ETHERTYPE_VLAN ETH_P_ALL
    HCI_CHANNEL_CONTROL HCI_CHANNEL_LOGGING HCI_CHANNEL_MONITOR HCI_CHANNEL_RAW HCI_CHANNEL_USER HCI_DATA_DIR
    HCI_DEV_NONE HCI_FILTER HCI_TIME_STAMP INADDR_ALLHOSTS_GROUP INADDR_ANY INADDR_BROADCAST INADDR_LOOPBACK
    INADDR_MAX_LOCAL_GROUP INADDR_NONE INADDR_UNSPEC_GROUP IOCTL_VM_SOCKETS_GET_LOCAL_CID IPPORT_RESERVED
    IPPORT_USERRESERVED IPPROTO_AH IPPROTO_DSTOPTS IPPROTO_EGP IPPROTO_ESP IPPROTO_FRAGMENT IPPROTO_GRE IPPROTO_HOPOPTS
    IPPROTO_ICMP IPPROTO_ICMPV6 IPPROTO_IDP IPPROTO_IGMP IPPROTO_IP IPPROTO_IPIP IPPROTO_IPV6 IPPROTO_MAX IPPROTO_MPTCP
    IPPROTO_NONE IPPROTO_PIM IPPROTO_PUP IPPROTO_RAW IPPROTO_ROUTING IPPROTO_RSVP IPPROTO_SCTP IPPROTO_TCP IPPROTO_TP
    IPPROTO_UDP IPPROTO_UDPLITE IPV6_CHECKSUM IPV6_DONTFRAG IPV6_DSTOPTS IPV6_HDRINCL IPV6_HOPLIMIT IPV6_HOPOPTS
    IPV6_JOIN_GROUP IPV6_LEAVE_GROUP IPV6_MULTICAST_HOPS IPV6_MULTICAST_IF IPV6_MULTICAST_LOOP IPV6_NEXTHOP
    IPV6_PATHMTU IPV6_PKTINFO IPV6_RECVDSTOPTS IPV6_RECVERR IPV6_RECVHOPLIMIT IPV6_RECVHOPOPTS IPV6_RECVPATHMTU
    IPV6_RECVPKTINFO IPV6_RECVRTHDR IPV6_RECVTCLASS IPV6_RTHDR IPV6_RTHDRDSTOPTS IPV6_RTHDR_TYPE_0 IPV6_TCLASS
    IPV6_UNICAST_HOPS IPV6_V6ONLY IP_ADD_MEMBERSHIP IP_ADD_SOURCE_MEMBERSHIP IP_BIND_ADDRESS_NO_PORT IP_BLOCK_SOURCE
    IP_DEFAULT_MULTICAST_LOOP IP_DEFAULT_MULTICAST_TTL IP_DROP_MEMBERSHIP IP_DROP_SOURCE_MEMBERSHIP IP_FREEBIND
    IP_HDRINCL IP_MAX_MEMBERSHIPS IP_MULTICAST_IF IP_MULTICAST_LOOP IP_MULTICAST_TTL IP_OPTIONS IP_PKTINFO IP_RECVERR
    IP_RECVOPTS IP_RECVORIGDSTADDR IP_RECVRETOPTS IP_RECVTOS IP_RECVTTL IP_RETOPTS IP_TOS IP_TRANSPARENT IP_TTL
    IP_UNBLOCK_SOURCE J1939_EE_INFO_NONE J1939_EE_INFO_TX_ABORT J1939_FILTER_MAX J1939_IDLE_ADDR J1939_MAX_UNICAST_ADDR
    J1939_NLA_BYTES_ACKED J1939_NLA_PAD J1939_NO_ADDR J1939_NO_NAME J1939_NO_PGN J1939_PGN_ADDRESS_CLAIMED
    J1939_PGN_ADDRESS_COMMANDED J1939_PGN_MAX J1939_PGN_PDU1_MAX J1939_PGN_REQUEST L2CAP_LM L2CAP_LM_AUTH
    L2CAP_LM_ENCRYPT L2CAP_LM_MASTER L2CAP_LM_RELIABLE L2CAP_LM_SECURE L2CAP_LM_TRUSTED MSG_CMSG_CLOEXEC MSG_CONFIRM
    MSG_CTRUNC MSG_DONTROUTE MSG_DONTWAIT MSG_EOR MSG_ERRQUEUE MSG_FASTOPEN MSG_MORE MSG_NOSIGNAL MSG_OOB MSG_PEEK
    MSG_TRUNC MSG_WAITALL NETLINK_CRYPTO NETLINK_DNRTMSG NETLINK_FIREWALL NETLINK_IP6_FW NETLINK_NFLOG NETLINK_ROUTE
    NETLINK_USERSOCK NETLINK_XFRM NI_DGRAM NI_IDN NI_MAXHOST NI_MAXSERV NI_NAMEREQD NI_NOFQDN NI_NUMERICHOST
    NI_NUMERICSERV PACKET_BROADCAST PACKET_FASTROUTE PACKET_HOST PACKET_LOOPBACK PACKET_MULTICAST PACKET_OTHERHOST
    PACKET_OUTGOING PF_CAN PF_PACKET PF_RDS RDS_CANCEL_SENT_TO RDS_CMSG_RDMA_ARGS RDS_CMSG_RDMA_DEST RDS_CMSG_RDMA_MAP
    RDS_CMSG_RDMA_STATUS RDS_CONG_MONITOR RDS_FREE_MR RDS_GET_MR RDS_GET_MR_FOR_DEST RDS_RDMA_DONTWAIT RDS_RDMA_FENCE
    RDS_RDMA_INVALIDATE RDS_RDMA_NOTIFY_ME RDS_RDMA_READWRITE RDS_RDMA_SILENT RDS_RDMA_USE_ONCE RDS_RECVERR
    SCM_CREDENTIALS SCM_J1939_DEST_ADDR SCM_J1939_DEST_NAME SCM_J1939_ERRQUEUE SCM_J1939_PRIO SCM_RIGHTS SHUT_RD
    SHUT_RDWR SHUT_WR SOCK_CLOEXEC SOCK_DGRAM SOCK_NONBLOCK SOCK_RAW SOCK_RDM SOCK_SEQPACKET SOCK_STREAM SOL_ALG
    SOL_BLUETOOTH SOL_CAN_BASE SOL_CAN_ISOTP SOL_CAN_RAW SOL_HCI SOL_IP SOL_L2CAP SOL_RDS SOL_RFCOMM SOL_SCO SOL_SOCKET
    SOL_TCP SOL_TIPC SOL_UDP SOMAXCONN SO_ACCEPTCONN SO_BINDTODEVICE SO_BINDTOIFINDEX SO_BROADCAST SO_DEBUG SO_DOMAIN
    SO_DONTROUTE SO_ERROR SO_INCOMING_CPU SO_J1939_ERRQUEUE SO_J1939_FILTER SO_J1939_PROMISC SO_J1939_SEND_PRIO
    SO_KEEPALIVE SO_LINGER SO_MARK SO_OOBINLINE SO_ORIGINAL_DST SO_PASSCRED SO_PASSRIGHTS SO_PASSSEC SO_PEERCRED
    SO_PEERSEC SO_PRIORITY SO_PROTOCOL SO_RCVBUF SO_RCVLOWAT SO_RCVTIMEO SO_REUSEADDR SO_REUSEPORT SO_SNDBUF SO_SNDLOWAT
    SO_SNDTIMEO SO_TYPE SO_VM_SOCKETS_BUFFER_MAX_SIZE SO_VM_SOCKETS_BUFFER_MIN_SIZE SO_VM_SOCKETS_BUFFER_SIZE
    TCP_CC_INFO TCP_CONGESTION TCP_CORK TCP_DEFER_ACCEPT TCP_FASTOPEN TCP_FASTOPEN_CONNECT TCP_FASTOPEN_KEY
    TCP_FASTOPEN_NO_COOKIE TCP_INFO TCP_INQ TCP_KEEPCNT TCP_KEEPIDLE TCP_KEEPINTVL TCP_LINGER2 TCP_MAXSEG TCP_MD5SIG
    TCP_MD5SIG_EXT TCP_NODELAY TCP_NOTSENT_LOWAT TCP_QUEUE_SEQ TCP_QUICKACK TCP_REPAIR TCP_REPAIR_OPTIONS
    TCP_REPAIR_QUEUE TCP_REPAIR_WINDOW TCP_SAVED_SYN TCP_SAVE_SYN TCP_SYNCNT TCP_THIN_DUPACK TCP_THIN_LINEAR_TIMEOUTS
    TCP_TIMESTAMP TCP_TX_DELAY TCP_ULP TCP_USER_TIMEOUT TCP_WINDOW_CLAMP TCP_ZEROCOPY_RECEIVE TIPC_ADDR_ID
    TIPC_ADDR_NAME TIPC_ADDR_NAMESEQ TIPC_CFG_SRV TIPC_CLUSTER_SCOPE TIPC_CONN_TIMEOUT TIPC_CRITICAL_IMPORTANCE
    TIPC_DEST_DROPPABLE TIPC_HIGH_IMPORTANCE TIPC_IMPORTANCE TIPC_LOW_IMPORTANCE TIPC_MEDIUM_IMPORTANCE TIPC_NODE_SCOPE
    TIPC_PUBLISHED TIPC_SRC_DROPPABLE TIPC_SUBSCR_TIMEOUT TIPC_SUB_CANCEL TIPC_SUB_PORTS TIPC_SUB_SERVICE TIPC_TOP_SRV
    TIPC_WAIT_FOREVER TIPC_WITHDRAWN TIPC_ZONE_SCOPE UDPLITE_RECV_CSCOV UDPLITE_SEND_CSCOV VMADDR_CID_ANY
    VMADDR_CID_HOST VMADDR_CID_LOCAL VMADDR_PORT_ANY VM_SOCKETS_INVALID_VERSION
"""
