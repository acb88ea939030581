"""Differences that are meant: rows of docs/differences.md, as narrow rules."""

import re
import sys


def meant(expected, found):
    """Are the outcomes' differences all in fields that rules which hold let differ?"""
    free = set().union(*(fields for _, fields, rule in RULES if rule(expected, found)))
    return {name for name, value in vars(expected).items() if getattr(found, name) != value} <= free


def refused_at_once(expected, found):
    """Of texts that begin with an error: the standard module waits for its timeout where the kernel refuses."""
    refused = REFUSED.match(found)
    return expected.startswith(WAITED) and refused and expected[len(WAITED) :] == found[refused.end() :]


WAITED = "['builtins.TimeoutError', ['timeout', 'error'], None, ('timed out',)] timed out"
REFUSED = re.compile(r"\['builtins\.\w+', \['error'\], \d+, \(\d+, '[^']*'\)\] \[Errno \d+\] [A-Z][a-z ]*[a-z]")


# --- rules: of (the standard module's outcome, berkeley's)


def wording(expected, found):
    return "TypeError" in expected.error and "TypeError" in found.error and bool(WORDING.search(expected.error))


def nul_in_path(expected, found):
    return "embedded null byte in AF_UNIX path" in found.error


def early_event(expected, found):
    unresolved = re.search(
        "gaierror|address family mismatched|OSError.* -\\d+, .*attempting to bind", expected.error + expected.result
    )
    return unresolved and found.events.startswith(expected.events)


def shape_first(expected, found):
    """The same row: the whole address is checked before a name is looked up."""
    looked_up = "socket.gaierror" in expected.error or "address family mismatched" in expected.error
    return looked_up and "must be 0-" in found.error


def resolver_error(expected, found):
    return "while attempting to bind" in expected.error and found.error.startswith("['socket.gaierror'")


def text_of_descriptors(expected, found):
    return "cannot use a str to initialize an array" in expected.error and "TypeError" in found.error


def wide_option(expected, found):
    return "a bytes-like object is required" in expected.error and "OverflowError" in found.error


def unknown_family(expected, found):
    return "getsockaddrlen: bad family" in expected.error and "OSError" in found.error


def read_only(expected, found):
    return "'readonly attribute'" in expected.error and "attribute 'proto' of '_socket.socket'" in found.error


def no_tuple(expected, found):
    return "SystemError" in expected.error and "TypeError" in found.error and "address must be" in found.error


def copy_left_open(expected, found):
    refused = "Errno 88" in expected.error or "Errno 9]" in expected.error
    return refused and len(expected.leaked) > len(found.leaked)


def accepted_left_open(expected, found):
    """accept() and dup() close the descriptor where a derived class's __init__ fails."""
    return expected.error == found.error != "" and len(expected.leaked) > len(found.leaked)


def urgent_awaited(expected, found):
    """A timed recv(..., MSG_OOB) waits for the byte; the standard module is woken by other data."""
    return "Errno 22]" in expected.error and "builtins.TimeoutError" in found.error


def left_open(expected, found):
    return "unclosed" in expected.warnings and not found.warnings


def copied_timeout(expected, found):
    """dup() in CPython takes the timeout through a float, which is off where a double has no room for it."""
    texts = [TIMEOUT.sub("", outcome.result) for outcome in (expected, found)]
    theirs, ours = ([float(each) for each in TIMEOUT.findall(outcome.result)] for outcome in (expected, found))
    return texts[0] == texts[1] and all(abs(one - other) < 2e-6 for one, other in zip(theirs, ours, strict=True))


def long_option(expected, found):
    return "getsockopt buflen out of range" in expected.error and found.error != expected.error


def unlooked_up(expected, found):
    return "socket.herror" in expected.error and "Unknown host" in found.error


def wide_index(expected, found):
    return sys.version_info < (3, 13) and "Errno 6]" in expected.error and "index is too large" in found.error


def wide_mask(expected, found):
    """Of a field of which the standard module takes 16 bits, it warns where we do not."""
    warned = "integer value out of range" in expected.warnings and expected.warnings.startswith(found.warnings)
    return warned and "family=38," in expected.left


def longer_datagram(expected, found):
    return "size larger than allocated size" in expected.error and not found.error


TIMEOUT = re.compile(r"(?<=timeout=)\d[\d.e+-]*")
WORDING = re.compile(r"takes|expected at (least|most)|missing|unexpected keyword|invalid keyword|required argument")

# (the row, the fields of the outcomes that may differ, the rule)
RULES = [
    ("An index beyond 32 bits for if_indextoname", {"result", "error"}, wide_index),
    ("`feat` and `mask` of an AF_ALG address", {"warnings"}, wide_mask),
    ("A datagram cut under MSG_TRUNC", {"result", "error"}, longer_datagram),
    ("TypeErrors for counts of arguments and for keywords are worded otherwise", {"error"}, wording),
    ("A NUL in a Unix path", {"result", "error", "events", "left"}, nul_in_path),
    ("Audit events before any look-up", {"events"}, early_event),
    ("Audit events before any look-up", {"error"}, shape_first),
    ("setsockopt with an int that no C int holds", {"error"}, wide_option),
    ("create_server for a host without address", {"error"}, resolver_error),
    ("TypeErrors of send_fds for a str are worded otherwise", {"error"}, text_of_descriptors),
    ("a failing getsockname shows the kernel's error", {"error"}, unknown_family),
    ("dup() has the very timeout", {"result"}, copied_timeout),
    ("getsockopt with more than 1024 bytes", {"result", "error"}, long_option),
    ("gethostbyaddr('::')", {"error"}, unlooked_up),
    ("`proto` cannot be set: the AttributeError is worded otherwise", {"error"}, read_only),
    ("An address that is no tuple, for CAN_ISOTP and CAN_J1939", {"error"}, no_tuple),
    ("fromfd with a descriptor that is no socket's leaves its duplicate open", {"leaked"}, copy_left_open),
    ("accept and dup leave the descriptor open where a class's __init__ fails", {"leaked"}, accepted_left_open),
    ("A timed `recv(..., MSG_OOB)` waits for the urgent byte", {"error"}, urgent_awaited),
    ("create_connection with a bad timeout leaves a socket open", {"warnings"}, left_open),
]
