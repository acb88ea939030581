"""Files over sockets: makefile() in each mode, buffering and encoding; and how files keep their socket open."""

import gc
import io

import pytest

# --- modes


@pytest.mark.parametrize(
    ("mode", "layer", "raw_mode"),
    [("r", io.BufferedReader, "rb"), ("", io.BufferedReader, "rb"), ("w", io.BufferedWriter, "wb"),
     ("rw", io.BufferedRWPair, "rwb"), ("wr", io.BufferedRWPair, "rwb"), ("rb", io.BufferedReader, "rb"),
     ("b", io.BufferedReader, "rb"), ("br", io.BufferedReader, "rb"), ("wb", io.BufferedWriter, "wb"),
     ("rwb", io.BufferedRWPair, "rwb"), ("bwr", io.BufferedRWPair, "rwb"), ("rr", io.BufferedReader, "rb")],
)  # fmt: skip
def test_modes(impl, pair, mode, layer, raw_mode):
    with pair[0].makefile(mode, encoding=None if "b" in mode else "ascii") as file:
        if "b" in mode:
            assert type(file) is layer
        else:
            assert (type(file), type(file.buffer), file.mode) == (io.TextIOWrapper, layer, mode)
        assert (file.readable(), file.writable(), file.seekable()) == ("r" in raw_mode, "w" in raw_mode, False)
    with pair[0].makefile(raw_mode, 0) as raw:
        assert type(raw) is impl.SocketIO
        assert (raw.mode, raw.name, raw.fileno()) == (raw_mode, pair[0].fileno(), pair[0].fileno())


@pytest.mark.parametrize("mode", ["a", "r+", "x", "rt", "R", "rbU", "r w", "rxw"])
def test_modes_there_are_not(pair, mode):
    with pytest.raises(ValueError, match=r"^invalid mode '.*' \(only r, w, b allowed\)$"):
        pair[0].makefile(mode)
    assert pair[0]._io_refs == 0


@pytest.mark.parametrize("mode", [None, 1, 1.0])
def test_modes_that_are_not_text(pair, mode):
    with pytest.raises(TypeError):
        pair[0].makefile(mode)


# --- buffering


@pytest.mark.parametrize("buffering", [0, 1, 4, -1, -7, None])
def test_what_is_written_stays_in_the_buffer_until_it_is_full(impl, pair, buffering):
    pair[1].setblocking(False)
    with pair[0].makefile("wb", buffering) as file:
        file.write(b"abc")
        if buffering in (0, 1):
            assert pair[1].recv(10) == b"abc"
        else:
            with pytest.raises(BlockingIOError):
                pair[1].recv(10)
            file.flush()
            assert pair[1].recv(10) == b"abc"


def test_what_is_read_ahead_is_what_the_buffer_holds(pair):
    pair[1].send(b"0123456789")
    with pair[0].makefile("rb", 4) as file:
        assert file.read(1) == b"0"
        assert pair[0].recv(10) == b"456789"
        assert file.read(3) == b"123"


def test_text_is_buffered(pair):
    for buffering in (0, False):
        with pytest.raises(ValueError, match=r"^unbuffered streams must be binary$"):
            pair[0].makefile("r", buffering, encoding="ascii")
    gc.collect()
    assert pair[0]._io_refs == 0


@pytest.mark.parametrize("buffering", ["4", 4.0, b"4"])
def test_buffering_that_is_no_number(pair, buffering):
    with pytest.raises(TypeError):
        pair[0].makefile("rb", buffering)
    gc.collect()
    assert pair[0]._io_refs == 0


# --- text


@pytest.mark.parametrize(
    ("encoding", "text"), [("utf-8", "gr\xfc\xdfe \u20ac\n"), ("latin-1", "\xe9t\xe9\n"), ("utf-16-le", "\u20ac\n")]
)
def test_encodings(pair, encoding, text):
    with pair[0].makefile("w", encoding=encoding, newline="") as out, pair[1].makefile(encoding=encoding) as into:
        out.write(text)
        out.flush()
        assert into.readline() == text
        assert (out.encoding, into.encoding) == (encoding, encoding)


