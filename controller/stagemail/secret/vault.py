"""Secrets from HashiCorp Vault or OpenBao, KV version 2, by hvac.

A secret there is an object. Its single member is taken; of several, ``field`` names one. A secret whose single member
is called ``value`` is that text, as other stores hold it, and ``field`` then names a member of the JSON in it.
No error carries what the server said, since hvac keeps whole answers in its exceptions.
Not here: the login (``vault_login``).
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from hvac import exceptions as _refusals
from hvac.api.secrets_engines import kv_v2 as _kv
from requests import exceptions as _failures

from stagemail.errors import (
    NotFound,
    NotPermitted,
    SecretEmpty,
    SecretUnexpected,
    SecretUnusable,
    StagemailError,
    Unreachable,
)
from stagemail.model.secret import SecretRef, SecretVersion
from stagemail.secret import bounded
from stagemail.secret.key import path_of, with_field
from stagemail.secret.value import from_bytes
from stagemail.secret.vault_login import VaultSession

_VERSION: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


class VaultStore:
    """Implements ``ports.SecretStore`` over one mount of one namespace."""

    def __init__(self, session: VaultSession, mount: str) -> None:
        self._session = session
        self._mount = mount

    def read(self, ref: SecretRef) -> SecretVersion:
        """The newest version, or the pinned one.

        Raises InvalidInput (key), NotFound, NotPermitted, Unreachable, SecretEmpty, SecretUnexpected, SecretUnusable.
        """
        where = self._checked(ref)
        if ref.version and not _VERSION.fullmatch(ref.version):
            raise SecretUnusable(f"{where} has no version {ref.version}", hint="versions here are numbers: 1, 2, 3 …")
        answer = self._answer(ref, where)
        data, metadata = _parts(answer, where)
        if data is None:
            raise _gone(metadata, where)
        value = from_bytes(*_chosen(data, ref, where))
        return SecretVersion(
            value,
            version=_text(metadata, "version"),
            expires=_text(metadata, "deletion_time")[:10],
            created=_text(metadata, "created_time"),
        )

    def origin(self, ref: SecretRef) -> str:
        """Server, mount and path, in words."""
        return with_field(f"Vault secret {self._mount}/{ref.key} at {self._session.address}", ref)

    def _checked(self, ref: SecretRef) -> str:
        path_of(ref, "write the secret's path below the mount, such as qa/smtp")
        return self.origin(ref)

    def _answer(self, ref: SecretRef, where: str) -> Any:
        """What the server answered. Exceptions of hvac and requests are let go before ours is raised."""
        failed: StagemailError | None = None
        answer: Any = None
        try:
            adapter = self._session.adapter()
            try:
                answer = self._version(adapter, ref)
            except _refusals.Forbidden:
                if not self._session.ended(adapter):
                    raise
                answer = self._version(self._session.adapter(), ref)
        except bounded.AnswerTooLarge:
            failed = bounded.endless(where)
        except _refusals.VaultError as error:
            failed = _refused(error, ref, where)
        except _failures.RequestException as error:
            failed = _unreachable(error, self._session.address)
        except OSError as error:
            failed = _unreachable(error, self._session.address)
        if failed is not None:
            raise failed
        return answer

    def _version(self, adapter: Any, ref: SecretRef) -> Any:
        return _kv.KvV2(adapter).read_secret_version(
            ref.key,
            version=int(ref.version) if ref.version else None,
            mount_point=self._mount,
            raise_on_deleted_version=False,
        )


def _refused(error: Any, ref: SecretRef, where: str) -> StagemailError:
    """What the server's status means to the user."""
    if isinstance(error, _refusals.Forbidden | _refusals.Unauthorized):
        return NotPermitted(
            f"{where}: permission denied", hint="give stagemail's role a policy with `read` there, or log in anew"
        )
    if isinstance(error, _refusals.InvalidPath):
        if ref.version:
            return SecretUnusable(f"{where} has no version {ref.version}", hint="check `version` and `key`")
        return NotFound(f"{where} does not exist", hint="check `key` and the store's `mount`, or put the secret there")
    if isinstance(error, _refusals.InvalidRequest):
        return NotPermitted(f"{where}: login or request refused", hint="check `login` and its role and credential")
    if isinstance(error, _refusals.VaultDown):
        return Unreachable(f"{where}: the server is sealed or in maintenance", hint="unseal it, then run again")
    return Unreachable(f"{where}: the server could not answer now", hint="run again later")


def _unreachable(error: Exception, address: str) -> StagemailError:
    if isinstance(error, _failures.SSLError):
        return Unreachable(
            f"{address}: its TLS certificate is not trusted", hint="set `caFile` of the store to the CA that signed it"
        )
    if isinstance(error, _failures.Timeout):
        return Unreachable(f"{address} did not answer in time", hint="check the network, then run again")
    return Unreachable(f"{address} cannot be reached", hint="check `address` and `caFile` of the store and the network")


def _parts(answer: Any, where: str) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """The secret's members (none where the version is gone) and its metadata."""
    outer = answer.get("data") if isinstance(answer, dict) else None
    metadata = outer.get("metadata") if isinstance(outer, dict) else None
    if isinstance(outer, dict) and isinstance(metadata, dict) and _VERSION.fullmatch(_text(metadata, "version")):
        data = outer.get("data")
        if data is None or isinstance(data, dict):
            return data, metadata
    raise SecretUnexpected(
        f"{where}: the answer is not a KV version 2 secret",
        hint="check `address` and `mount` of the store: a login page, a redirect or KV version 1 may stand there",
    )


def _gone(metadata: Mapping[str, Any], where: str) -> StagemailError:
    version = _text(metadata, "version")
    if metadata.get("destroyed") is True:
        return SecretUnusable(f"{where}: version {version} was destroyed", hint="write the secret again")
    return NotFound(f"{where}: version {version} was deleted", hint="undelete it, or write the secret again")


def _chosen(data: Mapping[str, Any], ref: SecretRef, where: str) -> tuple[bytes, SecretRef, str]:
    """The bytes, and the reference that still applies to them."""
    if not data:
        raise SecretEmpty(f"{where} is empty", hint="store the secret's value there, then run again")
    whole = set(data) == {"value"} and ref.field != "value"
    if ref.field and not whole:
        return json.dumps(data).encode(), ref, where
    if len(data) > 1:
        raise SecretUnusable(f"{where} has {len(data)} fields", hint="say which one with `field`")
    (text,) = data.values()
    if not isinstance(text, str):
        raise SecretUnusable(f"{where} is not text", hint="store the value as text")
    return text.encode("utf-8", "surrogatepass"), ref, where


def _text(metadata: Mapping[str, Any], name: str) -> str:
    value = metadata.get(name)
    return str(value) if isinstance(value, str | int) else ""


def build(settings: Mapping[str, Any], base: Path, environ: Mapping[str, str]) -> VaultStore:
    """The store of an operator file's entry. Connects when the first secret is read."""
    return VaultStore(VaultSession(settings, base, environ), str(settings.get("mount", "secret")))
