"""What both AWS stores share: a client with time limits and bounded retries, and what AWS's refusals mean.

Credentials come from the AWS default chain (boto3), or from a role that is assumed with them and renewed when most of
its time is over. The address comes from the operator file or from the region, never from the environment.
Not here: what is asked (``aws_secrets_manager``, ``aws_parameter_store``).
"""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, Final

import boto3
from botocore import exceptions as refusals
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.parsers import ResponseParserError
from botocore.session import get_session
from urllib3.exceptions import HTTPError, ReadTimeoutError

from stagemail.errors import InvalidInput, NotFound, NotPermitted, SecretUnexpected, StagemailError, Unreachable
from stagemail.secret import bounded
from stagemail.secret.ending import ending

LIMITS: Final = Config(
    connect_timeout=5,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
    ignore_configured_endpoint_urls=True,
    user_agent_extra="stagemail",
    max_pool_connections=16,
)
"""Seconds to connect, and to wait for bytes."""

logging.getLogger("botocore").setLevel(logging.INFO)  # at DEBUG it logs whole answers, with the secrets in them

_LOGIN: Final = frozenset({
    "AuthFailure", "ExpiredToken", "ExpiredTokenException", "IncompleteSignature", "InvalidAccessKeyId",
    "InvalidClientTokenId", "InvalidSignatureException", "MissingAuthenticationToken",
    "MissingAuthenticationTokenException", "OptInRequired", "RequestExpired", "SignatureDoesNotMatch",
    "UnrecognizedClientException",
})  # fmt: skip
_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AccessDeniedFault"})
_KMS: Final = frozenset(
    {"DecryptionFailure", "InvalidKeyId", "KMSAccessDeniedException", "KMSInvalidStateException", "DisabledException"}
)


class AwsClient:
    """One client of one service, made when the first secret is read; clients of boto3 are safe across threads."""

    def __init__(self, service: str, settings: Mapping[str, Any], base: Path) -> None:
        self._service, self._settings = service, settings
        self._verify = str(base / settings["caFile"]) if settings.get("caFile") else None
        self._lock = Lock()
        self._client: Any = None

    @property
    def place(self) -> str:
        """Where it asks, in words."""
        return str(self._settings.get("endpointUrl") or self._settings.get("region") or "the default region")

    def ask(self, where: str, question: Callable[[Any], Any], meaning: Callable[[str], StagemailError | None]) -> Any:
        """What AWS answers. boto3's exceptions, which hold answers, are let go before ours is raised.

        ``meaning`` gives the error for a code that the service alone knows, else None. Raises NotFound, NotPermitted,
        Unreachable, SecretUnexpected, InvalidInput.
        """
        failed: StagemailError | None = None
        answer: Any = None
        try:
            answer = question(self._connected())
        except refusals.ClientError as error:
            code, status = _coded(error)
            failed = meaning(code) or _refused(code, status, where)
        except bounded.AnswerTooLarge:
            failed = bounded.endless(where)
        except (refusals.BotoCoreError, ResponseParserError, OSError, ValueError, KeyError) as error:
            failed = _failed(error, where)
        if failed is not None:
            raise failed
        return answer

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                session = boto3.Session(botocore_session=self._core(), region_name=self._settings.get("region"))
                self._client = session.client(
                    self._service,
                    endpoint_url=self._settings.get("endpointUrl"),
                    verify=self._verify,
                    config=LIMITS,
                )
            return self._client

    def _core(self) -> Any:
        """botocore's session, as the role where one is to be assumed."""
        core = self._chain()
        if not self._settings.get("roleArn"):
            return core
        before = self._chain().get_credentials()
        if before is None:
            raise refusals.NoCredentialsError
        options = {"config": LIMITS, "verify": self._verify, "endpoint_url": self._settings.get("stsEndpointUrl")}
        options["region_name"] = self._settings.get("region") or core.get_config_variable("region")
        more = {"RoleSessionName": "stagemail"}
        if self._settings.get("externalId"):
            more["ExternalId"] = self._settings["externalId"]
        fetcher = AssumeRoleCredentialFetcher(
            lambda service, **given: self._chain().create_client(service, **{**given, **options}),
            before,
            self._settings["roleArn"],
            extra_args=more,
        )
        core.register_component("credential_provider", CredentialResolver([_Role(fetcher)]))
        return core

    def _chain(self) -> Any:
        core = get_session()
        core.register("creating-client-class", lambda base_classes, **_: base_classes.insert(0, _BoundedClient))
        if self._settings.get("profile"):
            core.set_config_variable("profile", self._settings["profile"])
        return core


