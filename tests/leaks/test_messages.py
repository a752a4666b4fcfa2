"""What ``validate`` says of a pasted credential never repeats it, in any of its formats."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from stagemail.model.location import Place
from stagemail.source.pasted import in_document
from tests.acceptance.bench import Bench
from tests.leaks.sinks import ROOT

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


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "markdown"])
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


TOKENS = (
    "-----BEGIN PRIVATE KEY----- hunter2pasted",
    "ghp_hunter2pasted0123456789",
    "AGE-SECRET-KEY-HUNTER2PASTED",
    "SG.hunter2pasted0123456789.hunter2pasted0123456789",
    "smtps://relay:hunter2pasted@smtp.example.com",
    "hvb.hunter2pasted0123456789",
    "GOCSPX-hunter2pasted0123456789abc",
    "AIzahunter2pasted0123456789abcdefghijk",
    "abc8Q~hunter2pasted0123456789abcdefghijkl",
    "re_abcdefgh_hunter2pasted0123456789",
    "xsmtpsib-0123456789abcdef0123456789abcdef-hunter2pasted",
    "eyJhunter2pasted.eyJhunter2pasted.hunter2pasted",
)
FIELDS = ("name: corporate-relay", "username: mailer@example.com", "host: smtp.example.com", "key: SMTP_QA")


@pytest.mark.parametrize("pasted", TOKENS)
def test_a_credential_in_an_ordinary_field_is_refused(bench: Bench, pasted: str) -> None:
    path = "environments/qa/email.yaml"
    text, tried = bench.read(path), 0
    for field in FIELDS:
        name = field.partition(":")[0]
        if field not in text:
            continue
        bench.write(path, text.replace(field, f'{name}: "{pasted}"'), commit=False)
        said = bench.run("validate", expect=1).shows("literal-secret", "revoke")
        assert "hunter2pasted" not in (said.out + said.err).lower()
        tried += 1
    assert tried == len(FIELDS)
    bench.write(path, text, commit=False)
    operator = bench.read("stagemail.yaml")
    bench.write("stagemail.yaml", re.sub("clientId: .*", f'clientId: "{pasted}"', operator), commit=False)
    said = bench.run("validate", expect=1).shows("literal-secret")
    assert "hunter2pasted" not in (said.out + said.err).lower()


@pytest.mark.parametrize(
    "fine",
    [
        "git+ssh://git@git.example.com/x.git",
        "-----BEGIN PUBLIC KEY----- x",
        "eyJ",
        "my-ghp_notes0123456789",
        "key-of-the-relay",
        "key-0123456789",
        "re_sent_messages",
        "AIza",
        "SQ~x",
        "monkey-" + "0123456789abcdef" * 2,
    ],
)
def test_what_only_resembles_a_credential_is_none(fine: str) -> None:
    assert list(in_document({"a": [fine]}, Place("x.yaml", 0))) == []


def test_the_hook_refuses_a_commit_with_a_credential(bench: Bench) -> None:
    """As pre-commit runs it: the entry of .pre-commit-hooks.yaml, when a file is staged that its pattern takes."""
    (entry,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert entry["pass_filenames"] is False
    assert re.search(entry["files"], "environments/qa/email.yaml") and re.search(entry["files"], "stagemail.yaml")
    hook = bench.repository / ".git" / "hooks" / "pre-commit"
    programs = Path(sys.executable).parent
    hook.write_text(f"#!/bin/sh\nPATH={programs}:$PATH exec {entry['entry']}\n", encoding="utf-8")
    hook.chmod(0o755)
    bench.git("commit", "--quiet", "--allow-empty", "--message", "Good documents pass")
    before = bench.git("rev-parse", "HEAD")
    bench.change("environments/qa/email.yaml", "name: corporate-relay", f'name: "{TOKENS[1]}"', commit=False)
    with pytest.raises(subprocess.CalledProcessError) as refused:
        bench.commit("Paste a token")
    said = refused.value.stdout + refused.value.stderr
    assert "literal-secret" in said and "hunter2pasted" not in said
    assert bench.git("rev-parse", "HEAD") == before
