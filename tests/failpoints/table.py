"""The one table of the long form: which case, how many there are, how many were played, how many converged.

Not here: playing them (``parts``, ``tests.faults``).
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """``cases``: how many there are; ``well``: how many of those that were played ended as they have to."""

    what: str
    cases: int
    played: int
    well: int
    seconds: float = 0.0
    note: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether one failed, or one was left out because the time was over."""
        return self.well < self.cases


def shown(rows: Sequence[Row]) -> str:
    """The table, with its sum."""
    every = [
        *rows,
        Row("everything", *(sum(getattr(r, n) for r in rows) for n in ("cases", "played", "well", "seconds"))),
    ]
    width = max(len(row.what) for row in every)
    lines = [f"{'case':{width}}  {'cases':>6}  {'played':>6}  {'converged':>9}  {'seconds':>7}"]
    lines += [
        f"{r.what:{width}}  {r.cases:>6}  {r.played:>6}  {r.well:>9}  {r.seconds:>7.0f}  {r.note}".rstrip()
        for r in every
    ]
    bad = [row.what for row in rows if row.is_bad]
    lines.append(f"not whole: {', '.join(bad)}" if bad else "all of them converged")
    return "\n".join(lines) + "\n"
