"""What is measured: one file for each part of the module, each with a table named OPERATIONS."""

from . import addresses, bulk, calls, connecting, files, importing, messages, names, objects

PARTS = [calls, messages, addresses, bulk, connecting, objects, files, names, importing]
OPERATIONS = [operation for part in PARTS for operation in part.OPERATIONS]
