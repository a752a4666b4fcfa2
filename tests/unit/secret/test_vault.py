"""Vault: versions, members, logins and errors. Not the real thing: a server after Vault's public HTTP API.

OpenBao itself is asked in ``test_openbao``.
"""

import json
import socket
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from tests.unit.secret.answering import Answer, authority, serving

from stagemail.errors import (
    InvalidInput,
    NotFound,
    NotPermitted,
    SecretEmpty,
    SecretUnexpected,
    SecretUnusable,
    StagemailError,
    Unreachable,
)
from stagemail.model.secret import SecretRef
from stagemail.secret.vault import VaultStore, build

CANARY = "canary-7f3a91"


class Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, tuple[int, Any]] = {}
        self.calls: list[tuple[str, dict[str, str]]] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.calls.append((self.path, dict(self.headers)))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, body = self.server.answers.get(self.path, (404, {"errors": []}))
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if isinstance(body, bytes) else "application/json")
        self.send_header("Content-Length", str(len(data)))
        if status == 307:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        thread = Thread(target=made.serve_forever, args=(0.02,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def store(server: Server, **login: str) -> VaultStore:
    settings = {
        "address": f"http://127.0.0.1:{server.server_port}",
        "namespace": "team-a",
        "login": login or {"method": "token", "variable": "T"},
    }
    return build(settings, Path(), {"T": "token-1", "VAULT_ROLE_ID": "role-1"})


def secret(data: object, **more: object) -> tuple[int, object]:
    metadata = {"version": 7, "created_time": "2026-11-01T00:00:00Z", "deletion_time": "", **more}
    return (200 if data is not None else 404), {"data": {"data": data, "metadata": metadata}}


def ref(**more: str) -> SecretRef:
    return SecretRef("vault", "qa/smtp", **more)


PATH = "/v1/secret/data/qa/smtp"


def test_a_single_member_is_taken_with_its_version_and_birth(server: Server) -> None:
    server.answers[PATH] = secret({"password": "one"})
    answer = store(server).read(ref())
    assert (answer.value.reveal(), answer.version, answer.created) == ("one", "7", "2026-11-01T00:00:00Z")
    headers = server.calls[-1][1]
    assert (headers["X-Vault-Token"], headers["X-Vault-Namespace"]) == ("token-1", "team-a")


def test_of_several_members_the_field_names_one(server: Server) -> None:
    server.answers[PATH] = secret({"password": "one", "user": "two"})
    assert store(server).read(ref(field="user")).value.reveal() == "two"
    with pytest.raises(SecretUnusable, match="field"):
        store(server).read(ref())


def test_a_pinned_version_is_asked_for(server: Server) -> None:
    server.answers[f"{PATH}?version=3"] = secret({"value": "old"}, version=3)
    assert store(server).read(ref(version="3")).version == "3"


@pytest.mark.parametrize("method", ["approle", "kubernetes", "jwt"])
def test_eight_reads_log_in_once(server: Server, method: str) -> None:
    server.answers[f"/v1/auth/{method}/login"] = (200, {"auth": {"client_token": "t2", "lease_duration": 3600}})
    server.answers[PATH] = secret({"value": "one"})
    opened = store(server, method=method, variable="T", role="stagemail")
    threads = [Thread(target=opened.read, args=(ref(),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path for path, _ in server.calls].count(f"/v1/auth/{method}/login") == 1
    assert server.calls[-1][1]["X-Vault-Token"] == "t2"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((403, {"errors": [CANARY]}), NotPermitted),
        ((404, {"errors": []}), NotFound),
        ((503, {"errors": [CANARY]}), Unreachable),
        ((429, {"errors": [CANARY]}), Unreachable),
        ((200, f"<html>{CANARY}".encode()), SecretUnexpected),
        ((307, {"data": CANARY}), SecretUnexpected),
        ((200, {"data": {"password": CANARY}}), SecretUnexpected),
        ((200, b"x" * (2 * 1024 * 1024 + 1)), SecretUnexpected),
        (secret({"password": "one"}, version=f"7 {CANARY}"), SecretUnexpected),
        (secret({}), SecretEmpty),
        (secret({"value": ""}), SecretEmpty),
        (secret(None, deletion_time="2026-11-02T00:00:00Z"), NotFound),
        (secret(None, deletion_time="2026-11-02T00:00:00Z", destroyed=True), SecretUnusable),
    ],
)
def test_each_refusal_is_its_own_error_without_the_answer_in_it(
    server: Server, answer: tuple[int, Any], kind: type[StagemailError]
) -> None:
    server.answers[PATH] = answer
    with pytest.raises(kind) as caught:
        store(server).read(ref())
    assert type(caught.value) is kind
    assert caught.value.hint
    assert caught.value.__context__ is None
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert len(server.calls) <= 3


@pytest.mark.parametrize("key", ["..", "a/../b", "a%2fb", "/a", "a//b", "a?b", ""])
def test_a_key_that_could_mean_another_place_is_refused(server: Server, key: str) -> None:
    with pytest.raises(InvalidInput):
        store(server).read(SecretRef("vault", key))
    assert server.calls == []


def test_nobody_at_the_address_is_unreachable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings = {
            "address": f"http://127.0.0.1:{taken.getsockname()[1]}",
            "login": {"method": "token", "variable": "T"},
        }
        with pytest.raises(Unreachable):
            build(settings, Path(), {"T": "x"}).read(ref())


def test_a_private_authority_is_trusted_where_the_store_says_so(tmp_path: Path) -> None:
    ca, context = authority(tmp_path)
    with serving(lambda _: Answer(body=secret({"value": "over-tls"})[1]), context) as tls:
        settings = {"address": tls.url, "login": {"method": "token", "variable": "T"}}
        opened = build({**settings, "caFile": ca.name}, tmp_path, {"T": "x"})
        assert opened.read(ref()).value.reveal() == "over-tls"
        with pytest.raises(Unreachable, match="not trusted"):
            build(settings, tmp_path, {"T": "x"}).read(ref())


def test_a_missing_or_empty_credential_of_the_login_is_named(server: Server, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="variable U is not set"):
        store(server, method="approle", variable="U").read(ref())
    with pytest.raises(NotFound, match=r"nothing\.txt cannot be read"):
        store(server, method="jwt", file=str(tmp_path / "nothing.txt")).read(ref())
    (tmp_path / "empty.txt").write_text(" \n")
    with pytest.raises(SecretEmpty, match=r"empty\.txt is empty"):
        store(server, method="jwt", file=str(tmp_path / "empty.txt")).read(ref())
    assert server.calls == []
