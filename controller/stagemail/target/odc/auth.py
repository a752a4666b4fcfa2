"""OIDC discovery and client credentials: gives a valid access token, fetched once for all who wait for it.

The token endpoint is read from discovery and never built (ODC docs); its host may be another one, over https (plain
http on loopback only). Not here: sending (the client hands in how), permissions.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from stagemail.errors import NotPermitted, Unreachable
from stagemail.model.secret import Secret
from stagemail.ports import Clock
from stagemail.target.odc.credentials import Credentials

DISCOVERY: Final = "/identity/.well-known/openid-configuration"
EARLY: Final = 0.1
"""A token is renewed when less than this part of its life is left (at most five minutes)."""

Fetch = Callable[[str, Mapping[str, str] | None], Any]
"""GETs a URL, or POSTs a form to it; gives the parsed JSON. Raises StagemailError."""
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class Tokens:
    """Access tokens of one API client. Thread-safe, single flight.

    ``fetch`` sends; ``allow`` is told the token endpoint before anything is sent to it.
    """

    def __init__(
        self, base: str, credentials: Credentials, fetch: Fetch, allow: Callable[[str], None], clock: Clock
    ) -> None:
        self._base = base
        self._credentials = credentials
        self._fetch = fetch
        self._allow = allow
        self._clock = clock
        self._lock = threading.Lock()
        self._endpoint = ""
        self._token = ""
        self._secret = Secret("")
        self._until = 0.0

    def get(self, refused: str = "") -> str:
        """A token; another one than ``refused``, if the platform would not take that."""
        with self._lock:
            if self._token in ("", refused) or self._clock.monotonic() >= self._until:
                self._renew()
            for told in (self._secret, Secret(self._token)):  # as long as it is used: the platform knows both
                self._credentials.learn(told)
            return self._token

    def _renew(self) -> None:
        self._token = ""
        secret = self._secret = self._credentials.secret()  # known before anybody answers, who might repeat it
        endpoint = self._endpoint or self._discover()
        form = {"grant_type": "client_credentials", "client_id": self._credentials.client_id}
        asked = self._clock.monotonic()
        answer = self._fetch(endpoint, {**form, "client_secret": secret.reveal()})
        self._endpoint = endpoint
        members = answer if isinstance(answer, dict) else {}
        token, life = members.get("access_token"), members.get("expires_in")
        if not isinstance(token, str) or not token or not token.isascii() or any(c.isspace() for c in token):
            raise Unreachable(f"{_host(endpoint)}: the token endpoint answers without an access token")
        seconds = float(life) if isinstance(life, int | float) and life > 0 else 60.0
        self._token = token
        self._until = asked + seconds - min(300.0, seconds * EARLY)

    def _discover(self) -> str:
        answer = self._fetch(self._base + DISCOVERY, None)
        endpoint = answer.get("token_endpoint") if isinstance(answer, dict) else None
        if not isinstance(endpoint, str) or not endpoint:
            hint = "`domain` must name the organization's ODC Portal"
            raise Unreachable(f"{_host(self._base)}: its OIDC configuration names no token endpoint", hint=hint)
        parts = urlsplit(endpoint)
        loopback = parts.scheme == "http" and parts.hostname in LOOPBACK and urlsplit(self._base).hostname in LOOPBACK
        if not parts.hostname or parts.username is not None or not (parts.scheme == "https" or loopback):
            hint = "credentials are only ever sent over https"
            raise NotPermitted(f"{_host(self._base)}: its token endpoint is not an https address", hint=hint)
        self._allow(endpoint)
        return endpoint


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]
