"""Narrows a plan to some apps: a filter from plan to plan, so that guards and order hold as before."""

from dataclasses import replace

from stagemail.errors import NotFound
from stagemail.model.key import BINDING
from stagemail.model.plan import Plan


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
