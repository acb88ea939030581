"""What importing the module costs, in a process that has imported nothing else."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PROGRAM = """
import sys, time
sys.path.insert(0, {directory!r})
start = time.perf_counter_ns()
import {name}
print(time.perf_counter_ns() - start)
"""


@dataclass(frozen=True)
class Import:
    """Stands in a table like an Operation. Without `site` every Python starts alike, whatever is installed in it."""

    group: str = "importing"
    name: str = "import"
    count: int = 1
    needs: None = None

    def sampler(self, module, standard):
        directory = Path(module.__file__).parents[module.__name__.count(".")]
        program = PROGRAM.format(directory=str(directory), name=module.__name__)

        def sample(batches):
            times = [subprocess.check_output([sys.executable, "-IS", "-c", program]) for _ in range(batches)]
            return sum(map(int, times)) / batches

        return sample


OPERATIONS = [Import()]
