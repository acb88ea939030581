"""What only a process of its own shows: importing the module, memory, and buffers that come and go."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from children import Child

# An ordinary process has `os` before its program begins.
IMPORT = """
import os, sys, time
sys.path.insert(0, {directory!r})
start = time.perf_counter_ns()
import {name}
print(time.perf_counter_ns() - start)
"""

SOCKETS = 10_000
MEMORY = """
import os, resource, sys
sys.path.insert(0, {{directory!r}})
from importlib import import_module

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()

socket = import_module({{name!r}})
# The descriptor's number does not matter to the object, and 10,000 of them may be more than a process may have.
made = socket.socket()
fd = made.fileno()
sockets = [{each} for _ in range(100)]
before = resident()
sockets += [{each} for _ in range({{count}})]
print((resident() - before) / {{count}}, flush=True)
os._exit(0)
"""
NAMED = "(one := socket.socket(fileno=fd), one.getsockname())"


@dataclass(frozen=True)
class Fresh:
    """A row whose every sample is a new process, which prints it.

    Without `site` every Python starts alike, whatever is installed in it.
    """

    name: str
    unit: str
    program: str
    group: str = "process"
    count: int = 1
    pieces: int = 1
    needs: None = None
    ours: None = None
    floor: None = None

    def sides(self, standard, subject, floor):
        return [self.sampler(module) for module in (standard, standard, subject)]

    def sampler(self, module):
        directory = Path(module.__file__).parents[module.__name__.count(".")]
        program = self.program.format(directory=str(directory), name=module.__name__, count=SOCKETS)

        def sample(batches):
            printed = [subprocess.check_output([sys.executable, "-IS", "-c", program]) for _ in range(batches)]
            return sum(map(float, printed)) / batches

        return sample


# In one process the sides would teach each other's malloc(3) which blocks to keep.
LARGE = """
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
there = b.fileno()
a.settimeout({timeout})
"""
RECEIVE = """
spent = 0
for _ in repeat(None, n // 10):
    for _ in repeat(None, 10): os.write(there, data)
    begin = clock()
    for _ in repeat(None, 10): a.recv(262144)
    spent += clock() - begin
start = clock() - spent
"""

OPERATIONS = [
    Fresh("import", "ns", IMPORT),
    Fresh("memory of a socket", "B", MEMORY.format(each="socket.socket(fileno=fd)")),
    Fresh("memory of a socket and its address", "B", MEMORY.format(each=NAMED)),
    *(
        Child("process", f"recv(262144) of 64 B, {mode}", RECEIVE, LARGE.format(timeout=timeout) + "data = bytes(64)")
        for mode, timeout in {"blocking": None, "timeout": 60}.items()
    ),
]
