"""The providers that we know, and what they mean by their replies: reads ``providers.toml``, which names its sources.

Not here: what a reply means in general (``explaining``).
"""

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """One meaning: at this step, a reply that begins so and (where ``says`` is not "") contains that."""

    step: str
    reply: str
    code: str
    cause: str
    next: str
    source: str
    says: str = ""

    def fits(self, step: str, reply: str) -> bool:
        """Whether this reply at this step is meant."""
        if step != self.step or not (reply == self.reply or reply.startswith((f"{self.reply} ", f"{self.reply}-"))):
            return False
        return self.says.lower() in reply.lower()


@dataclass(frozen=True, slots=True)
class Sends:
    """What a provider documents of the mail that it sends for a domain.

    ``include``: what the envelope domain's SPF policy has to include. ``envelope``: the domain of the envelope's
    sender where the customer sets none; "" means the sender's own. ``selectors``: DKIM selectors of every customer.
    """

    include: str
    source: str
    envelope: str = ""
    selectors: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider: the names of its servers as patterns, one thing to know, and its rules.

    ``connections``: how many it takes of one mailbox at a time; 0 where it names none.
    """

    name: str
    hosts: tuple[str, ...]
    note: str
    source: str
    rules: tuple[Rule, ...] = ()
    connections: int = 0
    sends: Sends | None = None


@lru_cache(maxsize=1)
def known() -> tuple[str, tuple[Provider, ...]]:
    """The version (date) of the data, and the providers."""
    document = tomllib.loads((files("stagemail.mail") / "providers.toml").read_text(encoding="utf-8"))
    found = tuple(
        Provider(
            row["name"],
            tuple(row["hosts"]),
            row["note"],
            row["source"],
            tuple(Rule(**rule) for rule in row.get("rule", ())),
            row.get("connections", 0),
            _sends(row["sends"]) if "sends" in row else None,
        )
        for row in document["provider"]
    )
    return document["version"], found


def _sends(row: dict[str, Any]) -> Sends:
    return Sends(**{**row, "selectors": tuple(row.get("selectors", ()))})


def of(host: str) -> Provider | None:
    """The provider whose server this is."""
    name = host.lower().rstrip(".")
    return next((one for one in known()[1] if any(fnmatchcase(name, pattern) for pattern in one.hosts)), None)
