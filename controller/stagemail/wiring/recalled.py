"""A plan from what the last whole one found: only changed files are read, only what they concern is planned.

It is the whole plan, or none: whatever is not as it was then, and is no change of plain bindings that go on naming the
same apps, is for the whole way. Not here: what is remembered (``memo``), when (``remembering``).
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from stagemail.errors import NotFound, StagemailError
from stagemail.model import email
from stagemail.model.inventory import App, Inventory, StageIdentity
from stagemail.model.location import Place
from stagemail.model.plan import Note, Plan
from stagemail.model.policy import Policy
from stagemail.model.secret import Secret, SecretRef
from stagemail.model.snapshot import Binding, Configuration, Desired
from stagemail.model.waiver import Waiver
from stagemail.planning import plan_stage
from stagemail.planning.planner import keys_to_observe
from stagemail.planning.quiet import stands_alone, with_quiet
from stagemail.planning.situation import Situation
from stagemail.ports import Clock, Target
from stagemail.record.sqlite_reader import SqliteReader
from stagemail.source import assemble_fields
from stagemail.wiring import memo as memos
from stagemail.wiring.bound_files import Bound, bound_by
from stagemail.wiring.clock import SystemClock
from stagemail.wiring.memo import Changed, Memo, StageMemo
from stagemail.wiring.plugins import Settled, Stamped, TargetContext, loaded_from


def recalled(memo: Memo, stages: Sequence[str], found: Callable[[], Changed | None]) -> tuple[Plan, ...] | None:
    """The plans of these stages (none: all) of a working tree; None where the whole way must be gone.

    ``found``: what changed of its files (``changed_files``), asked for once and late.
    """
    wanted = tuple(stages) or memo.order
    clock = SystemClock()
    if not set(wanted) <= memo.stages.keys() or not memos.holds(memo.basis, clock.now().date()):
        return None
    try:
        with ExitStack() as closing:
            reader = SqliteReader(Path(memo.record))
            closing.callback(reader.close)
            targets = {memo.stages[stage].target: _target(memo, stage, clock, closing) for stage in wanted}
            plans = _plans(memo, wanted, reader, targets, found)
            return plans if reader.position() == memo.position else None
    except (StagemailError, OSError):  # the whole way says it in words
        return None


def _plans(
    memo: Memo,
    wanted: Sequence[str],
    reader: SqliteReader,
    targets: Mapping[str, Target],
    found: Callable[[], Changed | None],
) -> tuple[Plan, ...] | None:
    stand = reader.position() == memo.position and all(_stands(memo.stages[one], one, targets) for one in wanted)
    if not stand:
        return None
    files = found()
    changed = None if files is None else bound_by(files)
    if changed is None or not _are_known(memo, changed):
        return None
    plans = []
    for stage in [one for one in memo.order if one in wanted]:
        known = memo.stages[stage]
        own = {path: bindings for path, bindings in changed.bindings.items() if path in known.claims}
        if not _claim_the_same(known, own):
            return None
        made = part(known, own, changed.revision, reader, targets[known.target])
        if made is None or not _stands(known, stage, targets):
            return None
        plans.append(made)
    return tuple(plans)


def _target(memo: Memo, stage: str, clock: Clock, closing: ExitStack) -> Target:
    name = memo.stages[stage].target
    runtime, settings, base = memo.plugins[name]
    settled = Settled(name, memos.Settings(settings), Path(base))
    built: Target = loaded_from(runtime).build(TargetContext(settled, {}, clock, _no_secret, closing))
    return built


def _no_secret(ref: SecretRef) -> Secret:
    raise NotFound(f"{ref}: a target with credentials is not remembered", hint="run the whole plan")


def _stands(known: StageMemo, stage: str, targets: Mapping[str, Target]) -> bool:
    """Whether the platform is as it was."""
    stamped: object = targets[known.target]
    return isinstance(stamped, Stamped) and stamped.stamp(stage) == known.stamp


def _are_known(memo: Memo, changed: Bound) -> bool:
    """Whether each changed file only held plain bindings, of whichever stage."""
    return all(any(path in one.claims for one in memo.stages.values()) for path in changed.bindings)


def _claim_the_same(known: StageMemo, own: Mapping[str, tuple[Binding, ...]]) -> bool:
    """Whether names are used once and all changed files together name the same apps as before."""
    before = [(name, app) for path in own for name, apps in known.claims[path] for app in apps]
    now = [(binding.name, selector) for bindings in own.values() for binding in bindings for selector in binding.apps]
    apps = [selector.text for _, selector in now]
    if any(selector.is_pattern for _, selector in now) or sorted(apps) != sorted(app for _, app in before):
        return False
    others = {name for path, bindings in known.claims.items() if path not in own for name, _ in bindings}
    others |= {value["metadata"]["name"] for path, values in known.documents.items() if path not in own
               for value in values if value is not None and value["kind"] == "AppBinding"}  # fmt: skip
    names = [binding.name for bindings in own.values() for binding in bindings]
    return len(set(names)) == len(names) and others.isdisjoint(names)


def part(
    known: StageMemo, own: Mapping[str, tuple[Binding, ...]], revision: str, reader: SqliteReader, target: Target
) -> Plan | None:
    """The plan of what is not quiet, with the notes of what is. ``own``: the changed files of the stage."""
    policy = read(known.policy)
    stage = policy.stage
    desired = _desired(known, stage, own)
    affected = [App(*row[:5]) for path in own for row in known.quiet.get(path, ())]
    apps = tuple(sorted([*(App(*row) for row in known.apps), *affected]))
    inventory = Inventory(StageIdentity(*known.identity), apps)
    keys = keys_to_observe(desired, inventory, every_app=False)
    check = target.check(desired)
    situation = Situation(
        desired=desired,
        inventory=inventory,
        observed=target.observe(stage, keys),
        applied=reader.applied_of(stage, [app.key for app in apps]),
        capabilities=check.capabilities,
        policy=policy,
        specs=email.SPECS,
        same=check.same,
        revision=revision,
        target=known.target,
    )
    made, resolved = plan_stage(situation)
    seen = {resource.key for resource in situation.observed.resources}
    if check.problems or seen != set(keys) or not stands_alone(made, resolved):
        return None
    notes = (Note("in-sync", row[0], row[5]) for path, rows in known.quiet.items() if path not in own for row in rows)
    return with_quiet(made, notes, known.observed, known.count)


def _desired(known: StageMemo, stage: str, own: Mapping[str, tuple[Binding, ...]]) -> Desired:
    configuration: Configuration | None = None
    bindings: list[Binding] = [binding for found in own.values() for binding in found]
    waivers: list[Waiver] = []
    for path, values in known.documents.items():
        for index, value in enumerate(values if path not in own else ()):
            if value is None:
                continue
            place = Place(path, index)
            if value["kind"] == "EmailConfiguration":
                configuration = assemble_fields.configuration(value, place)
            elif value["kind"] == "AppBinding":
                bindings.append(assemble_fields.binding(value, place))
            else:
                waivers.append(assemble_fields.waiver(value, place))
    return Desired(stage, configuration, tuple(bindings), tuple(waivers))


def written(policy: Policy) -> dict[str, Any]:
    """A policy without gates as JSON; ``read`` gives it back."""
    names = ("stage", "purpose", "automated", "self_heal", "mass_absolute", "mass_relative", "automatic", "heal_after",
             "preflight", "preflight_blocks", "verify", "verify_unreachable", "read_only")  # fmt: skip
    lists = {"hold": sorted(policy.hold), "own_domains": list(policy.own_domains)}
    return {name: getattr(policy, name) for name in names} | lists | {"accept_retired": sorted(policy.accept_retired)}


def read(policy: Mapping[str, Any]) -> Policy:
    """A policy that was written."""
    sets = {name: frozenset(policy[name]) for name in ("hold", "accept_retired")}
    return Policy(**{**policy, **sets, "own_domains": tuple(policy["own_domains"])})
