"""Secret services for tests, written from their public API descriptions: not the real things.

Vault's KV version 2, core/v1 Secrets of Kubernetes, Google Secret Manager v1 (REST) and Azure Key Vault 7.x with its
challenge and the token endpoint of Entra ID, each over a real connection.
"""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google_crc32c import value as crc32c
from tests.unit.secret.answering import Answer, Call


class Versions:
    """The versions of every secret of a service, from 1 on, and what a test says about one."""

    def __init__(self) -> None:
        self.data: dict[str, list[bytes]] = {}
        self.about: dict[tuple[str, int], Any] = {}

    def put(self, key: str, data: bytes) -> None:
        self.data.setdefault(key, []).append(data)

    def find(self, key: str, version: str) -> tuple[bytes, int] | None:
        known = self.data.get(key, [])
        number = len(known) if version in ("", "latest") else int(version)
        return (known[number - 1], number) if 0 < number <= len(known) else None


class Vault(Versions):
    """After the API of KV version 2: ``GET /v1/secret/data/PATH?version=N``."""

    def __call__(self, call: Call) -> Answer:
        found = re.fullmatch(r"/v1/secret/data/([^?]+)(?:\?version=(\d+))?", call.path)
        hit = self.find(found[1], found[2] or "") if found else None
        if hit is None:
            return Answer(404, {"errors": []})
        metadata = {"version": hit[1], "created_time": "2026-11-01T00:00:00Z", "deletion_time": "", "destroyed": False}
        return Answer(body={"data": {"data": {"value": hit[0].decode()}, "metadata": metadata}})


class Kubernetes(Versions):
    """After core/v1: ``GET /api/v1/namespaces/NAMESPACE/secrets/NAME``. A key is ``name/entry``."""

    def __call__(self, call: Call) -> Answer:
        name = call.path.rpartition("/")[2]
        entries = {key.partition("/")[2]: self.data[key][-1] for key in self.data if key.startswith(f"{name}/")}
        if not call.path.startswith("/api/v1/namespaces/mail/secrets/") or not entries:
            return Answer(404, {"kind": "Status", "code": 404})
        data = {entry: base64.b64encode(value).decode() for entry, value in entries.items()}
        return Answer(body={"kind": "Secret", "metadata": {"name": name, "resourceVersion": "42"}, "data": data})

    @staticmethod
    def kubeconfig(url: str, folder: Path) -> str:
        config = {
            "clusters": [{"name": "c", "cluster": {"server": url}}],
            "users": [{"name": "u", "user": {"token": "token-1"}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "other"}}],
            "current-context": "x",
        }
        (folder / "kubeconfig").write_text(json.dumps(config))
        return "kubeconfig"


class Google(Versions):
    """After Secret Manager v1: ``GET /v1/projects/P/secrets/S/versions/V:access``."""

    def __call__(self, call: Call) -> Answer:
        pattern = r"/v1/projects/([a-z-]+)((?:/locations/[a-z0-9-]+)?)/secrets/([\w-]+)/versions/(\w+):access(?:\?.*)?"
        found = re.fullmatch(pattern, call.path)
        hit = self.find(found[3], found[4]) if found else None
        if found is None or hit is None:
            return self.error(404, "NOT_FOUND", "Secret not found or has no versions.")
        data, number = hit
        state = self.about.get((found[3], number))
        if state in ("DISABLED", "DESTROYED"):
            return self.error(400, "FAILED_PRECONDITION", f"Secret Version [x] is in {state} state.")
        payload = {"data": base64.b64encode(data).decode(), "dataCrc32c": str(crc32c(data) + (state == "DAMAGED"))}
        name = f"projects/123456{found[2]}/secrets/{found[3]}/versions/{number}"
        return Answer(body={"name": name, "payload": payload})

    @staticmethod
    def error(code: int, status: str, message: str) -> Answer:
        return Answer(code, {"error": {"code": code, "status": status, "message": message}})

    @staticmethod
    def credentials(folder: Path, token_uri: str = "http://127.0.0.1:9/token") -> str:
        key = rsa.generate_private_key(65537, 2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        account = {
            "type": "service_account",
            "project_id": "another",
            "private_key_id": "1",
            "private_key": pem.decode(),
            "client_email": "stagemail@another.iam.gserviceaccount.com",
            "client_id": "1",
            "token_uri": token_uri,
        }
        (folder / "google.json").write_text(json.dumps(account))
        return "google.json"


@dataclass
class Azure(Versions):
    """After Key Vault 7.x: a challenge, then ``GET /secrets/NAME/VERSION``; and Entra ID's token endpoint.

    The resource of the challenge is the vault's domain as for ``NAME.vault.azure.net``: the host without its first
    label, which for 127.0.0.1 is 0.0.1.
    """

    url: str = ""
    token: str = "token-of-a-test"
    secret_of_client: str = "right"
    data: dict[str, list[bytes]] = field(default_factory=dict)
    about: dict[tuple[str, int], Any] = field(default_factory=dict)
    answer: Callable[[Call], Answer] | None = None

    def __call__(self, call: Call) -> Answer:
        if call.path.startswith("/tenant-1/"):
            return self.entra(call)
        if call.headers.get("Authorization") != f"Bearer {self.token}":
            resource = self.url.replace("127.", "")
            challenge = f'Bearer authorization="{self.url}/tenant-1", resource="{resource}"'
            return Answer(401, {"error": {"code": "Unauthorized"}}, (("WWW-Authenticate", challenge),))
        return self.answer(call) if self.answer else self.secret(call)

    def entra(self, call: Call) -> Answer:
        tenant = f"{self.url}/tenant-1"
        if call.path.endswith("/openid-configuration"):
            endpoints = {
                "token_endpoint": f"{tenant}/oauth2/v2.0/token",
                "authorization_endpoint": f"{tenant}/authorize",
            }
            return Answer(body={"issuer": f"{tenant}/v2.0", **endpoints})
        if (
            f"client_secret={quote_plus(self.secret_of_client)}".encode() in call.body
            or b"client_assertion=" in call.body
        ):
            return Answer(body={"token_type": "Bearer", "expires_in": 3600, "access_token": self.token})
        return Answer(401, {"error": "invalid_client", "error_description": "canary-7f3a91"})

    def secret(self, call: Call) -> Answer:
        found = re.match(r"/secrets/([A-Za-z0-9-]+)/([0-9a-f]*)", call.path)
        hit = None
        if found:
            hit = self.find(found[1], str(int(found[2], 16)) if found[2] else "")
        if found is None or hit is None:
            return Answer(404, {"error": {"code": "SecretNotFound", "message": "canary-7f3a91"}})
        attributes = {"enabled": True, "created": 1793491200, **self.about.get((found[1], hit[1]), {})}
        if attributes["enabled"] is False:
            inner = {"code": "SecretDisabled"}
            return Answer(403, {"error": {"code": "Forbidden", "message": "canary-7f3a91", "innererror": inner}})
        address = f"{self.url}/secrets/{found[1]}/{hit[1]:032x}"
        return Answer(body={"value": hit[0].decode(), "id": address, "attributes": attributes})
