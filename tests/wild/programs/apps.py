"""Applications for web servers, which tell whose sockets are in the server's process."""

import gc
import os
import socket


def told(*words):
    """The module's name, the process, how many sockets of the module's class there are; and other words."""
    sockets = [thing for thing in gc.get_objects() if issubclass(type(thing), socket.SocketType)]
    return " ".join(map(str, (socket.__name__, os.getpid(), len(sockets), *words))).encode()


def wsgi(environ, start_response):
    """Answers with that, the class of the connection's socket, and the length of what was sent."""
    content = environ["wsgi.input"].read()
    connection = environ["gunicorn.socket"]
    assert isinstance(connection, socket.socket)
    answer = told(len(content))
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]


async def asgi(scope, receive, send):
    """The same; and a WebSocket, over which what comes goes back."""
    if scope["type"] == "http":
        await web(receive, send)
    elif scope["type"] == "websocket":
        await echo(receive, send)
    else:
        await lifespan(receive, send)


async def web(receive, send):
    length, more = 0, True
    while more:
        message = await receive()
        length += len(message["body"])
        more = message["more_body"]
    answer = told(length)
    headers = [(b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


async def echo(receive, send):
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "bytes": message.get("bytes"), "text": message.get("text")})


async def lifespan(receive, send):
    for phase in ("startup", "shutdown"):
        assert (await receive())["type"] == f"lifespan.{phase}"
        await send({"type": f"lifespan.{phase}.complete"})
