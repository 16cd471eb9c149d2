"""A proxy between a function and the services it calls, for cases that drive it: it counts calls, keeps what the services have taken, and
makes calls fail or end the process. Python's standard library only.
"""
import http.client
import http.server
import json
import os
import signal
import socket
import struct
import threading
import time


JSON = "Content-Type: application/json\r\n"
KEPT = ("Content-Type", "ETag", "Content-Range", "Last-Modified", "x-amz-delete-marker", "x-amz-version-id", "x-amzn-ErrorType")


class Call:
    """One request of the function: number from 1 on, in the order of arrival. kind is the service's."""

    def __init__(self, number, method, path, headers, body):
        self.number, self.method, self.path, self.headers, self.body = number, method, path, headers, body
        target = headers.get("X-Amz-Target") or ""
        self.operation = target.split(".")[-1] or f"{method} {path}"
        self.kind = kind_of(path, target)


def kind_of(path, target):
    for begin, kind in (("/slack", "slack"), ("/pagerduty", "pagerduty"), ("/v2/email", "mail")):
        if path.startswith(begin):
            return kind
    for begin, kind in (("DynamoDB", "dynamodb"), ("AmazonSQS", "sqs")):
        if target.startswith(begin):
            return kind
    return "secrets" if target else "s3"


class Proxy:
    """plan(call) says what happens to a call: the name of a method below, or None. What a service has taken is kept."""

    def __init__(self, aws_port, double_port=None):
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                proxy.serve(self)

            do_GET = do_HEAD = do_PUT = do_POST

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *arguments):
                pass  # the other side is gone: that is what is tested here

        self.ports = {"aws": aws_port, "double": double_port}
        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.lock = threading.Condition()
        self.busy = 0
        self.process = None
        self.forget()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def forget(self):
        """What was told so far."""
        self.told = {"slack": [], "pagerduty": [], "mail": [], "sqs": []}
        self.begin()

    def begin(self, plan=None):
        with self.lock:
            self.lock.wait_for(lambda: self.busy == 0, 30)
            self.plan, self.calls, self.ended = plan or (lambda call: None), [], False

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def serve(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"] or 0))
        with self.lock:
            self.busy += 1
            call = Call(len(self.calls) + 1, handler.command, handler.path, handler.headers, body)
            self.calls.append(call)
            what = self.plan(call)
        try:
            getattr(self, what or "forward")(call, handler)
        finally:
            with self.lock:
                self.busy -= 1
                self.lock.notify_all()

    # What can happen to a call.

    def forward(self, call, handler):
        self.answer(handler, *self.pass_on(call))

    def end_before_answer(self, call, handler):
        self.pass_on(call)
        self.end()
        handler.close_connection = True

    def end_before_call(self, call, handler):
        self.end()
        handler.close_connection = True

    def fail(self, call, handler):
        self.answer(handler, 500, b"{}")

    def fail_late(self, call, handler):
        self.pass_on(call)
        self.answer(handler, 500, b"{}")

    def throttle(self, call, handler):
        if call.kind == "dynamodb":
            self.answer(handler, 400, b'{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException"}')
        else:
            self.answer(handler, 429, b"{}")

    def retry_after_1(self, call, handler):
        self.answer(handler, 429, b"rate_limited", "Retry-After: 1\r\n")

    def retry_after_600(self, call, handler):
        self.answer(handler, 429, b"rate_limited", "Retry-After: 600\r\n")

    def slow(self, call, handler):
        """As if the service were far away."""
        time.sleep(0.15)
        self.forward(call, handler)

    def deny(self, call, handler):
        self.answer(handler, 403, b"<Error><Code>AccessDenied</Code></Error>", "Content-Type: application/xml\r\n")

    def archived(self, call, handler):
        self.answer(handler, 403, b"<Error><Code>InvalidObjectState</Code></Error>", "Content-Type: application/xml\r\n")

    def no_service(self, call, handler):
        self.answer(handler, 404, b"no_service")

    def hold(self, call, handler):
        handler.connection.recv(1)  # until the other side gives up
        handler.close_connection = True

    def redirect(self, call, handler):
        self.answer(handler, 302, b"", f"Location: {self.url}/slack/elsewhere\r\n")

    def expire(self, call, handler):
        self.answer(handler, 403, b'{"__type":"com.amazon.coral.service#ExpiredTokenException"}')

    def reset(self, call, handler):
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.close_connection = True
        handler.connection.close()

    def reset_late(self, call, handler):
        self.pass_on(call)
        self.reset(call, handler)

    # How it happens.

    def pass_on(self, call):
        """Status, body and the headers that readers look at."""
        port = self.ports["double" if call.kind in ("slack", "pagerduty") else "aws"]
        names = ("X-Amz-Target", "Content-Type", "Authorization", "X-Amz-Date", "X-Amz-Content-Sha256", "Range", "If-Match")
        headers = {name: call.headers[name] for name in names if call.headers[name]}
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request(call.method, call.path, call.body, headers)
            answer = connection.getresponse()
            status, text = answer.status, answer.read()
            kept = "".join(f"{name}: {answer.headers[name]}\r\n" for name in KEPT if answer.headers[name])
        finally:
            connection.close()
        if call.kind in self.told and 200 <= status < 300:
            with self.lock:
                self.told[call.kind].append(json.loads(call.body))
        return status, text, kept

    def answer(self, handler, status, text, headers=""):
        handler.wfile.write(f"HTTP/1.1 {status} X\r\n{headers or JSON}Content-Length: {len(text)}\r\n\r\n".encode() + text)

    def end(self):
        """SIGKILL to the bootstrap, which is the only child of the server that runs it."""
        with self.lock:
            if self.ended:
                return
            for task in os.listdir(f"/proc/{self.process.pid}/task"):
                with open(f"/proc/{self.process.pid}/task/{task}/children") as file:
                    for child in file.read().split():
                        os.kill(int(child), signal.SIGKILL)
                        self.ended = True
            self.plan = lambda call: None
