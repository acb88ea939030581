"""A thread that accepts connections."""

import errno
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def accepting(listener, serve):
    """Call `serve` with each connection, one after another, until the block's end, where its exception is raised."""

    def run():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError as error:
                if error.errno == errno.EINVAL:
                    return
                raise
            serve(connection)

    with listener, ThreadPoolExecutor(1) as threads:
        accepted = threads.submit(run)
        try:
            yield
        finally:
            # Ends the accept() that waits, with EINVAL: Linux does that for a listener.
            listener.shutdown(socket.SHUT_RDWR)
            accepted.result()
