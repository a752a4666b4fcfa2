"""What ``secrets status`` tells of each credential: where it is used, how old it is, when it runs out, and where it is
live, so that an admin knows when the version before may be revoked. Never a value.

Filled by ``reconcile.secret_status``. Not here: reading stores, record or platform.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from stagemail.dataclass import dataclass
from stagemail.model.location import Location
from stagemail.report.envelope import envelope
from stagemail.report.failure import Failure
from stagemail.report.sheet import Sheet, Style

KIND = "secrets-status"
LiveState = Literal["live", "partly", "behind", "overwritten", "unverified", "unsettled", "never-written", "unknown"]


@dataclass(frozen=True, slots=True)
class SecretUse:
    """One reference: a field of a stage's configuration, or of the operator file (``stage`` is "" then)."""

    stage: str
    field: str
    location: Location
    destinations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LiveIn:
    """What is known of a credential in one stage.

    "live": the store's value runs in every app; "partly": not yet in those of ``not_live``; "behind": the platform has
    another value than the store; "unverified": found there, never written by us; "unsettled": the last write has no
    known outcome. ``version`` is the one that we wrote last; ``live`` of ``apps`` were seen to run with it.
    """

    stage: str
    state: LiveState
    version: str = ""
    live: int = 0
    apps: int = 0
    not_live: tuple[str, ...] = ()
    message: str = ""


@dataclass(frozen=True, slots=True)
class SecretStatus:
    """One credential with all of its references.

    ``age`` in days since its store has this version; None where the store does not tell. ``expires`` is an ISO date,
    "" where neither the store nor a reference tells; ``days_left`` counts to it and ``warning`` says what to do.
    ``note``: what a person should know of this kind of credential. ``conclusion``: whether the version before may be
    revoked. ``todo``: something is left to do about it.
    """

    ref: str
    origin: str
    version: str
    age: int | None
    expires: str
    days_left: int | None
    warning: str = ""
    note: str = ""
    uses: tuple[SecretUse, ...] = ()
    live_in: tuple[LiveIn, ...] = ()
    conclusion: str = ""
    todo: bool = False
    failure: Failure | None = None


def secret_status_json(secrets: Iterable[SecretStatus], failures: Iterable[Failure] = ()) -> str:
    """All credentials, and what could not be looked at (``schemas/secrets-status.schema.json``)."""
    return envelope(KIND, secrets=tuple(secrets), failures=tuple(failures))


def secret_status_text(
    secrets: Iterable[SecretStatus], failures: Iterable[Failure] = (), *, width: int = 80, color: bool = False
) -> str:
    """A paragraph per credential, and what could not be looked at."""
    sheet = Sheet(width, color=color)
    listed = tuple(secrets)
    for secret in listed:
        sheet.blank()
        _secret(sheet, secret)
    for failure in failures:
        sheet.blank()
        _failure(sheet, f"{failure.stage}: " if failure.stage else "", failure)
    if not listed:
        sheet.line("no secrets are referenced")
    return sheet.text()


def _secret(sheet: Sheet, secret: SecretStatus) -> None:
    sheet.line((secret.ref, "bold"))
    if secret.failure:
        _failure(sheet, "", secret.failure, indent=2)
    else:
        sheet.line(f"{secret.origin}: {_facts(secret)}", indent=2, hang=4)
    if secret.warning:
        sheet.line((secret.warning, _urgency(secret.days_left)), indent=2, hang=4)
    if secret.note:
        sheet.line((secret.note, "dim"), indent=2, hang=4)
    for use in secret.uses:
        who = f"{use.stage} {use.field}" if use.stage else use.field
        sheet.line("used by ", (who, "cyan"), f"  {use.location}", indent=2, hang=10)
        if use.destinations:
            sheet.line(f"for {', '.join(use.destinations)}", indent=10, hang=14)
    for live in secret.live_in:
        if live.message:
            sheet.line((f"{live.stage}: ", _tone(live)), live.message, indent=2, hang=4)
    if secret.conclusion:
        sheet.line((secret.conclusion, "yellow" if secret.todo else "green"), indent=2, hang=4)


def _failure(sheet: Sheet, before: str, failure: Failure, indent: int = 0) -> None:
    sheet.line((f"{before}cannot be read: ", "red"), failure.message, indent=indent, hang=indent + 2)
    if failure.hint:
        sheet.line("→ ", failure.hint, indent=indent + 2, hang=indent + 4)


def _facts(secret: SecretStatus) -> str:
    version = f"version {secret.version}" if secret.version else "its store has no versions"
    age = "age not told by its store"
    if secret.age is not None:
        age = f"{_days(secret.age)} old" if secret.age else "new today"
    if secret.days_left is None:
        left = "expiry not known"
    else:
        left = f"expires {secret.expires}" + (f" (in {_days(secret.days_left)})" if secret.days_left > 0 else "")
    return f"{version}, {age}, {left}"


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def _urgency(days: int | None) -> Style:
    return "red" if days is not None and days <= 7 else "yellow"


def _tone(live: LiveIn) -> Style:
    return "green" if live.state == "live" else "yellow"


def exit_worth(secrets: Sequence[SecretStatus], failures: Sequence[Failure]) -> Literal["failed", "todo", "done"]:
    """What a script should know: something could not be read, something is left to do or runs out, or neither."""
    if failures or any(secret.failure for secret in secrets):
        return "failed"
    return "todo" if any(secret.todo or secret.warning for secret in secrets) else "done"
