"""makefile and what its files do, and sendfile."""

from measure import Operation

from .transports import MODES, OTHER_END, UNIX, WAITING


def row(mode, name, code, setup="pass", before="pass", after="pass", count=100, floor=None):
    setup = f"{UNIX.setup}\n{OTHER_END}\n{MODES[mode]}\n{setup}"
    return Operation(f"files, {mode}", name, code, setup, before, after, count=count, floor=floor)


def reading(mode, length, count):
    setup = f"file = a.makefile('rb'); lines = (bytes({length - 1}).replace(b'\\0', b'x') + b'\\n') * {count}"
    before = "peers.feed(there, lines, 1)"
    return row(mode, f"readline {length} B", "file.readline()", setup, before, count=count)


FILE = "import tempfile; file = tempfile.TemporaryFile(); file.write(bytes(16384)); file.flush()"
SENDFILE = "sendfile(a, ends->file, &(off_t){0}, 16384)"


def rows(mode):
    drained = "peers.drain(there)"
    yield row(mode, "makefile('rb') + close", "a.makefile('rb').close()")
    yield row(mode, "makefile('rwb', 0) + close", "a.makefile('rwb', 0).close()")
    yield row(mode, "makefile('r') + close", "a.makefile('r', encoding='utf-8').close()")
    yield reading(mode, 16, 1000)
    yield reading(mode, 80, 500)
    yield reading(mode, 1000, 60)
    yield row(mode, "write + flush 100 B", "file.write(data); file.flush()", f"{WRITER}'wb')", after=drained, count=50)
    yield row(mode, "write 100 B, unbuffered", "file.write(data)", f"{WRITER}'wb', 0)", after=drained, count=50)
    yield row(
        mode,
        "readinto 100 B, unbuffered",
        "file.readinto(buffer)",
        "file = a.makefile('rb', 0); buffer = bytearray(100)",
        "peers.feed(there, bytes(100), 50)",
        count=50,
    )
    yield row(mode, "sendfile 16 KiB", "a.sendfile(file, 0, 16384)", FILE, after=drained, count=2, floor=SENDFILE)


WRITER = "data = bytes(100); file = a.makefile("
OPERATIONS = [operation for mode in WAITING for operation in rows(mode)]
