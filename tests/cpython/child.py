"""Runs one of the interpreter's own test suites in this process and writes what became of each test.

    python child.py JOB

JOB is a JSON file: suite (a module name), outcomes (the file to write), resources (of `test.support`), deselect and
match (patterns of test names, see fnmatch), test_limit (seconds for one test).

The file of outcomes has one JSON object on a line, and grows while the tests run. A test that is said to start and has
no outcome took the process down with it; run again on the same file, this program leaves out every test that is in it.
"""

import faulthandler
import gc
import importlib
import json
import os
import sys
import threading
import traceback
import unittest
import warnings
from fnmatch import fnmatchcase
from time import monotonic

# The worst comes last: a test with several outcomes (its subtests, its clean-up) has the worst of them.
RANKS = ["passed", "skipped", "failed as expected", "passed unexpectedly", "failed", "error"]


def main(job_path):
    with open(job_path, encoding="utf-8") as file:
        job = json.load(file)
    # A suite must not find this directory's files by their names.
    sys.path.pop(0)
    known = tests_in(job["outcomes"])
    with open(job["outcomes"], "a", encoding="utf-8") as file:

        def write(kind, **fields):
            file.write(json.dumps({"kind": kind, **fields}) + "\n")
            file.flush()

        prepare(job["resources"], write)
        report_modules(write)
        recorder = Recorder(write, job["test_limit"])
        selected(load(job["suite"], recorder), job, known, write).run(recorder)
        # What is still to be finalised has its say before the end.
        gc.collect()
        write("end")


def tests_in(outcomes):
    """The names of the tests that a file of outcomes already tells of."""
    if not os.path.exists(outcomes):
        return set()
    with open(outcomes, encoding="utf-8") as file:
        return {line["test"] for line in map(json.loads, file) if "test" in line}


def prepare(resources, write):
    """Set up what `python -m test` sets up and the suites can notice."""
    from test import support
    from test.support import script_helper

    support.use_resources = resources
    # As left by default, helpers print; `python -m test` without -v has them quiet.
    support.verbose = 0
    support.record_original_stdout(sys.stdout)
    # Makes every audited call really build and raise its event.
    sys.addaudithook(lambda event, arguments: None)
    faulthandler.enable()
    if not sys.warnoptions:
        warnings.simplefilter("default")

    def unraisable(caught):
        write("stray", reason=f"{caught.err_msg or 'ignored'}: {caught.exc_value!r} in {caught.object!r}")
        sys.__unraisablehook__(caught)

    def uncaught(caught):
        write("stray", reason=f"not caught: {caught.exc_value!r} in {caught.thread!r}")
        threading.__excepthook__(caught)

    sys.unraisablehook = unraisable
    threading.excepthook = uncaught

    # script_helper starts children with -I, which would keep them from what their side has in the environment, unless
    # the interpreter does not work without its environment.
    script_helper.__cached_interp_requires_environment = True


def report_modules(write):
    """Say where the socket modules come from, here and in children of the tests: the proof that two sides are two."""
    import _socket
    import socket

    from test.support import script_helper

    _, out, _ = script_helper.assert_python_ok("-c", "import _socket, socket; print(socket.__file__)")
    here = {"socket": socket.__file__, "_socket": getattr(_socket, "__file__", "built in")}
    write("modules", **here, **{"socket of children": os.fsdecode(out.strip())})


def load(name, recorder):
    """The suite's tests, none if it cannot be imported: then that is recorded under the suite's name."""
    loader = unittest.TestLoader()
    try:
        suite = loader.loadTestsFromModule(importlib.import_module(name))
    except unittest.SkipTest as skip:
        recorder.write("test", test=name, outcome="skipped", reason=str(skip), seconds=0)
    except BaseException:
        recorder.write("test", test=name, outcome="error", reason=traceback.format_exc(), seconds=0)
    else:
        for error in loader.errors:
            recorder.write("test", test=name, outcome="error", reason=error, seconds=0)
        return suite
    return unittest.TestSuite()


def selected(suite, job, known, write):
    """The tests that are to run, as one suite: it sets up each class and module once."""
    chosen = unittest.TestSuite()
    for test in flat(suite):
        name = test.id()
        if any(fnmatchcase(name, pattern) for pattern in job["deselect"]):
            if name not in known:
                write("deselected", test=name)
        elif name not in known and any(fnmatchcase(name, pattern) for pattern in job["match"]):
            chosen.addTest(test)
    return chosen


def flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        else:
            yield test


class Recorder(unittest.TestResult):
    """Writes a line when a test starts, and one with its worst outcome when it stops."""

    def __init__(self, write, test_limit):
        super().__init__()
        self.write = write
        self.test_limit = test_limit
        self.current = None

    def startTest(self, test):
        super().startTest(test)
        self.current = {"outcome": "passed", "reason": ""}
        self.write("start", test=test.id())
        self.started = monotonic()
        # Ends the process, with a traceback of every thread on standard error.
        faulthandler.dump_traceback_later(self.test_limit, exit=True)

    def stopTest(self, test):
        faulthandler.cancel_dump_traceback_later()
        if self.current is not None:
            self.write("test", test=test.id(), seconds=round(monotonic() - self.started, 3), **self.current)
        self.current = None
        super().stopTest(test)

    def note(self, test, outcome, reason):
        if self.current is None:
            # No startTest announces a fixture of a class or a module, nor, on 3.12.0 and 3.12.1, a test that a
            # decorator skips.
            self.write("test", test=test.id(), outcome=outcome, reason=reason, seconds=0)
        elif RANKS.index(outcome) > RANKS.index(self.current["outcome"]):
            self.current = {"outcome": outcome, "reason": reason}

    def addError(self, test, error):
        self.note(test, "error", described(error))

    def addFailure(self, test, error):
        self.note(test, "failed", described(error))

    def addSubTest(self, test, subtest, error):
        if error is not None:
            outcome = "failed" if issubclass(error[0], test.failureException) else "error"
            self.note(test, outcome, f"{subtest}\n{described(error)}")

    def addSkip(self, test, reason):
        self.note(test, "skipped", reason)

    def addExpectedFailure(self, test, error):
        self.note(test, "failed as expected", "")

    def addUnexpectedSuccess(self, test):
        self.note(test, "passed unexpectedly", "")


def described(error):
    return "".join(traceback.format_exception(*error))


if __name__ == "__main__":
    main(sys.argv[1])
