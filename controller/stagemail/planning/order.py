"""The order of work: narrow recipients and make that live, the stage's settings, activate, widen last, forget.

Not here: what the steps are (``diff``) and which of them may run (``guard``).
"""

from collections.abc import Iterable
from dataclasses import replace

from stagemail.model.key import CONFIGURATION, Key
from stagemail.model.step import Change, Step
from stagemail.planning.hazards import narrows, widens

NARROW, NARROW_LIVE, STAGE, STAGE_LIVE, WIDEN, WIDEN_LIVE, FORGET = range(7)


def phase_of(step: Step) -> int:
    """The phase in which a write belongs. A platform may keep recipients in the stage: they narrow and widen alike."""
    if narrows(step):
        return NARROW
    if widens(step):
        return WIDEN
    return STAGE if step.key.kind == CONFIGURATION else NARROW


def in_order(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Steps in the order of work; within a phase by label, key and unit."""
    return tuple(sorted(steps, key=lambda step: (step.phase, step.label, step.key, step.unit, step.action)))


def merged(steps: Iterable[Step]) -> tuple[Step, ...]:
    """One write per resource and phase for all that may run, so that a resource costs one request."""
    result: list[Step] = []
    requests: dict[tuple[Key, int], int] = {}
    for step in in_order(steps):
        if step.action != "write" or not step.runnable:
            result.append(step)
            continue
        place = requests.setdefault((step.key, step.phase), len(result))
        if place == len(result):
            result.append(step)
        else:
            result[place] = _joined(result[place], step)
    return tuple(result)


def _joined(one: Step, other: Step) -> Step:
    changes: tuple[Change, ...] = one.changes + other.changes
    return replace(
        one,
        unit=f"{one.unit}+{other.unit}",
        changes=changes,
        why=tuple(dict.fromkeys(one.why + other.why)),
        hazards=tuple(sorted(set(one.hazards + other.hazards))),
        waivers=tuple(sorted(set(one.waivers + other.waivers))),
    )
