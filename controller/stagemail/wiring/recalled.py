"""A plan from what the last whole one found: only changed files are read, only what they concern is planned.

It is the whole plan, or none: whatever is not as it was then, and is no change of plain bindings that go on naming the
same apps, is for the whole way. Not here: what is remembered (``memo``), when (``remembering``).
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Final

from stagemail.dataclass import dataclass
from stagemail.document import read
from stagemail.errors import NotFound, StagemailError
from stagemail.model import email
from stagemail.model.inventory import App, Inventory, StageIdentity
from stagemail.model.location import Place
from stagemail.model.plan import Note, Plan
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
from stagemail.source.pasted import in_comments, in_document
from stagemail.source.plain_binding import is_plain_binding
from stagemail.source.tree import blob_id, content_id
from stagemail.source.working_tree import WorkingTree
from stagemail.wiring import memo as memos
from stagemail.wiring.memo import Memo, StageMemo
from stagemail.wiring.plugins import Settled, Stamped, TargetContext, loaded_from

MOST_CHANGED: Final = 0.2
"""The share of the files from which on the whole way is no longer the longer one."""


@dataclass(frozen=True, slots=True)
class Changed:
    """The files whose content is another one than then: what they bind now, by path."""

    bindings: Mapping[str, tuple[Binding, ...]]
    revision: str


def recalled(
    memo: Memo, stages: Sequence[str], clock: Clock, record: Path, tree: WorkingTree | None = None
) -> tuple[Plan, ...] | None:
    """The plans of these stages (none: all) of a working tree; None where the whole way must be gone."""
    wanted = tuple(stages) or memo.order
    today: date = clock.now().date()
    if not set(wanted) <= memo.stages.keys() or str(record) != memo.record or not memos.holds(memo.basis, today):
        return None
    reader = SqliteReader(record)
    try:
        with ExitStack() as closing:
            closing.callback(reader.close)
            if reader.position() != memo.position:
                return None
            changed = _changed(memo, tree or WorkingTree(Path(memo.root), memo.folders))
            if changed is None:
                return None
            plans = []
            for stage in memo.order:
                if stage in wanted:
                    made = _planned(memo, stage, changed, reader, _target(memo, stage, clock, closing))
                    if made is None:
                        return None
                    plans.append(made)
            return tuple(plans) if reader.position() == memo.position else None
    except (StagemailError, OSError):  # the whole way says it in words
        return None


def _target(memo: Memo, stage: str, clock: Clock, closing: ExitStack) -> Target:
    name = memo.stages[stage].target
    runtime, settings, base = memo.plugins[name]
    settled = Settled(name, memos.Settings(settings), Path(base))
    built: Target = loaded_from(runtime).build(TargetContext(settled, {}, clock, _no_secret, closing))
    return built


def _no_secret(ref: SecretRef) -> Secret:
    raise NotFound(f"{ref}: a target with credentials is not remembered", hint="run the whole plan")


def _changed(memo: Memo, tree: WorkingTree) -> Changed | None:
    """None where anything but the content of some files changed."""
    entries = {entry.path: entry for entry in tree.entries()}
    if tree.problems() or entries.keys() != memo.entries.keys():
        return None
    other = [entry for path, entry in entries.items() if [entry.id, entry.size] != memo.entries[path]]
    if len(other) > max(20, MOST_CHANGED * len(entries)):
        return None
    contents = tree.read(entry.path for entry in other)
    found: dict[str, tuple[Binding, ...]] = {}
    for entry in other:
        data = contents.get(entry.path, b"")
        is_it = entry.id == (content_id(data) if entry.id.startswith("sha256:") else blob_id(data, entry.id))
        bindings = _bindings(data, entry.path) if is_it else None
        if bindings is None:
            return None
        found[entry.path] = bindings
    return Changed(found, tree.revision().id)


def _bindings(data: bytes, path: str) -> tuple[Binding, ...] | None:
    """What a file binds; None where it holds anything that must be judged in full."""
    documents, problems = read(data, path)
    if problems or in_comments(data, path):
        return None
    found = []
    for document in documents:
        place = Place(path, document.index)
        if not is_plain_binding(document.value) or next(in_document(document.value, place), None) is not None:
            return None
        found.append(assemble_fields.binding(document.value, place))
    return tuple(found)


def _planned(memo: Memo, stage: str, changed: Changed, reader: SqliteReader, target: Target) -> Plan | None:
    known = memo.stages[stage]
    stamped: object = target
    if not isinstance(stamped, Stamped) or stamped.stamp(stage) != known.stamp:
        return None
    own = {path: bindings for path, bindings in changed.bindings.items() if path in known.claims}
    if not _are_known(memo, changed) or not _claim_the_same(known, own):
        return None
    made = part(known, own, changed.revision, reader, target)
    return made if stamped.stamp(stage) == known.stamp else None


def _are_known(memo: Memo, changed: Changed) -> bool:
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
    policy = memos.read(known.policy)
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
