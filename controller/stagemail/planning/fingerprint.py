"""The fingerprint of what was observed: a saved plan is applied only while it is the same."""

import hashlib
from operator import attrgetter
from typing import Final

from stagemail.model.inventory import Inventory
from stagemail.model.key import KEY_ORDER
from stagemail.model.snapshot import Observed

_ORDER: Final = attrgetter("key.stage", "key.kind", "key.id")
_MEMBERS: Final = attrgetter("value", "live", "pending", "is_default", "evidence")


def observed_fingerprint(inventory: Inventory, observed: Observed) -> str:
    """SHA-256 over a canonical spelling of inventory and observed state, in hex. Their order does not matter."""
    digest = hashlib.sha256()
    for value in (
        inventory.stage,
        *sorted(inventory.apps),
        *sorted(inventory.ahead),
        observed.stage,
        observed.identity,
    ):
        digest.update(f"{value!r}\n".encode(errors="surrogatepass"))
    for resource in sorted(observed.resources, key=_ORDER):
        # Members one by one: the repr of a dataclass costs ten times as much.
        fields = [(name, *_MEMBERS(seen)) for name, seen in sorted(resource.fields.items())]
        told = (*KEY_ORDER(resource.key), resource.label, fields, sorted(resource.foreign))
        digest.update(f"{told!r}\n".encode(errors="surrogatepass"))
    return digest.hexdigest()
