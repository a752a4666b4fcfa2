"""Exit codes, and how those of several stages become one: 5 > 1 > 4 > 3 > 0."""

from collections.abc import Iterable

from stagemail.model.run import Run
from stagemail.reconcile.stages import StageResult

DONE, FAILED, USAGE, CHANGES, HELD, PARTLY = 0, 1, 2, 3, 4, 5

_OF_RUN = {"done": DONE, "held": HELD, "partial": PARTLY, "failed": FAILED, "interrupted": FAILED, "running": FAILED}


def of_run(run: Run) -> int:
    """The exit code of one run."""
    return _OF_RUN[run.status]


def combined(codes: Iterable[int]) -> int:
    """One code for several stages: some finished and some failed is 5, none finished is 1."""
    found = set(codes)
    failed, finished = FAILED in found, bool(found - {FAILED, PARTLY})
    if PARTLY in found or (failed and finished):
        return PARTLY
    return next((code for code in (FAILED, HELD, CHANGES) if code in found), DONE)


def of_runs(results: Iterable[StageResult[Run]]) -> int:
    """The exit code of several stages' runs."""
    return combined(FAILED if result.value is None else of_run(result.value) for result in results)
