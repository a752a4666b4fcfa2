"""Runs as text: what became of each step, what is live, what is worth trying again.

Not here: the record of runs over time (``history``), JSON and Markdown (``runs_json``, ``runs_markdown``).
"""

from collections.abc import Iterable
from itertools import groupby

from stagemail.model.run import Outcome, OutcomeStatus, Run, RunStatus
from stagemail.report.sheet import Sheet, Style, cells
from stagemail.report.summary import short

WORDS: dict[OutcomeStatus, str] = {
    "done": "done",
    "not-needed": "not needed",
    "held": "held",
    "reported": "left alone",
    "failed": "failed",
    "unknown": "unknown",
    "skipped": "skipped",
}
TONES: dict[OutcomeStatus, Style] = {
    "done": "green",
    "held": "yellow",
    "reported": "yellow",
    "failed": "red",
    "unknown": "red",
    "skipped": "yellow",
}
STATUS: dict[RunStatus, str] = {
    "running": "still running",
    "done": "done",
    "held": "held back",
    "partial": "partly done",
    "failed": "failed",
    "interrupted": "interrupted",
}
VERBS = {
    "write": "write",
    "activate": "make live",
    "unmanage": "forget",
    "verify": "try the login of",
    "read": "read the credential of",
}


def retryable(run: Run) -> tuple[Outcome, ...]:
    """The outcomes that the same command may mend."""
    return tuple(outcome for outcome in run.outcomes if outcome.retry)


def what_text(outcome: Outcome) -> str:
    """The step of an outcome in words: ``make live CRM``."""
    return f"{VERBS.get(outcome.action, outcome.action)} {outcome.label}"


def empty_text(run: Run) -> str:
    """What to say of a run without outcomes."""
    return "nothing was to be done" if run.status in ("done", "held") else "no outcome is recorded"


def live_text(run: Run) -> str:
    """The sentence that ends an apply: ``read back equal, live on 58 of 60 apps, not live: X, Y``; "" if none was read.

    "Read back equal" is only said where something was written and every write was seen to be taken.
    """
    apps = f"{run.live} of {run.apps} app{'' if run.apps == 1 else 's'}"
    parts = [f"live on {apps}"] if run.apps else []
    if run.not_live:
        parts.append(f"not live: {', '.join(run.not_live)}")
    writes = {outcome.status for outcome in run.outcomes if outcome.action == "write"}
    if "done" in writes and not writes & {"failed", "unknown"}:
        parts.insert(0, "read back equal")
    return ", ".join(parts)


def run_text(runs: Iterable[Run], *, width: int = 80, color: bool = False) -> str:
    """The result of a command: one block per stage."""
    sheet = Sheet(width, color=color)
    for run in runs:
        sheet.blank()
        _run(sheet, run)
    return sheet.text()


def _kind(outcome: Outcome) -> tuple[object, ...]:
    """Neighbours that say the same are one row."""
    return outcome.action, outcome.key.kind, outcome.status, outcome.message, outcome.fields


def _run(sheet: Sheet, run: Run) -> None:
    tone: Style = "green" if run.status == "done" else "red" if run.status == "failed" else "yellow"
    sheet.line((f"{run.stage} at {short(run.revision)}: ", "bold"), (STATUS[run.status], tone))
    wide = max((cells(WORDS[outcome.status]) for outcome in run.outcomes), default=0)
    for _, alike in groupby(run.outcomes, key=_kind):
        together = tuple(alike)
        outcome = together[0]
        fields = f" ({', '.join(outcome.fields)})" if outcome.fields else ""
        message = f": {outcome.message}" if outcome.message else ""
        word = (WORDS[outcome.status], TONES.get(outcome.status, ""))
        others = "".join(f", {other.label}" for other in together[1:])
        sheet.row((word, f"{what_text(outcome)}{others}{fields}{message}"), (wide,), indent=2)
    if not run.outcomes:
        sheet.line(empty_text(run), indent=2)
    for outcome in retryable(run):
        sheet.line(
            ("worth trying again: ", "cyan"), f"{VERBS.get(outcome.action, outcome.action)} {outcome.label}", indent=2
        )
    if live_text(run):
        sheet.line((f"{run.stage}: {live_text(run)}", "bold"))
