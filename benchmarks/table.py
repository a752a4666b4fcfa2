"""The table at the end: work, ours, the peer's, the ratio, the goal, and whether it is met.

Not here: measuring.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.running import Medians


@dataclass(frozen=True, slots=True)
class Row:
    """One line. ``met`` None: there is no goal, the figure is told for its own sake."""

    work: str
    ours: str
    peer: str
    ratio: str
    goal: str
    met: bool | None
    rounds: int


def compared(work: str, ours: Medians, peer: Medians, name: str, goal: float) -> Row:
    """A work beside a peer: ``goal`` 8 asks for at most an eighth of its wall clock."""
    ratio = peer.wall / ours.wall
    return Row(
        work,
        f"{ours.wall:.2f} s ({ours.cpu:.2f})",
        f"{name} {peer.wall:.2f} s ({peer.cpu:.2f})",
        f"1/{ratio:.1f} (1/{peer.cpu / ours.cpu:.1f})",
        f"≤ 1/{goal:g}",
        ratio >= goal,
        min(len(ours.rounds), len(peer.rounds)),
    )


def table(rows: Sequence[Row]) -> str:
    """All rows, aligned."""
    head = ("work", "ours", "peer", "ratio", "goal", "met", "n")
    met = {True: "yes", False: "NO", None: "-"}
    lines = [head, *((r.work, r.ours, r.peer, r.ratio, r.goal, met[r.met], str(r.rounds)) for r in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    text.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(text)
