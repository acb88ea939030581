"""The program that compares the interpreters' own suites sees what goes wrong, and is silent where nothing does."""

import json
import os
from pathlib import Path

import pytest

CPYTHON = Path(__file__).parent / "cpython"

SUITE = """
import os, time, unittest

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
}


@pytest.fixture
def outcomes(monkeypatch):
    monkeypatch.syspath_prepend(CPYTHON)
    import outcomes

    return outcomes


@pytest.fixture
def suite(tmp_path, python, outcomes):
    """Runs the suite above, or the named one, until it ends, and reads its outcomes."""
    (tmp_path / "tiny.py").write_text(SUITE)
    pytest.importorskip("test.support", reason="this Python came without its own tests")

    def run(name):
        job = {"suite": name, "outcomes": "out", "resources": [], "match": "*", "test_limit": 1}
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
    assert len(read.strays) == 1
    assert "at the end" in read.strays[0]
    assert "wrong" in read.tests["tiny.Case.test_fails"]["reason"]
    assert "number=1" in read.tests["tiny.Case.test_subtests"]["reason"]


def test_a_suite_that_cannot_be_imported_is_an_error(suite):
    read = suite("no_such_suite")
    assert read.tests["no_such_suite"]["outcome"] == "error"


def test_both_socket_modules_are_named(suite):
    import _socket
    import socket

    native = getattr(_socket, "__file__", "built in")
    assert suite("no_such_suite").modules == {"socket": socket.__file__, "_socket": native}


def side(outcomes, *results, deselected=(), strays=()):
    tests = {f"t{number}": {"outcome": result, "reason": "why"} for number, result in enumerate(results)}
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
    ],
)
def test_only_worse_outcomes_fail(outcomes, standard, berkeley, fails):
    reasons = outcomes.verdict(side(outcomes, standard), side(outcomes, berkeley), [], [])
    assert bool(reasons) is fails


def test_a_test_that_only_one_side_has_fails_where_berkeley_lacks_it(outcomes):
    one, two = side(outcomes, "passed"), side(outcomes, "passed", "passed")
    assert outcomes.verdict(two, one, [], [])
    assert not outcomes.verdict(one, two, [], [])


def test_an_expected_difference_is_forgiven_and_must_show(outcomes):
    expect = [{"suite": "s", "tests": "t0", "reason": "known"}]
    good, bad = side(outcomes, "passed"), side(outcomes, "failed")
    assert outcomes.verdict(good, bad, [], expect) == []
    assert outcomes.verdict(good, good, [], expect) == ["expected to be worse, and is not: t0"]
    assert outcomes.verdict(good, good, [], expect, whole=False) == []


def test_what_is_deselected_must_exist_on_both_sides(outcomes):
    deselect = [{"suite": "s", "tests": "*.hangs", "reason": "known"}]
    there, gone = side(outcomes, "passed", deselected=["a.hangs"]), side(outcomes, "passed")
    assert outcomes.verdict(there, there, deselect, []) == []
    assert outcomes.verdict(there, gone, deselect, []) == ["deselected, and there is no such test: *.hangs"]


def test_more_unraisable_exceptions_and_problems_of_the_run_fail(outcomes):
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
