"""The reference resolver: answers from memory. Not here: real DNS (``dns_resolver``)."""

from collections.abc import Mapping

from stagemail.model.dns import NO_DATA, NO_DOMAIN, Answer, RecordKind

Zone = Mapping[str, Mapping[RecordKind, tuple[str, ...]]]


class MemoryResolver:
    """Implements ``ports.Resolver``. ``broken``: names that give no answer."""

    def __init__(self, zone: Zone, broken: frozenset[str] = frozenset()) -> None:
        self._zone = {name.lower(): dict(records) for name, records in zone.items()}
        self._broken = broken

    def ask(self, name: str, kind: RecordKind) -> Answer:
        """What the zone has; a name above another one exists without data (RFC 8020)."""
        known = name.lower().rstrip(".")
        if known in self._broken:
            return Answer("failed", reason="no answer in time")
        if known in self._zone:
            records = self._zone[known].get(kind, ())
            return Answer("found", records) if records else NO_DATA
        above = any(other.endswith(f".{known}") for other in self._zone)
        return NO_DATA if above else NO_DOMAIN
