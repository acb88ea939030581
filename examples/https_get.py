"""Fetches a page over HTTPS: TLS by the standard `ssl`, over a socket of berkeley; the request is written by hand.

    python examples/https_get.py https://www.python.org/ --verbose
    python examples/https_get.py https://localhost:8443/ --cafile tests/localhost.pem

The content goes to standard output; with --verbose, the connection, certificate and headers go to standard error. The
exit status is 1 if the server cannot be reached or trusted, or answers with an error. Redirections are not followed.
"""

import argparse
import http.client
import shutil
import ssl
import sys
import urllib.parse

from berkeley import socket


def main():
    arguments = command_line()
    try:
        fetch(arguments)
    except (OSError, http.client.HTTPException) as error:
        sys.exit(f"{arguments.url.hostname}: {error or type(error).__name__}")
    except KeyboardInterrupt:
        sys.exit(130)


def command_line():
    parser = argparse.ArgumentParser(description="Fetches a page over HTTPS.")
    parser.add_argument("url", type=https_url)
    parser.add_argument("--cafile", help="certificates to trust, in place of the system's")
    parser.add_argument("--timeout", type=float, default=30, help="seconds for each wait (%(default)s)")
    parser.add_argument("--verbose", action="store_true", help="tell of connection, certificate and headers")
    return parser.parse_args()


def https_url(text):
    url = urllib.parse.urlsplit(text)
    if url.scheme != "https" or not url.hostname:
        raise argparse.ArgumentTypeError(f"{text!r} is not like https://host/path")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise argparse.ArgumentTypeError(f"{text!r} has characters that must be percent-encoded")
    return url


def fetch(arguments):
    url, context = arguments.url, ssl.create_default_context(cafile=arguments.cafile)
    with (
        socket.create_connection((url.hostname, url.port or 443), arguments.timeout) as plain,
        context.wrap_socket(plain, server_hostname=url.hostname) as connection,
    ):
        connection.sendall(request(url))
        # The standard library's reader of responses: chunks and lengths are its work.
        with http.client.HTTPResponse(connection, method="GET") as response:
            response.begin()
            if arguments.verbose:
                tell(connection, response)
            sys.stdout.flush()
            shutil.copyfileobj(response, sys.stdout.buffer)
            sys.stdout.flush()
            if response.status >= 400:
                sys.exit(f"{url.hostname}: {response.status} {response.reason}")


def request(url):
    host = url.netloc.rpartition("@")[2]
    path = urllib.parse.urlunsplit(("", "", url.path or "/", url.query, ""))
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "User-Agent: berkeley-example", "Connection: close"]
    return "\r\n".join([*lines, "", ""]).encode()


def tell(connection, response):
    certificate = connection.getpeercert()
    names = ", ".join(value for _, value in certificate.get("subjectAltName", ()))
    lines = [
        f"connected to {connection.getpeername()[0]}: {connection.version()}, {connection.cipher()[0]}",
        f"certificate: {names}; valid until {certificate['notAfter']}",
        f"{response.status} {response.reason}",
        *(f"{name}: {value}" for name, value in response.getheaders()),
    ]
    print(*lines, sep="\n", file=sys.stderr)


if __name__ == "__main__":
    main()
