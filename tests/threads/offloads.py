"""UDP: datagrams that the kernel cuts, joins and tells of, errors that come back, sockets that are replaced."""

from contextlib import ExitStack
from errno import EAGAIN, EBADF, ECANCELED, ECONNREFUSED, EINVAL, EMSGSIZE, ENOBUFS
from itertools import count
from threading import Lock

from crew import TIMED_OUT, attempt

from berkeley import DatagramBatch, DatagramInfo, constants, socket

SEGMENT = 504
LARGEST = 65535
ANY = ("127.0.0.1", 0)
# A socket that another thread replaces; EINVAL as long as it is told to send no checksums.
ENDS = {EAGAIN, TIMED_OUT, EBADF, ECANCELED, ENOBUFS}
REFUSED = {*ENDS, EINVAL, EMSGSIZE}
INFOS = [
    DatagramInfo(),
    DatagramInfo(ecn=1, ttl=9),
    DatagramInfo(local_address="127.0.0.1"),
    DatagramInfo(segment_size=SEGMENT),
]


def segments(numbers, many):
    """So many datagrams, each of one number, again and again."""
    return b"".join(b"%08d" % next(numbers) * (SEGMENT // 8) for _ in range(many))


def checked(part):
    """It is one of them; or some, joined when that was still wanted, and read when it was not any more."""
    part = bytes(part)
    assert len(part) % SEGMENT == 0 < len(part)
    for start in range(0, len(part), SEGMENT):
        one = part[start : start + SEGMENT]
        assert one == one[:8] * (SEGMENT // 8)
    return len(part) // SEGMENT


def offloads(crew, _):
    """Three threads send, two receive, one replaces the senders, one switches all that there is, one reads errors."""
    with ExitStack() as closing:
        there, lost, taken = (closing.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(3))
        for sock in (there, taken):
            sock.bind(ANY)
        taken.connect(("127.0.0.1", 9))  # nobody else reaches it, and nobody else can be there
        there.settimeout(0.002)
        room = there.set_datagram_info(True)
        lost.set_error_queue(True)
        to, nobody = there.getsockname(), taken.getsockname()
        numbers = count()
        found = {way: [] for way in ("sent", "sent otherwise", "in batches", "in lists", "errors")}

        def opened():
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.settimeout(0.002)
            return sock

        here, exchanging = [opened()], Lock()

        def sender():
            with exchanging:
                return here[0]

        def cut(random):
            many = random.randrange(1, 130)
            sent = attempt(REFUSED, sender().send_segments, segments(numbers, many), SEGMENT, to) or 0
            assert sent % SEGMENT == 0
            found["sent"].append(sent // SEGMENT)

        def send(random):
            rows = [(segments(numbers, 1), random.choice(INFOS), to) for _ in range(random.randrange(1, 9))]
            found["sent otherwise"].append(attempt(REFUSED, sender().sendmmsg, rows) or 0)

        batch = DatagramBatch(4, LARGEST, ancbufsize=room)

        def receive_batch(random):
            if attempt(ENDS, there.recvmmsg_into, batch):
                for slot in batch:
                    assert slot.flags == 0
                    assert slot.info.truncated is False
                    found["in batches"].append(sum(map(checked, slot.segments())))

        def receive_list(random):
            for data, ancdata, flags, _ in attempt(ENDS, there.recvmmsg, 4, LARGEST, room) or ():
                assert DatagramInfo.of(ancdata, flags).segment_size in (None, SEGMENT)
                found["in lists"].append(checked(data))

        def replace(random):
            new = opened()
            new.setsockopt(socket.SOL_SOCKET, constants.SO_NO_CHECK, random.random() < 0.2)
            with exchanging:
                old, here[0] = here[0], new
            assert old.segments_in_kernel() in (True, False)
            old.close()
            switch(random)

        def switch(random):
            there.set_coalescing(random.random() < 0.5)
            there.set_datagram_info(random.random() < 0.8)
            assert sender().segments_in_kernel() in (True, False)

        def errors(random):
            attempt({ECONNREFUSED}, lost.sendmmsg, [(b"anybody?", random.choice(INFOS[:3]), nobody)] * 3)
            for error in lost.recv_errors():
                assert (error.errno, error.data, error.destination) == (ECONNREFUSED, b"anybody?", nobody)
                found["errors"].append(1)

        both = [lambda random: (errors(random), cut(random)), lambda random: (errors(random), switch(random))]

        def until_all_was_seen(work):
            def job(random):
                while crew.going() or not all(map(any, found.values())):
                    work(random)

            return job

        crew.work(*map(until_all_was_seen, [cut, send, receive_batch, receive_list, replace, *both, errors]))
        here[0].close()
        sent, otherwise, *received, _ = (sum(counts) for counts in found.values())
        assert sum(received) <= sent + otherwise
