"""What programs in the network of make.sh share: a name server of their own, and servers on the far side."""

import atexit
import ctypes
import os
import socket
import threading
import time

A, AAAA = 1, 28
CLONE_NEWNET = 0x40000000  # <linux/sched.h>


def answer_names(table, delay=0):
    """Serve {name: addresses} on port 53 (RFC 1035), each answer after so many seconds; None: no answers."""
    server = socket.socket(type=socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    atexit.register(server.close)

    def answer():
        while True:
            query, client = server.recvfrom(512)
            name, end = [], 12
            while length := query[end]:
                name.append(query[end + 1 : end + 1 + length].decode())
                end += 1 + length
            kind = int.from_bytes(query[end + 1 : end + 3], "big")
            packed = [socket.inet_pton(socket.AF_INET6 if ":" in each else socket.AF_INET, each)
                      for each in table.get(".".join(name), ()) if (":" in each) == (kind == AAAA)]  # fmt: skip
            record = b"\xc0\x0c" + query[end + 1 : end + 5] + bytes([0, 0, 0, 60])
            header = query[:2] + b"\x81\x80\x00\x01" + len(packed).to_bytes(2, "big") + bytes(4)
            records = b"".join(record + len(each).to_bytes(2, "big") + each for each in packed)
            time.sleep(delay)  # that is what it is for
            server.sendto(header + query[12 : end + 5] + records, client)

    if delay is not None:
        threading.Thread(target=answer, daemon=True).start()


def far(function):
    """Have the function make a server in the far network namespace; it is closed when the program ends."""
    results = []

    def call():
        with open("/run/netns/far") as there:
            if ctypes.CDLL(None, use_errno=True).setns(there.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        results.append(function())

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    atexit.register(results[0].close)


def tell_of_the_late_address():
    """Where 192.0.2.3 is: what the kernel holds back for it goes out now."""
    os.system("ip neighbour replace 192.0.2.3 lladdr 02:00:00:00:00:02 nud permanent dev near")
