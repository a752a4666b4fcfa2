"""The reference names every hazard, and says of each what the code does."""

from pathlib import Path
from typing import get_args

from stagemail.model.policy import HELD_BY_DEFAULT
from stagemail.model.step import HazardKind

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "hazards.md"


def test_every_hazard_is_in_the_reference_with_its_default() -> None:
    rows = [line.split("|")[1:-1] for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    told = {row[0].strip(" `"): row[3].strip() == "yes" for row in rows}
    assert told == {kind: kind in HELD_BY_DEFAULT for kind in get_args(HazardKind)}
    assert all(cell.strip() for row in rows for cell in row)
    assert {len(row) for row in rows} == {5}
