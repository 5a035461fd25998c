"""A slow OpenAI-compatible server on loopback that notes when its client went away."""
import json
import selectors
import socket
import threading
import time


class MockProvider:
    """Streams `tokens` words, one per `pace` seconds; `before` seconds pass before the first.

    A request for JSON is answered with `structured`, if that is given.
    """

    def __init__(self, tokens=1000, pace=0.02, before=0.0, structured=None):
        self.structured = structured
        self.tokens, self.pace, self.before = tokens, pace, before
        self.requests = []
        self.closed_at = []  # monotonic times at which a client closed in mid-answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def base_url(self):
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            while (request := self._read_request(connection)) is not None:
                path, body = request
                if path.endswith("/models"):
                    self._send_json(connection, {"object": "list", "data": []})
                elif not self._stream(connection, json.loads(body)):
                    return

    @staticmethod
    def _read_request(connection):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            if not piece:
                return None
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        length = next((int(line.split(":")[1]) for line in lines
                       if line.lower().startswith("content-length:")), 0)
        if any(line.lower().startswith("expect:") for line in lines):
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        while len(body) < length:
            body += connection.recv(65536)
        return lines[0].split(" ")[1], body

    @staticmethod
    def _send_json(connection, value):
        body = json.dumps(value).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                           b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def _stream(self, connection, request):
        self.requests.append(request)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                           b"Connection: close\r\n\r\n")
        if not self._pause(connection, self.before):
            return False
        words = (f"w{i} " for i in range(self.tokens))
        if self.structured is not None and "response_format" in request:
            words = [json.dumps(self.structured)]
        for word in words:
            delta = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": word}}]}
            try:
                connection.sendall(f"data: {json.dumps(delta)}\n\n".encode())
            except OSError:
                self.closed_at.append(time.monotonic())
                return False
            if not self._pause(connection, self.pace):
                return False
        end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        connection.sendall(f"data: {json.dumps(end)}\n\ndata: [DONE]\n\n".encode())
        return False

    def _pause(self, connection, seconds):
        """Waits; False, with the time noted, if the client closes meanwhile."""
        with selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ)
            deadline = time.monotonic() + seconds
            while (left := deadline - time.monotonic()) > 0:
                if selector.select(left):
                    try:
                        gone = not connection.recv(1)
                    except OSError:
                        gone = True
                    if gone:
                        self.closed_at.append(time.monotonic())
                        return False
        return True
