"""Options: as ints, bytes, buffers and null pointers, of levels good and bad, set and then read."""

import socket as standard

from drive import each, same, same_act
from hypothesis import example, given
from hypothesis import strategies as st
from situations import KINDS, Opened, Situation
from values import Index, anything, buffers, numbers

# Options that change nothing but the socket; some came after 3.10.
NAMES = {
    "SOL_SOCKET": (
        "REUSEADDR KEEPALIVE SNDBUF RCVBUF LINGER ERROR TYPE DOMAIN PROTOCOL ACCEPTCONN BROADCAST RCVTIMEO RCVLOWAT"
        " PASSCRED PEERCRED BINDTODEVICE PRIORITY INCOMING_CPU"
    ),
    "IPPROTO_TCP": "NODELAY INFO CONGESTION MAXSEG USER_TIMEOUT KEEPIDLE DEFER_ACCEPT",
    "IPPROTO_IP": "TTL TOS OPTIONS MULTICAST_IF MULTICAST_TTL ADD_MEMBERSHIP",
    "IPPROTO_IPV6": "V6ONLY UNICAST_HOPS TCLASS RTHDR",
}
PREFIXES = {"SOL_SOCKET": "SO_", "IPPROTO_TCP": "TCP_", "IPPROTO_IP": "IP_", "IPPROTO_IPV6": "IPV6_"}
OPTIONS = [
    (getattr(standard, level), getattr(standard, PREFIXES[level] + name))
    for level, names in NAMES.items()
    for name in names.split()
    if hasattr(standard, PREFIXES[level] + name)
]

options = st.sampled_from(OPTIONS)
# Levels and options that none has.
bad = st.tuples(st.sampled_from([-1, 255, 9999, 2**31]), st.just(1)) | st.tuples(
    st.just(1), st.sampled_from([-1, 9999, 2**31])
)
odd = st.tuples(anything, st.just(2)) | st.tuples(st.just(1), anything.filter(lambda value: not isinstance(value, int)))
values = (
    numbers
    | buffers
    | st.binary(max_size=20)
    | st.sampled_from([b"lo\0", b"cubic", b"\1\0\0\0", b"\1\0\0\0\5\0\0\0", None])
)
lengths = st.sampled_from([0, 1, 3, 4, 5, 8, 16, 1023, 1024, 1025, -1]) | numbers

places = st.builds(Situation, st.sampled_from(sorted(KINDS)), st.sampled_from(["new", "connected", "closed"]))
VSOCK = Opened(int(standard.AF_VSOCK), int(standard.SOCK_STREAM), 0, claimed=True)
vsock = st.just(VSOCK)


@each
@given(where=places, option=options, value=values, length=lengths)
@example(where=Situation("tcp", "new"), option=(1, 2), value=Index("1"), length=Index(ValueError("no length")))
def test_set_and_get(where, option, value, length):
    same(where, "setsockopt", *option, value)
    same(where, "setsockopt", *option, None, length)
    same(where, "setsockopt", *option, value, length)
    same(where, "getsockopt", *option, length)

    if isinstance(value, int | bytes) and not isinstance(value, bool):

        def act(module, scene):
            scene.sock.setsockopt(*option, value)
            return scene.sock.getsockopt(*option), scene.sock.getsockopt(*option, 100)

        same_act(where, act)


@each
@given(where=places | vsock, option=bad | odd, value=values, length=lengths)
def test_bad_options(where, option, value, length):
    same(where, "getsockopt", *option)
    same(where, "getsockopt", *option, length)
    same(where, "setsockopt", *option, value)
    same(where, "setsockopt", *option, None, length)


@each
@given(option=options | bad | odd, value=values, length=lengths, where=vsock)
@example(option=(1, 2), value=Index(1), length=4, where=VSOCK)
def test_vsock(where, option, value, length):
    """Whose options are 64 bits wide; the socket only claims to be one, and the kernel refuses or takes eight bytes."""
    same(where, "getsockopt", *option)
    same(where, "getsockopt", *option, length)
    same(where, "setsockopt", *option, value)
    same(where, "setsockopt", *option, value, length)
    same(where, "setsockopt", *option, None, length)
