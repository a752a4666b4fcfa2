"""Every secret store with a way to put values into it, for the contract suite.

Real: env, file, memory, age, AWS (moto's server over HTTP), OpenBao's development server. Through a backend of the
tests: keyring. Written from the public API descriptions: the servers of ``secret_servers`` (Vault, Kubernetes, Google,
Azure).
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pyrage
import pytest
from moto.server import ThreadedMotoServer
from tests.contract.keyring_backend import MemoryKeyring
from tests.contract.secret_servers import Azure, Google, Kubernetes, Vault
from tests.openbao import ROOT_TOKEN, OpenBao, require
from tests.unit.secret.answering import authority, serving

from stagemail.ports import SecretStore
from stagemail.secret import (
    age,
    aws_parameter_store,
    aws_secrets_manager,
    azure_key_vault,
    env,
    file,
    google_secret_manager,
    keyring,
    kubernetes,
    vault,
)
from stagemail.secret.memory import MemoryStore


@dataclass(frozen=True)
class Rig:
    """A store, how a test puts a value into it, and what the store itself cannot hold."""

    store: SecretStore
    put: Callable[[str, bytes], object]
    close: Callable[[], object] = lambda: None
    qa: str = "SMTP_QA"
    production: str = "SMTP_PROD"
    limit: int = 1024 * 1024
    """Bytes that the store takes."""
    cannot: frozenset[str] = field(default_factory=frozenset)
    """Of ``empty`` and ``binary``."""


def env_rig(tmp_path: Path) -> Rig:
    environ: dict[str, str] = {}
    store = env.build({}, tmp_path, environ)
    return Rig(store, lambda key, data: environ.update({f"STAGEMAIL_{key}": data.decode(errors="surrogateescape")}))


def file_rig(tmp_path: Path) -> Rig:
    store = file.build({"path": "secrets"}, tmp_path, {})
    (tmp_path / "secrets").mkdir()
    return Rig(store, lambda key, data: (tmp_path / "secrets" / key).write_bytes(data))


def memory_rig(tmp_path: Path) -> Rig:
    store = MemoryStore()
    return Rig(store, store.put)


class Moto:
    """moto's AWS over real HTTP."""

    def __init__(self) -> None:
        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        self.settings = {"region": "eu-central-1", "endpointUrl": self.url}

    def client(self, service: str) -> Any:
        return boto3.client(service, region_name="eu-central-1", endpoint_url=self.url)

    def reset(self) -> None:
        with urlopen(Request(f"{self.url}/moto-api/reset", method="POST"), timeout=120):
            return

    def close(self) -> None:
        self._server.stop()


@cache
def moto() -> Moto:
    """One server for all tests of a process; ``close_servers`` ends it."""
    return Moto()


def close_servers() -> None:
    if moto.cache_info().currsize:
        moto().close()
        moto.cache_clear()
    if openbao.cache_info().currsize:
        openbao().close()
        openbao.cache_clear()


def secrets_manager_rig(tmp_path: Path) -> Rig:
    client = moto().client("secretsmanager")

    def put(key: str, data: bytes) -> None:
        try:
            value: dict[str, Any] = {"SecretString": data.decode()}
        except UnicodeDecodeError:
            value = {"SecretBinary": data}
        try:
            client.create_secret(Name=key, **value)
        except client.exceptions.ResourceExistsException:
            client.put_secret_value(SecretId=key, **value)

    store = aws_secrets_manager.build(moto().settings, tmp_path, {})
    return Rig(store, put, moto().reset, limit=65536, cannot=frozenset({"empty"}))


def parameter_rig(tmp_path: Path) -> Rig:
    client = moto().client("ssm")

    def put(key: str, data: bytes) -> None:
        client.put_parameter(Name=f"/mail/{key}", Value=data.decode(), Type="SecureString", Overwrite=True)

    store = aws_parameter_store.build({**moto().settings, "path": "/mail"}, tmp_path, {})
    return Rig(store, put, moto().reset, limit=4096, cannot=frozenset({"empty", "binary"}))


