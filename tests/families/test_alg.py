"""AF_ALG, and the cryptography behind it."""

import hashlib
import hmac
import socket
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel import claimed, lacking, opened, outcomes
from layouts import layout

from berkeley import socket as ours
from berkeley.families import alg

# RFC 3602, section 4, case 2: AES-128-CBC of two blocks.
CBC_KEY = bytes.fromhex("c286696d887c9aa0611bbb3e2025a45a")
CBC_IV = bytes.fromhex("562e17996d093d28ddb3ba695a2e6f58")
CBC_PLAIN = bytes(range(32))
CBC_CIPHER = bytes.fromhex("d296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1")

# McGrew and Viega, "The Galois/Counter Mode of Operation", test case 4: with associated data.
GCM_KEY = bytes.fromhex("feffe9928665731c6d6a8f9467308308")
GCM_IV = bytes.fromhex("cafebabefacedbaddecaf888")
GCM_ASSOCIATED = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
GCM_PLAIN = bytes.fromhex(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
)
GCM_CIPHER = bytes.fromhex(
    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
    "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
)
GCM_TAG = bytes.fromhex("5bc94fbc3221a5db94fae95ae7121a47")


@pytest.fixture
def operation(impl):
    """Opens a socket of an algorithm, with a key where it has one, and gives what accept() gives: one operation."""
    opened_here = []

    def open_operation(kind, name, key=None, tag=None):
        sock = opened(impl, "AF_ALG", impl.SOCK_SEQPACKET)
        opened_here.append(sock)
        try:
            sock.bind((kind, name))
        except FileNotFoundError:
            lacking(f"algorithm {name} of type {kind}")
        if key is not None:
            sock.setsockopt(impl.SOL_ALG, impl.ALG_SET_KEY, key)
        if tag is not None:
            sock.setsockopt(impl.SOL_ALG, impl.ALG_SET_AEAD_AUTHSIZE, None, tag)
        accepted, address = sock.accept()
        opened_here.append(accepted)
        assert address is None
        assert accepted.family == impl.AF_ALG
        return accepted

    yield open_operation
    for sock in opened_here:
        sock.close()


def test_hash(impl, operation):
    sha = operation("hash", "sha256")
    sha.sendall(b"a", impl.MSG_MORE)
    sha.sendall(b"bc")
    assert sha.recv(100) == hashlib.sha256(b"abc").digest()
    sha.send(b"another")
    assert sha.recv(100) == hashlib.sha256(b"another").digest()


def test_keyed_hash(operation):
    mac = operation("hash", "hmac(sha256)", key=b"secret")
    mac.sendall(b"message")
    assert mac.recv(100) == hmac.digest(b"secret", b"message", "sha256")


# Of a cipher, no more may be asked for than there is: the kernel waits until that is full.
def test_skcipher(impl, operation):
    cipher = operation("skcipher", "cbc(aes)", key=CBC_KEY)
    assert cipher.sendmsg_afalg([CBC_PLAIN], op=impl.ALG_OP_ENCRYPT, iv=CBC_IV) == 32
    assert cipher.recv(32) == CBC_CIPHER
    cipher.sendmsg_afalg([CBC_CIPHER[:16], CBC_CIPHER[16:]], op=impl.ALG_OP_DECRYPT, iv=bytearray(CBC_IV))
    assert cipher.recv(32) == CBC_PLAIN


def test_skcipher_in_parts(impl, operation):
    """The parameters go ahead alone, and data follow by sendall() and as messages with flags."""
    cipher = operation("skcipher", "cbc(aes)", key=CBC_KEY)
    cipher.sendmsg_afalg(op=impl.ALG_OP_ENCRYPT, iv=CBC_IV, flags=impl.MSG_MORE)
    cipher.sendall(CBC_PLAIN[:16], impl.MSG_MORE)
    cipher.send(CBC_PLAIN[16:])
    assert cipher.recv(32) == CBC_CIPHER


