"""Sessions that run side by side: all of their output, their exit codes, their time, and that none is left behind."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[1] / "tools"


@pytest.fixture
def beside(monkeypatch):
    monkeypatch.syspath_prepend(TOOLS)
    import beside

    return beside


def python(code):
    return [sys.executable, "-c", code]


def test_output_and_exit_codes_are_kept(beside, capfd):
    commands = {
        "good": python("import os; print('all', 'well', flush=True); os.write(2, b'12 skipped: no ip\\n')"),
        "bad": python("import sys; print('first'); sys.exit('last')"),
        "killed": python("import os; os.kill(os.getpid(), 9)"),
    }
    done = {each.name: each for each in beside.run(commands, 2)}
    assert {name: each.code for name, each in done.items()} == {"good": 0, "bad": 1, "killed": -9}
    assert done["good"].output == "all well\n12 skipped: no ip\n"
    assert sorted(done["bad"].output.split()) == ["first", "last"]
    shown = capfd.readouterr().out
    assert "all well\n12 skipped: no ip\n" in shown
    assert "=== FAILED (exit code 1): bad" in shown
    assert "=== ends: good" in shown


def test_so_many_run_at_once_and_in_order(beside, tmp_path):
    """Each waits for the one beside it, and tells how many there are."""
    code = """
import os, sys, time
mark, other = sys.argv[1:]
open(mark, "x").close()
while not os.path.exists(other): time.sleep(0.01)
"""
    names = ["a", "b", "c", "d"]
    other = {"a": "b", "b": "a", "c": "d", "d": "c"}
    done = beside.run({name: [*python(code), tmp_path / name, tmp_path / other[name]] for name in names}, 2)
    assert [each.code for each in done] == [0, 0, 0, 0]
    assert {each.name for each in done[:2]} == {"a", "b"}


def test_where_the_time_went_and_what_was_skipped(beside):
    quiet = "5 skipped: no ip\n1 failed, 2 passed, 5 skipped, 2 deselected in 1.20s\n1 passed, 7 deselected in 0.10s\n"
    loud = "2 skipped: no CAN (x)\n1 skipped: no ip\n=== 1 failed, 4000 passed, 3 skipped in 100.30s (0:01:40) ===\n"
    table = beside.table([beside.Done("short", 0, 1.2, 0.6, quiet), beside.Done("long", 2, 100.4, 50, loud)])
    assert [line.split() for line in table.splitlines()] == [
        ["seconds", "processor"],
        ["long", "100", "50", "FAILED"],
        ["short", "1", "1"],
        ["6", "skipped", "in", "all:", "no", "ip"],
        ["2", "skipped", "in", "all:", "no", "CAN", "(x)"],
        ["1", "failed,", "1", "failed", "once,", "4003", "passed,", "8", "skipped", "in", "all"],
    ]


def test_processor_time_is_that_of_children_too(beside):
    busy = "import time; [None for _ in iter(time.process_time, None) if time.process_time() > 0.3 and exit()]"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}])"
    [done] = beside.run({"busy": python(child)}, 1)
    assert done.code == 0
    assert 0.3 <= done.processor < done.seconds + 0.1


MAIN = """
import sys
sys.path.insert(0, sys.argv[1])
import beside
beside.run({name: [sys.executable, "child.py", name] for name in "ab"}, 2)
"""
CHILD = """
import os, subprocess, sys
print("so far so good", flush=True)
with subprocess.Popen(["sleep", "300"]) as process:
    with open("unfinished-" + sys.argv[1], "w") as file:
        print(process.pid, file=file)
    os.rename(file.name, sys.argv[1])
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_when_it_is_interrupted(tmp_path, number):
    """Nor what was started by what it started; though SIGINT is ignored, as by what a shell has in the background."""
    (tmp_path / "main.py").write_text(MAIN)
    (tmp_path / "child.py").write_text(CHILD)
    command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "main.py", TOOLS]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        grandchildren = [os.pidfd_open(pid_in(tmp_path / name)) for name in "ab"]
        process.send_signal(number)
        out, err = process.communicate()
    assert process.returncode
    assert "KeyboardInterrupt" in err
    assert "=== interrupted: a\nso far so good\n" in out
    for grandchild in grandchildren:
        assert select.select([grandchild], [], [], 30)[0]  # readable once it has ended
        os.close(grandchild)


def pid_in(path):
    """The number that a file has as soon as it is there."""
    while not path.exists():
        os.sched_yield()
    return int(path.read_text())
