"""AF_VSOCK."""

import errno
import socket
import sys
import threading
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel import claimed, lacking, opened, outcomes
from layouts import layout

from berkeley import socket as ours
from berkeley.families import vsock

WRONG = [
    None, "x", [1, 2], (1,), (1, 2, 3), ("1", 2), (1.0, 2), (None, 2),
]  # fmt: skip

numbers = st.integers(0, 0xFFFFFFFF)


def test_any(impl):
    with opened(impl, "AF_VSOCK", impl.SOCK_STREAM) as sock:
        sock.bind((impl.VMADDR_CID_ANY, impl.VMADDR_PORT_ANY))
        cid, port = sock.getsockname()
        assert cid == impl.VMADDR_CID_ANY
        assert 1023 < port < impl.VMADDR_PORT_ANY


def test_streams(impl):
    """Through the loopback transport, whose number is VMADDR_CID_LOCAL."""
    with opened(impl, "AF_VSOCK", impl.SOCK_STREAM) as listener, opened(impl, "AF_VSOCK", impl.SOCK_STREAM) as client:
        try:
            listener.bind((1, impl.VMADDR_PORT_ANY))
        except OSError as error:
            lacking(f"transport that carries AF_VSOCK streams back to this machine: {error.strerror}")
        listener.listen()
        cid, port = listener.getsockname()
        assert cid == 1
        client.connect((cid, port))
        with listener.accept()[0] as peer:
            assert client.getpeername() == (cid, port)
            assert peer.getpeername() == (cid, client.getsockname()[1])
            client.sendall(b"there")
            assert peer.recv(10) == b"there"
            peer.sendall(b"back")
            assert client.recvmsg(10)[0] == b"back"
            client.shutdown(impl.SHUT_WR)
            assert peer.recv(10) == b""


def test_connection_that_was_begun(impl):
    """A try would say ENOTCONN until it stands: a timeout waits for it."""
    with opened(impl, "AF_VSOCK", impl.SOCK_STREAM) as listener:
        try:
            listener.bind((1, impl.VMADDR_PORT_ANY))
        except OSError as error:
            lacking(f"transport that carries AF_VSOCK streams back to this machine: {error.strerror}")
        listener.listen()
        listener.settimeout(30)
        for call, expected in ((lambda sock: sock.send(b"data"), 4), (lambda sock: sock.recv(9), b"back")) * 50:
            thread = threading.Thread(target=answer, args=(listener,))
            thread.start()
            with opened(impl, "AF_VSOCK", impl.SOCK_STREAM) as client:
                client.setblocking(False)
                assert client.connect_ex(listener.getsockname()) == errno.EINPROGRESS
                client.settimeout(30)
                assert call(client) == expected
            thread.join()


def answer(listener):
    with listener.accept()[0] as peer, suppress(ConnectionError):
        peer.send(b"back")
        while peer.recv(9):  # until the client has closed
            pass


@given(address=st.tuples(numbers, numbers))
def test_round_trip(address):
    assert vsock.unpack(None, vsock.pack(None, "bind", address)) == address


def test_struct(tmp_path):
    fields = {"svm_family": ours.AF_VSOCK, "svm_reserved1": 0, "svm_port": 0x05060708, "svm_cid": 0x01020304}
    struct = layout(tmp_path, "sys/socket.h linux/vm_sockets.h", "struct sockaddr_vm", *fields)
    packed = vsock.pack(None, "bind", (0x01020304, 0x05060708))
    assert len(packed) == struct[""]
    for field, value in fields.items():
        offset, size = struct[field]
        assert int.from_bytes(packed[offset : offset + size], sys.byteorder) == value


@pytest.mark.parametrize("address", WRONG, ids=repr)
def test_what_is_no_address(address):
    with claimed(ours, "AF_VSOCK", ours.SOCK_STREAM) as sock, claimed(socket, "AF_VSOCK", ours.SOCK_STREAM) as other:
        assert outcomes(sock, address) == outcomes(other, address)
