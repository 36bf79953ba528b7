"""The server, by Python's own http.server: one reader on one machine needs no more, and nothing is to be installed.

It listens on the loopback interface only. Pages of other origins can neither ask it (names of this machine only in
`Host`, its own origin only in `Origin`) nor load its files or frame it. One thread computes, one question after the
other, and each takes bounded work.
"""

import select
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import ceil
from pathlib import Path
from sys import exception
from threading import Thread
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, unquote

from monosem.ground.finite import write_numbers
from monosem.pages.live.asked import READ, STEER, Field, Refused, parse
from monosem.pages.live.files import KINDS
from monosem.pages.live.model import Live

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")  # of this machine; with any port, as ssh -L may choose another
MAX_BODY = 1 << 18  # bytes
DRAINED = 1 << 22  # of a longer body that are read, so that its sender gets to see the answer
PATIENCE_S = 60  # for the questions before one's own, and for that
LOOK_S = 0.25  # between two looks whether the asker is still there
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
DRAWING = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"  # a figure runs nothing
BROWSER = "/report/browser"


class Server(ThreadingHTTPServer):
    """Answers by `live`; `files` are served by their address. Raises ValueError when the port cannot be had."""

    def __init__(self, port: int, live: Live, files: Mapping[str, Path]) -> None:
        self.worker = ThreadPoolExecutor(max_workers=1)
        self.live, self.files = live, files
        self.questions: dict[str, tuple[Mapping[str, Field], Callable[..., dict[str, Any]]]] = {
            "/api/read": (READ, live.read),
            "/api/steer": (STEER, live.steer),
        }
        try:
            super().__init__((HOST, port), Handler)
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a port"
            raise ValueError(f"--port {port}: {reason}; give another, or 0 for any that is free") from None

    def about(self) -> dict[str, Any]:
        """What the page is to know; addresses where there is a report."""
        run = str(self.live.run)
        is_browsed = f"{BROWSER}/data/{run}/table.js" in self.files
        report = "/report/index.html"
        return {
            **self.live.about(),
            "features": f"{BROWSER}/index.html#/{quote(run)}" if is_browsed else None,
            "report": report if report in self.files else None,
        }

    def stop(self) -> None:
        """For a signal handler: an exception raised there may be lost wherever it happens to interrupt."""
        Thread(target=self.shutdown, daemon=True).start()  # it waits for the loop, which the handler holds up

    def server_close(self) -> None:
        super().server_close()
        self.worker.shutdown(cancel_futures=True)  # waits for the computation under way

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(exception(), ConnectionError):  # a page that asked anew has left the old question
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    server: Server
    server_version, sys_version = "monosem", ""
    timeout = 30  # seconds to wait for a request that does not come

    def answer(self) -> None:
        address = unquote(self.path.partition("?")[0])
        try:
            body = self.body()
            self.check_origin()
            if address in self.server.questions:
                self.check_method(address, "POST")
                self.check_type()
                fields, function = self.server.questions[address]
                self.send_json(HTTPStatus.OK, self.compute(function, parse(body, fields)))
            elif address == "/api/about":
                self.check_method(address, "GET", "HEAD")
                self.send_json(HTTPStatus.OK, self.server.about())
            else:
                self.send_file(address)
        except Refused as refusal:
            self.send_json(refusal.status, refusal.reply())

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def check_origin(self) -> None:
        host, origin = self.headers.get("Host", ""), self.headers.get("Origin")
        if host.partition(":")[0].lower() not in NAMES:
            fix = f"only names of this machine are answered; open http://{HOST}:{self.server.server_port}/"
            raise Refused(HTTPStatus.FORBIDDEN, "Host", host, fix)
        if origin not in (None, f"http://{host}"):
            raise Refused(HTTPStatus.FORBIDDEN, "Origin", origin, f"pages of http://{host} only may ask; open one")

    def check_method(self, address: str, *allowed: str) -> None:
        if self.command not in allowed:
            self.allow = ", ".join(allowed)
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "method", self.command, f"{address} takes {self.allow}")

    def check_type(self) -> None:
        kind = self.headers.get_content_type()
        if kind != "application/json":
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Content-Type", kind, "application/json expected")

    def body(self) -> bytes:
        """Read before anything is refused: a connection that is closed on unread bytes takes the answer with it."""
        length = self.headers.get("Content-Length", "" if self.command == "POST" else "0")
        if not (length.isascii() and length.isdecimal()):
            raise Refused(
                HTTPStatus.LENGTH_REQUIRED, "Content-Length", length, "the number of bytes of the body expected"
            )
        n_bytes = int(length[:20])  # what has more digits is too many whatever they are
        if n_bytes > MAX_BODY:
            self.rfile.read(min(n_bytes, DRAINED))
            fix = f"{MAX_BODY:,} bytes at most; shorten the text"
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Content-Length", length, fix)
        return self.rfile.read(n_bytes)

    def compute(self, function: Callable[..., dict[str, Any]], asked: dict[str, Any]) -> dict[str, Any]:
        try:
            future = self.server.worker.submit(function, **asked)
        except RuntimeError:  # the worker takes no more
            raise self.unavailable("the server is stopping") from None
        for _ in range(ceil(PATIENCE_S / LOOK_S)):
            try:
                return future.result(timeout=LOOK_S)
            except CancelledError:
                raise self.unavailable("the server is stopping") from None
            except TimeoutError:
                if self.is_left():
                    future.cancel()  # unless it is being computed
                    raise ConnectionAbortedError from None
        future.cancel()
        raise self.unavailable(f"not answered within {PATIENCE_S} s")

    def is_left(self) -> bool:
        """Whether the asker has closed the connection, as a page does that asks anew."""
        ready, _, _ = select.select([self.connection], [], [], 0)
        return bool(ready) and not self.connection.recv(1, socket.MSG_PEEK)

    def unavailable(self, reason: str) -> Refused:
        return Refused(HTTPStatus.SERVICE_UNAVAILABLE, "question", self.path, f"{reason}; ask again later")

    def send_file(self, address: str) -> None:
        path = self.server.files.get(address)
        if path is None or not path.is_file():
            raise Refused(HTTPStatus.NOT_FOUND, "address", address, "nothing is here; open /")
        self.check_method(address, "GET", "HEAD")
        alone = {"Content-Security-Policy": DRAWING} if path.suffix == ".svg" else {}
        self.send(HTTPStatus.OK, KINDS[path.suffix], path.read_bytes(), alone)

    def send_json(self, status: HTTPStatus, data: dict[str, Any]) -> None:
        self.send(status, KINDS[".json"], write_numbers(data, "answer").encode())

    def send(
        self, status: HTTPStatus, kind: str, content: bytes, also: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.send_response(status)
        allow = {"Allow": self.allow} if status == HTTPStatus.METHOD_NOT_ALLOWED else {}
        for name, value in {**HEADERS, **allow, **also, "Content-Type": kind, "Content-Length": len(content)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What http.server itself refuses, in the form of all other answers."""
        self.send_json(
            HTTPStatus(code), {"error": f"request: {message or HTTPStatus(code).phrase}; open / in a browser"}
        )

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Answers are not logged: what is typed and looked at is nobody else's concern."""
