"""Requests as Git hosts send them, signed as their documents say."""

import base64
import hmac
import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

NOW = 1_795_000_000.0
SECRET = "hook-secret-of-many-words"
PAYLOADS: dict[str, Any] = {
    "github": {"ref": "refs/heads/main", "repository": {"full_name": "acme/mail"}, "commits": []},
    "gitlab": {"ref": "refs/heads/main", "project": {"path_with_namespace": "acme/mail"}, "commits": []},
    "gitea": {"ref": "refs/heads/main", "repository": {"full_name": "acme/mail"}, "commits": []},
    "bitbucket": {
        "push": {"changes": [{"new": {"name": "main"}, "old": None}]},
        "repository": {"full_name": "acme/mail"},
    },
    "generic": {"ref": "refs/heads/main", "repository": "acme/mail"},
}
EVENTS = {
    "github": ("x-github-event", "push"),
    "gitlab": ("x-gitlab-event", "Push Hook"),
    "gitea": ("x-gitea-event", "push"),
    "bitbucket": ("x-event-key", "repo:push"),
}


@dataclass(frozen=True)
class Sent:
    """One request: headers by name, and the body."""

    headers: dict[str, str]
    body: bytes

    @property
    def raw(self) -> list[tuple[bytes, bytes]]:
        return [(name.encode(), value.encode()) for name, value in self.headers.items()]


def digest(body: bytes, secret: str = SECRET, algorithm: Any = sha256) -> str:
    return hmac.new(secret.encode(), body, algorithm).hexdigest()


def standard(body: bytes, *, message: str = "msg_1", at: float = NOW, secret: str = SECRET) -> dict[str, str]:
    """Headers of Standard Webhooks; a key that begins with whsec_ is base64."""
    key = base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    signed = f"{message}.{int(at)}.".encode() + body
    mac = base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()
    return {"webhook-id": message, "webhook-timestamp": str(int(at)), "webhook-signature": f"v1,{mac}"}


def sent(kind: str, *, secret: str = SECRET, body: bytes | None = None, at: float = NOW) -> Sent:
    """A push as this host sends it; "gitlab-signed" is GitLab with a signing token."""
    host = kind.removesuffix("-signed")
    data = json.dumps(PAYLOADS[host]).encode() if body is None else body
    headers = {"content-type": "application/json"}
    if host in EVENTS:
        headers |= dict([EVENTS[host]])
    headers |= {
        "github": {"x-hub-signature-256": f"sha256={digest(data, secret)}", "x-hub-signature": "sha1=" + "0" * 40},
        "gitlab": {"x-gitlab-token": secret, "x-gitlab-event-uuid": "13792a34"},
        "gitlab-signed": {"x-gitlab-token": "", **standard(data, secret=secret, at=at)},
        "gitea": {"x-gitea-signature": digest(data, secret), "x-hub-signature-256": f"sha256={digest(data, secret)}"},
        "bitbucket": {"x-hub-signature": f"sha256={digest(data, secret)}"},
        "generic": standard(data, secret=secret, at=at),
    }[kind]
    return Sent(headers, data)
