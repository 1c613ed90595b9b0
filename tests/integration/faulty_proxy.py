"""A proxy in front of an S3 server that does badly what it is told to do badly.

    with FaultyProxy(rgw.endpoint) as proxy:
        proxy.fault(reset, count=2)                  # the next two requests
        proxy.fault(answer(503, code="SlowDown"), when=lambda request: "prefix" in request.path)

Requests are passed on as they came, Host included, so that their signatures hold.
"""
import http.client
import re
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

ERROR = ('<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>as scripted</Message>'
         '%s</Error>')


class Reply:
    """What the server said, or what is said in its place."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


def answer(status, code="", inner="", headers=(), body=None):
    """A fault: this is answered, the server is not asked."""
    text = (ERROR % (code, inner) if code else "") if body is None else body
    return lambda handler: handler.reply(Reply(status, list(headers), text.encode()))


def reset(handler):
    """A fault: the connection ends with RST, without an answer."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.drop()


def cut(length):
    """A fault: the true answer, but the connection ends after so many bytes of its body."""
    def deed(handler):
        handler.reply(handler.ask(), length)
        handler.drop()
    return deed


def change(mend):
    """A fault: the true answer with another body."""
    def deed(handler):
        reply = handler.ask()
        reply.body = mend(reply.body)
        handler.reply(reply)
    return deed


class Fault:
    def __init__(self, deed, count, when):
        self.deed, self.count, self.when = deed, count, when
        self.met = 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_one(self):
        proxy = self.server.proxy
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length)
        proxy.enter(self)
        try:
            fault = proxy.next_fault(self)
            if fault is not None:
                fault.deed(self)
            else:
                self.reply(self.ask())
        except OSError:
            self.close_connection = True
        finally:
            proxy.leave()

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_one

    @property
    def region(self):
        """That the request is signed for."""
        found = re.search(r"Credential=[^/]+/\d+/([^/]+)/", self.headers.get("Authorization", ""))
        return found and found.group(1)

    def ask(self):
        """The true answer."""
        server = http.client.HTTPConnection(*self.server.proxy.target, timeout=60)
        try:
            server.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in ("connection", "expect"):
                    server.putheader(name, value)
            server.endheaders(self.body)
            response = server.getresponse()
            kept = [(name, value) for name, value in response.getheaders()
                    if name.lower() not in ("connection", "content-length", "transfer-encoding")]
            return Reply(response.status, kept, response.read())
        finally:
            server.close()

    def reply(self, reply, length=None):
        self.send_response_only(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body[:length])

    def drop(self):
        self.wfile.flush()
        self.close_connection = True
        self.connection.close()

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class FaultyProxy:
    """requests: (method, path with query) in their order. most: that were under way at once."""

    def __init__(self, endpoint):
        target = urlsplit(endpoint)
        self.target = (target.hostname, target.port)
        self.lock = threading.Lock()
        self.faults = []
        self.requests = []
        self.busy = self.most = 0
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.proxy = self
        self.endpoint = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def fault(self, deed, count=1, when=None):
        """count: None: from now on. when: given the handler, says whether it is meant."""
        fault = Fault(deed, count, when)
        with self.lock:
            self.faults.append(fault)
        return fault

    def clear(self):
        with self.lock:
            self.faults = []

    def next_fault(self, handler):
        with self.lock:
            for fault in self.faults:
                if fault.count != 0 and (fault.when is None or fault.when(handler)):
                    fault.met += 1
                    fault.count = fault.count and fault.count - 1
                    return fault
        return None

    def enter(self, handler):
        with self.lock:
            self.requests.append((handler.command, handler.path))
            self.busy += 1
            self.most = max(self.most, self.busy)

    def leave(self):
        with self.lock:
            self.busy -= 1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
