"""Each way to send and to receive, and connected sockets to do it with."""

from berkeley import socket

LARGEST = 20000


def unix():
    return socket.socketpair()


def packets():
    """Sockets whose messages keep their bounds, and are not lost."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def tcp():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        return client, listener.accept()[0]


# --- what tells how much of the data went


def send_view(sock, data):
    return sock.send(memoryview(data))


def send_parts(sock, data):
    middle = len(data) // 3
    return sock.sendmsg([data[:middle], bytearray(data[middle:])])


SENDS = [socket.socket.send, send_view, send_parts]

# --- and what sends all of it, or fails


def write(sock, data):
    with sock.makefile("wb") as file:
        file.write(data)


SEND_ALLS = [socket.socket.sendall, write]

# --- what gives bytes


def recvfrom(sock, size):
    return sock.recvfrom(size)[0]


def recvmsg(sock, size):
    return sock.recvmsg(size)[0]


def recv_into(sock, size):
    buffer = bytearray(size)
    return bytes(buffer[: sock.recv_into(buffer)])


def recvfrom_into(sock, size):
    buffer = bytearray(size)
    return bytes(buffer[: sock.recvfrom_into(buffer)[0]])


def recvmsg_into(sock, size):
    parts = [bytearray(size // 2), bytearray(size - size // 2)]
    count = sock.recvmsg_into(parts)[0]
    return b"".join(parts)[:count]


RECEIVES = [socket.socket.recv, recvfrom, recvmsg, recv_into, recvfrom_into, recvmsg_into]
