"""Which apps must be made live, and whose pending values that would drag along.

On ODC making an app live applies everything pending on it, also somebody else's; so what is pending and not
wanted by Git is a hazard of the step. Not here: doing it, and the fresh read right before (``reconcile.apply``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from stagemail.dataclass import dataclass
from stagemail.model.field import Fields, Specs, Value
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.plan import Note
from stagemail.model.policy import Policy
from stagemail.model.secret import SecretState
from stagemail.model.snapshot import AppliedResource, ObservedResource
from stagemail.model.step import Hazard, Step
from stagemail.planning import hazards, order
from stagemail.planning.diff import Same, written_over
from stagemail.planning.situation import Situation

LIVE_PHASE = {order.NARROW: order.NARROW_LIVE, order.STAGE: order.STAGE_LIVE, order.WIDEN: order.WIDEN_LIVE}


@dataclass(frozen=True, slots=True)
class Pending:
    """The pending values of one app: those that are as Git wants, and those that are somebody else's."""

    ours: frozenset[str] = frozenset()
    foreign: frozenset[str] = frozenset()


NOTHING: Final = Pending()
"""One for all apps on which nothing is pending."""


@dataclass(frozen=True, slots=True)
class _App:
    """One app: what is pending on it, and what this plan will have written by when."""

    blank: Step
    seen: ObservedResource | None
    pending: Pending
    own: Sequence[Step]
    stage: Sequence[Step]

    def written_before(self, phase: int) -> set[str]:
        """The fields that are as Git wants by then, whatever is pending now."""
        writes = (*self.own, *self.stage)
        return {change.field for step in writes if step.phase < phase for change in step.changes}

    def dragged(self, phase: int) -> tuple[Hazard, ...]:
        """What making it live in this phase would do beside what Git wants, or what a person must have agreed to."""
        written = self.written_before(phase)
        foreign = self.pending.foreign - written
        pending = (self.pending.ours | self.pending.foreign) - written
        found = [hazards.foreign_pending(self.blank.label, foreign)] if foreign else []
        if hazards.pending_widens(self.seen, pending):
            found.append(hazards.widened(self.blank.label))
        return tuple(sorted(found))


def pendings(situation: Situation, wanted: Mapping[Key, Fields]) -> dict[Key, Pending]:
    """What is pending on each app that was read."""
    s = situation
    stage_key = Key(s.desired.stage, CONFIGURATION, s.inventory.stage.key)
    stage, known = wanted.get(stage_key, {}), _still_ours(situation, stage_key)
    return {
        seen.key: pending_of(seen, {**stage, **wanted.get(seen.key, {})}, known, s.same)
        for seen in s.observed.resources
        if seen.key.kind == BINDING
    }


def _still_ours(s: Situation, stage_key: Key) -> AppliedResource | None:
    """Our record of the stage without the values that somebody wrote over since, as far as the platform tells."""
    known, seen = s.applied.by_key().get(stage_key), s.observed.by_key().get(stage_key)
    if known is None or seen is None:
        return known
    fields = {name: field for name, field in known.fields.items() if not written_over(seen.fields.get(name), field)}
    return replace(known, fields=fields)


def activations(situation: Situation, pending: Mapping[Key, Pending], steps: Sequence[Step]) -> Iterable[Step]:
    """One step per app and phase in which something of ours is, or will be, pending."""
    s = situation
    writes: dict[Key, list[Step]] = {}
    for step in steps:
        if step.action == "write" and step.runnable:
            writes.setdefault(step.key, []).append(step)
    stage = writes.get(Key(s.desired.stage, CONFIGURATION, s.inventory.stage.key), [])
    seen = s.observed.by_key()
    for found in s.inventory.apps:
        if found.bindable:
            key = Key(s.desired.stage, BINDING, found.key)
            blank = Step("activate", key, found.name, "live", 0)
            app = _App(blank, seen.get(key), pending.get(key, NOTHING), writes.get(key, []), stage)
            yield from _steps(app, s.policy, s.specs)


def foreign_notes(situation: Situation, pending: Mapping[Key, Pending], steps: Iterable[Step]) -> Iterable[Note]:
    """What somebody else left pending where this plan makes nothing live."""
    touched = {step.key for step in steps if step.action == "activate"}
    for app in situation.inventory.apps:
        key = Key(situation.desired.stage, BINDING, app.key)
        found = pending.get(key, NOTHING).foreign
        if found and key not in touched:
            listed = ", ".join(sorted(found))
            yield Note(
                "foreign-pending", app.name, f"left alone; the next deploy or apply there makes it live: {listed}"
            )


def _steps(app: _App, policy: Policy, specs: Specs) -> Iterable[Step]:
    """Where an early sweep would drag along what a later write of this plan overwrites, only the later one is done."""
    due = {step.phase: step for step in (*_already_pending(app, policy, specs), *_after_writes(app))}
    for phase in sorted(due):
        step = due.pop(phase)
        dragged = app.dragged(phase)
        later = next((other for other in sorted(due) if not app.dragged(other)), None) if dragged else None
        if later is None:
            yield replace(step, hazards=tuple(sorted({*step.hazards, *dragged})))
        else:
            due[later] = replace(due[later], if_pending=due[later].if_pending and step.if_pending)


def _after_writes(app: _App) -> Iterable[Step]:
    for phase in sorted({LIVE_PHASE[step.phase] for step in app.stage}):
        why = "make the stage's settings live, where the platform left them pending"
        yield replace(app.blank, phase=phase, why=(why,), if_pending=True)
    for phase in sorted({LIVE_PHASE[step.phase] for step in app.own}):
        yield replace(app.blank, phase=phase, why=("make the recipients live",))


def _already_pending(app: _App, policy: Policy, specs: Specs) -> Iterable[Step]:
    """What is pending and as Git wants, where no write of this plan leads to its being made live in time."""
    waiting = app.pending.ours - app.written_before(order.FORGET)
    narrows = hazards.pending_narrows(app.seen, waiting)
    if not waiting or ((app.own or app.stage) and not narrows):
        return
    widens = hazards.pending_widens(app.seen, waiting)
    phase = order.NARROW_LIVE if narrows else order.WIDEN_LIVE if widens else order.STAGE_LIVE
    urgent = narrows or all(specs[name].secret for name in waiting)
    why = f"pending, and as Git wants: {', '.join(sorted(waiting))}"
    yield replace(app.blank, phase=phase, why=(why,), hazards=() if urgent else hazards.outside_window(policy))


def pending_of(
    seen: ObservedResource | None, wanted: Mapping[str, Value], stage: AppliedResource | None, same: Same
) -> Pending:
    """Tell what is pending on an app. ``wanted``: what Git wants of it and of its stage; ``stage``: our record of that.

    A pending value that equals desired is ours, whoever set it. A pending secret cannot be compared: it is ours
    where we are the ones who last wrote it.
    """
    if seen is None:
        return NOTHING
    names = {name for name, observed in seen.fields.items() if observed.pending}
    if not names and not seen.foreign:
        return NOTHING
    ours = {name for name in names if name in wanted and _is_ours(name, seen, wanted[name], stage, same)}
    return Pending(frozenset(ours), frozenset(names - ours) | frozenset(seen.foreign))


def _is_ours(name: str, seen: ObservedResource, want: Value, stage: AppliedResource | None, same: Same) -> bool:
    if not isinstance(want, SecretState):
        return same(name, want, seen.fields[name].value)
    known = stage.fields.get(name) if stage else None
    return known is not None and known.verified
