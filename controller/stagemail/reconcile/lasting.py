"""How long drift has lasted, by the runs that left it: to a person, for a while, or until a window for healing opens.

Not here: whether that is enough (``planning.guard``).
"""

from collections.abc import Sequence
from datetime import datetime

from stagemail.model.run import Outcome, Run
from stagemail.planning.guard import LEFT_DRIFT
from stagemail.planning.hazards import OUTSIDE_HEALING


def drift_ages(runs: Sequence[Run], now: datetime) -> dict[str, float]:
    """Seconds since each step was first left without a run in between that did not leave it. Newest run first."""
    since: dict[str, datetime] = {}
    lasting: set[str] | None = None
    for run in runs:
        left = {outcome.step for outcome in run.outcomes if is_left(outcome)}
        lasting = left if lasting is None else lasting & left
        if not lasting:
            break
        since.update(dict.fromkeys(lasting, run.started))
    return {step: (now - first).total_seconds() for step, first in since.items()}


def is_left(outcome: Outcome) -> bool:
    """Whether it tells of drift that was left as it is. A change of Git that waits is none."""
    told = LEFT_DRIFT if outcome.status == "reported" else OUTSIDE_HEALING if outcome.status == "held" else ""
    return bool(told) and told in outcome.message
