"""Reads many resources of a stage in pieces, so that a long read keeps the lease and tells how far it is.

At ODC's limits a thousand apps take a quarter of an hour to read. Not here: what is read (``situation``).
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from stagemail.model.key import Key
from stagemail.model.snapshot import Observed, ObservedResource
from stagemail.reconcile.world import World

PIECE = 25
"""Resources that are read between two looks at the lease: about 20 s at ODC's limits."""

Keep = Callable[[], None]
"""Renews the lease; raises LeaseLost."""


def no_lease() -> None:
    """Keeps nothing: only a plan is made."""


def read(world: World, stage: str, keys: Iterable[Key], keep: Keep) -> Observed:
    """What the platform has now for all of these keys; at least one question, even for none."""
    wanted = tuple(sorted(set(keys)))
    seen: list[ObservedResource] = []
    for start in range(0, max(1, len(wanted)), PIECE):
        if start:
            keep()
        world.progress("reading the platform", start, len(wanted))
        piece = world.target.observe(stage, wanted[start : start + PIECE])
        seen += piece.resources
    world.progress("reading the platform", len(wanted), len(wanted))
    return replace(piece, resources=tuple(sorted(seen, key=lambda resource: resource.key)))
