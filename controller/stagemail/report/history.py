"""The record of runs over time: a table, JSON, and CSV for a spreadsheet. Not here: one run in full (``runs``)."""

import csv
import io
from collections import Counter
from collections.abc import Iterable

from stagemail.model.run import Outcome, Run
from stagemail.report.codec import encode_instant
from stagemail.report.envelope import envelope
from stagemail.report.escape import visible
from stagemail.report.instants import at_text, took_text
from stagemail.report.runs import STATUS, WORDS, empty_text, live_text
from stagemail.report.sheet import Sheet, Style, cells
from stagemail.report.summary import short

KIND = "history"
COLUMNS = (
    "run", "stage", "revision", "actor", "started", "finished", "status",
    "action", "resource", "fields", "outcome", "message", "retry",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet may read as the start of a formula (OWASP, "CSV Injection")."""


def history_text(runs: Iterable[Run], *, width: int = 80, color: bool = False) -> str:
    """A run per entry, in the order given (newest first)."""
    sheet = Sheet(width, color=color)
    listed = tuple(runs)
    rows = [(at_text(run.started), run.stage, short(run.revision), STATUS[run.status]) for run in listed]
    widths = [max(cells(row[column]) for row in rows) for column in range(3)] if rows else []
    for run, row in zip(listed, rows, strict=True):
        tone: Style = "green" if run.status == "done" else "yellow"
        took = took_text(run.started, run.finished)
        rest = f" by {run.actor}" + (f" in {took}" if took else "")
        sheet.row((row[0], (row[1], "bold"), row[2], (row[3], tone), rest), widths)
        sheet.line(_outcomes(run), indent=4)
    if not listed:
        sheet.line("no runs are recorded")
    return sheet.text()


def _outcomes(run: Run) -> str:
    counts = Counter(outcome.status for outcome in run.outcomes)
    parts = [f"{counts[status]} {word}" for status, word in WORDS.items() if counts[status]]
    return "; ".join(part for part in (", ".join(parts) or empty_text(run), live_text(run)) if part)


def history_json(runs: Iterable[Run]) -> str:
    """All of every run."""
    return envelope(KIND, runs=tuple(runs))


def history_csv(runs: Iterable[Run]) -> str:
    """A row per outcome, and one for a run without any (RFC 4180). No cell starts a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for run in runs:
        head = (
            run.id, run.stage, run.revision, run.actor, encode_instant(run.started),
            encode_instant(run.finished) if run.finished else "", run.status,
        )  # fmt: skip
        for outcome in run.outcomes or (None,):
            writer.writerow([_cell(text) for text in (*head, *_outcome(outcome))])
    return out.getvalue()


def _outcome(outcome: Outcome | None) -> tuple[str, ...]:
    if outcome is None:
        return ("",) * 6
    retry = "yes" if outcome.retry else "no"
    return (outcome.action, outcome.label, " ".join(outcome.fields), outcome.status, outcome.message, retry)


def _cell(text: str) -> str:
    return "'" + visible(text) if text.startswith(FORMULA) else visible(text)
