"""What the tools share that make things of Debian's packages. Nothing is installed, and the machine's apt stays."""

import os
import subprocess
import sys
from pathlib import Path

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Apt:
    """apt-get with sources of its own: lines such as "deb {} sid main", {} being the mirror of the machine's apt.

    Its lists, which are fetched now, and what it downloads lie in the directory.
    """

    def __init__(self, directory: Path, sources: list[str], architecture: str | None = None) -> None:
        self.archives = directory / "cache" / "archives"
        signed = [source.replace(" ", f" [signed-by={KEYRING}] ", 1).format(mirror()) for source in sources]
        (directory / "sources.list").write_text("".join(f"{source}\n" for source in signed))
        # No package is installed there: apt takes all that one depends on to be missing.
        (directory / "status").touch()
        settings = {
            "Dir::Etc::SourceList": directory / "sources.list",
            "Dir::Etc::SourceParts": "/dev/null",
            # Where apt deletes whatever else there is.
            "Dir::State::Lists": directory / "lists",
            "Dir::State::Status": directory / "status",
            "Dir::Cache": directory / "cache",
            # apt would warn that its own user cannot write here.
            "APT::Sandbox::User": "root",
        }
        if architecture:
            settings |= {"APT::Architecture": architecture, "APT::Architectures": architecture}
        self.command = ["apt-get", "--quiet=2", *(f"--option={name}={value}" for name, value in settings.items())]
        for path in (directory / "lists", self.archives):
            (path / "partial").mkdir(parents=True)
        self.run("update")

    def run(self, *arguments: str, directory: Path | None = None) -> None:
        output([*self.command, *arguments], directory)


def mirror() -> str:
    """The address of the archive that this machine's apt uses; the end, if it knows of none."""
    mirrors = output(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Label: Debian"])
    return mirrors.split()[0] if mirrors else sys.exit("apt knows of no Debian: is this one, and was it updated?")


def cache(name: str) -> Path:
    """Where big things are kept. (Not under berkeley's name, which tests look for in the paths of modules.)"""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / name


def unpacked_source(directory: Path, package: str, releases: list[str]) -> Path:
    """Fetch a package's source, without Debian's patches, of the release that has the newest: the directory of it."""
    apt = Apt(directory, [f"deb-src {{}} {release} main" for release in releases])
    apt.run("source", "--download-only", package, directory=directory)
    [archive] = directory.glob("*.orig.tar.*z")
    sources = directory / "sources"
    sources.mkdir()
    output(["tar", "--extract", f"--file={archive}"], sources)
    [unpacked] = sources.iterdir()
    return unpacked


def step(command: list[str], directory: Path, environment: dict[str, str] | None = None) -> None:
    """Run a step of a build, the last lines of whose output are shown if it fails."""
    command = ["nice", "--adjustment=3", *command]
    variables = {**os.environ, **(environment or {})}
    result = subprocess.run(command, cwd=directory, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode:
        lines = result.stdout.decode(errors="replace").splitlines()[-30:]
        sys.exit("\n".join([*lines, f"{' '.join(command)}: exit code {result.returncode}"]))


def output(command: list[str], directory: Path | None = None, environment: dict[str, str] | None = None) -> str:
    """What a command writes; the end, with what it complains of, if it fails."""
    streams = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL}
    result = subprocess.run(command, cwd=directory, env={**os.environ, **(environment or {})}, **streams)
    if result.returncode:
        sys.exit(f"{' '.join(command)}: exit code {result.returncode}\n{result.stderr.strip()}")
    return result.stdout


def require(packages: list[str]) -> None:
    """End, with the packages to install, where some are missing."""
    if packages := list(dict.fromkeys(packages)):
        sys.exit(f"missing; on Debian, as root: apt-get install --no-install-recommends {' '.join(packages)}")