class _BoundedClient:
    """What boto3 lets us add to every client of a session, those of its logins too: it reads no endless answer."""

    _endpoint: Any

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._endpoint.http_session = _Bounded(self._endpoint.http_session)


class _Bounded:
    """What botocore sends with, which reads whatever comes, up to our limit."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        kinds = vars(inner)["_pool_classes_by_scheme"]  # also of the managers that it makes for proxies
        kinds.update({scheme: ending(kind) for scheme, kind in kinds.items()})

    def send(self, request: Any) -> AWSResponse:
        """The response with its body. Raises AnswerTooLarge, and what botocore raises."""
        request.stream_output = True  # so that the body is left to us
        got = self._inner.send(request)
        try:
            body = bounded.read(got.raw, decode=False)
        except ReadTimeoutError as error:
            raise refusals.ReadTimeoutError(endpoint_url=request.url, error=error) from None
        except HTTPError as error:
            raise refusals.ConnectionClosedError(endpoint_url=request.url, error=error) from None
        return AWSResponse(got.url, got.status_code, got.headers, bounded.Body(body))

    def close(self) -> None:
        """End its connections."""
        self._inner.close()


class _Role:
    """The credentials of an assumed role: fetched when the first request is signed, and renewed.

    What botocore calls a credential provider.
    """

    METHOD = "assume-role"

    def __init__(self, fetcher: Any) -> None:
        self._fetcher = fetcher

    def load(self) -> Any:
        """What botocore signs with."""
        return DeferredRefreshableCredentials(self._fetcher.fetch_credentials, self.METHOD)


def moment(value: object) -> str:
    """A point in time as ISO 8601 in UTC, "" where there is none."""
    return value.astimezone(UTC).isoformat(timespec="seconds") if isinstance(value, datetime) else ""


def unexpected(where: str) -> SecretUnexpected:
    """The error for an answer that is not AWS's."""
    return SecretUnexpected(
        f"{where}: the answer is not one of AWS",
        hint="check `endpointUrl` of the store and the proxy: a login page or a redirect may stand there",
    )


def _coded(error: Any) -> tuple[str, int]:
    """The error's code and the HTTP status; the text is left where it is."""
    answer = error.response
    code = str(answer.get("Error", {}).get("Code", ""))
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return code.rpartition("#")[2], status if isinstance(status, int) else 0


def _refused(code: str, status: int, where: str) -> StagemailError:
    if code in _LOGIN:
        return NotPermitted(
            f"{where}: AWS does not accept the login ({code})",
            hint="renew the credentials that the AWS default chain finds (`aws sts get-caller-identity` shows whose)",
        )
    if code in _DENIED:
        return NotPermitted(
            f"{where}: permission denied",
            hint="allow secretsmanager:GetSecretValue or ssm:GetParameter on it, kms:Decrypt on its key and, with "
            "`roleArn`, sts:AssumeRole",
        )
    if code in _KMS:
        return NotPermitted(f"{where} cannot be decrypted ({code})", hint="allow kms:Decrypt on an enabled key")
    if status == 429 or status >= 500 or "Throttl" in code or code in ("TooManyRequestsException", "RequestTimeout"):
        return Unreachable(f"{where}: AWS could not answer now", hint="run again later")
    if status in (401, 403):
        return NotPermitted(f"{where}: refused with HTTP status {status}", hint="check the proxy and `endpointUrl`")
    return unexpected(where)


def _failed(error: Exception, where: str) -> StagemailError:
    """What happened before AWS could say anything."""
    if isinstance(error, refusals.NoRegionError):
        return InvalidInput(f"{where}: no region is known", hint="set `region` of the store in the operator file")
    if isinstance(error, refusals.ProfileNotFound):
        return NotFound(f"{where}: the profile does not exist", hint="check `profile` of the store, or AWS_PROFILE")
    if isinstance(error, refusals.SSLError):
        return Unreachable(f"{where}: the TLS certificate is not trusted", hint="set `caFile` of the store")
    if isinstance(error, refusals.HTTPClientError | refusals.ConnectionError | OSError):
        return Unreachable(f"{where}: AWS cannot be reached", hint="check `region`, `endpointUrl` and the network")
    if isinstance(error, ResponseParserError | ValueError | KeyError):
        return unexpected(where)
    return NotPermitted(
        f"{where}: no login for AWS ({type(error).__name__})",
        hint="give stagemail a role or credentials that the AWS default chain finds: variables, profile, web identity, "
        "container or instance role",
    )
