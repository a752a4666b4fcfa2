"""Stands in for a GitLab server: merge requests, their notes, and issues, over HTTP, for the real ``gitlab`` command.

A mock, since GitLab can't be had in a test; written from its REST API's description (notes, issues and
merge requests). Anything else is refused with 404. Not here: what is expected of the jobs (the tests).
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

PROJECT = "/api/v4/projects/7"
TOKEN = "token-of-the-project"
ME = {"id": 42, "username": "project_7_bot"}
OTHER = {"id": 43, "username": "eve"}


class GitLab:
    """One project. ``calls`` are the writes that came in, as ``POST notes``."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.notes: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.calls: list[str] = []

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> Any:
        """The answer's value; None for what isn't known."""
        routes: list[tuple[str, str, Callable[..., Any]]] = [
            ("GET", r"/api/v4/user", lambda: ME),
            ("GET", rf"{PROJECT}/merge_requests", lambda: [r for r in self.requests if r["state"] == "opened"]),
            ("GET", rf"{PROJECT}/merge_requests/1/notes", lambda: self.notes),
            ("POST", rf"{PROJECT}/merge_requests/1/notes", lambda: self._made(self.notes, body)),
            ("PUT", rf"{PROJECT}/merge_requests/1/notes/(\d+)", lambda key: self._changed(self.notes[int(key)], body)),
            ("GET", rf"{PROJECT}/issues", lambda: [i for i in self.issues if i["state"] in query["state"]]),
            ("POST", rf"{PROJECT}/issues", lambda: self._made(self.issues, {"state": "opened", **body})),
            ("PUT", rf"{PROJECT}/issues/(\d+)", lambda key: self._changed(self.issues[int(key)], body)),
            ("POST", rf"{PROJECT}/issues/(\d+)/notes", lambda key: {"id": 1, "issue": key, **body}),
        ]
        for wanted, pattern, made in routes:
            found = re.fullmatch(pattern, path)
            if wanted == method and found:
                if method != "GET":
                    self.calls.append(f"{method} {path.removeprefix(PROJECT)}")
                return made(*found.groups())
        return None

    def _made(self, kept: list[dict[str, Any]], body: dict[str, Any]) -> dict[str, Any]:
        kept.append({"id": len(kept), "iid": len(kept), "author": ME, **body})
        return kept[-1]

    def _changed(self, one: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        one.update(body)
        if body.get("state_event") == "close":
            one["state"] = "closed"
        return one


@contextmanager
def serving() -> Iterator[tuple[GitLab, str]]:
    """A server on a free port of loopback, and its address."""
    host = GitLab()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            text = self.rfile.read(length)
            parts = urlsplit(self.path)
            known = self.headers.get("PRIVATE-TOKEN") == TOKEN
            found = host.answer(self.command, parts.path, parse_qs(parts.query), json.loads(text or b"{}"))
            status = 401 if not known else 404 if found is None else 201 if self.command == "POST" else 200
            body = json.dumps(found if known and found is not None else {"message": str(status)}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = _serve  # noqa: N815 - the names that http.server asks for

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield host, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
