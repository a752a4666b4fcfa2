"""The record over time, of runs and of what people decided: a table, JSON, and CSV for a spreadsheet.

Not here: one run in full (``runs``), which of them are shown (``wiring.archives``).
"""

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
from stagemail.model.standing import Decision
from stagemail.report.codec import encode_instant, members
from stagemail.report.envelope import envelope
from stagemail.report.escape import visible
from stagemail.report.instants import at_text, told_at_text, took_text
from stagemail.report.runs import STATUS, WORDS, empty_text, live_text, what_text
from stagemail.report.sheet import Sheet, Style, cells
from stagemail.report.summary import short

KIND = "history"
COLUMNS = (
    "run", "stage", "revision", "actor", "started", "finished", "status",
    "action", "resource", "fields", "outcome", "message", "retry",
    "target", "environment", "author", "committer", "committed", "merger", "merged", "live",
    "identity", "until", "plan",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet may read as the start of a formula (OWASP, "CSV Injection")."""

_MOST_REASONS: Final = 5
"""Reasons of one run that are shown as text."""

_DECIDED: Final = {"suspend": "suspended", "resume": "resumed", "approve": "approved"}
_PAST: Final = {"write": "wrote", "activate": "made live", "unmanage": "forgot", "verify": "tried the login of"}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beyond the record: by revision where it came from, by stage where it is."""

    origins: Mapping[str, Origin] = field(default_factory=dict)
    sites: Mapping[str, Site] = field(default_factory=dict)


NOTHING: Final = Known()

Noted = Run | Decision
"""What the record tells of: a run, or what a person decided."""


def history_text(noted: Iterable[Noted], known: Known = NOTHING, *, width: int = 80, color: bool = False) -> str:
    """A run or a decision per entry, in the order given (newest first)."""
    sheet = Sheet(width, color=color)
    listed = tuple(noted)
    rows = [_head(each) for each in listed]
    widths = [max(map(cells, column)) for column in zip(*(row[:3] for row in rows), strict=True)]
    for each, row in zip(listed, rows, strict=True):
        sheet.row((row[0], (row[1], "bold"), *row[2:]), widths)
        for line in _decided(each) if isinstance(each, Decision) else _told(each, known):
            if line:
                sheet.line(line, indent=4)
    if not listed:
        sheet.line("no runs are recorded")
    return sheet.text()


def _head(noted: Noted) -> tuple[str, str, str, tuple[str, Style], str]:
    """When, which stage, at which revision, what became of it, and by whom."""
    if isinstance(noted, Decision):
        word = _DECIDED[noted.kind]
        stage, revision = noted.stage or "all stages", short(noted.revision) if noted.revision else ""
        return at_text(noted.at), stage, revision, (word, "bold"), f" by {noted.identity or noted.actor}"
    tone: Style = "green" if noted.status == "done" else "yellow"
    took = took_text(noted.started, noted.finished)
    rest = f" by {noted.actor}" + (f" in {took}" if took else "")
    return at_text(noted.started), noted.stage, short(noted.revision), (STATUS[noted.status], tone), rest


def _decided(decision: Decision) -> tuple[str, ...]:
    """What else is to be said of a decision: the account it was taken by, until when, exactly what, and why."""
    return (
        f"as {decision.actor}" if decision.identity else "",
        f"until {at_text(decision.until)}" if decision.until else "",
        f"the plan {decision.plan[:12]}" if decision.plan else "",
        f"because {decision.reason}" if decision.reason else "",
    )


def _told(run: Run, known: Known) -> tuple[str, ...]:
    came = _origin(known.origins.get(run.revision))
    return (came, *_written(run, known), _outcomes(run), *_reasons(run), _live(run))


def _origin(origin: Origin | None) -> str:
    if origin is None:
        return ""
    by = f"written by {origin.author}" if origin.author != origin.committer else ""
    merged = f"merged by {origin.merger} {told_at_text(origin.merged_at)}" if origin.merger else ""
    return ", ".join(
        part for part in (by, f"committed by {origin.committer} {told_at_text(origin.at)}", merged) if part
    )


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
    """When every app was seen to run with it: at the end of a run that left nothing to do and read them all, or None.

    Where something was held back or left to a person, the apps that are live run with an older revision.
    """
    is_whole = run.status == "done" and all(outcome.status in ("done", "not-needed") for outcome in run.outcomes)
    return run.finished if is_whole and run.apps and run.live == run.apps and not run.not_live else None


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


def history_json(noted: Iterable[Noted], known: Known = NOTHING) -> str:
    """All of every run, where it was, where its revision came from, and since when it is live (null: not told).

    And all of every decision.
    """
    listed = tuple(noted)
    runs = tuple(_run(each, known) for each in listed if isinstance(each, Run))
    return envelope(KIND, runs=runs, decisions=tuple(each for each in listed if isinstance(each, Decision)))


def _run(run: Run, known: Known) -> dict[str, object]:
    plain = {name: getattr(run, attribute) for attribute, name, _ in members(Run)}
    more = {"origin": known.origins.get(run.revision), "site": known.sites.get(run.stage), "liveSince": live_at(run)}
    return {**plain, **more}


def history_csv(noted: Iterable[Noted], known: Known = NOTHING) -> str:
    """A row per outcome, one for a run without any, one per decision (RFC 4180). No cell starts a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for each in noted:
        for row in (_decision(each, known),) if isinstance(each, Decision) else _rows(each, known):
            writer.writerow([_cell(text) for text in row])
    return out.getvalue()


def _rows(run: Run, known: Known) -> Iterable[tuple[str, ...]]:
    head = (run.id, run.stage, run.revision, run.actor, encode_instant(run.started), _at(run.finished), run.status)
    for outcome in run.outcomes or (None,):
        yield (*head, *_outcome(outcome), *_known(run, known), "", "", "")


def _decision(one: Decision, known: Known) -> tuple[str, ...]:
    """A row without a run: `action` is what was decided, `stage` empty for all of them, `message` why."""
    site = known.sites.get(one.stage, Site("", ""))
    head = ("", one.stage, one.revision, one.actor, encode_instant(one.at), "", "")
    done = (one.kind, "", "", _DECIDED[one.kind], one.reason, "")
    return (*head, *done, site.target, site.environment, *[""] * 6, one.identity, _at(one.until), one.plan)


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
