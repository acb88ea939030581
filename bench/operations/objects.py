"""What is asked of a socket that exists, and what is set."""

from measure import Operation

from .transports import TCP, UNIX

TCP6 = """\
with standard.create_server(("::1", 0), family=standard.AF_INET6) as listener:
    a = socket.create_connection(listener.getsockname()[:2])
    b, _ = listener.accept()"""
SETUPS = {"unix": UNIX.setup, "tcp": TCP.setup, "tcp6": TCP6}
OPTION = "level, option = socket.SOL_SOCKET, socket.SO_KEEPALIVE; value = bytes(4)"

# Transport, name, Python, and C for the floor where it takes system calls.
ROWS = [
    ("tcp", ".family", "a.family"),
    ("tcp", ".type", "a.type"),
    ("tcp", ".proto", "a.proto"),
    ("tcp", "fileno()", "a.fileno()"),
    ("tcp", "gettimeout()", "a.gettimeout()"),
    ("tcp", "settimeout from one to another, twice", "a.settimeout(1); a.settimeout(2)"),
    ("tcp", "settimeout on and off", "a.settimeout(1); a.settimeout(None)", "switch_mode(a)"),
    ("tcp", "setblocking on and off", "a.setblocking(False); a.setblocking(True)", "switch_mode(a)"),
    ("tcp", "getsockname", "a.getsockname()", "name_of(a, getsockname)"),
    ("tcp", "getpeername", "a.getpeername()", "name_of(a, getpeername)"),
    ("tcp6", "getsockname", "a.getsockname()", "name_of(a, getsockname)"),
    ("unix", "getsockname", "a.getsockname()", "name_of(a, getsockname)"),
    ("tcp", "getsockopt int", "a.getsockopt(level, option)", "get_option(a)"),
    ("tcp", "getsockopt buffer", "a.getsockopt(level, option, 4)"),
    ("tcp", "setsockopt int", "a.setsockopt(level, option, 1)", "set_option(a)"),
    ("tcp", "setsockopt buffer", "a.setsockopt(level, option, value)"),
    ("tcp", "repr", "repr(a)"),
    ("unix", "repr", "repr(a)"),
    ("tcp", "get_inheritable", "a.get_inheritable()"),
]
OPERATIONS = [
    Operation(
        "objects",
        f"{transport} {name}",
        code,
        f"{SETUPS[transport]}\n{OPTION}",
        count=500,
        floor="".join(floor) or None,
    )
    for transport, name, code, *floor in ROWS
]
