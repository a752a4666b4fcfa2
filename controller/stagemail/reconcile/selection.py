"""Narrows a plan to apps or secrets: filters from plan to plan, so that guards and order hold as before."""

from collections.abc import Iterable
from dataclasses import replace

from stagemail.errors import NotFound
from stagemail.model.field import Specs
from stagemail.model.key import BINDING
from stagemail.model.plan import Plan
from stagemail.model.step import Step


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
