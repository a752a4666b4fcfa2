"""Runs as JSON: every outcome, what failed altogether, and always what is worth trying again. Not here: text."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from stagemail.dataclass import dataclass
from stagemail.errors import StagemailError
from stagemail.model.run import Run
from stagemail.report.envelope import envelope
from stagemail.report.failure import failures_of
from stagemail.report.runs import live_text, retryable

KIND = "run-report"


@dataclass(frozen=True, slots=True)
class Retry:
    """Something that the same command may mend. ``step`` is "" where the whole stage is meant."""

    stage: str
    step: str
    label: str
    message: str


@dataclass(frozen=True, slots=True)
class Summary:
    """The last sentence about a stage."""

    stage: str
    status: str
    text: str


def runs_json(runs: Iterable[Run], errors: Mapping[str, StagemailError] = MappingProxyType({})) -> str:
    """The result of a command over its stages. ``errors``: what stopped stages that gave no run, by stage."""
    listed, failed = tuple(runs), failures_of(errors)
    again = [Retry(run.stage, o.step, o.label, o.message) for run in listed for o in retryable(run)]
    again += [Retry(failure.stage, "", failure.stage, failure.message) for failure in failed if failure.retryable]
    summaries = tuple(Summary(run.stage, run.status, live_text(run)) for run in listed)
    return envelope(KIND, retryable=again, summaries=summaries, runs=listed, failures=failed)
