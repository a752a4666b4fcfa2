"""Benches for the faults: those of the acceptance tests; and a small disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.conftest import _signals_as_they_were, applied, bench, make_bench
from tests.faults.disk import Disk, mounted

__all__ = ["_signals_as_they_were", "applied", "bench", "make_bench"]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk of a few megabytes."""
    with mounted(tmp_path / "disk", "6m") as made:
        yield made
