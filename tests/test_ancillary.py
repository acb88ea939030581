"""Control messages that a kernel never sends, from a recvmsg(2) that spoils them; and those of sendmsg_afalg()."""

import ast
import os
import shlex
import shutil
import subprocess
import sys
import textwrap

import pytest

COMPILER = shlex.split(os.environ.get("CC", "cc"))

# In front of the C library's function (ld.so(8), LD_PRELOAD). SPOIL names the damage.
SPOILER = """
    #define _GNU_SOURCE
    #include <stdlib.h>
    #include <string.h>
    #include <sys/socket.h>
    #include <sys/syscall.h>
    #include <unistd.h>

    ssize_t recvmsg(int fd, struct msghdr *message, int flags)
    {
        ssize_t got = syscall(SYS_recvmsg, fd, message, flags);
        struct cmsghdr *first = got < 0 ? NULL : CMSG_FIRSTHDR(message);
        const char *damage = getenv("SPOIL");
        if (!first)
            return got;
        if (!strcmp(damage, "too long"))
            first->cmsg_len += 1000;
        if (!strcmp(damage, "too short"))
            first->cmsg_len = CMSG_LEN(0) - 1;
        if (!strcmp(damage, "cut in its data"))
            message->msg_controllen = CMSG_LEN(6);
        return got;
    }
"""

# Prints for each damage, call and treatment of warnings: the items (level, type, length) and flags, or the error; the
# warnings; and how many descriptors there are more than before.
PROGRAM = """
    import array, os, sys, warnings
    import {module} as socket

    CALLS = {{
        "recvmsg": lambda: second.recvmsg(10, 100),
        "recvmsg_into": lambda: second.recvmsg_into([bytearray(10)], 100),
    }}
    descriptors = lambda: set(map(int, os.listdir("/proc/self/fd")))
    first, second = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    result = {{}}
    for damage in ("none", "too long", "too short", "cut in its data"):
        os.environ["SPOIL"] = damage
        for name, call in CALLS.items():
            for action in ("always", "error"):
                first.sendmsg([b"data"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 0, 0, 0]))])
                before = descriptors()
                with warnings.catch_warnings(record=action == "always") as caught:
                    warnings.simplefilter(action)
                    try:
                        _, ancillary, flags, _ = call()
                        outcome = [(level, kind, len(data)) for level, kind, data in ancillary], int(flags)
                    except RuntimeWarning as error:
                        outcome = str(error)
                texts = [str(warning.message) for warning in caught or ()]
                result[damage, name, action] = [outcome, texts, len(descriptors() - before)]
    print(result)
    first.close(), second.close()
"""
MALFORMED = "received malformed or improperly-truncated ancillary data"
RIGHTS = (1, 1)  # SOL_SOCKET, SCM_RIGHTS


@pytest.fixture(scope="module")
def spoiler(tmp_path_factory):
    if not shutil.which(COMPILER[0]):
        pytest.skip("no C compiler: $CC and cc are missing")
    library = tmp_path_factory.mktemp("spoiler") / "spoiler.so"
    command = [*COMPILER, "-shared", "-fPIC", "-o", library, "-xc", "-"]
    subprocess.run(command, input=SPOILER, text=True, check=True)
    return library


@pytest.fixture(scope="module", params=["socket", "berkeley.socket"])
def outcomes(request, spoiler):
    """What the program prints, with the standard module and with ours."""
    program = textwrap.dedent(PROGRAM).format(module=request.param)
    # Behind what is there already: a sanitizer's library has to be the first (tools/sanitize.py).
    libraries = [*filter(None, [os.environ.get("LD_PRELOAD")]), str(spoiler)]
    environment = {**os.environ, "LD_PRELOAD": ":".join(libraries)}
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=50)
    assert result.stderr == ""
    return ast.literal_eval(result.stdout)


# What can be read of four descriptors (an even number: no padding between items, which would pass for another one).
damages = pytest.mark.parametrize(
    ("damage", "items", "received"),
    [("none", [(*RIGHTS, 16)], 4), ("too long", [(*RIGHTS, 16)], 4), ("too short", [], 0),
     ("cut in its data", [(*RIGHTS, 6)], 1)],
)  # fmt: skip
calls = pytest.mark.parametrize("call", ["recvmsg", "recvmsg_into"])


@calls
@damages
def test_a_warning_says_that_an_item_is_malformed(outcomes, call, damage, items, received):
    assert outcomes[damage, call, "always"] == [(items, 0), [] if damage == "none" else [MALFORMED], 4]


@calls
@damages
def test_the_warning_as_an_error_closes_what_was_received(outcomes, call, damage, items, received):
    if damage == "none":
        assert outcomes[damage, call, "error"] == [(items, 0), [], 4]
    else:
        assert outcomes[damage, call, "error"] == [MALFORMED, [], 4 - received]


# --- sendmsg_afalg(): the kernel's cryptography takes its parameters as control messages


@pytest.fixture
def afalg(impl):
    """A socket that is AF_ALG by its own account: arguments are checked alike, whatever ciphers the kernel has."""
    first, second = impl.socketpair(impl.AF_UNIX, impl.SOCK_SEQPACKET)
    with second, impl.socket(impl.AF_ALG, impl.SOCK_SEQPACKET, 0, first.detach()) as sock:
        sock.settimeout(30)
        yield sock, second


@pytest.mark.parametrize(
    "arguments",
    [{}, {"iv": b"12345678"}, {"iv": bytearray()}, {"iv": memoryview(bytes(16)).cast("I")}, {"assoclen": 16},
     {"assoclen": 0, "iv": b"1", "flags": 0}, {"flags": 0x8000}],
)  # fmt: skip
def test_afalg_sends_the_buffers(afalg, arguments):
    sock, other = afalg
    for op in (0, 1, True):
        assert sock.sendmsg_afalg([b"he", b"llo"], op=op, **arguments) == 5
        assert other.recv(10) == b"hello"
        assert sock.sendmsg_afalg(op=op, **arguments) == 0
        assert other.recv(10) == b""


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [({}, TypeError, "^Invalid or missing argument 'op'$"),
     ({"op": -1}, TypeError, "^Invalid or missing argument 'op'$"),
     ({"op": 2**31}, (TypeError, OverflowError), None), ({"op": "1"}, TypeError, None), ({"op": 1.0}, TypeError, None),
     ({"op": None}, TypeError, None), ({"op": 0, "iv": "text"}, TypeError, "bytes-like"),
     ({"op": 0, "iv": 5}, TypeError, "bytes-like"), ({"op": 0, "iv": [1, 2]}, TypeError, "bytes-like"),
     ({"op": 0, "assoclen": -1}, TypeError, "^assoclen must be positive$"),
     ({"op": 0, "assoclen": "1"}, TypeError, "argument 4 must be int, not str"),
     ({"op": 0, "assoclen": 2**31}, OverflowError, None), ({"op": 0, "flags": "1"}, TypeError, "integer"),
     ({"op": 0, "msg": 5}, TypeError, "must be an iterable"), ({"op": 0, "msg": [5]}, TypeError, "bytes-like")],
)  # fmt: skip
def test_afalg_s_arguments(afalg, arguments, error, text):
    sock, other = afalg
    with pytest.raises(error, match=text):
        sock.sendmsg_afalg(**arguments)
    other.setblocking(False)
    with pytest.raises(BlockingIOError):
        other.recv(1)


def test_afalg_is_for_afalg(impl):
    with impl.socket() as sock, pytest.raises(OSError, match=r"^algset is only supported for AF_ALG$"):
        sock.sendmsg_afalg([b"x"], op=0)