@pytest.mark.parametrize(("errors", "text"), [("replace", "\ufffd\n"), ("surrogateescape", "\udcff\n")])
def test_error_handlers(pair, errors, text):
    pair[1].send(b"\xff\n")
    with pair[0].makefile("r", encoding="utf-8", errors=errors) as file:
        assert file.errors == errors
        assert file.readline() == text


def test_text_that_cannot_be_decoded_or_encoded(pair):
    pair[1].send(b"\xff\n")
    with pair[0].makefile("rw", encoding="utf-8") as file:
        with pytest.raises(UnicodeDecodeError):
            file.readline()
        with pytest.raises(UnicodeEncodeError):
            file.write("\ud800")


@pytest.mark.parametrize(
    ("newline", "read", "written"),
    [(None, ["a\n", "b\n", "c"], b"x\n"), ("", ["a\r\n", "b\n", "c"], b"x\n"), ("\n", ["a\r\n", "b\n", "c"], b"x\n"),
     ("\r\n", ["a\r\n", "b\nc"], b"x\r\n")],
)  # fmt: skip
def test_newlines(pair, newline, read, written):
    first, second = pair
    first.send(b"a\r\nb\nc")
    with second.makefile("rw", encoding="ascii", newline=newline) as file:
        file.write("x\n")
        file.flush()
        assert first.recv(10) == written
        first.close()
        assert list(file) == read


@pytest.mark.parametrize(
    ("arguments", "error"),
    [({"encoding": "no-such"}, LookupError), ({"encoding": 1}, TypeError), ({"newline": "x"}, ValueError),
     ({"newline": 1}, TypeError), ({"encoding": "ascii", "errors": 1}, TypeError)],
)  # fmt: skip
def test_bad_text_arguments(pair, arguments, error):
    with pytest.raises(error):
        pair[0].makefile("r", **{"encoding": "ascii", **arguments})
    gc.collect()
    assert pair[0]._io_refs == 0


@pytest.mark.parametrize("name", ["socket", "berkeley.socket"])
def test_the_encoding_warning_points_at_the_program(python, tmp_path, name):
    """PEP 597: Python under -X warn_default_encoding warns where a program leaves the encoding out."""
    program = tmp_path / "program.py"
    lines = f"import {name} as socket", "a, b = socket.socketpair()", "a.makefile().close()", "a.close(), b.close()"
    program.write_text("\n".join(lines))
    errors = python("-X", "warn_default_encoding", program).stderr
    assert f"{program}:3: EncodingWarning: 'encoding' argument not specified" in errors


# --- what keeps a socket open


def test_the_last_file_closes_a_closed_socket(impl):
    closings = []

    class Watched(impl.socket):
        def _real_close(self):
            closings.append(self.fileno() >= 0)
            super()._real_close()

    sock = Watched()
    files = [sock.makefile("rb"), sock.makefile("wb", 0), sock.makefile("rw")]
    assert (sock._io_refs, sock._closed) == (3, False)
    sock.close()
    assert (sock._io_refs, sock._closed, closings) == (3, True, [])
    assert sock.fileno() >= 0
    for file in files:
        assert closings == []
        file.close()
        file.close()
    assert (sock._io_refs, closings, sock.fileno()) == (0, [True], -1)


def test_the_count_of_files_does_not_fall_below_zero(impl):
    with impl.socket() as sock:
        sock._decref_socketios()
        assert (sock._io_refs, sock._closed) == (0, False)
        assert sock.fileno() >= 0
        sock._io_refs += 1  # as uvloop does
        sock.close()
        assert sock.fileno() >= 0
        sock._decref_socketios()
        assert sock.fileno() == -1


def test_real_close_closes_whatever_is_open(impl):
    sock = impl.socket()
    file = sock.makefile("rb")
    sock._real_close()
    assert (sock.fileno(), sock._closed) == (-1, False)
    file.close()
    sock.close()
