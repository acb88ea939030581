"""Servers on Twisted's reactor, and clients of them: over TCP, a Unix socket and UDP. Prints the module's name, then
what came of each.
"""

import io
import socket
import sys

from twisted.internet import protocol
from twisted.internet.defer import Deferred, gatherResults, inlineCallbacks
from twisted.internet.endpoints import UNIXClientEndpoint, connectProtocol
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.task import react
from twisted.web.client import Agent, FileBodyProducer, readBody
from twisted.web.resource import Resource
from twisted.web.server import Site

CONTENT = bytes(2**20)


class Answer(Resource):
    isLeaf = True

    def render_POST(self, request):
        return request.content.read()


class Echo(protocol.Protocol):
    def dataReceived(self, data):
        self.transport.write(data)


class Collect(protocol.Protocol):
    """Sends the content; `done` when it is back."""

    def __init__(self):
        self.done, self.missing = Deferred(), len(CONTENT)

    def connectionMade(self):
        self.transport.write(CONTENT)

    def dataReceived(self, data):
        self.missing -= len(data)
        if not self.missing:
            self.transport.loseConnection()
            self.done.callback("stream")


class Datagrams(protocol.DatagramProtocol):
    """Sends one to itself; `done` when it is there."""

    def __init__(self):
        self.done = Deferred()

    def startProtocol(self):
        self.transport.write(b"datagram", ("127.0.0.1", self.transport.getHost().port))

    def datagramReceived(self, data, address):
        self.done.callback(data.decode())


@inlineCallbacks
def main(reactor, path):
    web = reactor.listenTCP(0, Site(Answer()), interface="127.0.0.1")
    assert type(web.socket) is socket.socket
    url = b"http://127.0.0.1:%d/" % web.getHost().port
    agent = Agent(reactor)

    @inlineCallbacks
    def right():
        response = yield agent.request(b"POST", url, bodyProducer=FileBodyProducer(io.BytesIO(CONTENT)))
        return (yield readBody(response)) == CONTENT

    print(sum((yield gatherResults([right() for _ in range(20)]))))
    yield web.stopListening()
    try:
        yield agent.request(b"GET", url)
    except ConnectionRefusedError:
        print("refused")

    unix = reactor.listenUNIX(path, protocol.Factory.forProtocol(Echo))
    stream = yield connectProtocol(UNIXClientEndpoint(reactor, path), Collect())
    print((yield stream.done))
    yield unix.stopListening()

    datagrams = Datagrams()
    reactor.listenUDP(0, datagrams, interface="127.0.0.1")
    print((yield datagrams.done))
    yield datagrams.transport.stopListening()


print(socket.__name__)
react(main, sys.argv[1:])
