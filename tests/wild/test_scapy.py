import logging
import socket

import pytest
from scapy.arch.linux import L2Socket
from scapy.layers.inet import ICMP, IP, UDP
from scapy.supersocket import L3RawSocket

pytestmark = pytest.mark.tried("scapy")
logging.getLogger("scapy").setLevel(logging.ERROR)


def test_packets(network):
    """Raw and packet sockets, in a network namespace: an echo request answered, a datagram made, and seen."""
    with (
        L3RawSocket(iface="lo") as raw,
        L2Socket(iface="lo", promisc=False) as packets,
        socket.socket(type=socket.SOCK_DGRAM) as sock,
    ):
        assert isinstance(packets.ins, socket.socket)
        answer = raw.sr1(IP(dst="127.0.0.1") / ICMP(id=7, seq=1) / b"payload", timeout=20, verbose=0)
        assert answer[ICMP].type == 0
        assert bytes(answer[ICMP].payload) == b"payload"
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(20)
        raw.send(IP(dst="127.0.0.1") / UDP(dport=sock.getsockname()[1]) / b"datagram")
        assert sock.recv(100) == b"datagram"
        seen = packets.sniff(stop_filter=lambda packet: UDP in packet, timeout=20)
        assert bytes(seen[-1][UDP].payload) == b"datagram"
