"""Secrets from environment variables, of which only those with the configured prefix can be named.

The store's key ``SMTP_QA`` with prefix ``STAGEMAIL_`` is the variable ``STAGEMAIL_SMTP_QA``. No versions.
Not here: reading the process's environment (``wiring`` passes it in).
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from stagemail.errors import InvalidInput, NotFound
from stagemail.model.secret import SecretRef, SecretVersion
from stagemail.secret.key import name_of, with_field
from stagemail.secret.value import from_bytes, refuse_pin

DEFAULT_PREFIX: Final = "STAGEMAIL_"
_NAME: Final = re.compile(r"[A-Z0-9_]{1,128}", re.ASCII)
_PREFIX: Final = re.compile(r"[A-Z][A-Z0-9_]{0,62}_", re.ASCII)


class EnvStore:
    """Implements ``ports.SecretStore``. Raises InvalidInput for a prefix that is none; an empty one is none."""

    def __init__(self, prefix: str, environ: Mapping[str, str]) -> None:
        if not _PREFIX.fullmatch(prefix):
            raise InvalidInput(
                f"{prefix!r} is no prefix for a secret store of type env",
                hint=f"write capital letters, digits and underscores, the last one too: {DEFAULT_PREFIX}",
            )
        self._prefix = prefix
        self._environ = environ

    def read(self, ref: SecretRef) -> SecretVersion:
        """The variable's value. Raises InvalidInput (key), NotFound, SecretUnusable."""
        name, where = self._name(ref), self.origin(ref)
        refuse_pin(ref, where)
        text = self._environ.get(name)
        if text is None:
            raise NotFound(f"{where} is not set", hint=f"set {name} where stagemail runs, then run again")
        return SecretVersion(from_bytes(os.fsencode(text), ref, where))

    def origin(self, ref: SecretRef) -> str:
        """The variable's name, in words."""
        return with_field(f"environment variable {self._name(ref)}", ref)

    def _name(self, ref: SecretRef) -> str:
        hint = "its keys are capital letters, digits and underscores, without the prefix: SMTP_QA"
        return self._prefix + name_of(ref, _NAME, hint)


def build(settings: Mapping[str, object], base: Path, environ: Mapping[str, str]) -> EnvStore:  # noqa: ARG001
    """The store of an operator file's entry: ``prefix`` (default STAGEMAIL_)."""
    return EnvStore(str(settings.get("prefix", DEFAULT_PREFIX)), environ)
