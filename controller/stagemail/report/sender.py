"""What check-sender found, per stage, check by check: as text and JSON.

Not here: asking DNS (``mail``), which stages (``cli``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from stagemail.errors import StagemailError
from stagemail.model.probe import Fact
from stagemail.model.sender import Believed
from stagemail.report.envelope import envelope
from stagemail.report.failure import Failure, failure_of
from stagemail.report.sheet import Sheet, Style

KIND = "check-sender"
_MARKS: Mapping[str, tuple[str, Style]] = {
    "passed": ("ok    ", "green"),
    "warned": ("warn  ", "yellow"),
    "failed": ("fail  ", "red"),
    "not-checked": ("?     ", "yellow"),
    "absent": ("-     ", "dim"),
}


class Asked(Protocol):
    """One stage's result (``reconcile.stages.StageResult``)."""

    @property
    def stage(self) -> str: ...
    @property
    def value(self) -> Believed | None: ...
    @property
    def error(self) -> StagemailError | None: ...


@dataclass(frozen=True, slots=True)
class FindingReport:
    """One finding in the report. ``status`` not-checked is never a pass; absent: optional, and not there."""

    check: str
    status: str
    code: str
    message: str
    next_step: str
    source: str
    facts: Mapping[str, Fact]
    retry: bool


@dataclass(frozen=True, slots=True)
class StageSender:
    """One stage in the report; ``failure`` where nothing could be asked."""

    stage: str
    passed: bool
    domain: str = ""
    relay: str = ""
    provider: str = ""
    envelope: str = ""
    findings: tuple[FindingReport, ...] = ()
    failure: Failure | None = None


def senders_of(results: Iterable[Asked]) -> tuple[StageSender, ...]:
    """The results as data of the report."""
    return tuple(_stage(result) for result in results)


def _stage(result: Asked) -> StageSender:
    value = result.value
    if value is None:
        failure = failure_of(result.error, result.stage) if result.error is not None else None
        return StageSender(result.stage, passed=False, failure=failure)
    findings = tuple(
        FindingReport(
            one.check, one.status, one.code, one.message, one.next_step, one.source, dict(one.facts), one.retry
        )
        for one in value.findings
    )
    return StageSender(result.stage, value.passed, value.domain, value.relay, value.provider, value.envelope, findings)


def sender_text(results: Iterable[Asked], *, width: int = 80, color: bool = False) -> str:
    """A paragraph per stage: every check, what is wrong and what to do."""
    sheet = Sheet(width, color=color)
    found = senders_of(results)
    for stage in found:
        _paragraph(sheet, stage)
    good = sum(stage.passed for stage in found)
    unknown = sum(any(one.status == "not-checked" for one in stage.findings) for stage in found)
    more = f"; not everything could be checked for {unknown}" if unknown else ""
    sheet.line((f"{good} of {len(found)} stages without a failure{more}", "bold"))
    return sheet.text()


def _paragraph(sheet: Sheet, stage: StageSender) -> None:
    if stage.failure is not None:
        sheet.line((f"{stage.stage}: not checked", "bold"))
        sheet.line(("fail  ", "red"), stage.failure.message, indent=2, hang=8)
        if stage.failure.hint:
            sheet.line("→ ", stage.failure.hint, indent=8, hang=10)
        return
    known = f" ({stage.provider})" if stage.provider else ""
    sheet.line((f"{stage.stage}: {stage.domain or 'no sender'} through {stage.relay}{known}", "bold"))
    if stage.envelope not in ("", stage.domain):
        sheet.line(f"bounces go to {stage.envelope}", indent=2)
    for one in stage.findings:
        again = " (worth trying again as it is)" if one.retry else ""
        sheet.line(_MARKS[one.status], f"{one.check}: {one.message}{again}", indent=2, hang=8)
        if one.next_step and one.status != "passed":
            sheet.line("→ ", one.next_step, indent=8, hang=10)
        if one.source and one.status not in ("passed", "absent"):
            sheet.line(one.source, indent=8)


def sender_json(results: Iterable[Asked]) -> str:
    """All stages."""
    found = senders_of(results)
    again = sorted(
        stage.stage
        for stage in found
        if any(one.retry for one in stage.findings) or (stage.failure is not None and stage.failure.retryable)
    )
    return envelope(KIND, retryable=again, stages=found)
