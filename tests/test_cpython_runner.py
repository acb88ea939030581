"""The program that compares the interpreters' own suites sees what goes wrong, and is silent where nothing does."""

import json
import os
import sys
from pathlib import Path

import pytest

CPYTHON = Path(__file__).parent / "cpython"

SUITE = """
import os, threading, time, unittest

class Case(unittest.TestCase):
    def test_passes(self): pass
    def test_fails(self): self.fail("wrong")
    def test_raises(self): raise OSError("broken")
    def test_skips(self): self.skipTest("no such thing")
    def test_subtests(self):
        for number in range(3):
            with self.subTest(number=number):
                self.assertNotEqual(number, 1)
    def test_crashes(self): os.abort()
    def test_hangs(self): time.sleep(300)
    def test_left_out(self): raise AssertionError
    @unittest.skip("decorated")
    def test_decorated(self): raise AssertionError
    @unittest.expectedFailure
    def test_expected(self): self.fail()
    @unittest.expectedFailure
    def test_unexpected(self): pass

class Fixture(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise OSError("no fixture")
    def test_never(self): pass

class Stray(unittest.TestCase):
    def test_stray(self):
        class Loud:
            def __del__(self): raise ValueError("at the end")
        Loud()
    def test_thread(self):
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
"""

EXPECTED = {
    "tiny.Case.test_passes": "passed",
    "tiny.Case.test_fails": "failed",
    "tiny.Case.test_raises": "error",
    "tiny.Case.test_skips": "skipped",
    "tiny.Case.test_subtests": "failed",
    "tiny.Case.test_crashes": "died",
    "tiny.Case.test_hangs": "died",
    "tiny.Case.test_decorated": "skipped",
    "tiny.Case.test_expected": "failed as expected",
    "tiny.Case.test_unexpected": "passed unexpectedly",
    "setUpClass (tiny.Fixture)": "error",
    "tiny.Stray.test_stray": "passed",
    "tiny.Stray.test_thread": "passed",
}


@pytest.fixture
def outcomes(monkeypatch):
    monkeypatch.syspath_prepend(CPYTHON)
    import outcomes

    return outcomes


@pytest.fixture
def runner(outcomes):
    import run

    return run


@pytest.fixture
def suite(tmp_path, python, outcomes):
    """Runs the suite above, or the named one, until it ends, and reads its outcomes."""
    (tmp_path / "tiny.py").write_text(SUITE)
    pytest.importorskip("test.support", reason="this Python came without its own tests")

    def run(name):
        job = {"suite": name, "outcomes": "out", "resources": [], "match": ["*"], "test_limit": 1}
        (tmp_path / "job").write_text(json.dumps({**job, "deselect": ["*.test_left_out"]}))
        for _ in range(4):
            python(CPYTHON / "child.py", "job", env={**os.environ, "PYTHONPATH": str(tmp_path)})
            read = outcomes.Outcomes.read(tmp_path / "out")
            if read.ended:
                return read
        pytest.fail("the suite does not come to its end")

    return run


def test_each_kind_of_outcome_is_recorded_and_the_suite_goes_on(suite):
    read = suite("tiny")
    assert {name: test["outcome"] for name, test in read.tests.items()} == EXPECTED
    assert read.deselected == {"tiny.Case.test_left_out"}
    ignored, not_caught = read.strays
    assert "at the end" in ignored
    assert "ZeroDivisionError" in not_caught
    assert "wrong" in read.tests["tiny.Case.test_fails"]["reason"]
    assert "number=1" in read.tests["tiny.Case.test_subtests"]["reason"]


def test_a_suite_that_cannot_be_imported_is_an_error(suite):
    read = suite("no_such_suite")
    assert read.tests["no_such_suite"]["outcome"] == "error"


def test_both_socket_modules_are_named(suite):
    import _socket
    import socket

    native = getattr(_socket, "__file__", "built in")
    told = {"socket": socket.__file__, "_socket": native, "socket of children": socket.__file__}
    assert suite("no_such_suite").modules == told


def side(outcomes, *results, deselected=(), strays=()):
    tests = {
        f"t{number}": {"outcome": result, "reason": "why"}
        for number, result in enumerate(results)
        if result != "not run"
    }
    return outcomes.Outcomes(tests=tests, deselected=set(deselected), strays=list(strays))


