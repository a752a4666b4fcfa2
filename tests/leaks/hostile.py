"""A platform that turns hostile: a real server in front of the emulated one, which passes calls on, or answers with
every planted credential, in every encoding, wherever an answer has room: status line, headers, body, redirect, trailer
of a broken answer, and what it was just asked.

Not here: what is planted and how it is looked for (``canaries``), the commands that meet it (``test_driving``).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from threading import Lock, Thread
from urllib.parse import parse_qs

import httpx2

from tests.leaks.canaries import encoded

ANSWERS = (
    "problem 400", "problem 403", "problem 404", "problem 429", "problem 500", "page 404", "broken 200",
    "headers 400", "redirect 302", "operation 200", "echo 400", "cut 200",
)  # fmt: skip
"""Kinds of hostile answers, with their status."""
DOORS = ("/api/portfolios", "/api/asset-configurations", "/api/deployments", "/identity")
"""Parts of the platform: one at a time is hostile, so that calls behind it are reached, too."""


class Hostile(ThreadingHTTPServer):
    """``kind`` "" passes everything on. ``said``: texts that were sent; ``heard``: credentials that it was shown."""

    daemon_threads = True

    def __init__(self, real: str, planted: dict[str, str], tls: SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.real, self.url = real, f"http{'s' if tls else ''}://127.0.0.1:{self.server_port}"
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.texts = [text for value in planted.values() for text in encoded(value).values()]
        self.kind, self.door, self.writes_only = "", DOORS[0], False
        self.said: set[str] = set()
        self.heard: set[str] = set()
        self.answered: set[tuple[str, str]] = set()
        """Kinds and doors that answered at least once."""
        self.client = httpx2.Client(trust_env=False, timeout=60)
        self._at, self._lock = 0, Lock()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has heard enough hangs up; that is no news."""

    def text(self) -> str:
        """The next four texts."""
        with self._lock:
            chosen = [self.texts[(self._at + n) % len(self.texts)] for n in range(4)]
            self._at += 4
            self.said.update(chosen)
        return " ".join(chosen)

    def is_hostile(self, method: str, path: str) -> bool:
        """Whether this call meets the hostile part."""
        return bool(self.kind) and path.startswith(self.door) and not (self.writes_only and method == "GET")


class _Handler(BaseHTTPRequestHandler):
    server: Hostile

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._listen(body)
        if self.server.is_hostile(self.command, self.path):
            self.server.answered.add((self.server.kind, self.server.door))
            self._hostile(body)
        else:
            self._pass_on(body)

    do_POST = do_PATCH = do_GET  # noqa: N815 - the names that http.server looks for

    def log_message(self, *_: object) -> None: ...

    def _listen(self, body: bytes) -> None:
        """Remember what a platform gets to know of us: its token, the client's secret."""
        self.server.heard.add(self.headers.get("Authorization", "").removeprefix("Bearer "))
        self.server.heard.update(self.headers.get(name, "") for name in ("X-Amz-Security-Token", "X-Vault-Token"))
        if "form-urlencoded" in self.headers.get("Content-Type", ""):
            self.server.heard.update(parse_qs(body.decode()).get("client_secret", []))
        self.server.heard.discard("")

    def _pass_on(self, body: bytes) -> None:
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length", "connection")}
        got = self.server.client.request(self.command, self.server.real + self.path, headers=headers, content=body)
        self.send_response(got.status_code)
        for name in ("Content-Type", "Retry-After", "WWW-Authenticate"):
            if name in got.headers:
                self.send_header(name, got.headers[name])
        self._body(got.content.replace(self.server.real.encode(), self.server.url.encode()))

    def _body(self, data: bytes) -> None:
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _hostile(self, asked: bytes) -> None:
        name, status = self.server.kind.split()
        text = self.server.text()
        if name == "echo":
            text = f"{self.requestline} {self.headers} {asked.decode(errors='replace')} {text}"
        line = " ".join(text.split()).encode().decode("latin-1")  # what can stand in a header, as bytes
        self.send_response(int(status), line if name == "headers" else None)
        if name in ("headers", "problem"):
            for header in ("Retry-After", "X-Request-Id", "WWW-Authenticate", "Set-Cookie", "Warning"):
                self.send_header(header, line)
        if name == "redirect":
            self.send_header("Location", f"/{line}")
        if name == "headers":
            self.send_header("Content-Type", f"application/json; {line}")
            self._body(b"{}")
        elif name in ("page", "redirect"):
            self.send_header("Content-Type", "text/html")
            self._body(f"<html><title>{text}</title>{text}".encode())
        elif name == "cut":
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            self.wfile.write(json.dumps({"title": text, "message": text})[:-1].encode())
            self.close_connection = True
        elif name == "broken":
            self.send_header("Content-Type", "text/plain")
            self._body(text.encode())
        else:
            words = ("title", "detail", "error", "errorCode", "traceId", "message", "key", "name", "error_description")
            members = dict.fromkeys(words, text)
            state = {"status": "Failed", "operationMessages": [members], "messages": [text], "results": [members]}
            self.send_header("Content-Type", "application/problem+json")
            self._body(json.dumps(members | (state if name == "operation" else {})).encode())


@contextmanager
def hostile(real: str, planted: dict[str, str], tls: SSLContext | None = None) -> Iterator[Hostile]:
    """The server, until the block ends."""
    with Hostile(real, planted, tls) as made:
        thread = Thread(target=made.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield made
        finally:
            made.shutdown()
            thread.join()
            made.client.close()
