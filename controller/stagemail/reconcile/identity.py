"""Whether a stage's environment is the one that our record knows, before its settings are even read.

A name that moved to another key is a hazard of the plan (``planning.plan_wide``). Here is what must stop earlier: a
key that our record knows as another stage's, and a mapping that no longer fits because environments were exchanged.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from stagemail.errors import MappingMismatch, UserMustFix
from stagemail.model.inventory import StageIdentity
from stagemail.model.snapshot import Desired
from stagemail.ports import Record


def _look(now: StageIdentity) -> str:
    return (
        "look in the platform's portal which environment is which before anything else; only then run "
        f"`stagemail target discover --write`, and commit a waiver (allow: identity-changed, to: {now.key})"
    )


def refuse_anothers(desired: Desired, now: StageIdentity, others: Collection[str], record: Record) -> None:
    """Stop where this key is another stage's in our record and no waiver accepts it. Raises UserMustFix."""
    stage = desired.stage
    known = record.applied(stage).identity
    if known is not None and known.key == now.key:
        return
    if any(waiver.allow == "identity-changed" and waiver.to == now.key for waiver in desired.waivers):
        return
    for other in record.stages_of(now.key):
        if other == stage or other not in others:
            continue
        theirs = record.applied(other).identity
        if theirs is not None and theirs.key == now.key:
            message = f"{stage}: {now.name} has key {now.key}, which our record knows as stage {other} ({theirs.name})"
            raise UserMustFix(f"{message}; nothing was written", hint=_look(now))


@contextmanager
def told(stage: str, now: StageIdentity, record: Record) -> Iterator[None]:
    """Where the mapping does not fit because the stage has another key than it had, say that first."""
    try:
        yield
    except MappingMismatch as error:
        known = record.applied(stage).identity
        if known is None or known.key == now.key:
            raise
        message = f"{stage}: {known.name} had key {known.key}, and {now.name} has key {now.key} now"
        raise MappingMismatch(f"{message} ({error.message}); nothing was written", hint=_look(now)) from None