@pytest.mark.parametrize(
    ("standard", "berkeley", "fails"),
    [
        ("passed", "passed", False),
        ("passed", "failed", True),
        ("passed", "error", True),
        ("passed", "died", True),
        ("passed", "skipped", True),
        ("skipped", "passed", False),
        ("skipped", "skipped", False),
        ("skipped", "failed", True),
        ("failed", "passed", False),
        ("failed", "error", False),
        ("failed", "skipped", True),
        ("failed as expected", "passed unexpectedly", True),
        ("not run", "passed", False),
        ("not run", "error", True),
        ("passed", "not run", True),
    ],
)
def test_only_worse_outcomes_fail(outcomes, standard, berkeley, fails):
    reasons = outcomes.verdict(side(outcomes, standard, "passed"), side(outcomes, berkeley, "passed"), [], [])
    assert bool(reasons) is fails


def test_an_expected_difference_is_forgiven_and_must_show(outcomes):
    expect = [{"suite": "s", "tests": "t0", "reason": "known"}]
    good, bad = side(outcomes, "passed"), side(outcomes, "failed")
    assert outcomes.verdict(good, bad, [], expect) == []
    assert outcomes.verdict(good, good, [], expect) == ["expected to be worse, and is not: t0"]
    assert outcomes.verdict(good, good, [], expect, whole=False) == []
    skipped = side(outcomes, "skipped")
    assert outcomes.verdict(skipped, skipped, expect, expect) == []


def test_what_is_deselected_must_exist_on_both_sides(outcomes):
    deselect = [{"suite": "s", "tests": "*.hangs", "reason": "known"}]
    there, gone = side(outcomes, "passed", deselected=["a.hangs"]), side(outcomes, "passed")
    assert outcomes.verdict(there, there, deselect, []) == []
    assert outcomes.verdict(there, gone, deselect, []) == ["deselected, and there is no such test: *.hangs"]


def test_more_stray_exceptions_and_problems_of_the_run_fail(outcomes):
    quiet, loud = side(outcomes, "passed"), side(outcomes, "passed", strays=["an error in __del__"])
    assert outcomes.verdict(loud, loud, [], []) == []
    assert "an error in __del__" in outcomes.verdict(quiet, loud, [], [])[0]
    loud.problems.append("not finished")
    assert outcomes.verdict(loud, quiet, [], []) == ["the standard module: not finished"]


def test_what_kept_tests_from_running_is_said_once(outcomes):
    halted = side(outcomes, "passed")
    halted.problems.append("crashed")
    assert outcomes.verdict(side(outcomes, "passed", "passed", "passed"), halted, [], []) == ["berkeley: crashed"]


def test_a_run_of_nothing_fails(outcomes):
    assert outcomes.verdict(side(outcomes), side(outcomes), [], [])


def test_entries_hold_for_their_suite_and_their_pythons(outcomes):
    table = [{"suite": "a", "n": 1}, {"suite": "a", "n": 2, "python": ">=3.12"}, {"suite": "b", "n": 3}]
    assert [row["n"] for row in outcomes.entries(table, "a", "3.11.7")] == [1]
    assert [row["n"] for row in outcomes.entries(table, "a", "3.12.0rc1")] == [1, 2]


def test_a_difference_that_does_not_show_again_is_taken_back(outcomes):
    standard, berkeley = side(outcomes, "passed", "passed"), side(outcomes, "failed", "failed")
    again = side(outcomes, "passed", "passed"), side(outcomes, "passed", "failed")
    assert list(map(str, outcomes.take_back(standard, berkeley, *again))) == ["t0: passed -> failed"]
    assert [difference.test for difference in outcomes.worse(standard, berkeley)] == ["t1"]


def test_an_expected_difference_must_stay(outcomes):
    expect = [{"suite": "s", "tests": "t0", "reason": "known"}]
    standard, berkeley = side(outcomes, "passed"), side(outcomes, "failed")
    assert list(outcomes.take_back(standard, berkeley, side(outcomes, "passed"), side(outcomes, "passed")))
    assert outcomes.verdict(standard, berkeley, [], expect) == ["expected to be worse, and is not: t0"]


def test_a_difference_stays_where_the_second_run_says_nothing_of_it(outcomes):
    standard, berkeley = side(outcomes, "passed"), side(outcomes, "failed")
    ended, halted = side(outcomes, "passed"), side(outcomes, "passed")
    halted.problems.append("crashed")
    for again in ((ended, halted), (halted, ended), (side(outcomes), side(outcomes)), (ended, side(outcomes))):
        assert list(outcomes.take_back(standard, berkeley, *again)) == []
        assert outcomes.worse(standard, berkeley)


