"""The fingerprint of what was observed: a saved plan is applied only while it is the same."""

import hashlib

from stagemail.model.inventory import Inventory
from stagemail.model.snapshot import Observed


def observed_fingerprint(inventory: Inventory, observed: Observed) -> str:
    """SHA-256 over a canonical spelling of inventory and observed state, in hex. Their order does not matter."""
    digest = hashlib.sha256()
    for value in (inventory.stage, *sorted(inventory.apps), observed.stage, observed.identity):
        digest.update(f"{value!r}\n".encode(errors="surrogatepass"))
    for resource in sorted(observed.resources, key=lambda resource: resource.key):
        told = (resource.key, resource.label, sorted(resource.fields.items()), sorted(resource.foreign))
        digest.update(f"{told!r}\n".encode(errors="surrogatepass"))
    return digest.hexdigest()
