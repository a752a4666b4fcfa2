"""``secrets check`` and ``status`` over five kinds of store at once: where each secret is, or what to do next."""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyrage
import pytest
from tests.acceptance.bench import GIT
from tests.contract.secret_rigs import Moto, ambient
from tests.openbao import ROOT_TOKEN, OpenBao, require

from stagemail.cli.main import main

CANARY = "canary-7f3a91"
STAGES = {
    "env": ("env", "SMTP_QA", ""),
    "file": ("file", "smtp", ""),
    "age": ("age", "smtp.age", ""),
    "vault": ("vault", "qa/smtp", ", field: password"),
    "aws": ("aws", "qa/smtp", ""),
}
"""By stage: the store, the key, and what else the reference says."""
CONFIGURATION = """\
apiVersion: stagemail/v1
kind: EmailConfiguration
metadata: {{name: relay}}
spec:
  server: {{host: smtp.example.com, port: 587, security: starttls}}
  authentication:
    type: basic
    username: mailer@example.com
    password: {{secretRef: {{store: {store}, key: {key}{more}}}}}
  sender: {{name: Example, address: no-reply@example.com}}
  recipients: {{mode: test-list, testList: [{{name: Testers, address: qa@example.com}}]}}
"""


class Five:
    """A repository with five stages, each with another kind of store."""

    def __init__(self, folder: Path, bao: OpenBao, moto: Moto) -> None:
        self.folder, self.bao, self.moto = folder, bao, moto
        self.repository = folder / "repository"
        self.identity = pyrage.x25519.Identity.generate()
        (folder / "identity.txt").write_text(str(self.identity))
        (folder / "identity.txt").chmod(0o600)
        (folder / "files").mkdir()
        (self.repository / "secrets").mkdir(parents=True)

    def fill(self) -> None:
        (self.folder / "files" / "smtp").write_text(f"{CANARY}-file")
        (self.folder / "files" / "smtp").chmod(0o600)
        sealed = pyrage.encrypt(f"{CANARY}-age".encode(), [self.identity.to_public()], armored=True)
        (self.repository / "secrets" / "smtp.age").write_bytes(sealed)
        self.bao.put("qa/smtp", {"password": f"{CANARY}-vault", "user": "mailer"})
        self.moto.client("secretsmanager").create_secret(Name="qa/smtp", SecretString=f"{CANARY}-aws")

    def describe(self) -> None:
        stages = "".join(
            f"  {stage}: {{target: odc, environment: {stage}, purpose: non-production}}\n" for stage in STAGES
        )
        grants = "".join(
            f'  - {{stages: [{stage}], store: {store}, keys: "{key}", destinations: ["smtp.example.com:587"]}}\n'
            for stage, (store, key, _) in STAGES.items()
        )
        aws = f"region: eu-central-1, endpointUrl: '{self.moto.url}'"
        (self.repository / "stagemail.yaml").write_text(
            "apiVersion: stagemail/v1\nkind: Operator\nsource: {path: environments}\nstate: sqlite:///stagemail.db\n"
            "targets:\n  odc:\n    type: odc\n    domain: example.outsystems.dev\n    portfolio: Main\n"
            "    mapping: odc-mapping.yaml\n    credentials:\n      clientId: stagemail-ci\n"
            "      clientSecret: {secretRef: {store: env, key: ODC_CLIENT_SECRET}}\n"
            f"stages:\n{stages}secretStores:\n"
            "  env: {type: env, prefix: STAGEMAIL_}\n"
            f"  file: {{type: file, path: {self.folder / 'files'}}}\n"
            f"  age: {{type: age, path: secrets, identityFile: {self.folder / 'identity.txt'}}}\n"
            f"  vault: {{type: vault, address: '{self.bao.url}', login: {{method: token, variable: BAO_TOKEN}}}}\n"
            f"  aws: {{type: aws-secrets-manager, {aws}}}\n"
            f"grants:\n{grants}"
        )
        for stage, (store, key, more) in STAGES.items():
            folder = self.repository / "environments" / stage
            folder.mkdir(parents=True)
            (folder / "email.yaml").write_text(CONFIGURATION.format(store=store, key=key, more=more))
        subprocess.run([*GIT, "init", "--quiet", "--initial-branch", "main"], cwd=self.repository, check=True)
        subprocess.run([*GIT, "add", "--all"], cwd=self.repository, check=True)
        subprocess.run([*GIT, "commit", "--quiet", "--message", "Describe the mail"], cwd=self.repository, check=True)


