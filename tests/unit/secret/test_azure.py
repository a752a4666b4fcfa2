"""Azure Key Vault: its SDK over TLS. Not the real thing: a server after the public API, with its login challenge."""

import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.keyvault.secrets._shared.http_challenge_cache import clear
from tests.contract.secret_servers import Azure
from tests.unit.secret.answering import Answer, Server, authority, serving

from stagemail.errors import (
    InvalidInput,
    NotFound,
    NotPermitted,
    SecretUnexpected,
    SecretUnusable,
    StagemailError,
    Unreachable,
)
from stagemail.model.secret import SecretRef
from stagemail.secret.azure_key_vault import AzureStore, Retries, build

CANARY = "canary-7f3a91"
NOW = 1795737600


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    clear()
    monkeypatch.setattr("azure.core.pipeline.transport._base.time.sleep", lambda _: None)
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def azure() -> Azure:
    return Azure()


@pytest.fixture
def server(azure: Azure, tmp_path: Path) -> Iterator[Server]:
    _, context = authority(tmp_path)
    with serving(azure, context) as made:
        azure.url = made.url
        yield made


def settings(server: Server) -> dict[str, Any]:
    login = {"method": "client-secret", "tenantId": "tenant-1", "clientId": "client-1", "variable": "SECRET"}
    return {"vaultUrl": server.url, "caFile": "ca.pem", "login": {**login, "authority": server.url}}


def store(server: Server, folder: Path, **environ: str) -> AzureStore:
    return build(settings(server), folder, environ or {"SECRET": "right"})


def ref(key: str = "smtp-qa", **more: str) -> SecretRef:
    return SecretRef("azure", key, **more)


def test_the_newest_version_and_a_pinned_one_after_the_challenge(azure: Azure, server: Server, tmp_path: Path) -> None:
    azure.put("smtp-qa", b"one")
    azure.put("smtp-qa", b"two")
    azure.about["smtp-qa", 2] = {"exp": NOW, "nbf": 1}
    opened = store(server, tmp_path)
    newest = opened.read(ref())
    assert (newest.value.reveal(), newest.version) == ("two", f"{2:032x}")
    assert (newest.expires, newest.created) == ("2026-11-27", "2026-11-01T00:00:00+00:00")
    assert opened.read(ref(version=f"{1:032x}")).value.reveal() == "one"
    assert "Authorization" not in server.calls[0].headers
    logins = [call for call in server.calls if call.path.endswith("/token")]
    assert len(logins) == 1
    assert b"scope=https%3A%2F%2F0.0.1" in logins[0].body


def test_what_is_disabled_or_not_valid_yet_is_unusable(azure: Azure, server: Server, tmp_path: Path) -> None:
    azure.put("smtp-qa", CANARY.encode())
    azure.about["smtp-qa", 1] = {"enabled": False}
    with pytest.raises(SecretUnusable, match="disabled"):
        store(server, tmp_path).read(ref())
    azure.about["smtp-qa", 1] = {"nbf": NOW}
    opened = AzureStore(settings(server), tmp_path, {"SECRET": "right"}, lambda: datetime.fromtimestamp(NOW - 1, UTC))
    with pytest.raises(SecretUnusable, match="not valid before 2026-11-27"):
        opened.read(ref())
    opened = AzureStore(settings(server), tmp_path, {"SECRET": "right"}, lambda: datetime.fromtimestamp(NOW, UTC))
    assert opened.read(ref()).value.reveal() == CANARY


def test_a_refused_and_a_missing_login_are_told_apart(server: Server, tmp_path: Path) -> None:
    with pytest.raises(NotPermitted, match="login was refused") as caught:
        store(server, tmp_path, SECRET="wrong").read(ref())
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    with pytest.raises(NotFound, match="SECRET is not set"):
        store(server, tmp_path, OTHER="x").read(ref())


def error(status: int, code: str) -> Answer:
    return Answer(status, {"error": {"code": code, "message": CANARY}})


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(403, "Forbidden"), NotPermitted),
        (error(403, "ForbiddenByFirewall"), NotPermitted),
        (error(404, "SecretNotFound"), NotFound),
        (Answer(404, f"<html>{CANARY}</html>".encode()), SecretUnexpected),
        (error(429, "Throttled"), Unreachable),
        (error(503, "ServiceUnavailable"), Unreachable),
        (Answer(200, f"<html>{CANARY}</html>".encode()), SecretUnexpected),
        (Answer(302, f"<html>{CANARY}</html>".encode(), (("Location", "/login"),)), SecretUnexpected),
        (Answer(200, {"login": CANARY}), SecretUnexpected),
    ],
)
def test_each_refusal_is_its_own_error_without_the_answer_in_it(
    azure: Azure, server: Server, tmp_path: Path, answer: Answer, kind: type[StagemailError]
) -> None:
    azure.answer = lambda _: answer
    with pytest.raises(kind) as caught:
        store(server, tmp_path).read(ref())
    assert type(caught.value) is kind
    assert caught.value.hint
    assert caught.value.__context__ is None
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert len([call for call in server.calls if call.path.startswith("/secrets")]) <= 4
    assert not any(call.path == "/login" for call in server.calls)


@pytest.mark.parametrize("key", ["", "..", "a/b", "a%2fb", "a b", "a_b", "https://other.vault.azure.net", "x" * 128])
def test_a_key_that_could_leave_the_vault_is_refused(server: Server, tmp_path: Path, key: str) -> None:
    with pytest.raises(InvalidInput):
        store(server, tmp_path).read(ref(key))
    assert server.calls == []


def test_a_version_that_is_none_is_unusable_before_anything_is_asked(server: Server, tmp_path: Path) -> None:
    with pytest.raises(SecretUnusable, match="version 9"):
        store(server, tmp_path).read(ref(version="9"))
    assert server.calls == []


def test_an_unknown_authority_and_nobody_are_unreachable(server: Server, tmp_path: Path) -> None:
    given = settings(server)
    with pytest.raises(Unreachable, match="not trusted"):
        build({**given, "caFile": None}, tmp_path, {"SECRET": "right"}).read(ref())
    with pytest.raises(Unreachable, match="cannot be reached"):
        build({**given, "vaultUrl": "https://127.0.0.1:9"}, tmp_path, {"SECRET": "right"}).read(ref())


def test_another_domain_in_the_challenge_gets_no_token(azure: Azure, server: Server, tmp_path: Path) -> None:
    azure.url = "https://elsewhere.example.com"
    with pytest.raises(SecretUnexpected):
        store(server, tmp_path).read(ref())
    assert not any(call.path.endswith("/token") for call in server.calls)


def test_a_long_wait_that_the_service_asks_for_is_cut() -> None:
    class Asked:
        http_response: Any = type("R", (), {"headers": {"Retry-After": "3600"}})()

    assert Retries().get_retry_after(Asked()) == 2.0
    assert issubclass(HttpResponseError, Exception)
