"""Why a stage is as it is: what changed last, what waits, what runs out, how to go back. Writes nothing.

What cannot be read is told beside the rest: at night the platform may be the very thing that does not answer.
Not here: rendering (``report.why``), asking Git (``wiring.changes``).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from stagemail.dataclass import dataclass
from stagemail.errors import StagemailError
from stagemail.model.field import Value
from stagemail.model.key import BINDING
from stagemail.model.revision import Commit
from stagemail.model.run import Run
from stagemail.model.snapshot import Desired, Observed, ObservedResource
from stagemail.reconcile.credentials import Checked
from stagemail.reconcile.looking import look
from stagemail.reconcile.once import Prepared
from stagemail.reconcile.request import Request
from stagemail.reconcile.status import observed, recorded
from stagemail.reconcile.uses import uses_of
from stagemail.reconcile.world import World
from stagemail.report.drift import drift_of
from stagemail.report.failure import Failure, failure_of
from stagemail.report.values import value_text
from stagemail.report.why import Expiry, Pending, Touched, Why

RUNS = 200
"""Runs that are looked at to find the last one that wrote."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The newest commits, newest first: of all that the stage rests on, and of its documents alone.

    ``also``: the other stages whose documents the newest of these changed, too.
    """

    everything: tuple[Commit, ...] = ()
    documents: tuple[Commit, ...] = ()
    also: tuple[str, ...] = ()


def why(request: Request, world: World, changes: Changes, own: Mapping[str, str]) -> Why:
    """One stage. ``own``: credentials of the operator file with their expiry dates, by name."""
    failures: list[Failure] = []
    desired = request.loaded.stages.get(request.stage, Desired(request.stage))
    checked = world.credentials.check(uses_of(desired).values())
    failures += [failure_of(each.error, request.stage) for each in checked if each.error is not None]
    prepared, seen = _read(request, world, failures)
    status = observed(request, prepared, world) if prepared else recorded(request, world)
    at = world.clock.now()
    return Why(
        status=status,
        at=at,
        commits=changes.everything,
        changed_by_us=_changed_by_us(world.record.runs(request.stage, RUNS)),
        touched=tuple(sorted(_touched(seen, prepared), reverse=True)),
        pending=tuple(_pending(seen)),
        foreign=tuple(f"{each.label}: {', '.join(each.foreign)}" for each in _apps(seen) if each.foreign),
        drift=drift_of(prepared.plan, _since(seen)) if prepared else (),
        expiries=tuple(sorted(_expiries(desired, checked, own, at.date()))),
        revert=_revert(request.stage, changes.documents),
        also=changes.also,
        failures=tuple(failures),
    )


def _read(request: Request, world: World, failures: list[Failure]) -> tuple[Prepared | None, Observed | None]:
    """The plan and every app, bound or not; what stopped it is told."""
    try:
        looked = look(request, world)
    except StagemailError as error:
        failures.append(failure_of(error, request.stage))
        return None, None
    return looked.prepared, looked.observed


def _apps(seen: Observed | None) -> Iterator[ObservedResource]:
    return (resource for resource in (seen.resources if seen else ()) if resource.key.kind == BINDING)


def _pending(seen: Observed | None) -> Iterator[Pending]:
    """Pending values, the same one in many apps said once."""
    apps: dict[tuple[str, str, str], list[str]] = {}
    values: dict[tuple[str, str, str], tuple[Value, Value]] = {}
    for resource in _apps(seen):
        for name, field in sorted(resource.fields.items()):
            if field.pending:
                same = (name, value_text(field.live), value_text(field.value))
                apps.setdefault(same, []).append(resource.label)
                values[same] = (field.live, field.value)
    for same in sorted(apps):
        yield Pending(same[0], *values[same], tuple(sorted(apps[same])))


def _since(seen: Observed | None) -> dict[str, str]:
    """The platform's time of the last change, by ``<key> <field>``."""
    resources = seen.resources if seen else ()
    return {f"{r.key} {name}": field.at for r in resources for name, field in r.fields.items() if field.at}


def _touched(seen: Observed | None, prepared: Prepared | None) -> Iterable[Touched]:
    if seen is None or prepared is None:
        return
    for resource in seen.resources:
        subject = seen.stage if resource.key.kind != BINDING else f"{seen.stage}/{resource.label}"
        for name, field in resource.fields.items():
            if field.at:
                yield Touched(field.at, f"{subject} {name}")


def _changed_by_us(runs: Iterable[Run]) -> Run | None:
    changing = ("write", "activate")
    return next((r for r in runs if any(o.action in changing and o.status == "done" for o in r.outcomes)), None)


def _expiries(desired: Desired, checked: Iterable[Checked], own: Mapping[str, str], today: date) -> Iterator[Expiry]:
    dated = [(f"secret {each.use.ref}", each.expires or each.use.ref.expires) for each in checked]
    dated += [(f"waiver {waiver.name} ({waiver.allow})", waiver.expires) for waiver in desired.waivers]
    for what, on in [*dated, *own.items()]:
        if on:
            yield Expiry(on, what, (date.fromisoformat(on[:10]) - today).days)


def _revert(stage: str, commits: Sequence[Commit]) -> tuple[str, ...]:
    """The first commit of all is no change: without it the stage would have no document."""
    if len(commits) < 2:
        return ()
    return (f"git revert --no-edit {commits[0].id[:12]}", f"stagemail plan {stage}", f"stagemail apply {stage}")
