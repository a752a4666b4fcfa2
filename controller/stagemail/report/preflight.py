"""What preflight found, per stage, step by step: as text and JSON. No credential is in its data.

Not here: speaking with servers (``mail``), which stages (``cli``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stagemail.errors import StagemailError
from stagemail.model.probe import Fact, Probed
from stagemail.report.envelope import envelope
from stagemail.report.failure import Failure, failure_of
from stagemail.report.sheet import Sheet, Style

KIND = "preflight"
_MARKS: Mapping[str, tuple[str, Style]] = {
    "passed": ("ok    ", "green"),
    "warned": ("warn  ", "yellow"),
    "failed": ("fail  ", "red"),
    "skipped": ("-     ", "dim"),
}
_TOLD = (
    "address",
    "route",
    "protocol",
    "issuer",
    "names",
    "daysLeft",
    "auth",
    "size",
    "mechanism",
    "user",
    "sender",
    "recipients",
)
_WORDS = {"daysLeft": "days left", "auth": "logins", "size": "SIZE"}


class Tried(Protocol):
    """One stage's result (``reconcile.stages.StageResult``)."""

    @property
    def stage(self) -> str: ...
    @property
    def value(self) -> Probed | None: ...
    @property
    def error(self) -> StagemailError | None: ...


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step in the report; JSON has no fractions here, so its time is in milliseconds."""

    name: str
    status: str
    milliseconds: int
    facts: Mapping[str, Fact]
    reply: str
    code: str
    cause: str
    next_step: str
    source: str
    retry: bool


def steps_of(probed: Probed) -> tuple[StepReport, ...]:
    """The steps of a conversation as data of a report."""
    return tuple(
        StepReport(
            step.name, step.status, round(step.seconds * 1000), step.facts, step.reply, step.code, step.cause,
            step.next_step, step.source, step.retry,
        )
        for step in probed.steps
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class StagePreflight:
    """One stage in the report; ``failure`` where it could not be tried."""

    stage: str
    passed: bool
    destination: str = ""
    provider: str = ""
    vantage: str = ""
    steps: tuple[StepReport, ...] = ()
    failure: Failure | None = None


def preflights_of(results: Iterable[Tried]) -> tuple[StagePreflight, ...]:
    """The results as data of the report."""
    return tuple(_stage(result) for result in results)


def _stage(result: Tried) -> StagePreflight:
    probed = result.value
    if probed is None:
        failure = failure_of(result.error, result.stage) if result.error is not None else None
        return StagePreflight(result.stage, passed=False, failure=failure)
    return StagePreflight(
        result.stage, probed.passed, probed.destination, probed.provider, probed.vantage, steps_of(probed)
    )


def preflight_text(results: Iterable[Tried], *, width: int = 80, color: bool = False) -> str:
    """A paragraph per stage: every step, what failed and what to do."""
    sheet = Sheet(width, color=color)
    found = preflights_of(results)
    for stage in found:
        _paragraph(sheet, stage)
    good = sum(stage.passed for stage in found)
    sheet.line((f"{good} of {len(found)} stages passed; nothing was sent", "bold"))
    return sheet.text()


def _paragraph(sheet: Sheet, stage: StagePreflight) -> None:
    if stage.failure is not None:
        sheet.line((f"{stage.stage}: not tried", "bold"))
        sheet.line(("fail  ", "red"), stage.failure.message, indent=2, hang=8)
        if stage.failure.hint:
            sheet.line("→ ", stage.failure.hint, indent=8, hang=10)
        return
    known = f" ({stage.provider})" if stage.provider else ""
    sheet.line((f"{stage.stage}: {stage.destination}{known}", "bold"))
    for step in stage.steps:
        _step(sheet, step)
    sheet.line(f"seen from {stage.vantage}, not from the platform", indent=2, hang=4)


def _step(sheet: Sheet, step: StepReport) -> None:
    facts = _facts(step)
    sheet.line(_MARKS[step.status], f"{step.name}{f': {facts}' if facts else ''}", indent=2, hang=8)
    if step.cause:
        sheet.line(step.cause, f" ({step.reply})" if step.reply else "", indent=8)
    if step.next_step:
        again = " (worth trying again as it is)" if step.retry else ""
        sheet.line("→ ", step.next_step, again, indent=8, hang=10)
    if step.source:
        sheet.line(step.source, indent=8)


def _facts(step: StepReport) -> str:
    told = [(name, step.facts[name]) for name in _TOLD if name in step.facts]
    return ", ".join(f"{_WORDS.get(name, name)} {_shown(value)}" for name, value in told if value not in ("", ()))


def _shown(value: Fact) -> str:
    return " ".join(value) if isinstance(value, tuple) else str(value)


def preflight_json(results: Iterable[Tried]) -> str:
    """All stages."""
    found = preflights_of(results)
    return envelope(KIND, retryable=_again(found), stages=found)


def _again(found: Sequence[StagePreflight]) -> list[str]:
    """Stages that may pass as they are, later."""
    return sorted(
        stage.stage
        for stage in found
        if any(step.status == "failed" and step.retry for step in stage.steps)
        or (stage.failure is not None and stage.failure.retryable)
    )
