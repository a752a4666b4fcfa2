"""Benches for the faults: those of the acceptance tests."""

from tests.acceptance.conftest import _signals_as_they_were, applied, bench, make_bench

__all__ = ["_signals_as_they_were", "applied", "bench", "make_bench"]
