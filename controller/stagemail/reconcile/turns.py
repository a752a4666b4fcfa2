"""What of a stage's conditions is worth telling people: noted in the standing itself, so that no kill loses it.

Pure. Not here: telling it (``notifying``), who was told (``receipts``), the conditions (``conditions``).
"""

from dataclasses import replace
from typing import Final

from stagemail.model.condition import Condition
from stagemail.model.notice import NoticeKind
from stagemail.model.standing import Standing, Turn
from stagemail.reconcile.conditions import APPROVAL, changed

MOST: Final = 20
"""Turns of one stage that are kept until people were told; more than that, and the oldest are forgotten."""


def kind_of(condition: Condition) -> NoticeKind | None:
    """The kind of notice that tells of it; None where nobody is told. An approval is somebody's to give."""
    if condition.type == "Stalled" and condition.status == "True":
        return "stalled"
    if condition.type == "Ready" and condition.status == "False":
        return "stalled" if condition.reason == APPROVAL else "not-ready"
    return "ready" if condition.type == "Ready" and condition.status == "True" else None


def noted(old: Standing, new: Standing, wanted: str) -> Standing:
    """The new standing with what turned since the old one. ``wanted``: the revision that the branch is at.

    A stage that is Ready at its first look is no news; one that a person brought in order between two looks is.
    """
    troubled = new.troubled or any(kind_of(condition) in ("stalled", "not-ready") for condition in old.conditions)
    found = changed(old, new)
    found += tuple(c for c in new.conditions if troubled and kind_of(c) == "ready" and c not in found)
    turns = list(new.turns)
    for condition in found:
        kind = kind_of(condition)
        if kind is None or (kind == "ready" and not troubled):
            continue
        troubled = kind != "ready"
        turn = Turn(wanted, condition)
        turns = [*(t for t in turns if (t.wanted, t.what) != (turn.wanted, turn.what)), turn]
    return replace(new, turns=tuple(turns[-MOST:]), troubled=troubled)
