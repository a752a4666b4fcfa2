"""What ``doctor`` found: each check with its result and its remedy. Not here: the checks."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from stagemail.report.envelope import envelope
from stagemail.report.sheet import Sheet, Style, cells

KIND = "findings"
Level = Literal["ok", "warn", "fail"]
TONES: dict[Level, Style] = {"ok": "green", "warn": "yellow", "fail": "red"}
COUNTED: dict[Level, str] = {"fail": "failed", "warn": "to look at", "ok": "in order"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check. ``detail`` is what was seen, ``remedy`` what to do ("" where there is nothing to do)."""

    name: str
    level: Level
    detail: str
    remedy: str = ""


def findings_text(findings: Iterable[Finding], *, width: int = 80, color: bool = False) -> str:
    """The checks in their order, and how many are in order."""
    sheet = Sheet(width, color=color)
    listed = tuple(findings)
    wide = max((cells(finding.name) for finding in listed), default=0)
    for finding in listed:
        sheet.row(((finding.level, TONES[finding.level]), (finding.name, "bold"), finding.detail), (4, wide))
        if finding.remedy:
            sheet.line("→ ", finding.remedy, indent=6, hang=8)
    counts = Counter(finding.level for finding in listed)
    text = ", ".join(f"{counts[level]} {word}" for level, word in COUNTED.items() if counts[level])
    sheet.line((text or "nothing was checked", "bold"))
    return sheet.text()


def findings_json(findings: Iterable[Finding]) -> str:
    """All checks."""
    return envelope(KIND, findings=tuple(findings))
