"""A web server for clients to try: it runs in a thread, on the socket module of this process."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

BLOCK = bytes(range(256)) * 256
LARGE = 64 * BLOCK  # 4 MiB


class Web(ThreadingHTTPServer):
    """Serves in the block: / is short, /large is large, /chunked comes in chunks, /never waits for the block to end;
    what is sent to /echo comes back.

    url       where it is
    accepted  how many connections it has had
    """

    def __init__(self, context=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self.server_port}"
        self.accepted = 0
        self.over = Event()
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def __enter__(self):
        self.thread = Thread(target=self.serve_forever, args=(0.01,))
        self.thread.start()
        return self

    def __exit__(self, *exception):
        self.over.set()
        self.shutdown()
        self.thread.join()
        self.server_close()

    def get_request(self):
        self.accepted += 1
        return super().get_request()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for start in range(0, len(LARGE), len(BLOCK)):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(BLOCK), LARGE[start : start + len(BLOCK)]))
            self.wfile.write(b"0\r\n\r\n")
        elif self.path == "/never":
            self.server.over.wait(50)
            self.close_connection = True
        else:
            self.answer(LARGE if self.path == "/large" else b"short")

    def do_POST(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            self.answer(b"".join(iter(self.chunk, b"")))
        else:
            self.answer(self.rfile.read(int(self.headers["Content-Length"])))

    def chunk(self):
        content = self.rfile.read(int(self.rfile.readline(), 16))
        self.rfile.readline()
        return content

    def answer(self, content):
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass
