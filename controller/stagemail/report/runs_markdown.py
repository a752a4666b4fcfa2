"""Runs as Markdown, for a job's summary or a comment on what was merged. Not here: text (``runs``)."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from stagemail.errors import StagemailError
from stagemail.model.run import Outcome, Run
from stagemail.report.failure import failures_markdown, failures_of
from stagemail.report.markdown import code, details, prose, table
from stagemail.report.runs import STATUS, VERBS, WORDS, live_text, retryable
from stagemail.report.summary import short


def runs_markdown(runs: Iterable[Run], errors: Mapping[str, StagemailError] = MappingProxyType({})) -> str:
    """A headline per stage, what needs a person in the open, all outcomes behind a click."""
    parts = [*map(_run, runs), failures_markdown(failures_of(errors))]
    return "\n".join(part for part in parts if part)


def _run(run: Run) -> str:
    parts = [f"### {code(run.stage)} at {prose(short(run.revision))}: {STATUS[run.status]}\n"]
    if live_text(run):
        parts.append(f"{prose(live_text(run))}\n")
    if retryable(run):
        parts.append(f"Worth trying again: {', '.join(code(outcome.label) for outcome in retryable(run))}\n")
    rows = [_row(outcome) for outcome in run.outcomes]
    if rows:
        parts.append(details(f"Outcomes ({len(rows)})", table(("", "Step", ""), rows)))
    return "\n".join(parts)


def _row(outcome: Outcome) -> tuple[str, str, str]:
    step = f"{VERBS.get(outcome.action, outcome.action)} {code(outcome.label)}"
    return WORDS[outcome.status], step, prose(outcome.message)
