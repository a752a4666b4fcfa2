"""What ``validate`` says of a pasted credential never repeats it, in any of its formats."""

import pytest

from tests.acceptance.bench import Bench

PASTED = (
    "https://user:hunter2pasted@host.example.com/token",
    "-----BEGIN PRIVATE KEY----- hunter2pasted",
    "ghp_hunter2pasted0123456789",
    "AGE-SECRET-KEY-HUNTER2PASTED",
    "eyJhunter2pasted.eyJhunter2pasted.hunter2pasted",
)
PLACES = (
    ("host: smtp.example.com", "host: '{}'"),
    ("port: 587", "port: '{}'"),
    ("type: basic", "type: '{}'"),
    ("name: corporate-relay", "name: '{}'"),
    ("mode: test-list", "mode: '{}'"),
    ("mode: test-list", "'{}': test-list"),
    ("secretRef: {{store: env, key: SMTP_QA}}", "'{}': x"),
)


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "gitlab", "markdown"])
def test_a_pasted_credential_is_in_no_message(bench: Bench, form: str) -> None:
    path = "environments/qa/email.yaml"
    text = bench.read(path)
    for old, new in PLACES:
        if old.format() not in text:
            continue
        for pasted in PASTED:
            bench.write(path, text.replace(old.format(), new.format(pasted)), commit=False)
            said = bench.run("validate", "--format", form, expect=None)
            assert "hunter2pasted" not in (said.out + said.err).lower(), (old, pasted, said)


def test_a_password_in_the_address_of_a_source_is_refused(bench: Bench) -> None:
    text = bench.read("stagemail.yaml")
    bench.write("stagemail.yaml", text + "sources: {more: {url: 'https://u:hunter2pasted@git.example.com/x.git'}}\n")
    said = bench.run("validate", expect=1).shows("literal-secret", "secretRef")
    said.hides("hunter2pasted")
