"""Commands over secret stores that turn hostile: each answers with every form of its secret and of the login for it.

In front of each store's server stands ``hostile``, which passes calls on, or repeats what it was asked (the login's
header, a token, the body) and the secret in every encoding, in status line, headers, body, redirect and broken answers.
No store's words are shown, so the net needs to know none of them: most of these runs have read nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from azure.keyvault.secrets._shared.http_challenge_cache import clear

from tests.acceptance.bench import Bench
from tests.contract.secret_rigs import ambient
from tests.contract.secret_servers import Azure, Google, Kubernetes, Vault
from tests.leaks.canaries import CANARIES, ENCODINGS, found
from tests.leaks.hostile import ANSWERS, Hostile, hostile
from tests.leaks.test_driving import COUNTED, _run, logs  # noqa: F401 - a fixture
from tests.unit.secret.answering import Answer, Call, authority, serving

SECRET, LOGIN, TOKEN = CANARIES[0], CANARIES[15], CANARIES[19]
"""What the store keeps, what logs in there, and a token that is sent: the last two have to fit into a header."""
TURNS = (
    ("plan", "qa"), ("apply", "qa"), ("secrets", "status"), ("plan", "qa", "--format", "json"),
    ("status", "--why"), ("apply", "qa", "--format", "json"), ("history", "--format", "json"),
)  # fmt: skip
"""Beside ``secrets check``, one of these meets each kind of answer."""


def aws(call: Call) -> Answer:
    """After the APIs of Secrets Manager and of Parameter Store."""
    if call.headers["X-Amz-Target"].startswith("AmazonSSM"):
        about = {"Name": "/mail/qa/smtp", "Type": "SecureString", "Version": 7, "Value": SECRET}
        return Answer(body={"Parameter": about})
    return Answer(body={"Name": "qa/smtp", "VersionId": "v" * 32, "SecretString": SECRET})


@dataclass
class Case:
    """A store of the operator file, the key of its secret, and the server that it has."""

    key: str
    answer: Callable[[Call], Answer]
    entry: Callable[[str, Path], dict[str, Any]]
    environment: dict[str, str] = field(default_factory=dict)
    tls: bool = False


AWS_LOGIN = {"AWS_SECRET_ACCESS_KEY": LOGIN, "AWS_SESSION_TOKEN": TOKEN}


def region(kind: str, **more: str) -> Callable[[str, Path], dict[str, Any]]:
    return lambda url, _: {"type": kind, "region": "eu-central-1", "endpointUrl": url, **more}


def google(url: str, folder: Path) -> dict[str, Any]:
    file = Google.credentials(folder)
    return {
        "type": "google-secret-manager",
        "project": "example-mail",
        "endpoint": url,
        "credentialsFile": f"{folder}/{file}",
    }


def azure(url: str, folder: Path) -> dict[str, Any]:
    login = {"method": "client-secret", "tenantId": "tenant-1", "clientId": "c", "variable": "S", "authority": url}
    return {"type": "azure-key-vault", "vaultUrl": url, "caFile": f"{folder}/ca.pem", "login": login}


def cluster(url: str, folder: Path) -> dict[str, Any]:
    file = folder / Kubernetes.kubeconfig(url, folder)
    file.write_text(file.read_text().replace("token-1", TOKEN))
    return {"type": "kubernetes", "namespace": "mail", "kubeconfig": str(file)}


def vault(url: str, _: Path) -> dict[str, Any]:
    return {"type": "vault", "address": url, "login": {"method": "token", "variable": "T"}}


def kept(api: Any, key: str) -> Any:
    api.put(key, SECRET.encode())
    return api


def cases() -> dict[str, Case]:
    return {
        "aws-secrets-manager": Case("qa/smtp", aws, region("aws-secrets-manager"), AWS_LOGIN),
        "aws-parameter-store": Case("qa/smtp", aws, region("aws-parameter-store", path="/mail"), AWS_LOGIN),
        "google": Case("smtp-qa", kept(Google(), "smtp-qa"), google),
        "azure": Case(
            "smtp-qa", kept(Azure(token=TOKEN, secret_of_client=LOGIN), "smtp-qa"), azure, {"S": LOGIN}, tls=True
        ),
        "kubernetes": Case("smtp-qa/password", kept(Kubernetes(), "smtp-qa/password"), cluster),
        "vault": Case("qa/smtp", kept(Vault(), "qa/smtp"), vault, {"T": TOKEN}),
    }


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ambient(monkeypatch, tmp_path)
    clear()
    for name in ("azure.core.pipeline.transport._base", "botocore.endpoint", "google.api_core.retry.retry_unary"):
        monkeypatch.setattr(f"{name}.time.sleep", lambda _: None)


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Callable[[Case], Hostile]]:
    """Makes the hostile server in front of a store's own."""
    with ExitStack() as stack:

        def make(case: Case) -> Hostile:
            context = authority(tmp_path)[1] if case.tls else None
            real = stack.enter_context(serving(case.answer))
            made = stack.enter_context(hostile(real.url, {"s": SECRET, "l": LOGIN, "t": TOKEN}, context))
            made.door = "/"
            if isinstance(case.answer, Azure):
                case.answer.url = made.url
            return made

        yield make


@pytest.mark.parametrize("name", cases())
def test_no_canary_comes_back_from_a_store_that_repeats_it(
    bench: Bench,
    logs: list[str],  # noqa: F811 - the fixture
    front: Callable[[Case], Hostile],
    tmp_path: Path,
    name: str,
) -> None:
    case = cases()[name]
    server = front(case)
    bench.environment |= case.environment
    bench.change("environments/qa/email.yaml", "store: env, key: SMTP_QA", f"store: rogue, key: {case.key}")
    bench.change("stagemail.yaml", "secretStores:\n", f"secretStores:\n  rogue: {case.entry(server.url, tmp_path)!r}\n")
    bench.change("stagemail.yaml", "store: env, keys: SMTP_QA", f"store: rogue, keys: {case.key}")
    said = [_run(bench, "secrets", "check"), _run(bench, "apply", "qa")]
    assert " 1 missing" not in said[0] and bench.writes()["PATCH", "QA"], f"it was read: {said}"
    for number, kind in enumerate(ANSWERS):
        server.kind = kind
        for command in (("secrets", "check"), TURNS[number % len(TURNS)]):
            said.append(_run(bench, *command))
            assert found(said[-1]) == [], f"{kind} {command}: {said[-1]}"
    server.kind = ""
    said.append(_run(bench, "history", "--format", "json"))
    assert server.said == set(server.texts), "every form of every canary was said by the store"
    assert {kind for kind, _ in server.answered} == set(ANSWERS)
    heard = tuple(sorted(server.heard))
    for what in ("\n".join(said), "\n".join(logs), bench.files()):
        assert found(what) == []
        assert found(what, heard) == [], "what the store was shown came back"
    COUNTED.append(
        f"{name}: 3 canaries × {len(ENCODINGS)} encodings and {len(heard)} logins in {len(ANSWERS)} kinds of answer: "
        f"{len(said)} commands, {len(logs)} log lines: none found"
    )
