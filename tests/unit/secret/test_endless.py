"""Every store that asks over HTTP against a server that never stops: little is read, and the error says what to do."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import SSLContext
from threading import Thread
from typing import Any

import pytest
from azure.keyvault.secrets._shared.http_challenge_cache import clear
from tests.contract.secret_rigs import ambient
from tests.contract.secret_servers import Google, Kubernetes
from tests.unit.secret.answering import authority

from stagemail.errors import SecretUnexpected, StagemailError, Unreachable
from stagemail.model.secret import SecretRef
from stagemail.ports import SecretStore
from stagemail.secret import (
    aws_parameter_store,
    aws_secrets_manager,
    azure_key_vault,
    bounded,
    google_secret_manager,
    kubernetes,
    vault,
)

MB = 1024 * 1024
MOST = 64 * MB
"""Where the server ends, should somebody read on."""
READ = 8 * MB
"""What may have been sent of one answer: the limit, and what is on its way in the sockets' buffers."""


class Endless(ThreadingHTTPServer):
    """Answers a call whose path has ``part`` in it with ``MOST`` bytes; ``sent``: how many of each answer went out."""

    daemon_threads = True

    def __init__(self, tls: SSLContext | None, status: int, framing: str, part: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.framing, self.part = status, framing, part
        self.sent: list[int] = []
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has read enough hangs up: that is what is asked of it."""


class Handler(BaseHTTPRequestHandler):
    server: Endless
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.server.part not in self.path:
            self._answer_login()
            return
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        if self.server.status == 503:
            self.send_header("Retry-After", "0")
        if self.server.framing == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(MOST))
        self.end_headers()
        self._stream()

    do_POST = do_GET  # noqa: N815 - the name that http.server looks for

    def _stream(self) -> None:
        piece = b'"' + b"x" * 65535
        self.server.sent.append(0)
        at = len(self.server.sent) - 1
        while self.server.sent[at] < MOST:
            chunked = self.server.framing == "chunked"
            self.wfile.write(b"10000\r\n" + piece + b"\r\n" if chunked else piece)
            self.server.sent[at] += len(piece)
        if self.server.framing == "chunked":
            self.wfile.write(b"0\r\n\r\n")

    def _answer_login(self) -> None:
        """The way to an endless answer behind Azure's login: its challenge, its tenant and its token."""
        tenant = f"{self.server.url}/tenant-1"
        told: dict[str, Any] = {"access_token": "t", "token_type": "Bearer", "expires_in": 3600}
        if self.path.endswith("/openid-configuration"):
            told = {"issuer": f"{tenant}/v2.0", "token_endpoint": f"{tenant}/oauth2/v2.0/token"}
            told["authorization_endpoint"] = f"{tenant}/authorize"
        self.send_response(401 if self.path.startswith("/secrets") else 200)
        resource = self.server.url.replace("127.", "")
        self.send_header("WWW-Authenticate", f'Bearer authorization="{tenant}", resource="{resource}"')
        data = json.dumps(told).encode()
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None: ...


@contextmanager
def endless(tls: SSLContext | None, status: int, framing: str, part: str) -> Iterator[Endless]:
    with Endless(tls, status, framing, part) as made:
        thread = Thread(target=made.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield made
        finally:
            made.shutdown()
            thread.join()


def aws(build: Callable[..., SecretStore], url: str, **more: str) -> SecretStore:
    return build({"region": "eu-central-1", "endpointUrl": url, **more}, Path(), {})


def role(url: str, _: Path) -> SecretStore:
    return aws(aws_secrets_manager.build, url, stsEndpointUrl=url, roleArn="arn:aws:iam::123456789012:role/stagemail")


def google(url: str, folder: Path, token_uri: str = "http://127.0.0.1:9/token", **more: str) -> SecretStore:
    file = Google.credentials(folder, token_uri)
    return google_secret_manager.build(
        {"project": "example-mail", "endpoint": url, "credentialsFile": file, **more}, folder, {}
    )


def azure(url: str, folder: Path) -> SecretStore:
    login = {"method": "client-secret", "tenantId": "tenant-1", "clientId": "c", "variable": "S", "authority": url}
    return azure_key_vault.build({"vaultUrl": url, "caFile": "ca.pem", "login": login}, folder, {"S": "right"})


def vaults(url: str, method: str) -> SecretStore:
    login = {"method": method, "variable": "T", "role": "stagemail"}
    return vault.build({"address": url, "login": login}, Path(), {"T": "t", "VAULT_ROLE_ID": "r"})


def cluster(url: str, folder: Path) -> SecretStore:
    return kubernetes.build({"namespace": "mail", "kubeconfig": Kubernetes.kubeconfig(url, folder)}, folder, {})


STORES: dict[str, tuple[Callable[[str, Path], SecretStore], str, str]] = {
    "aws secrets": (lambda url, _: aws(aws_secrets_manager.build, url), "/", "qa"),
    "aws parameters": (lambda url, _: aws(aws_parameter_store.build, url), "/", "qa"),
    "aws role": (role, "/", "qa"),
    "google": (google, "/", "qa"),
    "azure": (azure, "/secrets", "qa"),
    "azure token": (azure, "/token", "qa"),
    "vault": (lambda url, _: vaults(url, "token"), "/", "qa"),
    "vault login": (lambda url, _: vaults(url, "approle"), "/", "qa"),
    "kubernetes": (cluster, "/", "qa/password"),
}
"""A store, which of its calls is endless, and a key."""


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ambient(monkeypatch, tmp_path)
    clear()
    for name in ("azure.core.pipeline.transport._base", "botocore.endpoint", "google.api_core.retry.retry_unary"):
        monkeypatch.setattr(f"{name}.time.sleep", lambda _: None)


@pytest.mark.parametrize("status", [200, 403, 503])
@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("name", STORES)
def test_little_is_read_of_an_endless_answer(name: str, framing: str, status: int, tmp_path: Path) -> None:
    make, part, key = STORES[name]
    _, context = authority(tmp_path)
    with endless(context if "azure" in name else None, status, framing, part) as server:
        with pytest.raises(StagemailError) as caught:
            make(server.url, tmp_path).read(SecretRef("store", key))
        assert max(server.sent) < READ, "of each answer"
        assert len(server.sent) <= 3, "tries"
    assert isinstance(caught.value, SecretUnexpected | Unreachable)
    assert isinstance(caught.value, SecretUnexpected) or status == 503
    assert "larger than 2 MiB" in str(caught.value)
    assert "the address of the store and the proxy" in caught.value.hint
    assert caught.value.__context__ is None


def test_the_token_endpoint_of_google_is_bounded_too(tmp_path: Path) -> None:
    with endless(None, 200, "chunked", "/token") as server:
        with pytest.raises(SecretUnexpected, match="larger than 2 MiB"):
            google(server.url, tmp_path, f"{server.url}/token", impersonate="a@b.example.com").read(
                SecretRef("google", "qa")
            )
        assert len(server.sent) == 1
        assert server.sent[0] < READ


def test_a_body_of_the_limit_is_read() -> None:
    class Raw(bounded.Body):
        def read(self, amount: Any = -1, decode_content: bool | None = None) -> bytes:
            return super().read(amount)

        def release_conn(self) -> None: ...

    assert len(bounded.read(Raw(b"x" * bounded.LIMIT))) == bounded.LIMIT
    with pytest.raises(bounded.AnswerTooLarge):
        bounded.read(Raw(b"x" * (bounded.LIMIT + 1)))
