"""Eight threads at the same sockets, for some seconds: one scenario, in this process.

    python tests/threads/stress.py closing --seconds 60 --seed 7

The exit code is not 0, and standard error has the reason, where a thread fails or hangs, a byte is lost or a descriptor
left open.
"""

import gc
from argparse import ArgumentParser
from random import Random

from closing import closing
from counting import files, one_file
from crew import Crew, descriptors
from functions import connections, functions, messages
from lists import lists
from transfers import modes, rights, shared, streams

SCENARIOS = [streams, modes, shared, rights, lists, closing, files, one_file, functions, connections, messages]
BY_NAME = {scenario.__name__: scenario for scenario in SCENARIOS}


def main():
    parser = ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("scenario", choices=BY_NAME)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    # Of the first time something may stay open, as of the files that the resolver reads.
    run(chosen.scenario, 0.1, chosen.seed)
    before = descriptors()
    run(chosen.scenario, chosen.seconds, chosen.seed)
    assert descriptors() == before, f"{descriptors() - before} descriptors left"


def run(name, seconds, seed):
    BY_NAME[name](Crew(seconds, seed), Random(seed))
    gc.collect()


if __name__ == "__main__":
    main()
