"""Makes the memo of whole plans: which apps are quiet, what each file claims, and all that this rests on.

Nothing is remembered that could make another plan: what was found is tried at once, and must give the plan that it
comes from. Not here: the memo (``memo``), a plan from it (``recalled``).
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stagemail.dataclass import dataclass
from stagemail.errors import StagemailError
from stagemail.model.inventory import App
from stagemail.model.revision import Loaded
from stagemail.model.snapshot import Binding
from stagemail.planning.quiet import can_be_parted, quiet_apps
from stagemail.ports import Source, Target
from stagemail.reconcile.once import Prepared
from stagemail.record.sqlite_file import database_path
from stagemail.record.sqlite_reader import SqliteReader
from stagemail.source.cache import DiskCache, open_cache
from stagemail.source.cache_folder import default_folder
from stagemail.source.claims import Layout, layout_of
from stagemail.source.schema import plain
from stagemail.source.source import TreeSource
from stagemail.source.working_tree import NOT_IN_GIT, WorkingTree
from stagemail.wiring import memo as memos
from stagemail.wiring.installation import Installation
from stagemail.wiring.memo import Memo, StageMemo
from stagemail.wiring.own_secrets import own_by_target
from stagemail.wiring.plugins import Stamped
from stagemail.wiring.recalled import part, read, written


@dataclass(frozen=True, slots=True)
class Whole:
    """Whole plans of one checkout, and what they were made from."""

    prepared: tuple[Prepared, ...]
    source: Source
    loaded: Loaded
    installation: Installation
    root: Path


@dataclass(frozen=True, slots=True)
class Before:
    """How record and platform stood before anything was read for the plans. What was read holds while that is so."""

    reader: SqliteReader
    position: str
    stamps: Mapping[str, str]


def before(installation: Installation, stages: Sequence[str], target: Any) -> Before | None:
    """Look at record and platforms; None where nothing can be remembered of this installation. ``target``: by name."""
    operator = installation.operator
    elsewhere = operator.source.url is not None or operator.sources
    if installation.is_redirected or elsewhere or not operator.state.startswith("sqlite:"):
        return None
    try:
        stamps = {}
        with_credentials = own_by_target(installation)
        for stage in stages:
            name = installation.target_of(stage)
            found: Target = target(name)
            if isinstance(found, Stamped) and name not in with_credentials:
                stamps[stage] = found.stamp(stage)
        reader = SqliteReader(database_path(operator.state, installation.base))
        try:
            return Before(reader, reader.position(), stamps) if stamps else None
        finally:
            reader.close()
    except (StagemailError, OSError):  # whoever needs it says it in words
        return None


def remember(was: Before, whole: Whole, target: Any) -> None:
    """Keep what these whole plans found. Never fails a command: what cannot be kept is found anew."""
    try:
        _remember(was, whole, target)
    except (StagemailError, OSError, ValueError, TypeError, KeyError):
        return
    finally:
        was.reader.close()


def _remember(was: Before, whole: Whole, target: Any) -> None:
    installation, source = whole.installation, whole.source
    cache = open_cache(default_folder(), outside=whole.root)
    tree = source.tree if isinstance(source, TreeSource) else None
    in_order = not whole.loaded.problems and whole.loaded.revision.id != NOT_IN_GIT
    if not isinstance(cache, DiskCache) or not isinstance(tree, WorkingTree) or not in_order:
        return
    operator = installation.operator
    layout = layout_of(operator)
    ids = {entry.path: entry.id for entry in tree.entries()}
    stages = {}
    for one in whole.prepared:
        stage = one.plan.stage
        if stage in was.stamps and can_be_parted(one.situation, one.plan, one.resolved):
            made = _of_stage(one, ids, cache, layout, was.stamps[stage])
            if made is not None and _is_right(made, one, was, target(made.target)):
                stages[stage] = made
    same = was.reader.position() == was.position
    same = same and all(target(one.target).stamp(stage) == one.stamp for stage, one in stages.items())
    if not stages or not same:
        return
    names = sorted({one.target for one in stages.values()})
    plugins = {name: installation.plugin(name) for name in names}
    files = [installation.path, *(file for plugin, settled in plugins.values() for file in plugin.files(settled))]
    files += [Path(_module(plugin.runtime)) for plugin, _ in plugins.values()]
    memo = Memo(
        basis=memos.basis_of(files, installation.clock.now().date()),
        root=str(whole.root),
        folders=tuple(operator.folders()),
        order=installation.stages(()),
        plugins={name: [plugin.runtime, _settings(settled), str(settled.base)] for name, (plugin, settled) in
                 plugins.items()},
        record=str(database_path(operator.state, installation.base)),
        position=was.position,
        entries={entry.path: [entry.id, entry.size] for entry in tree.entries()},
        stages=stages,
    )  # fmt: skip
    memos.keep_memo(memos.memo_path(default_folder(), installation.path.absolute(), whole.root), memo)


def _module(runtime: str) -> str:
    return str(sys.modules[runtime.partition(":")[0]].__file__)


def _settings(settled: Any) -> dict[str, Any]:
    """The settings as plain fields. Raises TypeError where they are more than that."""
    found = dict(settled.settings.model_dump())
    if not all(value is None or type(value) in (str, int, bool) for value in found.values()):
        raise TypeError("settings with parts")
    return found


def _of_stage(
    prepared: Prepared, ids: Mapping[str, str], cache: DiskCache, layout: Layout, stamp: str
) -> StageMemo | None:
    situation, plan = prepared.situation, prepared.plan
    desired = situation.desired
    by_file: dict[str, list[Binding]] = {}
    for binding in desired.bindings:
        by_file.setdefault(binding.place.path, []).append(binding)
    others = {waiver.place.path for waiver in desired.waivers if waiver.place is not None}
    others |= {desired.configuration.place.path} if desired.configuration else set()
    quiet = _quiet_files(prepared, by_file, others)
    claims = {
        path: [[binding.name, [selector.text for selector in binding.apps]] for binding in bindings]
        for path, bindings in by_file.items()
        if path not in others and layout.owners(path) == (desired.stage,) and _are_plain(bindings)
    }
    loud = sorted((by_file.keys() | others) - quiet.keys())
    documents = cache.get_many(ids[path] for path in loud)
    gone = {row[1] for rows in quiet.values() for row in rows}
    return StageMemo(
        target=situation.target,
        identity=(situation.inventory.stage.key, situation.inventory.stage.name, situation.inventory.stage.purpose),
        stamp=stamp,
        observed=plan.observed,
        count=plan.apps,
        policy=written(situation.policy),
        apps=[_row(app) for app in situation.inventory.apps if app.key not in gone],
        quiet={path: rows for path, rows in quiet.items() if path in claims},
        claims=claims,
        documents={path: [plain(document.value) for document in documents[ids[path]]] for path in loud},
    )


def _row(app: App) -> list[Any]:
    return [app.name, app.key, app.type, app.revision, app.bindable]


def _are_plain(bindings: Iterable[Binding]) -> bool:
    return all(not b.excluded and not any(selector.is_pattern for selector in b.apps) for b in bindings)


def _quiet_files(
    prepared: Prepared, by_file: Mapping[str, Sequence[Binding]], others: set[str]
) -> dict[str, list[list[Any]]]:
    """The files that bind quiet apps only, each of them alone, with the apps and the messages of their notes."""
    named = Counter(text for text, _ in _claimed(prepared.situation.desired.bindings))
    patterns = [s for binding in prepared.situation.desired.bindings for s in binding.apps if s.is_pattern]
    known: dict[str, list[Any]] = {}
    for app, note in quiet_apps(prepared.situation, prepared.plan, prepared.resolved):
        once = sum(named[text] for text in {app.name, app.key}) == 1
        if once and not any(pattern.matches(app.name, app.key) for pattern in patterns):
            row = [*_row(app), note.message]
            known.update({app.name: row, app.key: row})
    found = {}
    for path, bindings in by_file.items():
        rows = [known.get(text) for text, _ in _claimed(bindings)]
        keys = [row[1] for row in rows if row is not None]
        if path not in others and _are_plain(bindings) and len(set(keys)) == len(rows):
            found[path] = [row for row in rows if row is not None]
    return found


def _claimed(bindings: Iterable[Binding]) -> Iterator[tuple[str, Binding]]:
    return ((selector.text, binding) for binding in bindings for selector in binding.apps)


def _is_right(made: StageMemo, one: Prepared, was: Before, target: Target) -> bool:
    """Whether the plan that this gives, with nothing changed, is the one that it comes from, at any time of the day."""
    plan = one.plan
    if read(made.policy) != one.situation.policy:
        return False
    return part(made, {}, plan.revision, was.reader, target) == plan
