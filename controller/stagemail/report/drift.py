"""Drift: what the platform has otherwise than Git wants although Git did not change, and what is pending there.

Taken from a plan, so that drift and plan cannot disagree. Not here: healing it (``planning``, ``reconcile``).
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from stagemail.dataclass import dataclass
from stagemail.errors import StagemailError
from stagemail.model.field import Value
from stagemail.model.plan import Note, Plan
from stagemail.model.secret import Masked, SecretRef, SecretState
from stagemail.model.step import Case, Change, Step
from stagemail.report.envelope import envelope
from stagemail.report.failure import failures_of
from stagemail.report.instants import told_at_text
from stagemail.report.sheet import Sheet
from stagemail.report.summary import OUTSIDE, fate, short, subject_of, widening
from stagemail.report.values import case_text, value_text

__all__ = ["OUTSIDE", "Drift", "Stage", "drift_json", "drift_of", "drift_text", "has_drift", "pending_of"]

KIND = "drift-report"
FATES = {"healed": "an apply heals it", "held": "held by a guard", "blocked": "blocked", "waits": "waits for a gate"}
PENDING = frozenset({"pending", "foreign-pending"})


@dataclass(frozen=True, slots=True)
class Drift:
    """One field that somebody changed outside Git.

    ``since`` is the platform's own time of the change, "" where it tells none. ``fate`` is what an apply would do
    about it: "healed", "held", "reported, left alone" or "blocked". ``widens``: mail reaches real people now.
    """

    stage: str
    subject: str
    field: str
    git_wants: Value
    platform_has: Value
    case: Case
    since: str
    fate: str
    widens: bool


def drift_of(plan: Plan, since: Mapping[str, str] = MappingProxyType({})) -> tuple[Drift, ...]:
    """The drift in a plan. ``since``: the platform's time of the last change by ``<key> <field>``."""
    return tuple(
        _drift(plan, step, change, since.get(f"{step.key} {change.field}", ""))
        for step in plan.steps
        for change in step.changes
        if change.case in OUTSIDE
    )


def _drift(plan: Plan, step: Step, change: Change, since: str) -> Drift:
    widens = bool(widening(_turned(plan, step)))
    return Drift(
        plan.stage, subject_of(plan, step), change.field, change.after, change.before, change.case, since,
        fate(step) or "healed", widens,
    )  # fmt: skip


def _turned(plan: Plan, step: Step) -> Plan:
    """A plan of what the outsider did: the same step the other way round."""
    changes = tuple(Change(c.field, c.after, c.before, c.case) for c in step.changes)
    turned = Step(step.action, step.key, step.label, step.unit, step.phase, changes)
    return Plan(plan.stage, plan.target, plan.revision, plan.observed, plan.identity, (turned,))


def pending_of(plan: Plan) -> tuple[Note, ...]:
    """What is pending on the platform: notes of the plan, and activations that wait for nothing else."""
    waiting = (
        Note("pending", step.label, "; ".join(step.why))
        for step in plan.steps
        if step.action == "activate" and not step.if_pending and not _follows_write(plan, step)
    )
    return tuple(sorted({*(note for note in plan.notes if note.kind in PENDING), *waiting, *_foreign(plan)}))


def _follows_write(plan: Plan, step: Step) -> bool:
    return any(other.action == "write" and other.key == step.key for other in plan.steps)


def _foreign(plan: Plan) -> Iterable[Note]:
    for step in plan.steps:
        for hazard in step.hazards:
            if hazard.kind == "foreign-pending":
                yield Note("foreign-pending", step.label, hazard.to)


def not_compared(plan: Plan) -> tuple[Note, ...]:
    """The credentials that nothing can be said of, and why: notes of the plan, and what such a credential stops."""
    stopped = (
        Note("credentials-not-read", subject_of(plan, step), step.blocked)
        for step in plan.steps
        if step.blocked and step.action == "write"
    )
    noted = (note for note in plan.notes if note.kind == "credentials-not-read")
    return tuple(sorted({*noted, *stopped}))


def has_drift(plan: Plan) -> bool:
    """Whether anything on the platform is otherwise than we left it."""
    return bool(drift_of(plan)) or bool(pending_of(plan))


def drift_text(
    plans: Iterable[Plan],
    since: Mapping[str, str] = MappingProxyType({}),
    *,
    width: int = 80,
    color: bool = False,
) -> str:
    """Per stage, each drifted field with both sides by name."""
    sheet = Sheet(width, color=color)
    for plan in plans:
        sheet.blank()
        _stage(sheet, plan, since)
    return sheet.text()


def _stage(sheet: Sheet, plan: Plan, since: Mapping[str, str]) -> None:
    found, pending = drift_of(plan, since), pending_of(plan)
    fields = "1 field was" if len(found) == 1 else f"{len(found)} fields were"
    what = f"{fields} set outside Git" if found else "no drift"
    sheet.line((f"{plan.stage} at {short(plan.revision)}: {what}", "bold"))
    before = None
    for drift in found:
        if before != (drift.subject, drift.fate, drift.widens):
            before = (drift.subject, drift.fate, drift.widens)
            mail = ": mail reaches real users now" if drift.widens else ""
            sheet.line((drift.subject, "cyan"), (mail, "red"), f" ({FATES.get(drift.fate, drift.fate)})", indent=2)
        _sides(sheet, drift)
    for note in not_compared(plan):
        sheet.line(("not compared: ", "yellow"), (note.subject, "cyan"), f": {note.message}", indent=2, hang=4)
    for note in pending:
        word = "pending, not from Git" if note.kind == "foreign-pending" else "pending"
        sheet.line((f"{word}: ", "yellow"), f"{note.subject}: {note.message}", indent=2, hang=4)
    if found:
        sheet.line((f"Next: stagemail apply {plan.stage} brings back what Git wants; or change the files.", "bold"))
        sheet.line("Who did it: the platform's own audit trail tells.")


def _sides(sheet: Sheet, drift: Drift) -> None:
    sheet.line(drift.field, (f"   {case_of(drift)}", "dim"), indent=4)
    sheet.row((("Git wants", "dim"), value_text(drift.git_wants)), (12,), indent=6)
    sheet.row((("platform has", "dim"), _platform_text(drift)), (12,), indent=6)
    if drift.since and drift.case != "overwritten":
        sheet.row((("since", "dim"), told_at_text(drift.since)), (12,), indent=6)


def case_of(drift: Drift) -> str:
    """Who did it, in words."""
    at = drift.since if drift.case == "overwritten" else ""
    return case_text(Change(drift.field, drift.platform_has, drift.git_wants, drift.case, at))


def _platform_text(drift: Drift) -> str:
    if drift.case == "overwritten" and isinstance(drift.platform_has, Masked | SecretState | SecretRef):
        return "another value (secrets are never read)"
    return value_text(drift.platform_has)


def drift_json(
    plans: Iterable[Plan],
    errors: Mapping[str, StagemailError] = MappingProxyType({}),
    since: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """All drift and all that is pending, over stages; ``errors``: what stopped stages, by stage."""
    listed = tuple(plans)
    stages = tuple(
        Stage(p.stage, p.revision, has_drift(p), drift_of(p, since), pending_of(p), not_compared(p)) for p in listed
    )
    return envelope(KIND, stages=stages, failures=failures_of(errors))


@dataclass(frozen=True, slots=True)
class Stage:
    """The drift of one stage."""

    stage: str
    revision: str
    has_drift: bool
    drift: tuple[Drift, ...]
    pending: tuple[Note, ...]
    not_compared: tuple[Note, ...]
    """Credentials that could not be read, and why."""
