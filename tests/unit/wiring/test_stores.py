"""The ten stores as plugins: nothing of their libraries is loaded before one is built, and a missing one is named."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from stagemail.errors import UserMustFix
from stagemail.wiring.plugins import stores

LIBRARIES = {
    "vault": ("hvac", "vault"),
    "aws-secrets-manager": ("boto3", "aws"),
    "aws-parameter-store": ("boto3", "aws"),
    "google-secret-manager": ("google.cloud", "google"),
    "azure-key-vault": ("azure.core", "azure"),
    "kubernetes": ("kubernetes", "kubernetes"),
    "age": ("pyrage", "age"),
    "keyring": ("keyring", "keyring"),
}
SETTINGS: dict[str, dict[str, object]] = {
    "env": {},
    "file": {"path": "secrets"},
    "vault": {"address": "https://vault.example.com", "login": {"method": "token", "variable": "T"}},
    "aws-secrets-manager": {"region": "eu-central-1", "roleArn": "arn:aws:iam::111122223333:role/stagemail"},
    "aws-parameter-store": {"path": "/stagemail"},
    "google-secret-manager": {"project": "example-mail", "location": "europe-west3"},
    "azure-key-vault": {"vaultUrl": "https://example-mail.vault.azure.net"},
    "kubernetes": {"namespace": "mail"},
    "age": {"path": "secrets", "identityVariable": "AGE"},
    "keyring": {},
}
"""The least that an operator file has to say, or nearly."""


def test_every_type_has_a_module_and_is_built_without_asking_anything(tmp_path: Path) -> None:
    assert set(SETTINGS) == set(stores())
    for kind, settings in SETTINGS.items():
        plugin = stores()[kind]
        store = plugin.build(plugin.settings.model_validate({"type": kind, **settings}), tmp_path)
        assert callable(store.read)


@pytest.mark.parametrize("kind", sorted(LIBRARIES))
def test_a_missing_library_is_named_with_its_extra(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library, extra = LIBRARIES[kind]
    for name in [name for name in sys.modules if name.startswith("stagemail.secret.")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name == library or name.startswith(f"{library}.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    plugin = stores()[kind]
    with pytest.raises(UserMustFix, match=f"secret stores of type {kind} need the Python package") as caught:
        plugin.build(plugin.settings.model_validate({"type": kind, **SETTINGS[kind]}), tmp_path)
    assert caught.value.hint == f"pip install 'stagemail[{extra}]'"


def test_validating_an_operator_file_with_all_stores_loads_none_of_their_libraries(tmp_path: Path) -> None:
    operator = {
        "apiVersion": "stagemail/v1",
        "kind": "Operator",
        "source": {"path": "environments"},
        "stages": {},
        "targets": {},
        "secretStores": {kind: {"type": kind, **settings} for kind, settings in SETTINGS.items()},
    }
    (tmp_path / "stagemail.yaml").write_text(yaml.safe_dump(operator))
    program = (
        "import sys\n"
        "from stagemail.cli.main import main\n"
        "try: main(['validate', '--config', 'stagemail.yaml'])\n"
        "except SystemExit: pass\n"
        "names = {name.split('.')[0] for name in sys.modules}\n"
        "print('loaded', sorted(names & set(sys.argv[1:])))\n"
    )
    libraries = sorted({"hvac", "boto3", "botocore", "google", "azure", "kubernetes", "pyrage", "keyring", "requests"})
    done = subprocess.run(
        [sys.executable, "-c", program, *libraries],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines()[-1] == "loaded []", done.stdout + done.stderr
