"""A program that gevent has patched: a server and clients of it in one thread. Prints the module's name,
then how many of the clients' answers were right.
"""

import gevent
from gevent import monkey

monkey.patch_all()

import socket  # noqa: E402
import sys  # noqa: E402

import requests  # noqa: E402
from gevent.pywsgi import WSGIServer  # noqa: E402

assert socket.socket is gevent.socket.socket
native = sys.modules["_socket"]
print(socket.__name__)


def application(environ, start_response):
    content = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(content)))])
    return [content]


def right(number):
    content = bytes([number]) * 100_000
    return requests.post(url, data=content, timeout=20).content == content


with socket.create_server(("127.0.0.1", 0)) as listener:
    assert isinstance(listener._sock, native.socket)
    server = WSGIServer(listener, application, log=None)
    server.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    jobs = [gevent.spawn(right, number) for number in range(50)]
    gevent.joinall(jobs, raise_error=True)
    print(sum(job.value for job in jobs))
    server.stop()

first, other = socket.socketpair()
other.settimeout(0.05)
try:
    other.recv(1)
except TimeoutError:
    print("timeout")
first.close()
other.close()
