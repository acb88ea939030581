"""The DNS server of examples/, asked by dnspython's messages over real sockets."""

import os
import random
import re
import signal
import struct

import dns.flags
import dns.message
import dns.rcode
import pytest
from said import ended, listening

from berkeley import socket

ZONE = """
$ORIGIN zone.test.
$TTL 600
@         SOA    ns hostmaster 1 2 3 4 60
@         NS     ns
ns        A      192.0.2.1
www       A      192.0.2.2
www       A      192.0.2.3
alias     CNAME  www
chain     CNAME  alias
circle    CNAME  round
round     CNAME  circle
away      CNAME  www.example.org.
nowhere   CNAME  none
a.b.deep  TXT    "deep"
*.wild    A      192.0.2.4
*.wild    MX     5 www
here.wild TXT    "here"
sub       NS     ns.sub
sub       NS     ns.example.org.
ns.sub    AAAA   2001:db8::1
large     TXT    "{0}" "{0}" "{0}"
larger    TXT    "{0}" "{0}" "{0}" "{0}" "{0}"
""".format("x" * 250)
# Servers of a part, of which only the names fit into 512 bytes.
ZONE += "".join(f"crowd NS ns{number}.crowd\nns{number}.crowd AAAA 2001:db8::{number}\n" for number in range(12))
SOA = ["zone.test. 60 IN SOA ns.zone.test. hostmaster.zone.test. 1 2 3 4 60"]
REFERRAL = ["sub.zone.test. 600 IN NS ns.example.org.", "sub.zone.test. 600 IN NS ns.sub.zone.test."]
WWW = ["www.zone.test. 600 IN A 192.0.2.2", "www.zone.test. 600 IN A 192.0.2.3"]
ALIAS = ["alias.zone.test. 600 IN CNAME www.zone.test."]
AA = dns.flags.AA


@pytest.fixture
def server(example, tmp_path):
    """Where a server of the zone listens, at each address of IPv4 and, where there is, IPv6."""
    (tmp_path / "zone").write_text(ZONE)
    with example("dns_server.py", "--zone", tmp_path / "zone", "--host=") as process:
        yield listening(process)
        assert re.fullmatch(r"queries answered: \d+\n", ended(process))


def exchange(address, *datagrams):
    """The first thing that is said to these."""
    with socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        sock.connect(address)
        for data in datagrams:
            sock.send(data)
        return sock.recv(65535)


def ask(server, name, kind="A", host="127.0.0.1", **options):
    """The answer, and its size."""
    query = dns.message.make_query(name, kind, **options)
    wire = exchange((host, server[1]), query.to_wire())
    answer = dns.message.from_wire(wire)
    assert query.is_response(answer)
    assert not answer.flags & dns.flags.RA
    return answer, len(wire)


def records(section):
    return sorted(line for rrset in section for line in rrset.to_text().split("\n"))


@pytest.mark.parametrize(
    ("name", "kind", "rcode", "answer", "authority"),
    [
        ("www", "A", "NOERROR", WWW, []),
        ("wWw", "A", "NOERROR", [line.replace("www", "wWw") for line in WWW], []),
        ("www", "AAAA", "NOERROR", [], SOA),
        ("none", "A", "NXDOMAIN", [], SOA),
        ("below.www", "A", "NXDOMAIN", [], SOA),
        ("deep", "TXT", "NOERROR", [], SOA),
        ("b.deep", "TXT", "NOERROR", [], SOA),
        ("a.b.deep", "ANY", "NOERROR", ['a.b.deep.zone.test. 600 IN TXT "deep"'], []),
        ("alias", "A", "NOERROR", ALIAS + WWW, []),
        ("alias", "MX", "NOERROR", ALIAS, SOA),
        ("alias", "CNAME", "NOERROR", ALIAS, []),
        ("chain", "A", "NOERROR", [*ALIAS, "chain.zone.test. 600 IN CNAME alias.zone.test.", *WWW], []),
        ("away", "A", "NOERROR", ["away.zone.test. 600 IN CNAME www.example.org."], []),
        ("nowhere", "A", "NXDOMAIN", ["nowhere.zone.test. 600 IN CNAME none.zone.test."], SOA),
        ("any.wild", "A", "NOERROR", ["any.wild.zone.test. 600 IN A 192.0.2.4"], []),
        ("any.other.wild", "A", "NOERROR", ["any.other.wild.zone.test. 600 IN A 192.0.2.4"], []),
        ("any.wild", "TXT", "NOERROR", [], SOA),
        ("here.wild", "A", "NOERROR", [], SOA),
        ("any.here.wild", "A", "NXDOMAIN", [], SOA),
        ("sub", "DS", "NOERROR", [], SOA),
    ],
)
def test_dns_answers(server, name, kind, rcode, answer, authority):
    said, _ = ask(server, f"{name}.zone.test.", kind)
    assert (dns.rcode.to_text(said.rcode()), records(said.answer)) == (rcode, sorted(answer))
    assert (records(said.authority), records(said.additional)) == (authority, [])
    assert said.flags & AA