@cache
def openbao() -> OpenBao:
    """One development server for all tests of a process."""
    return OpenBao(Path(mkdtemp()))


def openbao_rig(tmp_path: Path) -> Rig:
    require()
    server = openbao()
    settings = {"address": server.url, "login": {"method": "token", "variable": "T"}}
    store = vault.build(settings, tmp_path, {"T": ROOT_TOKEN})
    return Rig(
        store,
        lambda key, data: server.put(key, {"value": data.decode()}),
        lambda: server.forget("SMTP_QA"),
        cannot=frozenset({"binary"}),
    )


def vault_server_rig(tmp_path: Path) -> Rig:
    api, stack = Vault(), ExitStack()
    server = stack.enter_context(serving(api))
    settings = {"address": server.url, "login": {"method": "token", "variable": "T"}}
    store = vault.build(settings, tmp_path, {"T": ROOT_TOKEN})
    return Rig(store, api.put, stack.close, cannot=frozenset({"binary"}))


def kubernetes_server_rig(tmp_path: Path) -> Rig:
    api, stack = Kubernetes(), ExitStack()
    server = stack.enter_context(serving(api))
    settings = {"namespace": "mail", "kubeconfig": api.kubeconfig(server.url, tmp_path)}
    store = kubernetes.build(settings, tmp_path, {})
    return Rig(store, api.put, stack.close, qa="smtp-qa/password", production="smtp-production/password")


def google_server_rig(tmp_path: Path) -> Rig:
    api, stack = Google(), ExitStack()
    server = stack.enter_context(serving(api))
    settings = {"project": "example-mail", "endpoint": server.url, "credentialsFile": api.credentials(tmp_path)}
    return Rig(google_secret_manager.build(settings, tmp_path, {}), api.put, stack.close)


def azure_server_rig(tmp_path: Path) -> Rig:
    api, stack = Azure(), ExitStack()
    ca, context = authority(tmp_path)
    api.url = stack.enter_context(serving(api, context)).url
    login = {"method": "client-secret", "tenantId": "tenant-1", "clientId": "c", "variable": "S", "authority": api.url}
    store = azure_key_vault.build({"vaultUrl": api.url, "caFile": ca.name, "login": login}, tmp_path, {"S": "right"})
    return Rig(store, api.put, stack.close, qa="smtp-qa", production="smtp-production", cannot=frozenset({"binary"}))


def age_rig(tmp_path: Path) -> Rig:
    identity = pyrage.x25519.Identity.generate()
    folder = tmp_path / "secrets"
    folder.mkdir()
    store = age.build({"path": "secrets", "identityVariable": "AGE"}, tmp_path, {"AGE": str(identity)})
    return Rig(store, lambda key, data: (folder / key).write_bytes(pyrage.encrypt(data, [identity.to_public()])))


def keyring_rig(tmp_path: Path) -> Rig:
    entries = MemoryKeyring.entries

    def put(key: str, data: bytes) -> None:
        entries["stagemail", key] = data.decode()

    store = keyring.build({"backend": f"{MemoryKeyring.__module__}.MemoryKeyring"}, tmp_path, {})
    return Rig(store, put, entries.clear, cannot=frozenset({"binary"}))


def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """google-auth asks Google for an account's regions in the background, and for a machine's account: not here."""
    manager = "google.auth._regional_access_boundary_utils._RegionalAccessBoundaryManager.maybe_start_refresh"
    monkeypatch.setattr(manager, lambda *_: None)
    monkeypatch.setattr("google.auth._default._get_gce_credentials", lambda *_, **__: (None, None))


def ambient(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine whose environment has a login for AWS and nothing else."""
    offline(monkeypatch)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key-of-a-test",
        "AWS_SECRET_ACCESS_KEY": "secret-of-a-test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no-credentials"),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",  # must not be followed
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


RIGS = [
    env_rig,
    file_rig,
    memory_rig,
    secrets_manager_rig,
    parameter_rig,
    openbao_rig,
    vault_server_rig,
    kubernetes_server_rig,
    google_server_rig,
    azure_server_rig,
    age_rig,
    keyring_rig,
]
