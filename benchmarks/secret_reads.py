"""Reading many secrets from a store that answers slowly: all at once, beside one after the other.

In this process, because it is the use case that is measured and no command. Not here: the table.
"""

import time
from concurrent.futures import ThreadPoolExecutor

from stagemail.model.grant import Grant
from stagemail.model.secret import SecretRef, SecretVersion
from stagemail.reconcile.credentials import Credentials
from stagemail.reconcile.granting import Use
from stagemail.secret.memory import MemoryStore
from stagemail.wiring.running import SECRET_WORKERS

LATENCY = 0.05
"""Seconds that the store takes for each answer."""
RELAY = "smtp.example.com:587"


class SlowStore(MemoryStore):
    """Answers after ``LATENCY``, as a store across a network does."""

    def read(self, ref: SecretRef) -> SecretVersion:
        """The value."""
        time.sleep(LATENCY)
        return super().read(ref)


def uses(count: int) -> list[Use]:
    """So many references, each to a secret of its own."""
    return [Use("qa", SecretRef("vault", f"SMTP_{number}"), (RELAY,)) for number in range(count)]


def read_all(count: int, workers: int) -> tuple[float, int]:
    """Seconds for so many references, and how often the store was asked. ``workers`` 1: one after the other."""
    store = SlowStore({f"SMTP_{number}": f"value-{number}" for number in range(count)})
    grants = (Grant(("qa",), "vault", "SMTP_*", (RELAY,)),)
    with ThreadPoolExecutor(SECRET_WORKERS) as executor:
        run = Credentials({"vault": store}, grants, bytes(32), executor if workers > 1 else None)
        start = time.perf_counter()
        run.resolve_many(uses(count))
        return time.perf_counter() - start, len(store.reads)
