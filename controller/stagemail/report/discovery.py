"""What discovery found of a platform's entries: found, several candidates, none, each with what to do.

Takes what ``ports.Discovery`` gives, by its shape. Not here: discovering, and the mapping file.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from stagemail.model.inventory import StageIdentity
from stagemail.report.envelope import envelope
from stagemail.report.sheet import Sheet, cells

KIND = "discovery"


class Entry(Protocol):
    """An entry of the platform (``ports.Candidate``)."""

    @property
    def field(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def data_type(self) -> str: ...
    @property
    def is_secret(self) -> bool: ...
    @property
    def evidence(self) -> str: ...


class StageEntries(Protocol):
    """What was found in one stage (``ports.Discovered``)."""

    @property
    def stage(self) -> str: ...
    @property
    def identity(self) -> StageIdentity: ...
    @property
    def found(self) -> Sequence[Entry]: ...
    @property
    def missing(self) -> Sequence[str]: ...
    @property
    def ambiguous(self) -> Sequence[tuple[str, Sequence[Entry]]]: ...


def discovery_text(stages: Iterable[StageEntries], *, width: int = 80, color: bool = False) -> str:
    """What was found, what is unclear with its candidates, what is missing; of stages that are alike once."""
    sheet = Sheet(width, color=color)
    for alike in _alike(stages):
        sheet.blank()
        _stages(sheet, alike)
    return sheet.text()


def _alike(stages: Iterable[StageEntries]) -> Iterable[Sequence[StageEntries]]:
    """Stages that have the very same entries, together, in the order of the first of them."""
    groups: list[list[StageEntries]] = []
    for it in stages:
        same = (group for group in groups if _entries(group[0]) == _entries(it))
        group = next(same, None)
        groups.append([it]) if group is None else group.append(it)
    return groups


def _entries(it: StageEntries) -> tuple[Sequence[Entry], Sequence[tuple[str, Sequence[Entry]]], Sequence[str]]:
    return it.found, it.ambiguous, it.missing


def _stages(sheet: Sheet, alike: Sequence[StageEntries]) -> None:
    it = alike[0]
    numbers = f"{len(it.found)} found, {len(it.ambiguous)} unclear, {len(it.missing)} missing"
    names = "; ".join(f"{each.identity.name}, {each.identity.key}" for each in alike)
    sheet.line((f"{', '.join(each.stage for each in alike)}: {numbers}", "bold"), f" ({names})")
    wide = max((cells(entry.field) for entry in it.found), default=0)
    for entry in it.found:
        sheet.row(((entry.field, "green"), _entry_text(entry)), (wide,), indent=2)
    for field, candidates in it.ambiguous:
        sheet.line((field, "yellow"), f": {len(candidates)} candidates; keep one in the mapping file", indent=2)
        for entry in candidates:
            evidence = f": {entry.evidence}" if entry.evidence else ""
            sheet.line(f"{_entry_text(entry)}{evidence}", indent=6, hang=8)
    for field in it.missing:
        sheet.line((field, "red"), ": no entry fits; name it in the mapping file, or mark it unsupported", indent=2)


def _entry_text(entry: Entry) -> str:
    secret = ", secret" if entry.is_secret else ""
    return f"{entry.name} [{entry.key}] ({entry.level}, {entry.data_type}{secret})"


def discovery_json(stages: Iterable[StageEntries]) -> str:
    """All that was found."""
    return envelope(KIND, stages=tuple(stages))
