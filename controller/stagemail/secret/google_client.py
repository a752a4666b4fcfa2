"""The connection with Google Secret Manager: login, address, certificate authority, time limits and retries.

The login is Application Default Credentials (google-auth), a file that the operator file names, or a service account
that is impersonated with either. Not here: what is asked (``google_secret_manager``).
"""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

import google.auth
from google.api_core import exceptions as refusals
from google.api_core.retry import Retry, if_exception_type
from google.auth import identity_pool, impersonated_credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession, Request
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports.rest import (
    DEFAULT_CLIENT_INFO,
    SecretManagerServiceRestTransport,
)
from google.oauth2 import credentials as user
from google.oauth2 import service_account
from requests import PreparedRequest, Response, Session
from requests import exceptions as failures

from stagemail.secret import bounded
from stagemail.secret.sessions import Adapter, bound

SECONDS: Final = 10.0
"""The time limit of one try."""
RETRY: Final = Retry(
    predicate=if_exception_type(
        refusals.ServiceUnavailable,
        refusals.InternalServerError,
        refusals.BadGateway,
        refusals.GatewayTimeout,
        refusals.TooManyRequests,
        failures.ConnectTimeout,
        failures.ReadTimeout,
    ),
    initial=0.3,
    maximum=2.0,
    timeout=15.0,
)
"""No new try after 15 seconds."""
logging.getLogger("google.cloud.secretmanager_v1").setLevel(logging.INFO)  # at DEBUG it logs whole answers

_session: Any = AuthorizedSession
_impersonated: Any = impersonated_credentials.Credentials  # both have no types
_SCOPES: Final = ("https://www.googleapis.com/auth/cloud-platform",)


class NoLogin(GoogleAuthError):
    """There are no credentials, or none that can be read."""


class GoogleClient:
    """One client for all threads, made when the first secret is read."""

    def __init__(self, settings: Mapping[str, Any], base: Path) -> None:
        self._settings, self._base = settings, base
        self._lock = Lock()
        self._client: Any = None

    def connected(self) -> Any:
        """The SDK's client. Raises what google-auth raises where there is no login."""
        with self._lock:
            if self._client is None:
                self._client = SecretManagerServiceClient(transport=self._transport())
            return self._client

    def _transport(self) -> Any:
        address = urlsplit(self._settings.get("endpoint") or f"https://{self._host()}")
        ca = str(self._base / self._settings["caFile"]) if self._settings.get("caFile") else None
        return _Rest(ca, host=address.netloc, url_scheme=address.scheme, credentials=self._credentials())

    def _host(self) -> str:
        location = self._settings.get("location")
        return f"secretmanager.{location}.rep.googleapis.com" if location else "secretmanager.googleapis.com"

    def _credentials(self) -> Any:
        file = self._settings.get("credentialsFile")
        source: Any = None
        try:
            source = _loaded(self._base / file) if file else google.auth.default(scopes=_SCOPES)[0]
        except (OSError, ValueError, KeyError, TypeError):
            source = None
        if source is None:
            raise NoLogin
        if self._settings.get("impersonate"):
            return _impersonated(source, self._settings["impersonate"], list(_SCOPES))
        return source


def _loaded(file: Path) -> Any:
    """The credentials of a file, by its type; None for one that we do not follow, such as a program to run."""
    about = json.loads(file.read_text(encoding="utf-8"))
    makers: Mapping[str, Any] = {
        "service_account": service_account.Credentials.from_service_account_info,
        "external_account": identity_pool.Credentials.from_info,
        "authorized_user": user.Credentials.from_authorized_user_info,
    }
    make = makers.get(str(about.get("type")))
    return make(about, scopes=list(_SCOPES)) if make else None


class _Rest(SecretManagerServiceRestTransport):
    """The SDK's REST transport: it follows no redirect, reads no endless answer and may trust a private authority."""

    def __init__(self, ca: str | None, **more: Any) -> None:
        super().__init__(always_use_jwt_access=True, **more)
        login = Session()
        bound(login, Adapter(max_retries=bounded.ClosingRetry(2, respect_retry_after_header=False)))
        self._session = _session(self._credentials, auth_request=Request(login), default_host=self.DEFAULT_HOST)
        prepare: Any = self._prep_wrapped_messages
        prepare(DEFAULT_CLIENT_INFO)  # its methods know their session
        bound(self._session, _Trusting(ca) if ca else Adapter())
        self._session.max_redirects = 0


class _Trusting(Adapter):
    """Trusts one authority, whatever REQUESTS_CA_BUNDLE says, which requests would prefer."""

    def __init__(self, ca: str) -> None:
        super().__init__()
        self._ca = ca

    def send(self, request: PreparedRequest, *rest: Any, **more: Any) -> Response:
        """As the adapter does, with our authority."""
        return super().send(request, *rest, **{**more, "verify": self._ca})
