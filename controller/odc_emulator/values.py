"""The life of a value: set, pending, live; on the stage, inherited by its apps, overridden in one.

A stage's value reaches an app at once or waits there until ApplyConfigs or a Deploy, which sweep everything pending on
that app. No HTTP and no permissions here.
"""

from dataclasses import dataclass

from odc_emulator.world import Cell, Entry, Placement, Running, Stage, StageValue, World

STAGE_SET, STAGE_DEFAULT = "EnvironmentLevelOverride", "EnvironmentLevelDefault"
APP_SET, APP_DEFAULT = "ApplicationLevelOverride", "ApplicationLevelDefault"
NO_CELL = Cell()
UNSET = StageValue()


@dataclass(frozen=True, slots=True)
class Effective:
    """An entry in one app: the value last set and the one it runs with, each with its origin."""

    value: str | None
    origin: str
    deployed: str | None
    deployed_origin: str
    changed: bool
    updated: float | None

    @property
    def pending(self) -> bool:
        """Whether another value than the running one is set (for a secret: whether one was set at all)."""
        return self.changed or self.value != self.deployed


def stage_value(stage: Stage, entry: Entry) -> str | None:
    """The stage's value of an entry, or its default."""
    value = stage.values.get(entry.field, UNSET).value
    return entry.default if value is None else value


def effective(stage: Stage, placement: Placement, entry: Entry, *, inherited: bool) -> Effective:
    """What the app on this stage has for `entry`; `inherited` says that it is one of the stage's entries."""
    cell = placement.cells.get(entry.field, NO_CELL)
    value, origin, updated = _set_value(stage, cell, entry, inherited=inherited)
    running = cell.running or Running(value, origin)
    changed = cell.changed and (entry.secret or value != running.value)
    return Effective(value, origin, running.value, running.origin, changed, updated)


def set_on_stage(world: World, stage: Stage, entry: Entry, value: str | None, *, now: float, live: bool) -> None:
    """Set a stage's value; unless it goes `live` at once, every deployed app keeps running with what it had."""
    for placement in world.deployed_on(stage.key):
        cell = placement.cells.get(entry.field)
        if cell is not None and cell.own is not None:
            continue  # the app shadows the stage
        if live:
            if cell is not None and cell.running is not None:
                del placement.cells[entry.field]
                world.save(placement)
            continue
        before = effective(stage, placement, entry, inherited=True)
        _hold(world, placement, entry, before)
    stage.values[entry.field] = StageValue(value, now)
    world.save(stage)


def set_on_app(
    world: World, stage: Stage, placement: Placement, entry: Entry, value: str | None, *, now: float, live: bool = False
) -> None:
    """Set an app's own value, pending unless it goes `live` at once; None goes back to what it inherits."""
    inherited = entry in stage.entries
    before = effective(stage, placement, entry, inherited=inherited)
    cell = _hold(world, placement, entry, before)
    cell.own, cell.updated = value, now
    if live:
        cell.running, cell.changed = None, False


def apply_pending(world: World, placement: Placement, order: int) -> int:
    """Make everything live that was set before `order`; returns how many entries that were."""
    applied = 0
    for field, cell in list(placement.cells.items()):
        if cell.order > order or (cell.running is None and not cell.changed):
            continue
        cell.running, cell.changed = None, False
        applied += 1
        if cell.own is None:
            del placement.cells[field]
    if applied:
        world.save(placement)
    return applied


def _hold(world: World, placement: Placement, entry: Entry, before: Effective) -> Cell:
    cell = placement.cells.setdefault(entry.field, Cell())
    if cell.running is None:
        cell.running = Running(before.deployed, before.deployed_origin)
    cell.changed, cell.order = True, world.next_order()
    world.save(placement)
    return cell


def _set_value(stage: Stage, cell: Cell, entry: Entry, *, inherited: bool) -> tuple[str | None, str, float | None]:
    if cell.own is not None:
        return cell.own, APP_SET, cell.updated
    if not inherited:
        return entry.default, APP_DEFAULT, cell.updated
    default = stage.values.get(entry.field, UNSET)
    if default.value is None:
        return entry.default, STAGE_DEFAULT, default.updated
    return default.value, STAGE_SET, default.updated
