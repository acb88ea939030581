"""What is measured: one file for each part of the module, each with a table named OPERATIONS."""

from . import addresses, between, bulk, calls, connecting, datagrams, files, messages, names, objects, process, programs

PARTS = [calls, messages, addresses, datagrams, bulk, between, connecting, objects, files, names, programs, process]
OPERATIONS = [operation for part in PARTS for operation in part.OPERATIONS]
