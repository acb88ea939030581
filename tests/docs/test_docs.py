"""Every block of code in the documentation is run: what is on the pages works as printed. run.py says how."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "examples" / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
CHOOSY = [page for page in PAGES if "<!-- needs: " in page.read_text()]
RUN = Path(__file__).with_name("run.py")
LACKING, DONE = 77, "followed to its end"  # what run.py says


def name(page):
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", [page for page in PAGES if page not in CHOOSY], ids=name)
def test_page(page, alone, tmp_path):
    done = followed(page, alone, tmp_path)
    assert done.stdout.splitlines()[-1:] == [DONE], done.stdout


@pytest.mark.parametrize("page", CHOOSY, ids=name)
def test_page_that_needs_more_than_most_kernels_have(page, alone, tmp_path):
    done = followed(page, alone, tmp_path)
    if done.returncode == LACKING:
        (pytest.fail if "BERKELEY_ALL_FAMILIES" in os.environ else pytest.skip)(done.stdout.strip())
    assert done.stdout.splitlines()[-1:] == [DONE], done.stdout


def followed(page, alone, tmp_path):
    """What comes of the page, in a directory that has what a clone has and the pages speak of."""
    # The kernel has these in its first network namespace only, and refuses them in others (EAFNOSUPPORT). A page may
    # use that of the virtual machine; other machines have neighbours, who would hear it.
    if re.search("<!-- needs: (two Bluetooth controllers|AF_LLC) -->", page.read_text()):
        alone = [] if "BERKELEY_ALL_FAMILIES" in os.environ else alone
    for name in ("examples", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        [*alone, sys.executable, str(RUN), str(page)],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
