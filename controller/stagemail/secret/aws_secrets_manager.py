"""Secrets from AWS Secrets Manager. A key is the secret's name; an ARN, which could name another account, is none.

The version is the version id. A pin is such an id, or a staging label such as AWSPREVIOUS; the label then is the
version, since it moves. Secrets Manager knows no expiry.
Not here: login, time limits and the meaning of refusals (``aws``).
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from stagemail.errors import NotFound, SecretUnusable, StagemailError
from stagemail.model.secret import SecretRef, SecretVersion
from stagemail.secret.aws import AwsClient, moment, unexpected
from stagemail.secret.key import path_of, with_field
from stagemail.secret.value import from_bytes

_ID: Final = re.compile(r"[A-Za-z0-9-]{32,64}", re.ASCII)
_LABEL: Final = re.compile(r"[A-Za-z0-9_+=,.@/-]{1,256}", re.ASCII)


class SecretsManagerStore:
    """Implements ``ports.SecretStore`` over one account and region."""

    def __init__(self, client: AwsClient) -> None:
        self._client = client

    def read(self, ref: SecretRef) -> SecretVersion:
        """The version labelled AWSCURRENT, or the pinned one.

        Raises InvalidInput (key), NotFound, NotPermitted, Unreachable, SecretEmpty, SecretUnexpected, SecretUnusable.
        """
        path_of(ref, "write the secret's name, not its ARN, such as qa/smtp")
        where = self.origin(ref)
        asked = {"SecretId": ref.key, **_pinned(ref, where)}
        answer = self._client.ask(
            where, lambda client: client.get_secret_value(**asked), lambda code: _meaning(code, ref, where)
        )
        text, binary, version = answer.get("SecretString"), answer.get("SecretBinary"), answer.get("VersionId")
        if answer.get("Name") != ref.key or not isinstance(version, str):
            raise unexpected(where)
        data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else binary
        value = from_bytes(data if isinstance(data, bytes) else b"", ref, where)
        return SecretVersion(value, ref.version or version, created=moment(answer.get("CreatedDate")))

    def origin(self, ref: SecretRef) -> str:
        """Name and region, in words."""
        return with_field(f"AWS secret {ref.key} in {self._client.place}", ref)


def _pinned(ref: SecretRef, where: str) -> dict[str, str]:
    if not ref.version:
        return {}
    if _ID.fullmatch(ref.version):
        return {"VersionId": ref.version}
    if _LABEL.fullmatch(ref.version):
        return {"VersionStage": ref.version}
    raise _no_version(ref, where)


def _no_version(ref: SecretRef, where: str) -> StagemailError:
    return SecretUnusable(
        f"{where} has no version {ref.version}",
        hint="pin a version id or a label such as AWSPREVIOUS (`aws secretsmanager list-secret-version-ids`)",
    )


def _meaning(code: str, ref: SecretRef, where: str) -> StagemailError | None:
    if code == "ResourceNotFoundException":
        if ref.version:
            return _no_version(ref, where)
        return NotFound(f"{where} does not exist", hint="check `key` and the store's `region`, or put the secret there")
    if code == "InvalidRequestException":
        return SecretUnusable(
            f"{where} is scheduled for deletion or has no current version", hint="restore it, or write it again"
        )
    if code in ("InvalidParameterException", "ValidationException"):
        return _no_version(ref, where) if ref.version else None
    return None


def build(settings: Mapping[str, Any], base: Path, _environ: Mapping[str, str]) -> SecretsManagerStore:
    """The store of an operator file's entry. Connects when the first secret is read."""
    return SecretsManagerStore(AwsClient("secretsmanager", settings, base))
