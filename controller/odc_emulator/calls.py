"""One call to the platform: what arrived, when, from whom, and how its query and body are read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from odc_emulator.answers import RefusedError
from odc_emulator.faults import Fault
from odc_emulator.profiles import Profile
from odc_emulator.world import Client, World


@dataclass(slots=True)
class Call:
    """A request in the hands of the platform; `client` is None until it is authenticated."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    body: bytes
    content_type: str
    world: World
    profile: Profile
    now: float
    operation_seconds: float
    client: Client | None = None
    fault: Fault | None = None
    effect: str = "none"  # for the ledger: stored, none, or the operation that was started

    def actor(self) -> Client:
        """The authenticated client."""
        assert self.client is not None, "a route was called before authentication"  # noqa: S101
        return self.client

    def one(self, name: str) -> str | None:
        """A query parameter's first value, or None when absent or empty."""
        values = self.query.get(name)
        return values[0] if values and values[0] else None

    def many(self, name: str) -> list[str]:
        """All values of a query parameter, repeated or separated by commas."""
        return [part for value in self.query.get(name, []) for part in value.split(",") if part]

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """An integer query parameter; refused with 400 outside `low` … `high`."""
        text = self.one(name)
        if text is None:
            return default
        if not text.isascii() or not text.lstrip("-").isdigit() or len(text) > 10 or not low <= int(text) <= high:
            raise RefusedError(400, "EMULATOR-BAD-QUERY", f"{name} must be an integer from {low} to {high}.")
        return int(text)

    def has_fault(self, kind: str) -> bool:
        """Whether the fault that was ordered for this call is of this kind."""
        return self.fault is not None and self.fault.kind == kind

    def document(self) -> dict[str, Any]:
        """The JSON object in the body; refused with 400 or 415."""
        kind = self.content_type.partition(";")[0].strip().lower()
        if not (kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))):
            raise RefusedError(415, "EMULATOR-CONTENT-TYPE", f"Send application/json, not {kind or 'nothing'}.")
        try:
            parsed = json.loads(self.body)
        except (ValueError, RecursionError):
            raise RefusedError(400, "EMULATOR-BAD-JSON", "The body is not JSON.") from None
        if not isinstance(parsed, dict):
            raise RefusedError(400, "EMULATOR-BAD-JSON", "The body is not a JSON object.")
        return parsed
