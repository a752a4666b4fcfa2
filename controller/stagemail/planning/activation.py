"""Which apps must be made live, and whose pending values that would drag along.

On ODC making an app live applies everything pending on it, also somebody else's; so what is pending and not
wanted by Git is a hazard of the step. Not here: doing it, and the fresh read right before (``reconcile.apply``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from stagemail.model.field import Value
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.secret import SecretState
from stagemail.model.snapshot import AppliedResource, ObservedResource
from stagemail.model.step import Hazard, Step
from stagemail.planning import order
from stagemail.planning.diff import Same
from stagemail.planning.hazards import foreign_pending
from stagemail.planning.situation import Situation

LIVE_PHASE = {order.NARROW: order.NARROW_LIVE, order.WIDEN: order.WIDEN_LIVE}


@dataclass(frozen=True, slots=True)
class Pending:
    """The pending values of one app: those that are as Git wants, and those that are somebody else's."""

    ours: frozenset[str] = frozenset()
    foreign: frozenset[str] = frozenset()


def activations(
    situation: Situation, wanted: Mapping[Key, Mapping[str, Value]], steps: Sequence[Step]
) -> Iterable[Step]:
    """One step per app and phase in which something of ours is, or will be, pending."""
    s = situation
    stage_key = Key(s.desired.stage, CONFIGURATION, s.inventory.stage.key)
    running = [step for step in steps if step.action == "write" and step.runnable]
    own_steps: dict[Key, list[Step]] = {}
    for step in running:
        own_steps.setdefault(step.key, []).append(step)
    stage_writes = own_steps.get(stage_key, [])
    seen, known = s.observed.by_key(), s.applied.by_key().get(stage_key)
    for app in sorted(s.inventory.apps):
        if not app.bindable:
            continue
        key = Key(s.desired.stage, BINDING, app.key)
        own = own_steps.get(key, [])
        fields = {**wanted.get(stage_key, {}), **wanted.get(key, {})}
        pending = pending_of(seen.get(key), fields, known, s.same)
        soon = {change.field for step in (*own, *stage_writes) for change in step.changes}
        yield from _steps(Step("activate", key, app.name, "live", 0), own, stage_writes, pending, soon)


def _steps(
    blank: Step, own: Sequence[Step], stage_writes: Sequence[Step], pending: Pending, soon: set[str]
) -> Iterable[Step]:
    foreign = pending.foreign - soon
    hazards = (foreign_pending(blank.label, foreign),) if foreign else ()
    phases = {LIVE_PHASE[step.phase] for step in own}
    for phase in sorted(phases):
        yield _at(blank, phase, "make the recipients live", hazards)
    if stage_writes:
        why = "make the stage's settings live, where the platform left them pending"
        yield _at(blank, order.STAGE_LIVE, why, hazards, if_pending=True)
    elif pending.ours and not phases:
        yield _at(blank, order.STAGE_LIVE, f"pending, and as Git wants: {', '.join(sorted(pending.ours))}", hazards)


def pending_of(
    seen: ObservedResource | None, wanted: Mapping[str, Value], stage: AppliedResource | None, same: Same
) -> Pending:
    """Tell what is pending on an app. ``wanted``: what Git wants of it and of its stage; ``stage``: our record of that.

    A pending value that equals desired is ours, whoever set it. A pending secret cannot be compared: it is ours
    where we are the ones who last wrote it.
    """
    if seen is None:
        return Pending()
    names = [name for name, observed in seen.fields.items() if observed.pending]
    ours = {name for name in names if name in wanted and _is_ours(name, seen, wanted[name], stage, same)}
    return Pending(frozenset(ours), frozenset(names) - ours | frozenset(seen.foreign))


def _is_ours(name: str, seen: ObservedResource, want: Value, stage: AppliedResource | None, same: Same) -> bool:
    if not isinstance(want, SecretState):
        return same(name, want, seen.fields[name].value)
    known = stage.fields.get(name) if stage else None
    return known is not None and known.verified


def _at(blank: Step, phase: int, why: str, hazards: tuple[Hazard, ...], *, if_pending: bool = False) -> Step:
    return replace(blank, phase=phase, why=(why,), hazards=hazards, if_pending=if_pending)
