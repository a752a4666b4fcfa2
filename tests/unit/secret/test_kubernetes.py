"""Kubernetes Secrets. Not the real thing: a server after the public API of core/v1 Secrets."""

import base64
import json
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from stagemail.errors import InvalidInput, NotFound, NotPermitted, SecretUnexpected, SecretUnusable, Unreachable
from stagemail.model.secret import SecretRef
from stagemail.secret.kubernetes import KubernetesStore, build

CANARY = "canary-7f3a91"
PATH = "/api/v1/namespaces/mail/secrets/smtp-qa"

METADATA = {
    "name": "smtp-qa",
    "resourceVersion": "42",
    "managedFields": [{"time": "2026-11-01T10:00:00Z"}, {"time": "2026-11-02T10:00:00Z"}, {"manager": "x"}],
}


class Server(ThreadingHTTPServer):
    answer: tuple[int, Any] = (404, {"kind": "Status"})

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.calls: list[tuple[str, str]] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.calls.append((self.path, self.headers.get("Authorization", "")))
        status, body = self.server.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        thread = Thread(target=made.serve_forever, args=(0.02,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def store(server: Server, tmp_path: Path) -> KubernetesStore:
    config = {
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
        "users": [{"name": "u", "user": {"token": "token-1"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "other"}}],
        "current-context": "x",
    }
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    return build({"namespace": "mail", "kubeconfig": "kubeconfig"}, tmp_path, {})


def secret(value: bytes) -> tuple[int, object]:
    data = {"password": base64.b64encode(value).decode()}
    return 200, {"kind": "Secret", "metadata": METADATA, "data": data}


def ref(key: str = "smtp-qa/password", **more: str) -> SecretRef:
    return SecretRef("cluster", key, **more)


def test_an_entry_comes_with_the_objects_version_from_the_stores_namespace(server: Server, tmp_path: Path) -> None:
    server.answer = secret(b"one")
    answer = store(server, tmp_path).read(ref())
    assert (answer.value.reveal(), answer.version) == ("one", "42")
    assert answer.created == "2026-11-02T10:00:00Z"
    assert server.calls == [(PATH, "Bearer token-1")]


def test_pins_and_missing_entries_are_refused(server: Server, tmp_path: Path) -> None:
    server.answer = secret(b"one")
    with pytest.raises(SecretUnusable, match="no versions"):
        store(server, tmp_path).read(ref(version="42"))
    with pytest.raises(NotFound, match="no such entry"):
        store(server, tmp_path).read(ref("smtp-qa/other"))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((401, {"message": CANARY}), NotPermitted),
        ((403, {"message": CANARY}), NotPermitted),
        ((404, {"message": CANARY}), NotFound),
        ((503, {"message": CANARY}), Unreachable),
        ((200, f"<html>{CANARY}".encode()), SecretUnexpected),
        ((302, {"message": CANARY}), SecretUnexpected),
        ((200, {"kind": "ConfigMap", "metadata": {}, "data": {"password": CANARY}}), SecretUnexpected),
        (secret(b"x" * 65537), SecretUnusable),
        ((200, b"x" * (2 * 1024 * 1024 + 1)), SecretUnexpected),
    ],
)
def test_each_refusal_is_its_own_error(server: Server, tmp_path: Path, answer: tuple[int, Any], kind: type) -> None:
    server.answer = answer
    with pytest.raises(kind) as caught:
        store(server, tmp_path).read(ref())
    assert type(caught.value) is kind
    assert caught.value.__context__ is None
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert len(server.calls) <= 3


@pytest.mark.parametrize("key", ["smtp", "../x/y", "a/b/c", "a%2fb/c", "a/..", "/a", "A/b", ""])
def test_a_key_that_could_leave_the_namespace_is_refused(server: Server, tmp_path: Path, key: str) -> None:
    with pytest.raises(InvalidInput):
        store(server, tmp_path).read(ref(key))
    assert server.calls == []
