"""Debian's archive for the tools beside this file: packages are fetched and unpacked, and nothing is installed."""

import os
import subprocess
import sys
from pathlib import Path

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def cache(name: str) -> Path:
    """Where interpreters are kept. (Not under berkeley's name, which tests look for in the paths of modules.)"""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / name


def apt(directory: Path, kind: str, releases: list[str]) -> list[str]:
    """The start of an `apt-get` command that knows these releases only, and of no installed package.

    Its lists, from the mirror that this machine's apt uses, lie in the directory, as will what it fetches, in
    `archives`. `kind` is "deb" or "deb-src".
    """
    mirrors = output(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Label: Debian"])
    if not mirrors:
        sys.exit("apt knows of no mirror of Debian: is this Debian, and was apt-get update run?")
    lines = [f"{kind} [signed-by={KEYRING}] {mirrors.split()[0]} {release} main\n" for release in releases]
    (directory / "sources.list").write_text("".join(lines))
    (directory / "status").touch()
    settings = {
        "Dir::Etc::SourceList": directory / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State::Status": directory / "status",
        # Where apt deletes whatever else there is.
        "Dir::State::Lists": directory / "lists",
        "Dir::Cache": directory,
        # apt would warn that its own user cannot write here.
        "APT::Sandbox::User": "root",
    }
    command = ["apt-get", "--quiet", "--quiet", *(f"--option={name}={value}" for name, value in settings.items())]
    for name in ("lists", "archives"):
        (directory / name / "partial").mkdir(parents=True)
    output([*command, "update"])
    return command


def output(command: list[str], directory: Path | None = None) -> str:
    """What a command writes; the end, with what it complains of, if it fails."""
    result = subprocess.run(command, cwd=directory, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if result.returncode:
        sys.exit(f"{' '.join(command)}: exit code {result.returncode}\n{result.stderr.strip()}")
    return result.stdout


def tell(text: str) -> None:
    """Say what goes on, after the tool's name."""
    print(f"{Path(sys.argv[0]).stem}: {text}", file=sys.stderr, flush=True)
