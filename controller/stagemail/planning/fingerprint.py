"""The fingerprint of what was observed: a saved plan is applied only while it is the same."""

import hashlib
from dataclasses import fields, is_dataclass

from stagemail.model.inventory import Inventory
from stagemail.model.snapshot import Observed


def observed_fingerprint(inventory: Inventory, observed: Observed) -> str:
    """SHA-256 over a canonical spelling of inventory and observed state, in hex."""
    digest = hashlib.sha256()
    digest.update(_spelt(inventory).encode())
    digest.update(_spelt(observed).encode())
    return digest.hexdigest()


def _spelt(value: object) -> str:
    if is_dataclass(value) and not isinstance(value, type):
        inner = ",".join(f"{field.name}={_spelt(getattr(value, field.name))}" for field in fields(value))
        return f"{type(value).__name__}({inner})"
    if isinstance(value, dict):
        return "{" + ",".join(f"{_spelt(key)}:{_spelt(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, tuple):
        return "[" + ",".join(map(_spelt, value)) + "]"
    return repr(value)
