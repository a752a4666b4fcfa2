"""What became of activations: polled through the listing, a page for all of a stage, not one by one.

Finds an operation whose key was lost (same app, created since it was begun); messages of failed ones are fetched.
Not here: when to poll (``reconcile.activate``).
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from stagemail.errors import NotFound
from stagemail.model.run import Operation, Outcome
from stagemail.target.odc.api import OdcApi
from stagemail.target.odc.payloads import DeploymentOperation

SKEW: Final = timedelta(seconds=60)
"""How far the platform's clock may be from ours."""
FINISHED, FAILED = "Finished", "FinishedWithError"
MAX_MESSAGE: Final = 1000
"""Characters of the platform's messages that an outcome carries."""


class Operations:
    """The activations of one run. Remembers the keys that it was given, so that none is taken for a lost one."""

    def __init__(self, api: OdcApi) -> None:
        self._api = api
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def began(self, key: str) -> None:
        """An operation that was answered with its key."""
        with self._lock:
            self._known.add(key)

    def poll(self, environment: str, stage: str, running: Sequence[Operation]) -> dict[Operation, Outcome | None]:
        """The outcome of each activation of one stage, None while it runs (an unknown status counts as running)."""
        seen = self._listed(environment, stage, running)
        given = {operation.id for operation in running if operation.id}
        with self._lock:
            taken = self._known | given
        outcomes: dict[Operation, Outcome | None] = {}
        for operation in running:
            found = self._found(operation, seen, taken, stage)
            if found is not None and not operation.id:
                taken = taken | {found.key}
            outcomes[operation] = self._outcome(operation, found)
        return outcomes

    def _listed(self, environment: str, stage: str, running: Sequence[Operation]) -> Mapping[str, DeploymentOperation]:
        since = min(operation.begun for operation in running).astimezone(UTC) - SKEW
        missing = {operation.id for operation in running}
        seen: dict[str, DeploymentOperation] = {}
        for page in self._api.operations(environment, since, stage):
            seen.update((operation.key, operation) for operation in page)
            missing -= seen.keys()
            if not missing:
                break
        return seen

    def _found(
        self, operation: Operation, seen: Mapping[str, DeploymentOperation], taken: set[str], stage: str
    ) -> DeploymentOperation | None:
        if operation.id:
            return seen.get(operation.id) or self._single(operation, stage)
        candidates = [
            (abs(started - operation.begun), found.key, found)
            for found in seen.values()
            if found.asset_key == operation.key.id and found.key not in taken
            if (started := _moment(found.started_date_time)) is not None and started >= operation.begun - SKEW
        ]
        return min(candidates, key=lambda candidate: candidate[:2])[2] if candidates else None

    def _single(self, operation: Operation, stage: str) -> DeploymentOperation | None:
        """One that the listing did not show: our clock may be off by more than we thought."""
        try:
            return self._api.operation(operation.id, stage)
        except NotFound:
            return None

    def _outcome(self, operation: Operation, found: DeploymentOperation | None) -> Outcome | None:
        outcome = Outcome("", operation.key, operation.key.id, "activate", "done")
        if found is None:
            message = "ODC knows no such operation; it was never received"
            return replace(outcome, status="unknown", message=message, retry=True)
        outcome = replace(outcome, label=found.asset_name or operation.key.id)
        if found.status == FINISHED:
            return outcome
        if found.status != FAILED:
            return None
        return replace(outcome, status="failed", message=self._reasons(found.key, outcome.label))

    def _reasons(self, key: str, label: str) -> str:
        messages = self._api.messages(key, label)
        errors = [message.message or "" for message in messages if message.severity == "Error"]
        told = _joined(errors) or _joined(message.message or "" for message in messages)
        return f"ODC could not apply the configurations: {told or 'it gives no message'}"


def _joined(messages: Iterable[str]) -> str:
    return " ".join("; ".join(message for message in messages if message).split())[:MAX_MESSAGE]


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
