"""Eight threads at the same sockets, for some seconds each: all scenarios, or some.

    python tests/threads/stress.py closing lists --seconds 60 --seed 7

Each has a process of its own. The exit code is not 0, and standard error has the reason, where a thread fails or hangs,
a byte is lost or a descriptor left open.
"""

import gc
import subprocess
import sys
from argparse import ArgumentParser
from random import Random

from batches import batches
from closing import closing
from counting import files, one_file
from crew import REST, Crew, descriptors
from deadlines import deadlines, lookups
from functions import connections, functions, messages
from lists import lists
from offloads import offloads
from one_batch import one_batch
from rings import rings
from transfers import modes, rights, shared, streams
from waking import waking

SCENARIOS = [
    *[streams, modes, shared, rights, lists, closing, files, one_file, functions, connections, messages],
    *[deadlines, lookups, waking, rings, batches, one_batch, offloads],
]
BY_NAME = {scenario.__name__: scenario for scenario in SCENARIOS}


def main():
    parser = ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("scenarios", nargs="*", metavar="scenario", help=f"{', '.join(BY_NAME)}; all if none is named")
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    if len(chosen.scenarios) == 1:
        return alone(chosen.scenarios[0], chosen.seconds, chosen.seed)
    codes = []
    for name in chosen.scenarios or BY_NAME:
        codes.append(apart(name, chosen.seconds, chosen.seed).returncode)
        print(f"{name}: {'as it should be' if codes[-1] == 0 else f'exit code {codes[-1]}'}", flush=True)
    return int(any(codes))


def apart(name, seconds, seed=0, **options):
    """Run a scenario in a process of its own: what `subprocess.run` gives. One that hangs is ended."""
    command = [sys.executable, "-W", "error", __file__, name, f"--seconds={seconds}", f"--seed={seed}"]
    # It ends by itself after two times the rest; and starting may take long under a sanitizer.
    return subprocess.run(command, timeout=seconds + 4 * REST, **options)


def alone(name, seconds, seed):
    # Of the first time something may stay open, as of the files that the resolver reads.
    run(name, 0.1, seed)
    before = descriptors()
    run(name, seconds, seed)
    assert descriptors() == before, f"{descriptors() - before} descriptors left"


def run(name, seconds, seed):
    BY_NAME[name](Crew(seconds, seed), Random(seed))
    gc.collect()


if __name__ == "__main__":
    sys.exit(main())
