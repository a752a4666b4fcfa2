"""Secrets from AWS Systems Manager Parameter Store, of type SecureString only.

A String parameter is refused: it is stored, shown and logged as plain text, so it is no place for a credential.
The version is the parameter's number. A pin is a number, or a label; the label then is the version, since it moves.
Expiry is a policy that a read does not tell. Not here: login and the meaning of refusals (``aws``).
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from stagemail.errors import NotFound, SecretUnusable, StagemailError
from stagemail.model.secret import SecretRef, SecretVersion
from stagemail.secret.aws import AwsClient, moment, unexpected
from stagemail.secret.key import no_key, with_field
from stagemail.secret.value import from_bytes

_COMPONENT: Final = re.compile(r"(?!\.\.?$)[A-Za-z0-9_.-]{1,255}", re.ASCII)
_VERSION: Final = re.compile(r"[1-9][0-9]{0,8}|[A-Za-z_.-][A-Za-z0-9_.-]{0,99}", re.ASCII)
_MAX_DEPTH: Final = 15
"""Levels of a parameter's name (AWS docs: parameter name requirements)."""


class ParameterStore:
    """Implements ``ports.SecretStore`` over the parameters below one path."""

    def __init__(self, client: AwsClient, path: str) -> None:
        self._client, self._path = client, path

    def read(self, ref: SecretRef) -> SecretVersion:
        """The newest version, or the pinned one, decrypted.

        Raises InvalidInput (key), NotFound, NotPermitted, Unreachable, SecretEmpty, SecretUnexpected, SecretUnusable.
        """
        parts = ref.key.split("/")
        if len(parts) + self._path.count("/") > _MAX_DEPTH or not all(_COMPONENT.fullmatch(part) for part in parts):
            raise no_key(
                ref,
                "write the parameter's name below the store's `path`, such as qa/smtp: letters, digits and _ . - "
                "between single slashes, without `..` and without a slash before it",
            )
        where = self.origin(ref)
        if ref.version and not _VERSION.fullmatch(ref.version):
            raise _no_version(ref, where)
        name = self._name(ref)
        asked = f"{name}:{ref.version}" if ref.version else name
        answer = self._client.ask(
            where,
            lambda client: client.get_parameter(Name=asked, WithDecryption=True),
            lambda code: _meaning(code, ref, where),
        )
        found = answer.get("Parameter") or {}
        text, kind, version = found.get("Value"), found.get("Type"), found.get("Version")
        if found.get("Name") != name or not isinstance(text, str) or not isinstance(version, int):
            raise unexpected(where)
        if kind != "SecureString":
            raise SecretUnusable(
                f"{where} is of type {kind}, which is kept as plain text",
                hint="write the credential anew as a SecureString, then delete the old versions",
            )
        value = from_bytes(text.encode("utf-8", "surrogatepass"), ref, where)
        return SecretVersion(value, ref.version or str(version), created=moment(found.get("LastModifiedDate")))

    def origin(self, ref: SecretRef) -> str:
        """Full name and region, in words."""
        return with_field(f"AWS parameter {self._name(ref)} in {self._client.place}", ref)

    def _name(self, ref: SecretRef) -> str:
        return f"{self._path}/{ref.key}" if self._path or "/" in ref.key else ref.key


def _no_version(ref: SecretRef, where: str) -> StagemailError:
    return SecretUnusable(
        f"{where} has no version {ref.version}", hint="pin a number or a label (`aws ssm get-parameter-history`)"
    )


def _meaning(code: str, ref: SecretRef, where: str) -> StagemailError | None:
    if code == "ParameterVersionNotFound" or (ref.version and code in ("ParameterNotFound", "ValidationException")):
        return _no_version(ref, where)
    if code == "ParameterNotFound":
        return NotFound(
            f"{where} does not exist", hint="check `key` and the store's `path` and `region`, or put the secret there"
        )
    return None


def build(settings: Mapping[str, Any], base: Path, _environ: Mapping[str, str]) -> ParameterStore:
    """The store of an operator file's entry. Connects when the first secret is read."""
    return ParameterStore(AwsClient("ssm", settings, base), str(settings.get("path") or ""))
