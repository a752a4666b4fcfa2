"""Secrets from one Azure Key Vault, by azure-keyvault-secrets. A key is a secret's name.

The version is Azure's id of it. Expiry is told; what is disabled or not valid yet is refused, as an app would be.
Not here: the login (``azure_login``).
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, Final

from azure.core import exceptions as refusals
from azure.core.pipeline.policies import RetryPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import CredentialUnavailableError
from azure.keyvault.secrets import SecretClient
from requests import Session

from stagemail.errors import NotFound, NotPermitted, SecretUnexpected, SecretUnusable, StagemailError, Unreachable
from stagemail.model.secret import SecretRef, SecretVersion
from stagemail.secret import bounded
from stagemail.secret.azure_login import credential
from stagemail.secret.key import name_of, with_field
from stagemail.secret.sessions import Adapter, bound
from stagemail.secret.value import from_bytes

_KEY: Final = re.compile(r"[A-Za-z0-9-]{1,127}", re.ASCII)
_VERSION: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_LONGEST_WAIT: Final = 2.0
"""Seconds between two tries, whatever the service asks for."""


class Retries(RetryPolicy[Any, Any]):
    """Azure's retries, without the long waits that an answer may ask for."""

    def get_retry_after(self, response: Any) -> float | None:
        """Seconds to wait, bounded."""
        wanted = super().get_retry_after(response)
        return min(wanted, _LONGEST_WAIT) if wanted else wanted


class AzureStore:
    """Implements ``ports.SecretStore`` over one vault."""

    def __init__(
        self, settings: Mapping[str, Any], base: Path, environ: Mapping[str, str], now: Callable[[], datetime]
    ) -> None:
        self._url = str(settings["vaultUrl"]).rstrip("/")
        self._settings, self._base, self._environ, self._now = settings, base, environ, now
        self._lock = Lock()
        self._client: Any = None

    def read(self, ref: SecretRef) -> SecretVersion:
        """The newest version, or the pinned one.

        Raises InvalidInput (key), NotFound, NotPermitted, Unreachable, SecretEmpty, SecretUnexpected, SecretUnusable.
        """
        name_of(ref, _KEY, "write the secret's name alone, such as smtp-qa: letters, digits and -")
        where = self.origin(ref)
        if ref.version and not _VERSION.fullmatch(ref.version):
            raise _no_version(ref, where)
        found = self._ask(ref, where)
        about = found.properties
        if str(about.vault_url or "").rstrip("/") != self._url or not isinstance(about.version, str):
            raise _unexpected(where)
        if not isinstance(found.value, str):
            raise _unexpected(where)
        if about.enabled is False:
            raise _disabled(where)
        if about.not_before and about.not_before > self._now():
            raise SecretUnusable(
                f"{where} is not valid before {_moment(about.not_before)}",
                hint="wait until then, pin the version before it, or change its activation date",
            )
        value = from_bytes(found.value.encode("utf-8", "surrogatepass"), ref, where)
        return SecretVersion(value, about.version, _moment(about.expires_on)[:10], _moment(about.created_on))

    def origin(self, ref: SecretRef) -> str:
        """Vault and name, in words."""
        return with_field(f"Azure secret {ref.key} in {self._url}", ref)

    def _ask(self, ref: SecretRef, where: str) -> Any:
        """What Azure answers. The SDK's exceptions, which hold answers, are let go before ours is raised."""
        failed: StagemailError | None = None
        answer: Any = None
        try:
            answer = self._connected().get_secret(ref.key, ref.version or None)
        except bounded.AnswerTooLarge:
            failed = bounded.endless(where)
        except CredentialUnavailableError:
            failed = _no_login(where)
        except refusals.ClientAuthenticationError as error:
            failed = bounded.endless(where) if bounded.was_too_large(error) else _refused_login(where)
        except refusals.HttpResponseError as error:
            failed = _refused(error, ref, where)
        except (refusals.ServiceRequestError, refusals.ServiceResponseError, OSError) as error:
            failed = _unreachable(error, where)
        except (ValueError, TypeError, KeyError, AttributeError):
            failed = _unexpected(where)
        if failed is not None:
            raise failed
        return answer

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                ca = str(self._base / self._settings["caFile"]) if self._settings.get("caFile") else None
                limits: dict[str, Any] = {
                    "connection_timeout": 5,
                    "read_timeout": 10,
                    "permit_redirects": False,
                    "connection_verify": ca or True,
                    "retry_policy": Retries(
                        retry_total=2, retry_backoff_factor=0.2, retry_backoff_max=_LONGEST_WAIT, timeout=30
                    ),
                }
                given = self._settings.get("login") or {}
                login = credential(given, self._base, self._environ, {**limits, "transport": _transport(limits)})
                self._client = SecretClient(self._url, login, **limits, transport=_transport(limits))
            return self._client


