"""A table of routes over HTTP for the browser on this machine, and nobody else; what the answers are is not known here.

No path of a request is ever opened. The Host must be ours (a name that another site turned into 127.0.0.1 is not), a POST
comes from our own page and carries a header that other sites' pages cannot send unasked. A connection is one request and
has ``SECONDS`` in all, on a thread of its own, so that slow and broken clients hold nobody up.
"""

from __future__ import annotations

import contextlib
import io
import json
import socket
import socketserver
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from ganjax.errors import UserError

ADDRESS = "127.0.0.1"
SECONDS = 10.0
AT_ONCE = 64  # connections; browsers open six
DISCARDED = 2**26  # bytes of a refused body that are read before the line is cut, so that the answer arrives
HEADER = "X-Ganjax"
FIXED = {
    "Cache-Control": "no-store",
    "Connection": "close",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Answer(NamedTuple):
    """A body and what it is."""

    body: bytes
    kind: str = "application/json"


class Route(NamedTuple):
    """What a path answers to (query, body); a POST says what it ``reads``, as its Content-Type begins, and up to how much."""

    method: str
    answer: Callable[[dict[str, str], bytes], Answer]
    reads: str = ""
    limit: int = 0


class Refused(Exception):
    """A request that gets no answer but a line."""

    def __init__(self, status: HTTPStatus, line: str) -> None:
        super().__init__(line)
        self.status = status


def as_json(value: Any) -> Answer:
    """The JSON of a value."""
    return Answer(json.dumps(value, allow_nan=False).encode())


class Window(ThreadingHTTPServer):
    """The server, which has its port (0 is any that is free) and answers once it has ``routes`` and ``serve_forever`` is called.

    ``policy`` is what the page may load.
    """

    daemon_threads = True
    request_queue_size = AT_ONCE

    def __init__(self, port: int, policy: str) -> None:
        self.policy = policy
        self.routes: Mapping[str, Route] = {}
        self.places = threading.BoundedSemaphore(AT_ONCE)
        super().__init__((ADDRESS, port), Handler)
        self.hosts = [f"{name}{f':{self.server_port}' * (self.server_port != 80)}" for name in (ADDRESS, "localhost")]
        self.url = f"http://{self.hosts[0]}/"

    def server_bind(self) -> None:
        """Without asking a name server who 127.0.0.1 is, as HTTPServer does."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """On a thread of its own, where there is a place."""
        if self.places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Gives the place back."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Silent on clients that went away."""
        if not isinstance(sys.exc_info()[1], OSError):
            traceback.print_exc()


class Timed(io.RawIOBase):
    """What comes from a connection within so many seconds in all, however slowly it drips."""

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self.connection, self.end = connection, time.monotonic() + seconds

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Raises TimeoutError when the time is over."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError("too slow")
        self.connection.settimeout(left)
        return self.connection.recv_into(buffer)


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Window
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Reads against the clock."""
        super().setup()
        self.rfile.close()
        self.rfile = io.BufferedReader(Timed(self.connection, SECONDS))

    def do_GET(self) -> None:
        """Answers, or says in a line of JSON why not."""
        begun = time.perf_counter()
        try:
            answer = self._answered()
        except Refused as refused:
            return self.send_error(refused.status, str(refused))
        except UserError as error:
            return self.send_error(HTTPStatus.BAD_REQUEST, str(error).removeprefix("--"))
        except OSError:
            raise  # the client's
        except Exception as error:
            traceback.print_exc()
            return self.send_error(HTTPStatus.INTERNAL_SERVER_ERROR, f"{type(error).__name__}: {error}")
        took = {"Server-Timing": f"answer;dur={1000 * (time.perf_counter() - begun):.2f}"}
        return self._send(HTTPStatus.OK, answer, took)

    do_POST = do_GET

    def _answered(self) -> Answer:
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or hosts[0].lower() not in self.server.hosts:
            raise Refused(HTTPStatus.MISDIRECTED_REQUEST, f"this is {self.server.url} and no other host")
        try:
            url = urlsplit(self.path)
            query = dict(parse_qsl(url.query, keep_blank_values=True, max_num_fields=8, errors="strict"))
        except ValueError:
            raise Refused(HTTPStatus.BAD_REQUEST, "the address cannot be read") from None
        route = self.server.routes.get(url.path)
        if route is None:
            raise Refused(HTTPStatus.NOT_FOUND, f"there is nothing here; the page is {self.server.url}")
        if route.method != self.command:
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, f"{url.path} answers {route.method} alone")
        return route.answer(query, self._body(route) if route.reads else b"")

    def _body(self, route: Route) -> bytes:
        """What our own page posts, of the kind and the size that the route reads."""
        origin = self.headers.get("Origin")
        if HEADER not in self.headers or origin not in (None, *(f"http://{host}" for host in self.server.hosts)):
            raise Refused(HTTPStatus.FORBIDDEN, f"only this server's page posts here, with the header {HEADER}")
        if not self.headers.get_content_type().startswith(route.reads):
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type: {route.reads}… is read here")
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()) or "Transfer-Encoding" in self.headers:
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "Content-Length: how many bytes come?")
        if len(length) > 12 or int(length) > route.limit:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {route.limit:,} bytes")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise Refused(HTTPStatus.BAD_REQUEST, f"{len(body)} bytes came of {length}")
        return body

    def _send(self, status: HTTPStatus, answer: Answer, more: Mapping[str, str]) -> None:
        self.connection.settimeout(SECONDS)
        self.send_response(status)
        said = {"Content-Type": answer.kind, "Content-Length": str(len(answer.body))}
        for name, value in {**said, **FIXED, "Content-Security-Policy": self.server.policy, **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """A refusal in a line of JSON; what still comes is read, or the client would see a broken line instead."""
        del explain
        self._send(HTTPStatus(code), as_json({"error": " ".join((message or HTTPStatus(code).phrase).split())}), {})
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            left = DISCARDED
            while left > 0 and (read := len(self.rfile.read1(2**16))):
                left -= read

    def version_string(self) -> str:
        """No numbers of versions."""
        return "ganjax"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged."""
