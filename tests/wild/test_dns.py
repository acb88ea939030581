import asyncio
import errno
import socket
from threading import Thread

import dns.asyncbackend
import dns.asyncquery
import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rdatatype
import dns.resolver
import dns.rrset
import pytest
import trio
from accepting import accepting

pytestmark = pytest.mark.tried("dns")
TEXTS = [f'"{number:0200}"' for number in range(20)]


def answered(wire, most):
    """The answer to a query: two addresses, or texts, which are cut where they have no room."""
    query = dns.message.from_wire(wire)
    response = dns.message.make_response(query)
    [question] = query.question
    values = TEXTS if question.rdtype == dns.rdatatype.TXT else ["192.0.2.1", "192.0.2.2"]
    response.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", question.rdtype, values))
    try:
        return response.to_wire(max_size=most)
    except dns.exception.TooBig:
        response.answer.clear()
        response.flags |= dns.flags.TC
        return response.to_wire()


def answer_datagrams(sock):
    while wire := (message := sock.recvfrom(65535))[0]:
        # That one gets no answer.
        if b"\x06silent" not in wire:
            sock.sendto(answered(wire, 512), message[1])


def answer_connection(connection):
    with connection, connection.makefile("rwb") as stream:
        while length := int.from_bytes(stream.read(2), "big"):
            response = answered(stream.read(length), 65535)
            stream.write(len(response).to_bytes(2, "big") + response)
            stream.flush()


@pytest.fixture
def port():
    """That of a name server on 127.0.0.1, over UDP and TCP."""
    listener, datagrams = bound()
    address = listener.getsockname()
    with accepting(listener, answer_connection), datagrams:
        thread = Thread(target=answer_datagrams, args=(datagrams,))
        thread.start()
        try:
            yield address[1]
        finally:
            with socket.socket(type=socket.SOCK_DGRAM) as end:
                end.sendto(b"", address)
            thread.join()


def bound():
    """A listener, and a socket for datagrams, of one port of 127.0.0.1: the first that is free for both."""
    while True:
        listener, datagrams = socket.create_server(("127.0.0.1", 0)), socket.socket(type=socket.SOCK_DGRAM)
        try:
            datagrams.bind(listener.getsockname())
        except OSError as error:
            listener.close()
            datagrams.close()
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return listener, datagrams


def resolver_of(kind, port):
    resolver = kind(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = port
    return resolver


def texts(answer):
    return sorted(text.to_text() for text in answer)


def test_resolver(port):
    """A resolver: addresses by UDP; what is cut there, by TCP; a name server that does not answer in time."""
    resolver = resolver_of(dns.resolver.Resolver, port)
    assert texts(resolver.resolve("wild.example", "A")) == ["192.0.2.1", "192.0.2.2"]
    assert texts(resolver.resolve("wild.example", "TXT")) == TEXTS
    with pytest.raises(dns.resolver.LifetimeTimeout):
        resolver.resolve("silent.example", "A", lifetime=0.1)


def test_queries(port):
    """Queries by UDP, by TCP over one connection, by UDP and then TCP."""
    query = dns.message.make_query("wild.example", "TXT")
    assert dns.query.udp(query, "127.0.0.1", port=port, timeout=20).flags & dns.flags.TC
    with socket.create_connection(("127.0.0.1", port)) as sock:
        for _ in range(10):
            assert texts(dns.query.tcp(query, "127.0.0.1", sock=sock, timeout=20).answer[0]) == TEXTS
    response, by_tcp = dns.query.udp_with_fallback(query, "127.0.0.1", port=port, timeout=20)
    assert by_tcp
    assert texts(response.answer[0]) == TEXTS


@pytest.mark.tried("dns", "trio")
def test_asynchronous(port):
    """With asyncio and with trio: a resolver, as above; a timeout that expires."""

    async def ask(library):
        backend = dns.asyncbackend.get_backend(library)
        resolver = resolver_of(dns.asyncresolver.Resolver, port)
        assert texts(await resolver.resolve("wild.example", "A", backend=backend)) == ["192.0.2.1", "192.0.2.2"]
        assert texts(await resolver.resolve("wild.example", "TXT", backend=backend)) == TEXTS
        silent = dns.message.make_query("silent.example", "A")
        with pytest.raises(dns.exception.Timeout):
            await dns.asyncquery.udp(silent, "127.0.0.1", port=port, timeout=0.1, backend=backend)

    asyncio.run(ask("asyncio"))
    trio.run(ask, "trio")
