"""A review as text for a terminal and as JSON (``schemas/review-report.schema.json``).

Not here: the HTML page (``review_page``), finding anything (``review``).
"""

from collections import Counter
from dataclasses import dataclass

from stagemail.model.review import SEVERITIES, Review, ReviewFinding, ReviewSeverity
from stagemail.report.envelope import envelope
from stagemail.report.sheet import Sheet, Style

KIND = "review-report"
TONES: dict[ReviewSeverity, Style] = {"error": "red", "warning": "yellow", "hint": "cyan"}


@dataclass(frozen=True, slots=True)
class ReviewCounts:
    """How many findings of each severity."""

    error: int
    warning: int
    hint: int


def counts_of(review: Review) -> ReviewCounts:
    """Count findings."""
    found = Counter(finding.severity for finding in review.findings)
    return ReviewCounts(found["error"], found["warning"], found["hint"])


def review_json(review: Review) -> str:
    """Everything."""
    return envelope(KIND, counts=counts_of(review), review=review)


def review_text(review: Review, *, width: int = 80, color: bool = False) -> str:
    """What was reviewed, the findings from worst to mildest, each with what to write instead, and the sum."""
    sheet = Sheet(width, color=color)
    _head(review, sheet)
    for finding in review.findings:
        sheet.blank()
        sheet.line((finding.severity, TONES[finding.severity]), " ", (finding.code, "bold"), f"  {place_of(finding)}")
        sheet.line(finding.message, indent=2, hang=2)
        sheet.line("→ ", finding.instead, indent=2, hang=4)
        sheet.line((f"source: {finding.source}", "dim"), indent=2, hang=4)
    sheet.blank()
    sheet.line((sum_of(review), "bold"))
    return sheet.text()


def place_of(finding: ReviewFinding) -> str:
    """Part, line and column, and how often."""
    line = f":{finding.line}" if finding.line else ""
    column = f":{finding.column}" if finding.line and finding.column else ""
    times = f" ({finding.times} times)" if finding.times > 1 else ""
    return f"{finding.part}{line}{column}{times}"


def sum_of(review: Review) -> str:
    """The last line: how many of each, or that nothing was found; and what clients were compared with."""
    counts = Counter(finding.severity for finding in review.findings)
    told = ", ".join(_counted(counts[each], each) for each in SEVERITIES if counts[each])
    return f"{told or 'nothing to mend'}; mail clients by {review.clients}"


def _counted(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def _head(review: Review, sheet: Sheet) -> None:
    sizes = f"{review.size:,} bytes" + (f", HTML {review.html_size:,}" if review.html_size else "")
    sheet.line((review.name, "bold"), f": {review.kind}, {sizes}")
    if review.kind == "message":
        sheet.row((("From", "dim"), review.sender or "(none)"), (7,), indent=2)
        sheet.row((("Subject", "dim"), review.subject or "(none)"), (7,), indent=2)
    for part in review.parts:
        facts = [part.charset, part.encoding, part.disposition, part.name]
        size = f"{part.size:,} bytes" if part.sent else ""
        sheet.row(((part.number, "dim"), ", ".join(each for each in (part.type, *facts, size) if each)), (7,), indent=2)
