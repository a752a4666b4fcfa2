"""What the net is told of the credentials with which we log in elsewhere, and for how long."""

from pathlib import Path

import pytest
from tests.acceptance.bench import Bench
from tests.acceptance.conftest import bench, make_bench

from stagemail.model.secret import SecretRef
from stagemail.reconcile.net import Net
from stagemail.wiring import running
from stagemail.wiring.logins import VARIABLES, login_secrets, pgpass_secrets
from stagemail.wiring.opening import open_installation

__all__ = ["bench", "make_bench"]


def told(environ: dict[str, str]) -> set[str]:
    return {secret.reveal() for secret in login_secrets((), environ)}


def test_every_known_variable_is_told() -> None:
    assert told(dict(zip(VARIABLES, "abcdefghijklm", strict=True))) == set("abcdefghijklm")


def test_of_headers_those_that_are_credentials_by_their_name() -> None:
    headers = "Authorization=Bearer%20t0ken%2Fx, x-tenant=development,api-key=k3y=,empty-token="
    assert told({"OTEL_EXPORTER_OTLP_HEADERS": headers}) == {"Bearer t0ken/x", "t0ken/x", "k3y="}
    assert told({"OTEL_EXPORTER_OTLP_TRACES_HEADERS": "x-auth=a"}) == {"a"}


def test_the_passwords_of_libpqs_own_file(tmp_path: Path) -> None:
    file = tmp_path / ".pgpass"
    file.write_text("# a:b:c:d:comment\ndb:5432:*:mail:p:w\n\\:\\:1:*:*:mail:back\\\\slash\\:x\nshort:line\n")
    assert [secret.reveal() for secret in pgpass_secrets({}, tmp_path)] == ["p:w", "back\\slash:x"]
    other = {"PGPASSFILE": str(tmp_path / "none")}
    assert list(pgpass_secrets(other, tmp_path)) == []


def test_a_run_of_months_knows_them_all_the_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads them again: without this the net would let go of them after two hours."""
    monkeypatch.setenv("GITHUB_TOKEN", "token-of-the-host")
    monkeypatch.setenv("STAGEMAIL_HOOK_GIT", "secret-of-the-hook")
    monkeypatch.setattr(running, "NET_SECONDS", -1.0)
    net = Net()
    made = running.Running(open_installation(None, bench.repository, None), net)
    made.own_secret(SecretRef("env", "HOOK_GIT"))
    for _ in range(3):
        made.anew("qa")
        assert net.scrub("token-of-the-host secret-of-the-hook") == "*** ***"
    made.close()