def test_dns_circle_of_aliases(server):
    said, _ = ask(server, "circle.zone.test.")
    assert [rrset.name.labels[0] for rrset in said.answer] == [b"circle", b"round"]


@pytest.mark.parametrize(("name", "kind"), [("sub", "NS"), ("www.sub", "A"), ("ns.sub", "AAAA"), ("x.sub", "DS")])
def test_dns_referral(server, name, kind):
    said, _ = ask(server, f"{name}.zone.test.", kind)
    assert (said.rcode(), said.answer, records(said.authority)) == (dns.rcode.NOERROR, [], REFERRAL)
    assert records(said.additional) == ["ns.sub.zone.test. 600 IN AAAA 2001:db8::1"]
    assert not said.flags & AA


@pytest.mark.parametrize(
    ("name", "kind", "class_"), [("example.org.", "A", "IN"), ("test.", "NS", "IN"), ("www.zone.test.", "A", "CH"),
                                 ("zone.test.", "AXFR", "IN"), (".", "NS", "IN")]
)  # fmt: skip
def test_dns_refuses(server, name, kind, class_):
    said, _ = ask(server, name, kind, rdclass=class_)
    assert (said.rcode(), said.answer, said.authority) == (dns.rcode.REFUSED, [], [])
    assert not said.flags & AA


@pytest.mark.parametrize(
    ("name", "options", "whole"),
    [
        ("large", {}, False),
        ("large", {"use_edns": 0, "payload": 100}, False),
        ("large", {"use_edns": 0, "payload": 900}, True),
        ("larger", {"use_edns": 0, "payload": 900}, False),
        ("larger", {"use_edns": 0, "payload": 65535}, False),
    ],
)
def test_dns_sizes(server, name, options, whole):
    """An answer is cut to what the client takes: 512 bytes where it does not say, 1232 at the very most."""
    said, size = ask(server, f"{name}.zone.test.", "TXT", **options)
    assert (bool(said.flags & dns.flags.TC), len(said.answer)) == (not whole, whole)
    assert size <= min(max(options.get("payload", 0), 512), 1232)
    assert said.edns == (0 if options else -1)
    assert said.payload == (1232 if options else 0)


@pytest.mark.parametrize(("options", "count"), [({}, 0), ({"use_edns": 0, "payload": 1232}, 12)])
def test_dns_referral_that_is_large(server, options, count):
    """One without the addresses would lead nowhere."""
    said, _ = ask(server, "www.crowd.zone.test.", **options)
    assert (len(records(said.authority)), len(records(said.additional))) == (count, count)
    assert bool(said.flags & dns.flags.TC) == (count == 0)


def test_dns_edns_of_the_future(server):
    said, _ = ask(server, "www.zone.test.", use_edns=1)
    assert (said.rcode(), said.edns, said.answer) == (dns.rcode.BADVERS, 0, [])


@pytest.mark.parametrize(
    ("change", "rcode"),
    [
        (lambda wire: wire[:20], dns.rcode.FORMERR),
        (lambda wire: wire + b"more", dns.rcode.FORMERR),
        (lambda wire: wire[:4] + bytes(2) + wire[6:12], dns.rcode.FORMERR),  # no question
        (lambda wire: wire[:4] + b"\0\2" + wire[6:] + wire[12:], dns.rcode.FORMERR),  # two
        (lambda wire: wire[:12] + b"\xc0\x0c" + wire[-4:], dns.rcode.FORMERR),  # a name that is itself
        (lambda wire: wire + bytes(2000), dns.rcode.FORMERR),
        (lambda wire: wire[:2] + b"\x20" + wire[3:], dns.rcode.NOTIMP),  # NOTIFY
        (lambda wire: wire[:2] + b"\x28" + wire[3:], dns.rcode.NOTIMP),  # UPDATE
    ],
)
def test_dns_nonsense(server, change, rcode):
    query = dns.message.make_query("www.zone.test.", "A")
    wire = change(query.to_wire())
    answer = exchange(("127.0.0.1", server[1]), wire)
    assert (answer[:2], answer[3] & 15, answer[4:]) == (wire[:2], rcode, bytes(8))
    assert answer[2] == 0x80 | wire[2] & 0x79


