"""The program's own lists, which other threads change while a call reads them."""

import errno
import os
import struct
from contextlib import ExitStack
from ctypes import create_string_buffer

from crew import NOT_NOW, attempt

from berkeley import socket

LONGEST = 6
ROOM = socket.CMSG_SPACE(4) * LONGEST
# A receiver that is full; too many descriptors on their way (unix(7)).
REFUSED = {*NOT_NOW, errno.ENOBUFS, errno.ETOOMANYREFS}


def lists(crew, _):
    """Three threads change what three others send, and what one receives into."""
    with ExitStack() as closing:
        pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        near, far = (closing.enter_context(sock) for sock in pair)
        near.setblocking(False)
        far.settimeout(0.001)

        def message():
            return [socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", near.fileno())]

        outgoing, targets, fds, ancillary, item = [b"first"], [bytearray(10)], [0], [], message()

        # Each is new, so that one which a call reads and nobody holds is gone. (Several threads read these at once: a
        # bytearray and an array count their views, and count wrong in 3.13 without the interpreter lock.)
        def change_buffers(random):
            change(random, outgoing, lambda: random.choice([bytes, create_string_buffer])(random.randrange(1, 2000)))
            change(random, targets, lambda: bytearray(random.randrange(1, 2000)))

        def change_messages(random):
            change(random, ancillary, lambda: random.choice([message(), tuple(message()), item]))
            change(random, fds, lambda: random.choice([near, far]).fileno())
            item[2] = message()[2]

        def send(random):
            attempt(REFUSED, near.sendmsg, outgoing, ancillary)
            attempt(REFUSED, near.sendmsg, outgoing, ancillary[:1])
            if random.random() < 0.3:
                attempt(REFUSED, socket.send_fds, near, outgoing, fds)

        def receive_into(_):
            # One thread alone: what two receive into the same memory is a mixture.
            received = attempt(NOT_NOW, far.recvmsg_into, targets, ROOM, socket.MSG_CMSG_CLOEXEC)
            close_rights(received)

        def receive(random):
            if random.random() < 0.5:
                close_rights(attempt(NOT_NOW, far.recvmsg, 4000, ROOM, socket.MSG_CMSG_CLOEXEC))
            elif received := attempt(NOT_NOW, socket.recv_fds, far, 4000, LONGEST):
                close_all(received[1])

        changing = [change_buffers, change_messages, change_buffers]
        crew.work(*map(crew.again, [*changing, send, send, send, receive, receive_into]))
        # What nobody received is closed with the sockets.


def change(random, items, make):
    """In place, and never to nothing but for a moment."""
    way = random.randrange(5)
    if way == 0 and len(items) < LONGEST:
        items.append(make())
    elif way == 1:
        items[:] = [make()]
    elif way == 2:
        items[:] = [make() for _ in range(random.randrange(LONGEST))]
    elif way == 3:
        items.clear()
    else:
        items.reverse()


def close_rights(received):
    """Close the descriptors in what recvmsg() gave, or in None."""
    for _, _, data in received[1] if received else ():
        close_all(struct.unpack(f"{len(data) // 4}i", data))


def close_all(fds):
    for fd in fds:
        os.close(fd)
