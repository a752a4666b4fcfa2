"""Secrets from Google Secret Manager, by its SDK over REST. A key is a secret's id; the project is the store's.

The version is its number. What arrives is checked against the checksum (CRC-32C) that the service sends along.
Not here: the login and the connection (``google_client``).
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from google.api_core import exceptions as refusals
from google.auth import exceptions as logins
from google.cloud.secretmanager_v1.types import SecretPayload
from google.protobuf.json_format import ParseError
from google_crc32c import value as crc32c
from requests import exceptions as failures

from stagemail.errors import NotFound, NotPermitted, SecretUnexpected, SecretUnusable, StagemailError, Unreachable
from stagemail.model.secret import SecretRef, SecretVersion
from stagemail.secret import bounded
from stagemail.secret.google_client import RETRY, SECONDS, GoogleClient
from stagemail.secret.key import name_of, with_field
from stagemail.secret.value import from_bytes

_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,255}", re.ASCII)
_VERSION: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_STATES: Final = ("disabled", "destroyed")


class GoogleStore:
    """Implements ``ports.SecretStore`` over one project, globally or in one location."""

    def __init__(self, client: GoogleClient, parent: str) -> None:
        self._client, self._parent = client, parent

    def read(self, ref: SecretRef) -> SecretVersion:
        """The newest version, or the pinned one.

        Raises InvalidInput (key), NotFound, NotPermitted, Unreachable, SecretEmpty, SecretUnexpected, SecretUnusable.
        """
        name_of(ref, _KEY, "write the secret's id alone, such as smtp-qa: letters, digits, _ and -")
        where = self.origin(ref)
        if ref.version and not _VERSION.fullmatch(ref.version):
            raise SecretUnusable(f"{where} has no version {ref.version}", hint="versions here are numbers: 1, 2, 3 …")
        secret = f"{self._parent}/secrets/{ref.key}"
        asked = {"name": f"{secret}/versions/{ref.version or 'latest'}"}
        answer = self._ask(where, ref, lambda client: client.access_secret_version(asked, retry=RETRY, timeout=SECONDS))
        version = str(answer.name).rpartition("/versions/")[2]
        if not _VERSION.fullmatch(version) or not str(answer.name).endswith(f"/secrets/{ref.key}/versions/{version}"):
            raise _unexpected(where)
        payload = answer.payload
        if SecretPayload.data_crc32c in payload and payload.data_crc32c != crc32c(payload.data):
            raise Unreachable(f"{where} arrived damaged: its checksum does not fit", hint="run again")
        return SecretVersion(from_bytes(payload.data, ref, where), version)

    def origin(self, ref: SecretRef) -> str:
        """Project and id, in words."""
        return with_field(f"Google secret {ref.key} in {self._parent}", ref)

    def _ask(self, where: str, ref: SecretRef, question: Callable[[Any], Any]) -> Any:
        """What Google answers. The SDK's exceptions, which hold answers, are let go before ours is raised."""
        failed: StagemailError | None = None
        answer: Any = None
        try:
            answer = question(self._client.connected())
        except refusals.GoogleAPICallError as error:
            failed = _refused(error, ref, where)
        except bounded.AnswerTooLarge:
            failed = bounded.endless(where)
        except (ParseError, failures.TooManyRedirects):
            failed = _unexpected(where)
        except failures.SSLError:
            failed = Unreachable(f"{where}: the TLS certificate is not trusted", hint="set `caFile` of the store")
        except logins.TransportError as error:
            failed = _unreachable(where) if error.retryable else _no_login(where)
        except logins.GoogleAuthError:
            failed = _no_login(where)
        except (refusals.RetryError, failures.RequestException, OSError):
            failed = _unreachable(where)
        except (ValueError, TypeError, AttributeError):
            failed = _unexpected(where)
        if failed is not None:
            raise failed
        return answer


def _no_login(where: str) -> StagemailError:
    return NotPermitted(
        f"{where}: no login for Google Cloud",
        hint="give stagemail a service account, or set `credentialsFile`; by hand: gcloud auth application-default "
        "login",
    )


def _unreachable(where: str) -> StagemailError:
    return Unreachable(f"{where}: Secret Manager cannot be reached", hint="check `endpoint` and the network")


def _unexpected(where: str) -> StagemailError:
    return SecretUnexpected(
        f"{where}: the answer is not one of Secret Manager",
        hint="check `endpoint` of the store and the proxy: a login page or a redirect may stand there",
    )


def _refused(error: Any, ref: SecretRef, where: str) -> StagemailError:
    """What the service's status means to the user. Of its text only the words for a state are looked at."""
    status = int(error.code or 0)
    if isinstance(error, refusals.FailedPrecondition) or status == 400:
        state = next((word for word in _STATES if word in str(error.message).lower()), "disabled or destroyed")
        what = f"version {ref.version}" if ref.version else "the latest version"
        return SecretUnusable(
            f"{where}: {what} is {state}",
            hint="add a new version, or enable it if it is only disabled"
            if state != "destroyed"
            else "add a new version",
        )
    if status == 404:
        if ref.version:
            return SecretUnusable(f"{where} has no version {ref.version}", hint="check `version` and `key`")
        return NotFound(
            f"{where} does not exist or has no version",
            hint="check `key` and the store's `project` and `location`, or add a version",
        )
    if status in (401, 403):
        return NotPermitted(
            f"{where}: permission denied",
            hint="give stagemail's account roles/secretmanager.secretAccessor on it, and enable the API",
        )
    if status == 429 or status >= 500:
        return Unreachable(f"{where}: Secret Manager could not answer now", hint="run again later")
    return _unexpected(where)


def build(settings: Mapping[str, Any], base: Path, _environ: Mapping[str, str]) -> GoogleStore:
    """The store of an operator file's entry. Connects when the first secret is read."""
    parent = f"projects/{settings['project']}"
    if settings.get("location"):
        parent += f"/locations/{settings['location']}"
    return GoogleStore(GoogleClient(settings, base), parent)
