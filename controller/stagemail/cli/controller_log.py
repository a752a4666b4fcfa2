"""The controller's log as JSON, a line for each thing that happens, by structlog; for machines that read logs.

Implements ``ports.Observer``. Not here: the lines for people (``report.happenings``).
"""

import sys
from collections.abc import Callable, MutableMapping
from typing import Any, TextIO

import structlog

from stagemail.model.happening import Archived, Finished, Happening, Looked, Reloaded, Ticked, Troubled


class JsonLog:
    """``scrub`` takes credentials out of every text before it is written."""

    def __init__(self, scrub: Callable[[str], str], out: TextIO | None = None) -> None:
        def scrubbed(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
            return {key: scrub(value) if isinstance(value, str) else value for key, value in event.items()}

        self._log = structlog.wrap_logger(
            structlog.WriteLogger(out or sys.stdout),
            processors=[
                structlog.processors.add_log_level,
                scrubbed,
                structlog.processors.JSONRenderer(sort_keys=True),
            ],
            wrapper_class=structlog.BoundLogger,
            cache_logger_on_first_use=False,
        )

    def saw(self, happening: Happening) -> None:
        """Write it; rounds of the loop are not worth a line, nor a branch that is held as it was at the last look."""
        held_still = isinstance(happening, Looked) and happening.error and happening.revision and not happening.is_new
        if isinstance(happening, Ticked) or held_still:
            return
        event, is_bad, facts = _facts(happening)
        said = {key: value for key, value in facts.items() if value not in ("", None, ())}
        write = self._log.warning if is_bad else self._log.info
        write(event, timestamp=f"{happening.at:%Y-%m-%dT%H:%M:%S.%fZ}", **said)

    def complain(self, message: str) -> None:
        """Write something that is nobody's pass."""
        self._log.warning("complaint", message=message)


def _facts(happening: Happening) -> tuple[str, bool, dict[str, Any]]:
    if isinstance(happening, Looked):
        facts: dict[str, Any] = {
            "source": happening.source, "revision": happening.revision, "error": happening.error,
            "stages": ",".join(happening.concerned), "seconds": round(happening.seconds, 3),
        }  # fmt: skip
        return "looked", bool(happening.error), facts
    if isinstance(happening, Finished):
        return "finished", bool(happening.error), _finished(happening)
    if isinstance(happening, Reloaded):
        return "reloaded", bool(happening.error), {"error": happening.error}
    if isinstance(happening, Archived):
        copied = {"branch": happening.branch, "events": happening.events, "waiting": happening.waiting,
                  "late": round(happening.late), "error": happening.error}  # fmt: skip
        return "journal-copied" if not happening.error else "journal-not-copied", bool(happening.error), copied
    if isinstance(happening, Troubled):
        event = "relieved" if happening.is_over else "troubled"
        return event, not happening.is_over, {"where": happening.where, "message": happening.message}
    word = "ticked" if isinstance(happening, Ticked) else "stands-by" if happening.is_over else "leads"
    return word, False, {}


def _finished(done: Finished) -> dict[str, Any]:
    run = done.run
    facts: dict[str, Any] = {
        "stage": done.stage, "source": done.source, "revision": done.revision, "wanted": done.wanted,
        "reason": done.reason, "seconds": round(done.seconds, 3), "error": done.error,
    }  # fmt: skip
    if run is not None:
        facts |= {"run": run.id, "status": run.status, "live": run.live, "apps": run.apps}
        for outcome in run.outcomes:
            facts[f"steps_{outcome.status}"] = facts.get(f"steps_{outcome.status}", 0) + 1
    for condition in done.changed:
        facts[condition.type.lower()] = f"{condition.status} {condition.reason}".strip()
    return facts
