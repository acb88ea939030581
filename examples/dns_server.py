"""Answers DNS queries over UDP for one zone, as its authority (RFC 1034, 1035): dnspython has the messages.

    python examples/dns_server.py --port 5300                       the zone `example`, of which this file has the text
    python examples/dns_server.py --port 5300 --zone my.zone --origin my.example
    dig @127.0.0.1 -p 5300 www.example A

Queries are taken and answered in batches, each from the address that it was sent to. It follows aliases within the
zone, knows wildcards (RFC 4592), and refers to those to whom a part of the zone is delegated. Of an answer that does
not fit, it says so alone (TC): dig would ask again by TCP, which is not served here, nor are transfers, updates and
DNSSEC. SIGINT (Ctrl-C) or SIGTERM ends it.
"""

import argparse
import functools
import signal
import sys

import berkeley
from berkeley import socket

try:
    import dns.exception
    import dns.flags
    import dns.message
    import dns.name
    import dns.opcode
    import dns.rcode
    import dns.rdataclass
    import dns.rdatatype
    import dns.rrset
    import dns.zone
except ImportError:
    sys.exit("this takes dnspython: python -m pip install dnspython")

ZONE = """
$TTL 3600
@        SOA    ns hostmaster 1 7200 900 1209600 300
@        NS     ns
@        MX     10 mail
ns       A      192.0.2.53
ns       AAAA   2001:db8::53
www      A      192.0.2.80
www      AAAA   2001:db8::80
mail     A      192.0.2.25
web      CNAME  www
*.users  A      192.0.2.81
sub      NS     ns.sub
ns.sub   A      192.0.2.54
"""
BATCH = 64
SMALLEST, LARGEST = 512, 1232  # RFC 1035; and of EDNS, what no network cuts into fragments (RFC 9715)
KEPT = 4096
HEADER = 12


def main():
    for number in signal.SIGINT, signal.SIGTERM:
        signal.signal(number, signal.default_int_handler)  # raises KeyboardInterrupt
    arguments = command_line()
    authority = Authority(read_zone(arguments.zone, arguments.origin))
    try:
        with listening(arguments.host, arguments.port) as sock:
            print("listening on", *sock.getsockname()[:2], flush=True)
            serve(sock, authority)
    except KeyboardInterrupt:
        print("queries answered:", authority.answered)
    except OSError as error:
        sys.exit(f"{arguments.host} port {arguments.port}: {error}")


def command_line():
    parser = argparse.ArgumentParser(description="Answers DNS queries over UDP for one zone.")
    host = "address or name to listen at, '' for every address of IPv4 and IPv6 (%(default)s)"
    parser.add_argument("--host", default="127.0.0.1", help=host)
    parser.add_argument("--port", type=int, default=0, help="the kernel chooses one if it is 0 (%(default)s)")
    parser.add_argument("--zone", help="a zone file (RFC 1035); without one, the zone `example`")
    parser.add_argument("--origin", help="the file's zone (what $ORIGIN in it says first)")
    return parser.parse_args()


def read_zone(path, origin):
    if path is None:
        return dns.zone.from_text(ZONE, "example.", relativize=False)
    try:
        zone = dns.zone.from_file(path, origin, relativize=False, filename="line", check_origin=False)
    except (OSError, ValueError, dns.exception.DNSException) as error:
        sys.exit(f"{path}: {error or type(error).__name__}")
    if zone.origin is None or zone.get_rdataset(zone.origin, "SOA") is None:
        sys.exit(f"{path}: there is no SOA record at the zone's origin")
    return zone


def listening(host, port):
    if not host and socket.has_dualstack_ipv6():
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        address = (host, port)
    else:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        sock = socket.socket(family, kind, protocol)
    try:
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


def serve(sock, authority):
    room = sock.set_datagram_info(True)
    batch = berkeley.DatagramBatch(BATCH, LARGEST, ancbufsize=room)
    while True:
        sock.recvmmsg_into(batch)
        answered = []
        for slot in batch:
            if answer := authority.reply(bytes(slot)):
                # A client takes an answer from nobody but whom it has asked.
                slot.ancdata = berkeley.DatagramInfo(local_address=slot.info.local_address)
                slot.data = answer
                answered.append(slot)
        while answered:
            try:
                answered = answered[sock.sendmmsg(answered) :]
            except OSError as error:  # of the first: its sender's port was 0, or the firewall is against it
                print(f"{answered[0].address[0]}: {error}", file=sys.stderr)
                del answered[0]


