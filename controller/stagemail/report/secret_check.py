"""What ``secrets check`` says of each reference: where it came from, or why it cannot be used. Never a value.

Takes what ``reconcile.credentials`` gives, by its shape. Not here: reading stores, and grants.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from stagemail.errors import StagemailError
from stagemail.model.secret import SecretRef
from stagemail.report.envelope import envelope
from stagemail.report.failure import Failure, failure_of
from stagemail.report.sheet import Part, Sheet

KIND = "secrets-check"


class Used(Protocol):
    """A stage that wants to send a secret to destinations (``reconcile.credentials.Use``)."""

    @property
    def stage(self) -> str: ...
    @property
    def ref(self) -> SecretRef: ...
    @property
    def destinations(self) -> Sequence[str]: ...


class CheckedSecret(Protocol):
    """What came of one use (``reconcile.credentials.Checked``)."""

    @property
    def use(self) -> Used: ...
    @property
    def origin(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def expires(self) -> str: ...
    @property
    def error(self) -> StagemailError | None: ...
    @property
    def weak(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class SecretCheck:
    """One use in the report. ``failure`` is None where the secret can be used."""

    stage: str
    ref: str
    destinations: tuple[str, ...]
    origin: str
    version: str
    expires: str
    failure: Failure | None
    weak: tuple[str, ...] = ()
    """What makes it weak although it can be used."""


def checks_of(checked: Iterable[CheckedSecret]) -> tuple[SecretCheck, ...]:
    """The uses as data of the report, by stage and reference."""
    found = [_check(it) for it in checked]
    return tuple(sorted(found, key=lambda check: (check.stage, check.ref, check.destinations)))


def _check(it: CheckedSecret) -> SecretCheck:
    use = it.use
    failure = failure_of(it.error, use.stage) if it.error is not None else None
    return SecretCheck(
        use.stage, str(use.ref), tuple(use.destinations), it.origin, it.version, it.expires or use.ref.expires, failure,
        tuple(it.weak),
    )  # fmt: skip


def secrets_text(checked: Iterable[CheckedSecret], *, width: int = 80, color: bool = False) -> str:
    """A paragraph per use, and how many can be used."""
    sheet = Sheet(width, color=color)
    checks = checks_of(checked)
    for check in checks:
        _use(sheet, check)
    bad = sum(check.failure is not None for check in checks)
    good = len(checks) - bad
    text = f"{good} of {len(checks)} can be used" if checks else "no secrets are referenced"
    sheet.line((text, "bold"))
    return sheet.text()


def _use(sheet: Sheet, check: SecretCheck) -> None:
    word: Part = ("fail  ", "red") if check.failure else ("ok    ", "green")
    where = f" for {', '.join(check.destinations)}" if check.destinations else ""
    sheet.line(word, (f"{check.stage}  {check.ref}", "bold"), where, hang=6)
    if check.failure:
        sheet.line(check.failure.message, indent=6)
        if check.failure.hint:
            sheet.line("→ ", check.failure.hint, indent=6, hang=8)
        return
    version = f", version {check.version}" if check.version else ""
    expires = f", expires {check.expires}" if check.expires else ""
    sheet.line(f"{check.origin}{version}{expires}", indent=6)
    for what in check.weak:
        sheet.line(("weak: ", "yellow"), f"it {what}", indent=6, hang=12)


def secrets_json(checked: Iterable[CheckedSecret]) -> str:
    """All uses."""
    checks = checks_of(checked)
    again = [check.ref for check in checks if check.failure and check.failure.retryable]
    return envelope(KIND, retryable=sorted(set(again)), secrets=checks)
