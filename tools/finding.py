"""The interpreters of this machine: on PATH, among pyenv's, and those which the tools beside this file have made."""

import os
import subprocess
import sys
from pathlib import Path

import freethreaded
import interpreters

# Prints the version, the release, whether the headers are there with which an extension is compiled, and the path.
PROBE = """
import os, sys, sysconfig
version = "%d.%d" % sys.version_info[:2] + "t" * bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
headers = os.path.isfile(os.path.join(sysconfig.get_path("include"), "Python.h"))
print(version, "%d.%d.%d" % sys.version_info[:3], headers, sys.executable)
"""



def find(versions: list[str], make: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Their paths, by version, "3.13" or "3.13t"; and what is to be said of each of the versions.

    Where there are several of one, it is the newest release: what that has which older ones have not, or has otherwise,
    shows. To test an older one too would take as long again. With `make`, the newest versions that are missing are made
    where that can be done: where it fails, the remark says why.
    """
    found, remarks = look(versions)
    missing = {*interpreters.VERSIONS} - found.keys()
    if not (make and missing):
        return found, remarks
    try:
        interpreters.build()
    except SystemExit as error:
        return found, {**remarks, **dict.fromkeys(missing, f"not found, nor made: {error}")}
    return look(versions)


def look(versions: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    usable, remarks = {}, {}
    for version in versions:
        answers = [words for words in map(answer, candidates(version)) if words[:1] == [version]]
        answers.sort(key=lambda words: [*map(int, words[1].split("."))], reverse=True)
        releases = list(dict.fromkeys(release for _, release, headers, _ in answers if headers == "True"))
        if releases:
            usable[version] = next(path for _, _, headers, path in answers if headers == "True")
            older = f"; not on {', '.join(releases[1:])}" * (len(releases) > 1)
            remarks[version] = f"on {releases[0]}, {usable[version]}{older}"
        elif answers:
            remarks[version] = f"not usable: {answers[0][3]} has no Python.h (its development package has it)"
        else:
            remarks[version] = "not found"
    return usable, remarks


def candidates(version: str) -> list[str]:
    """Where an interpreter of this version may be; the one that runs this is among them."""
    pyenv = sorted(Path.home().glob(f".pyenv/versions/{version.rstrip('t')}.*/bin"), reverse=True)
    made = [Path(path).parent for path in [freethreaded.built(), *interpreters.built()] if path]
    directories = dict.fromkeys([*map(Path, os.get_exec_path()), *pyenv, *made, Path(sys.base_prefix, "bin")])
    return [str(path) for path in (entry / f"python{version}" for entry in directories) if os.access(path, os.X_OK)]


def answer(path: str, before: list[str] | None = None) -> list[str]:
    """The words of the interpreter's answer to PROBE: none from a version manager's stand-in for a missing one.

    `before` comes before its path: the command that it is an argument of.
    """
    done = subprocess.run([*(before or []), path, "-c", PROBE], capture_output=True, text=True)
    return done.stdout.strip().split(maxsplit=3)


def other_build(usable: dict[str, str]) -> dict[str, str]:
    """The system's interpreter by "system", where it is another build of a version that was found elsewhere.

    Distributions optimise theirs more than others do.
    """
    path = os.path.realpath("/usr/bin/python3")
    version, _, headers, *_ = [*(answer(path) if os.access(path, os.X_OK) else []), None, None, None]
    known = headers == "True" and version in usable and os.path.realpath(usable[version]) != path
    return {"system": path} if known else {}
