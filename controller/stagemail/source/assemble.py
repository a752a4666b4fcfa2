"""From documents to each stage's desired state and every finding: shape, claim, model, then the rules across files.

Pure. Not here: reading (``source.tree``), lines (``source.located``), the platform's inventory (``planning``).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import field, replace
from datetime import date
from typing import Any, Final

from stagemail.dataclass import dataclass
from stagemail.document import Document
from stagemail.model.location import Place
from stagemail.model.snapshot import Binding, Configuration, Desired
from stagemail.model.waiver import Waiver
from stagemail.ports import Check
from stagemail.source import assemble_fields, lookalikes, pasted
from stagemail.source.assemble_rules import StageDocuments, findings
from stagemail.source.claims import Layout, blocked_by, claim, stages_seen, stray
from stagemail.source.finding import Finding
from stagemail.source.schema import is_valid, plain

Checks = Mapping[str, Callable[[Desired], Check]]
"""What each stage's target says of its desired state, without any credential."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """Each stage's desired state, what is wrong, and how many documents had the shape of their kind."""

    stages: Mapping[str, Desired]
    findings: tuple[Finding, ...]
    documents: int


@dataclass(slots=True)
class _Gathered:
    """The documents of one stage while they are collected."""

    configurations: list[Configuration] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    waivers: list[Waiver] = field(default_factory=list)
    wanted: dict[Place, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.configurations or self.bindings or self.waivers)


class Assembler:
    """Collects documents, then says what they mean together.

    ``stores``: the secret stores that may be named, None without an operator file. ``today``: for expiry dates.
    """

    def __init__(self, layout: Layout, stores: Collection[str] | None, checks: Checks, today: date) -> None:
        self._layout = layout
        self._stores = stores
        self._checks = checks
        self._today = today
        self._stages: dict[str, _Gathered] = {name: _Gathered() for name in layout.names()}
        self._broken: set[str] = set()
        self._found: dict[Finding, set[str]] = {}
        self._valid = 0

    def add(self, document: Document) -> None:
        """Take one document in."""
        place = Place(document.path, document.index)
        value = document.value
        if value is None:  # nothing but comments, or a separator at the end
            return
        if not _fits(value):
            value = plain(value)
            if not is_valid(value):
                self._add_broken(value, place)
                return
        self._valid += document.sound
        if value["kind"] == "Operator":
            owners = self._layout.owners(place.path)
            message = "an operator file is never read from here: it decides over these very documents:"
            remedy = "keep it outside, and give its path with `--config`."
            self._report(Finding(place.child("kind"), "operator-in-source", message, remedy, stages=owners))
            return
        for finding in (*lookalikes.in_document(value, place), *pasted.in_document(value, place)):
            self._report(replace(finding, stages=blocked_by(value, place.path, self._layout)))
        claimed = claim(value, place, self._layout)
        for finding in claimed.findings:
            self._report(finding)
        self._file(value, place, claimed.stages)

    def add_unreadable(self, path: str) -> None:
        """A file that could not be read as documents: it blocks the stages of its folder."""
        self._broken.update(self._layout.owners(path))

    def _add_broken(self, value: Any, place: Place) -> None:
        # The reference validator takes a tenth of a second to load and is needed by broken documents only.
        from stagemail.source.explain import explain  # noqa: PLC0415

        stages = blocked_by(value, place.path, self._layout)
        self._broken.update(stages)
        for finding in explain(value, place):
            self._report(replace(finding, stages=stages))
        if not stages:
            self._report(stray(place, self._layout))

    def _file(self, value: Mapping[str, Any], place: Place, stages: Iterable[str]) -> None:
        gathered = [self._stages.setdefault(stage, _Gathered()) for stage in stages]
        kind = value["kind"]
        if kind == "EmailConfiguration":
            configuration = assemble_fields.configuration(value, place)
            for each in gathered:
                each.configurations.append(configuration)
        elif kind == "AppBinding":
            binding = assemble_fields.binding(value, place)
            wanted = value["spec"].get("configuration")
            for each in gathered:
                each.bindings.append(binding)
                if wanted is not None:
                    each.wanted[place] = wanted
        else:
            waiver = assemble_fields.waiver(value, place)
            for each in gathered:
                each.waivers.append(waiver)

    def _report(self, finding: Finding) -> None:
        """The same finding in several stages is one."""
        self._found.setdefault(replace(finding, stages=()), set()).update(finding.stages)
        if finding.severity == "error":
            self._broken.update(finding.stages)

    def result(self) -> Assembly:
        """What all documents mean together."""
        for stage in stages_seen(self._layout, [tuple(self._stages), tuple(self._broken)]):
            self._judge(stage)
        if not self._layout.known:
            self._report(_left_out(self._layout))
        return Assembly(
            {stage: self._desired(stage) for stage in sorted({*self._stages, *self._broken})},
            tuple(replace(finding, stages=tuple(sorted(stages))) for finding, stages in self._found.items()),
            self._valid,
        )

    def _judge(self, stage: str) -> None:
        gathered = self._stages.get(stage, _Gathered())
        broken = stage in self._broken
        if not gathered and not broken:
            self._report(_empty(stage, self._layout))
            return
        documents = StageDocuments(
            stage,
            gathered.configurations,
            gathered.bindings,
            gathered.waivers,
            gathered.wanted,
            broken,
            self._layout.folders_of(stage)[0],
        )
        for finding in findings(documents, self._stores, self._today):
            self._report(finding)
        if gathered and stage in self._checks:  # of a blocked stage, too: all problems in one go
            for finding in _of_target(self._checks[stage](self._desired(stage)), stage):
                self._report(finding)

    def _desired(self, stage: str) -> Desired:
        gathered = self._stages.get(stage, _Gathered())
        configuration = gathered.configurations[0] if gathered.configurations else None
        return Desired(stage, configuration, tuple(gathered.bindings), tuple(gathered.waivers))


def _fits(value: Any) -> bool:
    try:
        return is_valid(value)
    except ValueError:  # a date: the schema sees dates as text
        return False


def _of_target(check: Check, stage: str) -> Iterator[Finding]:
    for place, problem in check.problems:
        yield Finding(place, problem.code, problem.message, problem.remedy, problem.severity, stages=(stage,))


def _empty(stage: str, layout: Layout) -> Finding:
    folders = ", ".join(layout.folders_of(stage))
    message = f"stage `{stage}` has no document in {folders}; nothing on the platform is touched:"
    remedy = "bring its documents back, or, to stop managing the stage, take it out of the operator file."
    return Finding(Place(layout.folders_of(stage)[0]), "empty-stage", message, remedy, stages=(stage,))


_SKIPPED: Final = "which stages there are and which folders are theirs, secret stores, and the target's own rules"


def _left_out(layout: Layout) -> Finding:
    message = f"no operator file: the folder below {layout.base or 'the root'} is the stage. Not checked: {_SKIPPED}."
    return Finding(Place(layout.base or "."), "no-operator-file", message, "Give it with `--config`.", "note")
