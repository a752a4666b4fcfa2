"""A token by client credentials, within bounds and egress rules: no redirect, no foreign address, no long answer.

Not here: what the token is for (``logging_in``).
Sources: RFC 6749 section 4.4 and 5.2, RFC 6750 section 2.1 (the characters of a token).
"""

import json
import re
import ssl
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpcore2

from stagemail.mail import securing
from stagemail.mail.bounds import Bounds
from stagemail.mail.checked_http import CheckedBackend
from stagemail.mail.faults import Fault
from stagemail.model.egress import Egress
from stagemail.model.probe import Fact, OAuth2
from stagemail.model.secret import Secret

_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_ERRORS: Final[Mapping[str, tuple[str, str, str]]] = {
    "invalid_client": (
        "wrong-client-secret",
        "the token endpoint does not know this client, or its secret",
        "compare clientId and the secret with the registration; client secrets expire",
    ),
    "unauthorized_client": (
        "client-not-permitted",
        "this client may not use client credentials",
        "allow the client credentials grant in the registration",
    ),
    "invalid_scope": ("wrong-scope", "the token endpoint refuses the scopes", "write the scope that it names"),
    "invalid_grant": (
        "client-not-permitted", "the token endpoint refuses the grant", "compare tenant, client and grant"
    ),
}  # fmt: skip


def fetch(oauth: OAuth2, egress: Egress, bounds: Bounds, context: ssl.SSLContext) -> tuple[Secret, dict[str, Fact]]:
    """An access token and what was agreed with it. Raises Fault."""
    url = urlsplit(oauth.token_url)
    if url.scheme not in ("https", "http") or not url.hostname:
        raise Fault("bad-token-url", "the token URL is no http address", "write the provider's https token URL")
    form = {"grant_type": "client_credentials", "client_id": oauth.client_id}
    if oauth.scopes:
        form["scope"] = " ".join(oauth.scopes)
    content = urlencode({**form, "client_secret": oauth.client_secret.reveal()}).encode()
    backend = CheckedBackend(egress, bounds)
    headers = [
        (b"Host", url.netloc.encode()), (b"Content-Type", b"application/x-www-form-urlencoded"),
        (b"Accept", b"application/json"), (b"Accept-Encoding", b"identity"), (b"User-Agent", b"stagemail"),
        (b"Content-Length", str(len(content)).encode()),
    ]  # fmt: skip
    limits = dict.fromkeys(("connect", "read", "write", "pool"), bounds.reply)
    with (
        _told(url.hostname),
        httpcore2.ConnectionPool(ssl_context=context, network_backend=backend) as pool,
        pool.stream(
            "POST", oauth.token_url, headers=headers, content=content, extensions={"timeout": limits}
        ) as answer,
    ):
        return _token(answer.status, _read(answer.iter_stream(), bounds), url.hostname)


@contextmanager
def _told(host: str) -> Any:
    """What the library raises, as a fault; none of its texts are shown."""
    try:
        yield
    except httpcore2.ConnectError as error:
        cause = error.__cause__ or error.__context__
        if isinstance(cause, ssl.SSLError):
            raise securing.fault_of(cause, host, {}) from None
        raise Fault(
            "token-unreachable",
            f"the token endpoint {host} cannot be reached",
            "check the token URL and the way there",
            retry=True,
        ) from None
    except (httpcore2.TimeoutException, TimeoutError):
        raise Fault("token-timeout", f"the token endpoint {host} took too long", "try again", retry=True) from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError):
        raise Fault(
            "token-broken", f"the token endpoint {host} broke off its answer", "try again", retry=True
        ) from None


def _read(chunks: Iterable[bytes], bounds: Bounds) -> bytes:
    body = b""
    for chunk in chunks:
        body += chunk
        if len(body) > bounds.body:
            raise Fault(
                "oversized-answer",
                f"the token endpoint sent more than {bounds.body} bytes: aborted",
                "check the token URL: it names a page, not an endpoint",
            )
    return body


def _token(status: int, body: bytes, host: str) -> tuple[Secret, dict[str, Fact]]:
    if 300 <= status < 400:
        raise Fault(
            "token-redirect", f"the token endpoint {host} redirects elsewhere: not followed",
            "write the address that it redirects to, and grant it",
        )  # fmt: skip
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    members = document if isinstance(document, dict) else {}
    error = members.get("error")
    if status != 200 or error:
        raise _refused(status, error, members.get("error_description"), host)
    token = members.get("access_token")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise Fault("no-token", f"the token endpoint {host} answers without an access token", "check the token URL")
    life = members.get("expires_in")
    return Secret(token), {"expiresIn": int(life)} if isinstance(life, int | float) else {}


def _refused(status: int, error: Any, description: Any, host: str) -> Fault:
    """Only the error's name and a provider's number are shown: descriptions may repeat what was sent."""
    name = error if isinstance(error, str) and re.fullmatch(r"[a-z_]{1,40}", error) else ""
    number = re.search(r"AADSTS[0-9]{1,8}", description) if isinstance(description, str) else None
    told = " ".join(part for part in (str(status), name, number.group() if number else "") if part)
    if status >= 500 or status == 429:
        return Fault(
            "token-temporary", f"the token endpoint {host} cannot answer now", "try again", reply=told, retry=True
        )
    code, cause, advice = _ERRORS.get(
        name, ("token-refused", f"the token endpoint {host} refuses", "compare the token URL with the provider's")
    )
    return Fault(code, cause, advice, reply=told)
