"""Prints the frames that an interface receives and sends: Ethernet, ARP, IPv4, IPv6, TCP and UDP headers.

    python examples/sniffer.py                                what passes on loopback
    python examples/sniffer.py eth0 --count 20                twenty frames of eth0
    python examples/sniffer.py eth0 --promiscuous             those that are meant for others, too

It takes root's rights or CAP_NET_RAW. SIGINT (Ctrl-C) or SIGTERM ends it; the kernel's counts come last.
"""

import argparse
import contextlib
import datetime
import itertools
import signal
import struct
import sys

from berkeley import constants, socket

LARGEST_FRAME = 65535 + 14
TCP_FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"]  # RFC 9293, section 3.1, and RFC 3168


def main():
    for number in signal.SIGINT, signal.SIGTERM:
        signal.signal(number, signal.default_int_handler)  # raises KeyboardInterrupt
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # ends with its reader, as in `sniffer.py | head`
    arguments = command_line()
    try:
        # Bound later, it would first see the frames of every interface; protocol 0 receives nothing.
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
            sock.bind((arguments.interface, socket.ETH_P_ALL))
            if sock.getsockname()[3] not in (constants.ARPHRD_ETHER, constants.ARPHRD_LOOPBACK):
                sys.exit(f"{arguments.interface}: its frames are not Ethernet's")
            with promiscuous(sock, arguments.interface) if arguments.promiscuous else contextlib.nullcontext():
                sniff(sock, arguments)
    except PermissionError:
        sys.exit("this takes root's rights, or CAP_NET_RAW")
    except OSError as error:
        sys.exit(f"{arguments.interface}: {error}")


def command_line():
    parser = argparse.ArgumentParser(description="Prints the headers of the frames on an interface.")
    parser.add_argument("interface", nargs="?", default="lo", help="its name (%(default)s)")
    parser.add_argument("--promiscuous", action="store_true", help="take frames that are meant for others")
    parser.add_argument("--count", type=int, help="end after so many frames")
    return parser.parse_args()


@contextlib.contextmanager
def promiscuous(sock, interface):
    """Let the interface take every frame, for as long as the context lasts."""
    # struct packet_mreq (packet(7)): index, type, length and bytes of a hardware address.
    request = struct.pack("iHH8s", socket.if_nametoindex(interface), constants.PACKET_MR_PROMISC, 0, b"")
    sock.setsockopt(constants.SOL_PACKET, constants.PACKET_ADD_MEMBERSHIP, request)
    try:
        yield
    finally:
        sock.setsockopt(constants.SOL_PACKET, constants.PACKET_DROP_MEMBERSHIP, request)


def sniff(sock, arguments):
    print("listening on", arguments.interface, flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        for _ in itertools.count() if arguments.count is None else range(arguments.count):
            frame, (_, _, packet_type, *_) = sock.recvfrom(LARGEST_FRAME)
            direction = "out" if packet_type == socket.PACKET_OUTGOING else "in"
            print(f"{datetime.datetime.now():%H:%M:%S.%f} {direction:3} {ethernet(frame)}", flush=True)
    received, dropped = struct.unpack("II", sock.getsockopt(constants.SOL_PACKET, constants.PACKET_STATISTICS, 8))
    print(f"{received} frames, {dropped} of them dropped by the kernel")


def ethernet(frame):
    try:
        target, source, kind = struct.unpack_from("!6s6sH", frame)
        inner = NETWORK[kind](frame[14:]) if kind in NETWORK else f"type {kind:#06x}, {len(frame) - 14} bytes"
    except struct.error:
        return f"cut off: {frame.hex()}"
    return f"{source.hex(':')} > {target.hex(':')} {inner}"


def arp(data):
    # RFC 826, for Ethernet and IPv4.
    operation, sender_hardware, sender, _, target = struct.unpack_from("!6xH6s4s6s4s", data)
    sender, target = map(socket.inet_ntoa, (sender, target))
    if operation == 1:
        return f"ARP who has {target}? tell {sender}"
    return f"ARP {sender} is at {sender_hardware.hex(':')}"


def ipv4(data):
    first, length, fragment, ttl, protocol, source, target = struct.unpack_from("!BxH2xHBB2x4s4s", data)
    head = f"IPv4 {socket.inet_ntoa(source)} > {socket.inet_ntoa(target)} ttl {ttl}"
    if fragment & 0x1FFF:
        return f"{head}, fragment at {(fragment & 0x1FFF) * 8}"
    return f"{head}, {transport(protocol, data[(first & 15) * 4 : length or None])}"


def ipv6(data):
    length, protocol, hops, source, target = struct.unpack_from("!4xHBB16s16s", data)
    source, target = (socket.inet_ntop(socket.AF_INET6, address) for address in (source, target))
    # A length of 0 is that of a packet over 65535 bytes, which the kernel has joined or not yet split.
    payload = data[40 : 40 + length if length else None]
    return f"IPv6 {source} > {target} hops {hops}, {transport(protocol, payload)}"


def transport(protocol, data):
    return TRANSPORT[protocol](data) if protocol in TRANSPORT else f"protocol {protocol}, {len(data)} bytes"


def tcp(data):
    source, target, sequence, _, offset, bits, window = struct.unpack_from("!HHIIBBH", data)
    flags = " ".join(name for place, name in enumerate(TCP_FLAGS) if bits >> place & 1)
    return f"TCP {source} > {target} {flags}, seq {sequence}, window {window}, {len(data) - (offset >> 4) * 4} bytes"


def udp(data):
    source, target, length = struct.unpack_from("!HHH2x", data)
    return f"UDP {source} > {target}, {length - 8} bytes"


NETWORK = {constants.ETH_P_ARP: arp, constants.ETH_P_IP: ipv4, constants.ETH_P_IPV6: ipv6}
TRANSPORT = {socket.IPPROTO_TCP: tcp, socket.IPPROTO_UDP: udp}

if __name__ == "__main__":
    main()