def test_dns_ignores_what_is_no_query(server):
    query = dns.message.make_query("www.zone.test.", "A").to_wire()
    ignored = [b"", b"x", query[:11], b"no" + bytes([query[2] | 0x80]) + query[3:]]
    assert exchange(("127.0.0.1", server[1]), *ignored, query)[:2] == query[:2]


def test_dns_answers_noise(server):
    noise, query = random.Random(15), dns.message.make_query("www.zone.test.", "A", use_edns=0).to_wire()
    for _ in range(2000):
        changed = bytearray(query)
        for _ in range(noise.randint(1, 4)):
            changed[noise.randrange(3, len(changed))] = noise.randrange(256)
        answer = exchange(("127.0.0.1", server[1]), changed)
        assert answer[:2] == query[:2]
        assert answer[2] & 0x80


def test_dns_addresses(server):
    """A server at all addresses answers from the one that was asked: the client hears no other."""
    hosts = ["127.0.0.1", "127.0.0.2", *(["::1"] if socket.has_dualstack_ipv6() else [])]
    for host in hosts:
        said, _ = ask(server, "www.zone.test.", host=host)
        assert records(said.answer) == WWW


def test_dns_many_at_once(example):
    """Of the zone that the program has itself: more than a batch, while it does not run."""
    with example("dns_server.py") as process, socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        sock.connect(listening(process))
        process.send_signal(signal.SIGSTOP)
        for number in range(150):
            sock.send(dns.message.make_query(f"user{number}.users.example.", "A", id=number).to_wire())
        process.send_signal(signal.SIGCONT)
        answers = [dns.message.from_wire(sock.recv(1232)) for _ in range(150)]
        assert sorted(answer.id for answer in answers) == [*range(150)]
        assert {answer.answer[0][0].address for answer in answers} == {"192.0.2.81"}
        assert ended(process, signal.SIGINT) == "queries answered: 150\n"


def test_dns_whom_nothing_can_be_sent_to(example):
    """The others in the batch have their answers all the same."""
    query = dns.message.make_query("www.example.", "A").to_wire()
    says = r"127\.0\.0\.1: .*Invalid argument\n"
    with (
        raw_socket() as nobody,
        socket.socket(type=socket.SOCK_DGRAM) as sock,
        example("dns_server.py", says=says) as process,
    ):
        address = listening(process)
        sock.settimeout(10)
        sock.connect(address)
        process.send_signal(signal.SIGSTOP)
        sock.send(query)
        nobody.sendto(struct.pack("!HHHH", 0, address[1], 8 + len(query), 0) + query, address)  # from port 0
        sock.send(query)
        process.send_signal(signal.SIGCONT)
        assert sock.recv(512) == sock.recv(512)
        assert ended(process) == "queries answered: 3\n"


def raw_socket():
    try:
        return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
    except PermissionError:
        return pytest.skip("a raw socket takes root's rights")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, ".*zone: .*No such file.*\n"),
        ("www A", ".*zone: .*origin.*\n"),
        ("", ".*zone: there is no SOA record at the zone's origin\n"),
        ("$ORIGIN x.\n@ 60 NS y.\n", ".*zone: there is no SOA record at the zone's origin\n"),
        ("$ORIGIN x.\n@ 60 A nonsense\n", r"\S+zone: line:\d: .*\n"),
    ],
)
def test_dns_without_a_zone(example, tmp_path, text, says):
    if text is not None:
        (tmp_path / "zone").write_text(text)
    with example("dns_server.py", "--zone", tmp_path / "zone", status=1, says=says) as process:
        assert process.stdout.read() == ""


def test_dns_without_dnspython(example, monkeypatch, tmp_path):
    (tmp_path / "dns.py").write_text("raise ImportError\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    with example("dns_server.py", status=1, says="this takes dnspython: .*\n") as process:
        assert process.stdout.read() == ""
