"""The conditions of a pass, also where it tells none itself: then they follow from its run and its error.

Not here: the conditions of a stage over time (``status``).
"""

from stagemail.model.condition import Condition
from stagemail.model.happening import Finished


def conditions_of(done: Finished) -> tuple[Condition, ...]:
    """Those that the pass tells, else those that its end means."""
    if done.conditions:
        return done.conditions
    run, revision = done.run, done.revision
    if run is None:
        return (Condition("Ready", "False", "Failed", done.error, revision),)
    if run.status == "done":
        return (Condition("Ready", "True", "Applied", "", revision),)
    if run.status == "held":
        held = "a guard holds a step until a waiver accepts it"
        return (
            Condition("Ready", "False", "HeldByGuard", held, revision),
            Condition("Stalled", "True", "HeldByGuard", held, revision),
        )
    failed = next((outcome.message for outcome in run.outcomes if outcome.status in ("failed", "unknown")), "")
    return (Condition("Ready", "False", "NotApplied", done.error or failed, revision),)
