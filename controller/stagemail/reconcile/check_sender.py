"""Would a stage's mail be believed? Asks for many stages at the same time, and tells a plan what was found.

No credential is read and no platform is asked. Not here: DNS and its records (``mail``), the report.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace

from stagemail.model.plan import NOTE_ORDER, Note, Plan
from stagemail.model.sender import Believed, SenderQuestion
from stagemail.reconcile.stages import StageResult


def check_senders(
    asked: Sequence[SenderQuestion], judge: Callable[[SenderQuestion], Believed], executor: Executor
) -> tuple[StageResult[Believed], ...]:
    """Judge every stage's sender, in the order that was given."""

    def work(question: SenderQuestion) -> StageResult[Believed]:
        return StageResult(question.stage, judge(question))

    return tuple(executor.map(work, asked))


def noted(plan: Plan, result: StageResult[Believed]) -> Plan:
    """The plan with a note for each warning, failure and gap; such a plan is for reading, never for saving."""
    if result.value is None:
        said = result.error.sentence if result.error else "not checked"
        notes = [Note("sender-unchecked", plan.stage, said)]
    else:
        notes = [
            Note(
                "sender-unchecked" if finding.status == "not-checked" else "sender-doubtful",
                f"{result.value.domain or plan.stage} {finding.check}",
                finding.message + (f"; {finding.next_step}" if finding.next_step else ""),
            )
            for finding in result.value.findings
            if finding.status in ("failed", "warned", "not-checked")
        ]
    return replace(plan, notes=tuple(sorted((*plan.notes, *notes), key=NOTE_ORDER)))
