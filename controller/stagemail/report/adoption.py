"""What ``stagemail import`` tells: what was written, which secrets to provide, and what YAML cannot say.

Filled by ``reconcile.adopt``. Not here: reading a platform, writing files.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from stagemail.report.envelope import envelope
from stagemail.report.sheet import Sheet, Style, cells

KIND = "import-report"
RemarkKind = Literal[
    "not-imported", "not-managed", "not-bound", "real-people", "pending", "overridden", "unused", "assumed"
]  # fmt: skip

HEADINGS: dict[RemarkKind, tuple[str, Style]] = {
    "real-people": ("These apps mail real people outside production (taken over as they are):", "red"),
    "not-imported": ("Stages that were left out:", "yellow"),
    "not-bound": ("Apps that were left out:", "yellow"),
    "not-managed": ("Settings that were left out; the platform keeps them, a plan says so:", "yellow"),
    "pending": ("Values that somebody left pending on the platform:", "yellow"),
    "overridden": ("Apps that run with a value of their own instead of the stage's:", "yellow"),
    "unused": ("Left over from an earlier login, in no file; clear it on the platform:", "yellow"),
    "assumed": ("Not to be seen on the platform, so look whether it is right:", ""),
}
"""Every kind of remark with its heading, in the order of reading."""


@dataclass(frozen=True, slots=True, order=True)
class Remark:
    """Something that a person should know of one stage. ``subject``: an app or a field, "" for the stage itself."""

    kind: RemarkKind
    stage: str
    subject: str
    message: str


@dataclass(frozen=True, slots=True, order=True)
class NeededSecret:
    """A secret to put into a store: never its value, which a platform does not show. ``what`` says which one it is."""

    variable: str
    what: str
    stages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportedStage:
    """One stage that was taken over. ``bound`` of ``apps`` deployed apps with mail settings are in a binding."""

    stage: str
    environment: str
    purpose: str
    configuration: str
    apps: int
    bound: int


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The whole import. ``revision`` of the proof is the digest of the files that were planned."""

    domain: str
    files: tuple[str, ...]
    stages: tuple[ImportedStage, ...]
    secrets: tuple[NeededSecret, ...]
    remarks: tuple[Remark, ...] = ()


def import_json(report: ImportReport) -> str:
    """All of it."""
    return envelope(KIND, report=report)


def import_text(report: ImportReport, *, width: int = 80, color: bool = False) -> str:
    """What was written, then what a person has to do and to know."""
    sheet = Sheet(width, color=color)
    _stages(sheet, report.stages)
    for heading, remarks in _by_heading(report.remarks):
        sheet.blank()
        text, tone = heading
        sheet.line((text, tone))
        for message, subjects in _by_message(remarks):
            sheet.line((", ".join(subjects), "cyan"), f": {message}", indent=2, hang=4)
    _files(sheet, report.files)
    _secrets(sheet, report.secrets)
    _next(sheet, report.stages)
    return sheet.text()


def _stages(sheet: Sheet, stages: Iterable[ImportedStage]) -> None:
    listed = tuple(stages)
    wide = max((cells(it.stage) for it in listed), default=0)
    for it in listed:
        bound = f"{it.bound} of {it.apps} apps bound" if it.apps else "no apps"
        what = f"{it.environment}, {it.purpose}, configuration {it.configuration}, {bound}"
        sheet.row(((it.stage, "bold"), what), (wide,))


def _by_heading(remarks: Iterable[Remark]) -> Iterable[tuple[tuple[str, Style], list[Remark]]]:
    order = list(HEADINGS)
    ordered = sorted(remarks, key=lambda remark: (order.index(remark.kind), remark))
    for kind, group in groupby(ordered, key=lambda remark: remark.kind):
        yield HEADINGS[kind], list(group)


def _by_message(remarks: Iterable[Remark]) -> Iterable[tuple[str, list[str]]]:
    """What is true of many is said once."""
    subjects: dict[str, list[str]] = {}
    for remark in remarks:
        subject = f"{remark.stage}/{remark.subject}" if remark.subject else remark.stage
        subjects.setdefault(remark.message, []).append(subject)
    return subjects.items()


def _files(sheet: Sheet, files: Iterable[str]) -> None:
    sheet.blank()
    for path in files:
        sheet.line(f"wrote {path}")


def _secrets(sheet: Sheet, secrets: Iterable[NeededSecret]) -> None:
    sheet.blank()
    sheet.line(("Put these where stagemail runs (a platform never shows them):", "bold"))
    for secret in secrets:
        stages = f" ({', '.join(secret.stages)})" if secret.stages else ""
        sheet.line((secret.variable, "cyan"), f"  {secret.what}{stages}", indent=2, hang=6)


def _next(sheet: Sheet, stages: tuple[ImportedStage, ...]) -> None:
    if not stages:
        return
    sheet.blank()
    sheet.line("Checked: validate finds no error in these files, and a plan of them writes nothing.")
    sheet.line(
        ("Next: ", "bold"), "review the files, commit them, set the variables, run stagemail plan. The target is "
        "read-only until you write `readOnly: false`.",
    )  # fmt: skip
