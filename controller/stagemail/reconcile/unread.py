"""Secrets of a stage that a run could not have: what they stop, why, and that the run then is no success.

Filters from plan to plan, and the outcomes of what no step tells. Not here: grants and stores (``credentials``).
"""

from collections.abc import Mapping
from dataclasses import replace

from stagemail.errors import GrantRefused, StagemailError, TryLater
from stagemail.model import email
from stagemail.model.key import CONFIGURATION, Key
from stagemail.model.plan import Note, Plan
from stagemail.model.run import Outcome, Run
from stagemail.model.secret import SecretState
from stagemail.model.snapshot import Desired
from stagemail.model.step import Step
from stagemail.reconcile.uses import uses_of

READ = "read"
"""The action of an outcome that is about reading a credential."""


def only_granted(plan: Plan, errors: Mapping[str, StagemailError]) -> Plan:
    """Block every change of the connection while a secret of it is not granted for where it would go.

    The platform keeps the credential that it has: another server would get it although nothing secret is sent. A
    waiver lies in the tree under review, so it can accept the hazard, but it cannot grant.
    """
    refused = [_said(ref, error) for ref, error in sorted(errors.items()) if isinstance(error, GrantRefused)]
    if not refused:
        return plan
    steps = (replace(step, blocked="; ".join(refused)) if _connects(step) else step for step in plan.steps)
    return replace(plan, steps=tuple(steps))


def _connects(step: Step) -> bool:
    written = step.key.kind == CONFIGURATION and step.action == "write"
    return written and any(email.SPECS[change.field].unit == email.CONNECTION for change in step.changes)


def told_why(plan: Plan, desired: Desired, errors: Mapping[str, StagemailError]) -> Plan:
    """Say with each blocked step and each note why its secret could not be read, and the next step.

    ``errors``: by reference.
    """
    if not errors:
        return plan
    steps = tuple(replace(step, blocked=_reasons(step, errors)) if step.blocked else step for step in plan.steps)
    refs = {f"{plan.stage} {field}": str(use.ref) for field, use in uses_of(desired).items()}
    notes = tuple(_reasoned(note, errors.get(refs.get(note.subject, ""))) for note in plan.notes)
    return replace(plan, steps=steps, notes=notes)


def _reasoned(note: Note, error: StagemailError | None) -> Note:
    if error is None or note.kind != "credentials-not-read":
        return note
    return replace(note, message=f"{note.message}: {error.sentence}")


def _reasons(step: Step, errors: Mapping[str, StagemailError]) -> str:
    refs = [change.after.ref for change in step.changes if isinstance(change.after, SecretState)]
    return "; ".join(_said(ref, errors[ref]) for ref in refs if ref in errors) or step.blocked


def _said(ref: str, error: StagemailError) -> str:
    return f"secret {ref}: {error.sentence}"


def failing(plan: Plan, errors: Mapping[str, StagemailError]) -> Mapping[str, StagemailError]:
    """The errors that make an apply of this plan fail: all, but those that only stop what a guard or a gate holds."""
    found: dict[str, StagemailError] = {}
    for ref, error in sorted(errors.items()):
        steps = [step for step in plan.steps if _said(ref, error) in step.blocked]
        if not steps or any(not (step.held or step.gate) for step in steps):
            found[ref] = error
    return found


def untold(plan: Plan, errors: Mapping[str, StagemailError]) -> list[Outcome]:
    """One failed outcome for each error that makes an apply fail and that no step of it tells."""
    key = Key(plan.stage, CONFIGURATION, plan.identity.key)
    told = [step.blocked for step in plan.steps if not (step.runnable or step.held or step.reported or step.gate)]
    return [
        Outcome(f"secret:{ref}", key, plan.stage, READ, "failed", _said(ref, error), isinstance(error, TryLater))
        for ref, error in failing(plan, errors).items()
        if not any(_said(ref, error) in blocked for blocked in told)
    ]


def is_only_unread(run: Run) -> bool:
    """Whether all that failed in a finished run is that a credential could not be read: no app was touched by that."""
    wrong = [outcome for outcome in run.outcomes if outcome.status in ("failed", "unknown", "skipped")]
    return run.status in ("failed", "partial") and all(outcome.action == READ for outcome in wrong)