class Authority:
    """What the zone says to a query."""

    def __init__(self, zone):
        self.zone = zone
        self.answered = 0
        # The zone does not change: who asks the same, but for the query's number, is told the same.
        self.kept = functools.lru_cache(KEPT)(self.answer)
        # The names that exist: those between the origin and one with records do too (RFC 4592, 2.2.2).
        self.names = {zone.origin}
        for name in zone.nodes:
            while name not in self.names:
                self.names.add(name)
                name = name.parent()

    def reply(self, wire):
        """The answer to a datagram, bytes; None for what is no query: two servers would go on for ever."""
        if len(wire) < HEADER or wire[2] & 0x80:
            return None
        self.answered += 1
        return wire[:2] + self.kept(wire[2:])

    def answer(self, wire):
        """The answer without the number, to a query without it."""
        opcode = wire[0] >> 3 & 15
        if opcode != dns.opcode.QUERY:
            return refusal(wire, dns.rcode.NOTIMP)
        try:
            query = dns.message.from_wire(bytes(2) + wire)
        except dns.exception.DNSException:
            return refusal(wire, dns.rcode.FORMERR)
        if len(query.question) != 1:
            return refusal(wire, dns.rcode.FORMERR)
        response = dns.message.make_response(query, our_payload=LARGEST, pad=0)
        if query.edns > 0:
            response.set_rcode(dns.rcode.BADVERS)
        else:
            self.fill(response, query.question[0])
        most = min(max(query.payload, SMALLEST), LARGEST) if query.edns >= 0 else SMALLEST
        try:
            return response.to_wire(max_size=most)[2:]
        except dns.exception.TooBig:  # all of it is needed: of what is additional, there is glue alone (RFC 9471)
            response.answer, response.authority, response.additional = [], [], []
            response.flags |= dns.flags.TC
            return response.to_wire()[2:]

    def fill(self, response, question):
        name, kind = question.name, question.rdtype
        known = question.rdclass == self.zone.rdclass and name.is_subdomain(self.zone.origin)
        if not known or (dns.rdatatype.is_metatype(kind) and kind != dns.rdatatype.ANY):
            response.set_rcode(dns.rcode.REFUSED)
            return
        followed = set()  # aliases can lead in a circle, or out of the zone
        while name not in followed and name.is_subdomain(self.zone.origin):
            followed.add(name)
            if cut := self.cut(name, kind):
                self.refer(response, cut)
                return
            response.flags |= dns.flags.AA
            node = self.node(name)
            if node is None and name not in self.names:
                response.set_rcode(dns.rcode.NXDOMAIN)  # of the last alias (RFC 6604)
            found = [rdataset for rdataset in node or () if kind in (rdataset.rdtype, dns.rdatatype.ANY)]
            alias = node and node.get_rdataset(self.zone.rdclass, dns.rdatatype.CNAME)
            response.answer += [rrset(name, rdataset) for rdataset in found or filter(None, [alias])]
            if found:
                return
            if not alias:
                response.authority.append(self.negative())
                return
            name = alias[0].target

    def cut(self, name, kind):
        """Where the zone ends on the way to the name, or None. DS belongs to the parent (RFC 4035, 3.1.4.1)."""
        first, last = len(self.zone.origin) + 1, len(name) - (kind == dns.rdatatype.DS)
        for depth in range(first, last + 1):
            _, ancestor = name.split(depth)
            if self.zone.get_rdataset(ancestor, dns.rdatatype.NS):
                return ancestor
        return None

    def refer(self, response, cut):
        servers = self.zone.get_rdataset(cut, dns.rdatatype.NS)
        response.authority.append(rrset(cut, servers))
        for server in servers:
            # Who is outside of the zone has no address here.
            for rdataset in self.zone.nodes.get(server.target, ()):
                if rdataset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
                    response.additional.append(rrset(server.target, rdataset))

    def node(self, name):
        """The records of the name, or of the wildcard that stands for it (RFC 4592), or None."""
        if name in self.names:
            return self.zone.get_node(name)
        while name not in self.names:
            name = name.parent()
        return self.zone.get_node(dns.name.from_text("*", name))

    def negative(self):
        """The SOA record, which says for how long nothing is there (RFC 2308, 3)."""
        soa = self.zone.get_rdataset(self.zone.origin, dns.rdatatype.SOA)
        return dns.rrset.from_rdata_list(self.zone.origin, min(soa.ttl, soa[0].minimum), soa)


def rrset(name, rdataset):
    return dns.rrset.from_rdata_list(name, rdataset.ttl, rdataset)


def refusal(wire, rcode):
    """The header alone, with the opcode and RD of the query (both without their number): RFC 1035, 4.1.1."""
    return bytes([0x80 | wire[0] & 0x79, rcode]) + bytes(HEADER - 4)


if __name__ == "__main__":
    main()
