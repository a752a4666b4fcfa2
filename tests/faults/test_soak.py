"""A controller left alone with people and bad luck: all is as Git wants it, nothing is sent twice, nothing grows."""

import json
import sys
from pathlib import Path

import pytest
from tests.faults.soak import Found, soak

GROWTH = 1.10
"""How much more memory the last quarter may take than the second: what is cached is bounded, and fragments."""
OPEN = 36
"""Descriptors that are open once every pool is full, which a busy machine may see late: 34 after half an hour."""


def judge(found: Found) -> None:
    """What must hold however long it took; figures are printed, and times decide nothing."""
    shown = json.dumps(found.summary(), indent=2)
    sys.stdout.write(shown)
    assert not found.errors, found.errors
    assert not found.unsettled, found.unsettled
    assert not found.needless, found.needless
    assert not found.missed, "drift that the first whole look after it did not find"
    assert found.plan == 0, "nothing is left to do"
    assert "none altered, removed or moved" in found.journal
    assert found.refused == 0, "the platform's limits were kept"
    assert found.passes > found.failed_passes, shown
    assert found.quarter(3, "descriptors") <= max(found.quarter(1, "descriptors") + 4, OPEN), shown


def test_an_hour_of_the_fast_clock_leaves_everything_as_git_wants_it(tmp_path: Path) -> None:
    judge(soak(12.0, 300.0, 1, tmp_path))


@pytest.mark.faults
def test_two_days_of_the_fast_clock_take_no_more_memory_than_the_first_hours(tmp_path: Path) -> None:
    found = soak(3600.0, 50.0, 1, tmp_path, progress=True)
    judge(found)
    assert found.quarter(3, "memory") <= found.quarter(1, "memory") * GROWTH
