"""How long drift has lasted, by the runs that reported it. Not here: whether that is enough (``planning.guard``)."""

from collections.abc import Sequence
from datetime import datetime

from stagemail.model.run import Run


def drift_ages(runs: Sequence[Run], now: datetime) -> dict[str, float]:
    """Seconds since each step was first reported without a run in between that did not report it. Newest run first."""
    since: dict[str, datetime] = {}
    lasting: set[str] | None = None
    for run in runs:
        reported = {outcome.step for outcome in run.outcomes if outcome.status == "reported"}
        lasting = reported if lasting is None else lasting & reported
        if not lasting:
            break
        since.update(dict.fromkeys(lasting, run.started))
    return {step: (now - first).total_seconds() for step, first in since.items()}