def _transport(limits: Mapping[str, Any]) -> RequestsTransport:
    """Azure's transport, which reads no answer beyond the limit."""
    session = Session()
    bound(session, Adapter())
    return RequestsTransport(session=session, **limits)


def _moment(value: object) -> str:
    return value.astimezone(UTC).isoformat(timespec="seconds") if isinstance(value, datetime) else ""


def _no_version(ref: SecretRef, where: str) -> StagemailError:
    return SecretUnusable(
        f"{where} has no version {ref.version}", hint="pin one of `az keyvault secret list-versions`: 32 hex digits"
    )


def _disabled(where: str) -> StagemailError:
    return SecretUnusable(f"{where} is disabled", hint="enable it, write a new version, or pin an enabled one")


def _no_login(where: str) -> StagemailError:
    return NotPermitted(
        f"{where}: no login for Azure",
        hint="check `login` of the store; the method default tries variables, workload and managed identity, and az",
    )


def _refused_login(where: str) -> StagemailError:
    return NotPermitted(f"{where}: the login was refused", hint="check `login` of the store and its credential")


def _unexpected(where: str) -> StagemailError:
    return SecretUnexpected(
        f"{where}: the answer is not one of Key Vault",
        hint="check `vaultUrl` of the store and the proxy: a login page or a redirect may stand there",
    )


def _unreachable(error: Exception, where: str) -> StagemailError:
    if "certificate" in str(error).lower():
        return Unreachable(f"{where}: the TLS certificate is not trusted", hint="set `caFile` of the store")
    return Unreachable(f"{where}: the vault cannot be reached", hint="check `vaultUrl`, the firewall and the network")


def _refused(error: Any, ref: SecretRef, where: str) -> StagemailError:
    """What the service's status and code mean to the user; its text is left where it is."""
    status = int(error.status_code or 0)
    inner = getattr(error.error, "innererror", None)
    codes = {str(getattr(error.error, "code", "")), str((inner or {}).get("code", ""))}
    if "SecretDisabled" in codes:
        return _disabled(where)
    if status == 404 and codes & {"SecretNotFound", "BadParameter"}:
        if ref.version:
            return _no_version(ref, where)
        return NotFound(f"{where} does not exist", hint="check `key`; a deleted secret can be recovered")
    if status in (401, 403):
        hint = "give stagemail's identity the role Key Vault Secrets User, or the access policy `get`"
        if codes & {"ForbiddenByFirewall", "ForbiddenByConnection"}:
            hint = "allow this network in the vault's firewall"
        return NotPermitted(f"{where}: permission denied", hint=hint)
    if status == 429 or status >= 500:
        return Unreachable(f"{where}: the vault could not answer now", hint="run again later")
    return _unexpected(where)


def build(settings: Mapping[str, Any], base: Path, environ: Mapping[str, str]) -> AzureStore:
    """The store of an operator file's entry. Connects when the first secret is read."""
    return AzureStore(settings, base, environ, lambda: datetime.now(UTC))