def test_aead(impl, operation):
    cipher = operation("aead", "gcm(aes)", key=GCM_KEY, tag=len(GCM_TAG))
    associated = len(GCM_ASSOCIATED)
    sealed = GCM_ASSOCIATED + GCM_CIPHER + GCM_TAG
    cipher.sendmsg_afalg([GCM_ASSOCIATED, GCM_PLAIN], op=impl.ALG_OP_ENCRYPT, iv=GCM_IV, assoclen=associated)
    assert cipher.recv(len(sealed)) == sealed
    cipher.sendmsg_afalg([sealed], op=impl.ALG_OP_DECRYPT, iv=GCM_IV, assoclen=associated)
    assert cipher.recv(len(sealed) - len(GCM_TAG)) == GCM_ASSOCIATED + GCM_PLAIN


def test_aead_forged(impl, operation):
    cipher = operation("aead", "gcm(aes)", key=GCM_KEY, tag=len(GCM_TAG))
    cipher.sendmsg_afalg([GCM_CIPHER, bytes(16)], op=impl.ALG_OP_DECRYPT, iv=GCM_IV, assoclen=0)
    with pytest.raises(OSError, match=r"^\[Errno 74\] Bad message$"):
        cipher.recv(len(GCM_CIPHER))


@pytest.mark.parametrize("name", ["stdrng", "jitterentropy_rng"])
def test_rng(operation, name):
    generator = operation("rng", name, key=b"seed")
    first, second = generator.recv(32), generator.recv(32)
    assert len(first) == len(second) == 32
    assert first != second


def test_algorithm_that_is_none(impl):
    with opened(impl, "AF_ALG", impl.SOCK_SEQPACKET) as sock, pytest.raises(FileNotFoundError):
        sock.bind(("hash", "no-such-hash"))


def test_features_and_mask_arrive(impl):
    """The kernel refuses what it does not know in them."""
    with opened(impl, "AF_ALG", impl.SOCK_SEQPACKET) as sock:
        for numbers in [(0x10,), (0, 0x10)]:
            with pytest.raises(OSError, match="Invalid argument"):
                sock.bind(("hash", "sha256", *numbers))


names = st.text("aes-()_\u00e9", max_size=6)  # of at most 12 bytes
numbers = st.integers(0, 0xFFFFFFFF)


@given(address=st.tuples(names, names, numbers, numbers))
def test_round_trip(address):
    assert alg.unpack(None, alg.pack(None, "bind", address)) == address


@given(address=st.tuples(names, names, numbers))
def test_round_trip_of_shorter_forms(address):
    assert alg.unpack(None, alg.pack(None, "bind", address)) == (*address, 0)
    assert alg.unpack(None, alg.pack(None, "bind", address[:2])) == (*address[:2], 0, 0)


def test_struct(tmp_path):
    fields = {
        "salg_family": ours.AF_ALG.to_bytes(2, sys.byteorder),
        "salg_type": b"skcipher".ljust(14, b"\0"),
        "salg_feat": (0x01020304).to_bytes(4, sys.byteorder),
        "salg_mask": (0x05060708).to_bytes(4, sys.byteorder),
        "salg_name": b"cbc(aes)".ljust(64, b"\0"),
    }
    struct = layout(tmp_path, "linux/if_alg.h", "struct sockaddr_alg", *fields)
    packed = alg.pack(None, "bind", ("skcipher", "cbc(aes)", 0x01020304, 0x05060708))
    assert len(packed) == struct[""]
    for field, value in fields.items():
        offset, size = struct[field]
        assert packed[offset : offset + size] == value


@pytest.mark.parametrize(
    "address",
    [
        None, "x", ["hash", "x"], (), ("hash",), ("hash", "x", 1, 2, 3), (1, "x"), ("hash", b"x"), (None, "a\0"),
        ("a\0", None), ("a\0", "x"), ("a", "x\0y"), ("a" * 13, "x" * 63), ("a" * 14, "x"), ("a", "x" * 64),
        ("a" * 14, "x" * 64), ("a" * 14, "x", "1"), ("é" * 7, "x"), ("a", "x", 1.0), ("a", "x", 1, None),
        ("\ud800", "x"), ("a", "x", -1, 1 << 70),
    ],
    ids=ascii,
)  # fmt: skip
def test_what_is_no_address(address):
    with claimed(ours, "AF_ALG", ours.SOCK_SEQPACKET) as sock, claimed(socket, "AF_ALG", ours.SOCK_SEQPACKET) as other:
        assert outcomes(sock, address) == outcomes(other, address)