def test_a_fixture_is_run_again_by_its_tests(outcomes):
    name = "tearDownClass (s.Case)"
    passed = {"s.Case.test": {"outcome": "passed", "reason": ""}}
    standard = outcomes.Outcomes(tests=dict(passed))
    berkeley = outcomes.Outcomes(tests={**passed, name: {"outcome": "error", "reason": ""}})
    assert outcomes.pattern(name) == "s.Case.*"
    again = outcomes.Outcomes(tests=dict(passed)), outcomes.Outcomes(tests=dict(passed))
    assert [difference.test for difference in outcomes.take_back(standard, berkeley, *again)] == [name]
    assert outcomes.worse(standard, berkeley) == []


def test_a_long_suite_is_left_to_one_of_the_interpreters_that_have_it_if_it_is_to_be_quick(runner):
    suites = {name: {"name": name, "long": name != "short"} for name in ("long", "gone", "other", "short", "last")}
    old = runner.Interpreter("p9", "3.9.20", [*suites], missing=[])
    new = runner.Interpreter("p12", "3.12.1", ["short", "long", "other", "last"], missing=[])

    def planned(quick):
        return [str(pair) for pair in runner.planned({}, suites, [old, new], quick)]

    quick = ["3.12.1 long", "3.9.20 gone", "3.12.1 other", "3.9.20 short", "3.12.1 short", "3.9.20 last"]
    assert planned(quick=True) == quick
    assert len(planned(quick=False)) == 9


FLAKY = """
import os, socket, unittest

HERE = os.path.dirname(os.path.abspath(__file__))
OURS = os.path.basename(os.path.dirname(socket.__file__)) == "berkeley"

class Case(unittest.TestCase):
    def test_same(self): self.assertTrue(True)
    def test_once(self):
        if OURS and not os.path.exists(os.path.join(HERE, "seen")):
            open(os.path.join(HERE, "seen"), "w").close()
            self.fail("a busy machine")
    def test_always(self): self.assertFalse(OURS)
"""


@pytest.fixture
def run(python, tmp_path):
    """Runs run.py with the given options on this interpreter, which has a suite `flaky` more."""
    pytest.importorskip("test.support", reason="this Python came without its own tests")
    (tmp_path / "flaky.py").write_text(FLAKY)
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    return lambda *options: python(CPYTHON / "run.py", *options, env={**os.environ, "PYTHONPATH": path})


@pytest.mark.parametrize(("pattern", "code"), [("*", 1), ("*.test_[os]*", 0)])
def test_a_run_from_beginning_to_end(run, pattern, code):
    done = run("--suite", "flaky", "--suite", "no_such_suite", "--match", pattern, "--allow-missing")
    assert done.returncode == code, done.stderr
    assert "not so when run again (1): flaky.Case.test_once: passed -> failed" in done.stdout
    assert done.stdout.count("test_always: passed -> failed") == code
    assert ("worse than the standard module: nothing" in done.stdout) is not bool(code)
    assert "came without no_such_suite" in done.stdout


def test_a_suite_that_is_missing_is_a_failure_that_names_its_package(run):
    done = run("--suite", "flaky", "--suite", "no_such_suite")
    assert (done.returncode, done.stdout) == (1, "")
    package = "libpython{}.{}-testsuite".format(*sys.version_info)
    assert f"came without no_such_suite: Debian has them in {package}" in done.stderr
    assert "--allow-missing" in done.stderr


def test_no_suite_is_missed_on_a_version_that_comes_without_it(runner, tmp_path):
    settings = runner.tomllib.loads((CPYTHON / "suites.toml").read_text())
    bare = tmp_path / "python"

    def missed(version):
        bare.write_text(f"#!/bin/sh\necho '[\"{version}\", []]'\n")
        bare.chmod(0o700)
        return set(runner.inquire(str(bare), runner.wanted(settings, [])).missing)

    everything = {suite["name"] for suite in settings["suite"]}
    new = {"test.test_interpreters", "test.test_free_threading"}
    assert everything - missed("3.10.13") == new
    gone = {"test.test_asyncore", "test.test_asynchat"}
    assert everything - missed("3.12.9") == gone | new
    assert everything - missed("3.13.0rc1") == gone | {"test.test_nntplib", "test.test_telnetlib"}


def test_skips_need_a_known_reason_and_have_a_limit(outcomes):
    known = ["no such *", "odd"]
    assert outcomes.unforeseen({"no such thing": 2, "odd": 1}, known, 3) == []
    assert outcomes.unforeseen({"no such thing": 3, "odd": 1}, known, 3) == ["4 tests skipped, of at most 3"]
    assert "for this reason: strange" in outcomes.unforeseen({"strange": 1}, known, 3)[0]
