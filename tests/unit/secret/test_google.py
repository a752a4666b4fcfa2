"""Google Secret Manager: its SDK over REST. Not the real thing: a server after the public API of version 1."""

import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.cloud.secretmanager_v1.services.secret_manager_service.transports.rest import (
    SecretManagerServiceRestTransport,
)
from tests.contract.secret_rigs import offline
from tests.contract.secret_servers import Google
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
from stagemail.secret.google_secret_manager import GoogleStore, build

CANARY = "canary-7f3a91"


@pytest.fixture(autouse=True)
def _nobody_is_logged_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))
    offline(monkeypatch)
    monkeypatch.setattr("google.api_core.retry.retry_unary.time.sleep", lambda _: None)


@pytest.fixture
def google() -> Google:
    return Google()


@pytest.fixture
def server(google: Google) -> Iterator[Server]:
    with serving(google) as made:
        yield made


def store(server: Server, folder: Path, **more: str) -> GoogleStore:
    settings = {"project": "example-mail", "endpoint": server.url, "credentialsFile": Google.credentials(folder)}
    return build({**settings, **more}, folder, {})


def ref(key: str = "smtp-qa", **more: str) -> SecretRef:
    return SecretRef("google", key, **more)


def test_the_newest_version_and_a_pinned_one(google: Google, server: Server, tmp_path: Path) -> None:
    google.put("smtp-qa", b"one")
    google.put("smtp-qa", b"two")
    opened = store(server, tmp_path)
    newest = opened.read(ref())
    assert (newest.value.reveal(), newest.version) == ("two", "2")
    assert opened.read(ref(version="1")).value.reveal() == "one"
    assert server.calls[0].headers["Authorization"].startswith("Bearer ey")
    assert server.calls[0].path.startswith("/v1/projects/example-mail/secrets/smtp-qa/versions/latest:access")


def test_a_location_has_its_own_secrets(google: Google, server: Server, tmp_path: Path) -> None:
    google.put("smtp-qa", b"one")
    assert store(server, tmp_path, location="europe-west3").read(ref()).version == "1"
    assert "/projects/example-mail/locations/europe-west3/secrets/" in server.calls[0].path


@pytest.mark.parametrize("state", ["DISABLED", "DESTROYED"])
def test_a_version_that_is_disabled_or_destroyed_is_unusable(
    google: Google, server: Server, tmp_path: Path, state: str
) -> None:
    google.put("smtp-qa", b"one")
    google.about["smtp-qa", 1] = state
    with pytest.raises(SecretUnusable, match=state.lower()):
        store(server, tmp_path).read(ref())
    with pytest.raises(SecretUnusable, match=f"version 1 is {state.lower()}"):
        store(server, tmp_path).read(ref(version="1"))


def test_what_arrives_damaged_is_not_used(google: Google, server: Server, tmp_path: Path) -> None:
    google.put("smtp-qa", b"one")
    google.about["smtp-qa", 1] = "DAMAGED"
    with pytest.raises(Unreachable, match="checksum"):
        store(server, tmp_path).read(ref())


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Google.error(401, "UNAUTHENTICATED", CANARY), NotPermitted),
        (Google.error(403, "PERMISSION_DENIED", CANARY), NotPermitted),
        (Google.error(404, "NOT_FOUND", CANARY), NotFound),
        (Google.error(429, "RESOURCE_EXHAUSTED", CANARY), Unreachable),
        (Google.error(503, "UNAVAILABLE", CANARY), Unreachable),
        (Answer(200, f"<html>{CANARY}</html>".encode()), SecretUnexpected),
        (Answer(302, f"<html>{CANARY}</html>".encode(), (("Location", "/login"),)), SecretUnexpected),
        (Answer(200, {"login": CANARY}), SecretUnexpected),
        (Answer(200, {"name": "projects/1/secrets/other/versions/1", "payload": {"data": "eA=="}}), SecretUnexpected),
    ],
)
def test_each_refusal_is_its_own_error_without_the_answer_in_it(
    answer: Answer, kind: type[StagemailError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 10_000, 4))
    monkeypatch.setattr("google.api_core.retry.retry_unary.time.monotonic", lambda: float(next(clock)))
    with serving(lambda _: answer) as server:
        with pytest.raises(kind) as caught:
            store(server, tmp_path).read(ref())
        assert type(caught.value) is kind
        assert caught.value.hint
        assert caught.value.__context__ is None
        assert CANARY not in "".join(traceback.format_exception(caught.value))
        assert len(server.calls) <= 5
        assert not any(call.path == "/login" for call in server.calls)


@pytest.mark.parametrize("key", ["", "..", "a/b", "projects/x/secrets/y", "a%2fb", "a b", "a:b", "x" * 256])
def test_a_key_that_could_leave_the_project_is_refused(server: Server, tmp_path: Path, key: str) -> None:
    with pytest.raises(InvalidInput):
        store(server, tmp_path).read(ref(key))
    assert server.calls == []


def test_the_sdks_own_log_of_answers_stays_off(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "google"):
        assert not logging.getLogger(SecretManagerServiceRestTransport.__module__).isEnabledFor(logging.DEBUG)


def test_no_login_is_told_with_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text(CANARY)
    for settings in ({}, {"credentialsFile": "missing.json"}, {"credentialsFile": "broken.json"}):
        given: dict[str, Any] = {"project": "example-mail", "endpoint": "http://127.0.0.1:9", **settings}
        with pytest.raises(NotPermitted, match="no login") as caught:
            build(given, tmp_path, {}).read(ref())
        assert CANARY not in str(caught.value)


def test_nobody_at_the_address_is_unreachable(server: Server, tmp_path: Path) -> None:
    with pytest.raises(Unreachable):
        store(server, tmp_path, endpoint="http://127.0.0.1:9").read(ref())


def test_a_private_authority_is_trusted_where_the_store_says_so(google: Google, tmp_path: Path) -> None:
    google.put("smtp-qa", b"one")
    ca, context = authority(tmp_path)
    with serving(google, context) as server:
        assert store(server, tmp_path, caFile=ca.name).read(ref()).value.reveal() == "one"
        with pytest.raises(Unreachable, match="not trusted"):
            store(server, tmp_path).read(ref())
