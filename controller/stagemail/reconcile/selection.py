"""Narrows a plan to apps, secrets or grants: filters from plan to plan, so that guards and order hold as before."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from stagemail.errors import GrantRefused, NotFound, StagemailError
from stagemail.model import email
from stagemail.model.field import Specs
from stagemail.model.key import BINDING, CONFIGURATION
from stagemail.model.plan import Note, Plan
from stagemail.model.secret import SecretState
from stagemail.model.snapshot import Desired
from stagemail.model.step import Step
from stagemail.reconcile.uses import uses_of


def only_these(plan: Plan, apps: tuple[str, ...]) -> Plan:
    """The steps of these apps (labels or keys); all of them if none is named. Raises NotFound for a name without step
    or note in the plan."""
    if not apps:
        return plan
    steps = tuple(s for s in plan.steps if s.key.kind == BINDING and (s.label in apps or s.key.id in apps))
    notes = tuple(note for note in plan.notes if note.subject.split(" ")[0] in apps)
    known = {step.label for step in steps} | {step.key.id for step in steps} | {n.subject.split(" ")[0] for n in notes}
    missing = [app for app in apps if app not in known]
    if missing:
        raise NotFound(
            f"{plan.stage}: {', '.join(missing)} is not in the plan: nothing in Git or on the platform has this name",
            hint="see `stagemail plan` for the names",
        )
    return replace(plan, steps=steps, notes=notes)


def only_secrets(plan: Plan, specs: Specs) -> Plan:
    """The changes that send a secret, with what is only ever sent together with it, and what makes them live."""
    steps = tuple(part for step in plan.steps for part in _secret_part(step, specs))
    return replace(plan, steps=steps, notes=())


def _secret_part(step: Step, specs: Specs) -> Iterable[Step]:
    groups = {specs[change.field].group for change in step.changes if specs[change.field].secret}
    if step.action == "activate":
        yield step
    elif groups:
        yield replace(step, changes=tuple(c for c in step.changes if specs[c.field].group in groups))


def only_granted(plan: Plan, errors: Mapping[str, StagemailError]) -> Plan:
    """Block every change of the connection while a secret of it is not granted for where it would go.

    The platform keeps the credential that it has: another server would get it although nothing secret is sent. A
    waiver lies in the tree under review, so it can accept the hazard, but it cannot grant.
    """
    refused = [f"secret {ref}: {error.sentence}" for ref, error in sorted(errors.items()) if _is_refusal(error)]
    if not refused:
        return plan
    steps = (replace(step, blocked="; ".join(refused)) if _connects(step) else step for step in plan.steps)
    return replace(plan, steps=tuple(steps))


def _is_refusal(error: StagemailError) -> bool:
    return isinstance(error, GrantRefused)


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
    return "; ".join(f"secret {ref}: {errors[ref].sentence}" for ref in refs if ref in errors) or step.blocked
