"""What fills a socket until it blocks, and what empties it."""


def fill(send):
    """Send bytes of no meaning until a non-blocking socket takes no more: how many went."""
    total = 0
    for size in (65536, 4096, 1):
        try:
            while True:
                total += send(b"-" * size)
        except BlockingIOError:
            pass
    return total


def take(sock, size):
    """So many bytes from a stream, or all up to its end."""
    data = bytearray()
    while len(data) < size and (part := sock.recv(min(size - len(data), 65536))):
        data += part
    return bytes(data)
