"""A thread that accepts connections."""

import socket
from contextlib import contextmanager
from threading import Thread


@contextmanager
def accepting(serve):
    """Call `serve` with each connection, one after another, until the block's end; gives the listener's address."""

    def run():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            serve(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=run)
        thread.start()
        try:
            yield listener.getsockname()
        finally:
            # Ends the accept() that waits: Linux does that for a listener.
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
