"""Fields whose fingerprints nobody could make again with a new key: their secrets are known by version only.

Not here: making fingerprints (``reconcile.rekey``).
"""

from collections.abc import Mapping
from dataclasses import replace

from stagemail.model.secret import REPLACED, UNKNOWN, SecretState
from stagemail.model.snapshot import AppliedField


def without_fingerprints(fields: Mapping[str, AppliedField]) -> dict[str, AppliedField]:
    """The fields with their secrets known by version only: unverified from now on."""
    return {name: _unknown(field) for name, field in fields.items()}


def _unknown(field: AppliedField) -> AppliedField:
    value = field.value
    if not isinstance(value, SecretState) or value.fingerprint in ("", REPLACED):
        return field
    return replace(field, value=replace(value, fingerprint=UNKNOWN), verified=False)