@pytest.fixture
def five(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Five]:
    require()
    ambient(monkeypatch, tmp_path)
    bao, moto = OpenBao(tmp_path), Moto()
    try:
        moto.reset()  # its memory is the process's
        made = Five(tmp_path, bao, moto)
        made.fill()
        made.describe()
        monkeypatch.setenv("STAGEMAIL_SMTP_QA", f"{CANARY}-env")
        monkeypatch.setenv("BAO_TOKEN", ROOT_TOKEN)
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.chdir(made.repository)
        yield made
    finally:
        bao.close()
        moto.close()


def check(capsys: pytest.CaptureFixture[str], verb: str = "check") -> tuple[int, str]:
    with pytest.raises(SystemExit) as left:
        main(["secrets", verb])
    captured = capsys.readouterr()
    text = captured.out + captured.err
    assert CANARY not in text
    assert "Traceback" not in text
    long = [line for line in text.splitlines() if len(line) > 80 and len(line.split()) > 1]
    assert long == [], "only what cannot be broken, such as a path, is longer than a terminal's line"
    return int(left.value.code or 0), " ".join(text.split())


def test_a_sample_with_five_kinds_of_store_is_checked(five: Five, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = check(capsys)
    assert code == 0, text
    for origin in (
        "environment variable STAGEMAIL_SMTP_QA",
        f"file {five.folder / 'files' / 'smtp'}",
        "smtp.age",
        f"Vault secret secret/qa/smtp at {five.bao.url}, field password",
        f"AWS secret qa/smtp in {five.moto.url}",
    ):
        assert origin.replace(" ", "") in text.replace(" ", ""), text
    assert "version 1" in text


def test_the_status_of_five_kinds_of_store_tells_versions_ages_and_uses(
    five: Five, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its platform cannot be reached: what is live is then not known, and said so."""
    monkeypatch.setenv("STAGEMAIL_CLOCK_SPEED", f"1000@{datetime.now(UTC).isoformat()}")
    code, text = check(capsys, "status")
    assert code == 1, text
    for store, (name, key, more) in STAGES.items():
        wanted = f"{name}:{key}{'#password' if more else ''}"
        assert wanted in text
        assert f"used by {store} authentication.password environments/{store}/email.yaml:9:5" in text
        assert f"{store}: we have no record of it yet" in text
    assert "version 1, new today, expiry not known" in text
    assert "its store has no versions" in text
    assert "may be revoked" not in text


def test_each_store_says_what_to_do_next(
    five: Five, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STAGEMAIL_SMTP_QA")
    (five.folder / "files" / "smtp").write_text("")
    other = pyrage.x25519.Identity.generate()
    (five.repository / "secrets" / "smtp.age").write_bytes(pyrage.encrypt(b"x", [other.to_public()]))
    monkeypatch.setenv("BAO_TOKEN", "revoked")
    operator = (five.repository / "stagemail.yaml").read_text()
    (five.repository / "stagemail.yaml").write_text(operator.replace(five.moto.url, "http://127.0.0.1:9"))
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    code, text = check(capsys)
    assert code == 1
    for said in (
        "set STAGEMAIL_SMTP_QA where stagemail runs",
        "is empty",
        "encrypt it for the recipient age1",
        "permission denied",
        "AWS cannot be reached",
    ):
        assert said.replace(" ", "") in text.replace(" ", ""), text
