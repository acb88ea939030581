"""A program to run as under `berkeley run`: prints, as JSON, whose sockets it got and what `ssl` makes of them."""

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

# By their full names: it is started as a file, since `python -m` looks in the current directory first.
from berkeley import socket
from berkeley._command.doctor.rows import FAILED, NO, YES, Row, probed

if TYPE_CHECKING:
    from ssl import SSLContext, SSLSocket


def rows() -> Iterator[Row]:
    if sys.modules.get("socket") is socket:
        yield Row("berkeley run", YES, detail="`import socket` gets berkeley's", essential=True)
    else:
        yield Row("berkeley run", FAILED, detail="`import socket` gets the standard module", essential=True)
    try:
        import ssl
    except ImportError as error:
        yield Row("ssl", NO, detail=f"this Python lacks it: {error}")
    else:
        yield probed("ssl", lambda: f"{handshake()}: {ssl.OPENSSL_VERSION}", essential=True)


def handshake() -> str:
    """What came about between two TLS ends of a pair. RuntimeError where they could not talk."""
    import ssl

    near, far = socket.socketpair()
    near.settimeout(0)
    far.settimeout(0)
    with (
        context(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(near, do_handshake_on_connect=False) as client,
        context(ssl.PROTOCOL_TLS_SERVER).wrap_socket(far, True, do_handshake_on_connect=False) as server,
    ):
        refusals = {client: "", server: ""}
        for end in [client, server] * 3:  # TLS 1.2 takes two messages of each side
            refusals[end] = refusals[end] or turn(end)
        if "ALERT" in refusals[client]:
            # The server has read what the client offers and refused it, and the client has read that.
            return "TLS records both ways, but no handshake: here it takes a certificate"
        if refused := refusals[client] or refusals[server]:
            raise RuntimeError(refused)
        client.sendall(b"berkeley")
        if server.recv(100) != b"berkeley":
            raise RuntimeError("what was sent is not what arrived")
        return f"{client.version()} handshake, and data"


def context(protocol: int) -> "SSLContext":
    """One for a handshake without certificates, which TLS 1.2 has ciphers for; a system's policy may forbid them."""
    import ssl

    made = ssl.SSLContext(protocol)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    try:
        made.set_ciphers("aNULL:@SECLEVEL=0")
    except ssl.SSLError:
        return made
    made.minimum_version = made.maximum_version = ssl.TLSVersion.TLSv1_2
    return made


def turn(end: "SSLSocket") -> str:
    """One side's part in a handshake, as far as it can go by now: the reason if it failed, or ''."""
    import ssl

    try:
        end.do_handshake()
    except ssl.SSLWantReadError:
        pass
    except ssl.SSLError as error:
        # Its number is OpenSSL's, which `probed` would take for the kernel's.
        return error.reason or str(error)
    return ""


if __name__ == "__main__":
    print(json.dumps([row._asdict() for row in rows()]))
