"""The record of runs over time: a table, JSON, and CSV for a spreadsheet. Not here: one run in full (``runs``)."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import datetime
from typing import Final

from stagemail.dataclass import dataclass
from stagemail.model.origin import Origin, Site
from stagemail.model.run import Outcome, Run
from stagemail.report.codec import encode_instant, members
from stagemail.report.envelope import envelope
from stagemail.report.escape import visible
from stagemail.report.instants import at_text, took_text
from stagemail.report.runs import STATUS, WORDS, empty_text, live_text, what_text
from stagemail.report.sheet import Sheet, Style, cells
from stagemail.report.summary import short

KIND = "history"
COLUMNS = (
    "run", "stage", "revision", "actor", "started", "finished", "status",
    "action", "resource", "fields", "outcome", "message", "retry",
    "target", "environment", "author", "committer", "committed", "merger", "merged", "live",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet may read as the start of a formula (OWASP, "CSV Injection")."""

_MOST_REASONS: Final = 5
"""Reasons of one run that are shown as text."""

_PAST: Final = {"write": "wrote", "activate": "made live", "unmanage": "forgot", "verify": "tried the login of"}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beyond the record: by revision where it came from, by stage where it is."""

    origins: Mapping[str, Origin] = field(default_factory=dict)
    sites: Mapping[str, Site] = field(default_factory=dict)


NOTHING: Final = Known()


def history_text(runs: Iterable[Run], known: Known = NOTHING, *, width: int = 80, color: bool = False) -> str:
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
        told = (
            _origin(known.origins.get(run.revision)),
            *_written(run, known),
            _outcomes(run),
            *_reasons(run),
            _live(run),
        )
        for line in told:
            if line:
                sheet.line(line, indent=4)
    if not listed:
        sheet.line("no runs are recorded")
    return sheet.text()


def _origin(origin: Origin | None) -> str:
    if origin is None:
        return ""
    by = f"written by {origin.author}" if origin.author != origin.committer else ""
    merged = f"merged by {origin.merger} {origin.merged_at}" if origin.merger else ""
    return ", ".join(part for part in (by, f"committed by {origin.committer} {origin.at}", merged) if part)


def _written(run: Run, known: Known) -> list[str]:
    """What was done, a line for each kind of it, and where."""
    site = known.sites.get(run.stage)
    where = f" in {site.environment} of {site.target}" if site else ""
    done = [outcome for outcome in run.outcomes if outcome.status == "done"]
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for outcome in done:
        labels = found.setdefault((_PAST.get(outcome.action, outcome.action), outcome.fields), [])
        if outcome.label not in labels:  # an app is made live once for its recipients and once for the settings
            labels.append(outcome.label)
    return [f"{verb} {', '.join(labels)}{_of(fields)}{where}" for (verb, fields), labels in found.items()]


def _of(fields: tuple[str, ...]) -> str:
    return f" ({', '.join(fields)})" if fields else ""


def live_at(run: Run) -> datetime | None:
    """When every app was seen to run with it: at the end of a run that read them all; None before that."""
    return run.finished if run.apps and run.live == run.apps and not run.not_live else None


def _live(run: Run) -> str:
    at = live_at(run)
    return f"live since {at_text(at)} at the latest" if at is not None else ""


def _outcomes(run: Run) -> str:
    counts = Counter(outcome.status for outcome in run.outcomes)
    parts = [f"{counts[status]} {word}" for status, word in WORDS.items() if counts[status]]
    return "; ".join(part for part in (", ".join(parts) or empty_text(run), live_text(run)) if part)


def _reasons(run: Run) -> list[str]:
    """Why steps failed or nobody knows what became of them, each reason with the steps that it stopped."""
    found: dict[tuple[str, str], list[str]] = {}
    for outcome in run.outcomes:
        if outcome.status in ("failed", "unknown"):
            found.setdefault((outcome.status, outcome.message), []).append(what_text(outcome))
    lines = [f"{status}: {_several(steps)}{f': {why}' if why else ''}" for (status, why), steps in found.items()]
    more = len(lines) - _MOST_REASONS
    return lines if more <= 0 else [*lines[:_MOST_REASONS], f"and {more} more reasons: see --format json"]


def _several(steps: list[str]) -> str:
    return steps[0] if len(steps) == 1 else f"{steps[0]} and {len(steps) - 1} more"


def history_json(runs: Iterable[Run], known: Known = NOTHING) -> str:
    """All of every run, where it was, where its revision came from, and since when it is live (null: not told)."""
    return envelope(KIND, runs=tuple(_run(run, known) for run in runs))


def _run(run: Run, known: Known) -> dict[str, object]:
    plain = {name: getattr(run, attribute) for attribute, name, _ in members(Run)}
    more = {"origin": known.origins.get(run.revision), "site": known.sites.get(run.stage), "liveSince": live_at(run)}
    return {**plain, **more}


def history_csv(runs: Iterable[Run], known: Known = NOTHING) -> str:
    """A row per outcome, and one for a run without any (RFC 4180). No cell starts a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for run in runs:
        head = (run.id, run.stage, run.revision, run.actor, encode_instant(run.started), _at(run.finished), run.status)
        for outcome in run.outcomes or (None,):
            writer.writerow([_cell(text) for text in (*head, *_outcome(outcome), *_known(run, known))])
    return out.getvalue()


def _known(run: Run, known: Known) -> tuple[str, ...]:
    site = known.sites.get(run.stage, Site("", ""))
    origin = known.origins.get(run.revision, Origin("", "", "", "", ""))
    came = (origin.author, origin.committer, origin.at, origin.merger, origin.merged_at)
    return (site.target, site.environment, *came, _at(live_at(run)))


def _at(at: datetime | None) -> str:
    return encode_instant(at) if at else ""


def _outcome(outcome: Outcome | None) -> tuple[str, ...]:
    if outcome is None:
        return ("",) * 6
    retry = "yes" if outcome.retry else "no"
    return (outcome.action, outcome.label, " ".join(outcome.fields), outcome.status, outcome.message, retry)


def _cell(text: str) -> str:
    return "'" + visible(text) if text.startswith(FORMULA) else visible(text)
