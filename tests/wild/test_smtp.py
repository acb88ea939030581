import smtplib
import ssl
from contextlib import contextmanager
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from servers import reserved_port

pytestmark = pytest.mark.tried("aiosmtpd")


class Mailbox:
    """What a server does with messages."""

    def __init__(self):
        self.messages = []

    async def handle_DATA(self, server, session, envelope):
        self.messages.append(envelope.content)
        return "250 kept"


@contextmanager
def serving(mailbox, port, **options):
    controller = Controller(mailbox, "127.0.0.1", port, **options)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


def test_mail(certified, trusting):
    """A server on asyncio in a thread, with STARTTLS; the client is the standard smtplib: a message of 4 MB."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "one@wild.example", "two@wild.example", "many lines"
    message.set_content("a line of the message\n" * 180_000)
    mailbox = Mailbox()
    # Without names, both would ask a name server for this machine's.
    with (
        reserved_port() as port,
        serving(mailbox, port, tls_context=certified, server_hostname="localhost"),
        smtplib.SMTP("127.0.0.1", port, local_hostname="localhost", timeout=20) as client,
    ):
        client.starttls(context=trusting)
        assert isinstance(client.sock, ssl.SSLSocket)
        assert client.send_message(message) == {}
    [content] = mailbox.messages
    assert content.count(b"a line of the message\r\n") == 180_000
