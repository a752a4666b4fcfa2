"""Finds out which of ODC's entries are our fields, and writes the mapping. Writes nothing to the platform.

Exactly one candidate per field, or the candidates are listed for a person to choose. A second look keeps what an admin
edited. Not here: what entries may be called (``patterns``), how they spell values (``spelling``).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from stagemail.model import email
from stagemail.model.inventory import App, StageIdentity
from stagemail.ports import Candidate, Discovered
from stagemail.target.odc import spelling
from stagemail.target.odc.check import STAGE_FIELDS
from stagemail.target.odc.listing import Listing
from stagemail.target.odc.mapping import CONDITIONAL, Level, MappedEntry, OdcMapping, StageMapping
from stagemail.target.odc.patterns import Words, candidates
from stagemail.target.odc.payloads import AppConfigurations, Entry
from stagemail.target.odc.target import Connection

MAX_APPS: Final = 20
"""Apps of a stage that are read at most, to find one whose test list shows how lists are written."""
HEADER: Final = """\
# Which of ODC's settings are the email settings, stage by stage: written by `stagemail target discover --write`.
# Edit it where it is wrong: a second look keeps what you wrote. It is checked at each run, and a stage whose
# entries have changed is left alone until you have looked again.
# `assumed` names options of `codec` and `secretEvidence` that nobody could see yet: set a test list with two named
# members in the Portal and look again, or correct the option and take its name out of `assumed`.
"""
EVIDENCE: Final = "secretEvidence"


@dataclass(frozen=True, slots=True)
class _Look:
    """What one stage showed."""

    identity: StageIdentity
    stage: tuple[Entry, ...]
    apps: tuple[AppConfigurations, ...]
    portfolio: str

    @property
    def app(self) -> tuple[Entry, ...]:
        """The entries that apps have for themselves, of all that were read: not every app has all of them."""
        inherited = {entry.key for entry in self.stage}
        found = {entry.key: entry for app in reversed(self.apps) for entry in app.system_configurations or []}
        return tuple(entry for key, entry in found.items() if key not in inherited)

    def level(self, level: Level) -> tuple[Entry, ...]:
        """The entries of a level."""
        return self.stage if level == "stage" else self.app

    def everything(self) -> list[Entry]:
        """Every entry that was read, of the stage and of apps."""
        return [*self.stage, *(entry for app in self.apps for entry in app.system_configurations or [])]


@dataclass(slots=True)
class _Draft:
    """Entries by field while one stage is looked at."""

    found: dict[str, tuple[Level, Entry, str]] = field(default_factory=dict)
    ambiguous: dict[str, list[tuple[Level, Entry, str]]] = field(default_factory=dict)


class OdcDiscovery:
    """Looks at one organization. ``existing`` is the mapping so far; ``dump`` writes plain data as YAML."""

    def __init__(self, connection: Connection, existing: OdcMapping | None, dump: Callable[[Any], str]) -> None:
        self._api = connection.api
        self._organization = connection.settings.domain
        self._listing = Listing(connection.api, connection.settings.portfolios, connection.settings.stages)
        self._existing = existing
        self._dump = dump
        self._looks: dict[str, _Look] = {}

    def discover(self, stages: Sequence[str]) -> tuple[Discovered, ...]:
        """Look at each stage: its entries, and those of its apps until one shows a test list."""
        return tuple(self._discover(stage) for stage in stages)

    def write_mapping(self, discovered: Sequence[Discovered]) -> str:
        """The mapping's text: what was discovered, merged into what an admin has."""
        stages = dict(self._existing.stages) if self._existing else {}
        for each in discovered:
            stages[each.stage] = self._merged(each, stages.get(each.stage))
        mapping = OdcMapping(organization=self._organization, stages=dict(sorted(stages.items())))
        return HEADER + self._dump(mapping.model_dump(by_alias=True, mode="json"))

    def _discover(self, stage: str) -> Discovered:
        look = self._look(stage)
        self._looks[stage] = look
        draft = _Draft()
        for name in email.SPECS:
            levels: tuple[Level, ...] = ("stage",) if name in STAGE_FIELDS else ("app", "stage")
            _place(draft, name, look, levels)
        _refuse_shared(draft)
        self._prefer_chosen(stage, draft, look)
        missing = [name for name in email.SPECS if name not in draft.found and name not in draft.ambiguous]
        return Discovered(
            stage,
            look.identity,
            tuple(_candidate(name, *draft.found[name]) for name in email.SPECS if name in draft.found),
            tuple(missing),
            tuple((name, tuple(_candidate(name, *each) for each in many)) for name, many in draft.ambiguous.items()),
        )

    def _look(self, stage: str) -> _Look:
        inventory = self._listing.inventory(stage)
        identity = inventory.stage
        entries = self._api.stage_configurations(identity.key, identity.name).system_configurations or []
        apps: list[AppConfigurations] = []
        for app in [app for app in inventory.apps if app.bindable][:MAX_APPS]:
            document = self._app(identity, app)
            if document is not None:
                apps.append(document)
            if any(_is_telling(document) for document in apps):
                break
        return _Look(identity, tuple(entries), tuple(apps), self._listing.placed(stage).portfolio)

    def _app(self, identity: StageIdentity, app: App) -> AppConfigurations | None:
        return self._api.app_configurations(identity.key, app.key, app.name)

    def _prefer_chosen(self, stage: str, draft: _Draft, look: _Look) -> None:
        """An admin's choice that is still on the platform is no question any more."""
        before = self._existing.stages.get(stage) if self._existing else None
        for name, entry in (before.entries if before else {}).items():
            seen = next((each for each in look.level(entry.level) if each.key == entry.key), None)
            if seen is not None:
                draft.ambiguous.pop(name, None)
                draft.found[name] = (entry.level, seen, "in the mapping already")

    def _merged(self, new: Discovered, old: StageMapping | None) -> StageMapping:
        look = self._looks[new.stage]
        entries = {each.field: _mapped(each) for each in new.found}
        if old is not None and old.environment == new.identity.key:
            hidden = {name: entry for name, entry in old.entries.items() if name in CONDITIONAL and name not in entries}
            entries |= hidden  # shown only while its authentication type is chosen
        entries = {name: entries[name] for name in email.SPECS if name in entries}
        found = _recognised(look, entries)
        dated = any(entry.updated_at for entry in look.everything())
        unseen = spelling.assumed(found, entries) + ([] if dated else [EVIDENCE])
        if old is None:
            return StageMapping(
                environment=new.identity.key,
                portfolio=look.portfolio,
                entries=entries,
                secret_evidence="updatedAt" if dated else "none",
                codec=spelling.options(found),
                assumed=unseen,
            )
        evidence = "updatedAt" if dated and EVIDENCE in old.assumed else old.secret_evidence
        return old.model_copy(
            update={
                "environment": new.identity.key,
                "portfolio": look.portfolio,
                "entries": entries,
                "secret_evidence": evidence,
                "codec": spelling.kept(old.codec, old.assumed, found),
                "assumed": [name for name in old.assumed if name in unseen],
            }
        )


def _place(draft: _Draft, name: str, look: _Look, levels: Iterable[Level]) -> None:
    for level in levels:
        fitting, evidence = candidates(name, [Words.of(entry) for entry in look.level(level)])
        if len(fitting) == 1:
            draft.found[name] = (level, fitting[0], evidence)
        elif fitting:
            draft.ambiguous[name] = [(level, entry, evidence) for entry in fitting]
        if fitting:
            return


def _refuse_shared(draft: _Draft) -> None:
    """An entry that fits two fields is a question for a person, for both of them."""
    users: dict[tuple[Level, str | None], list[str]] = {}
    for name, (level, entry, _) in draft.found.items():
        users.setdefault((level, entry.key), []).append(name)
    for names in users.values():
        for name in names if len(names) > 1 else ():
            draft.ambiguous[name] = [draft.found.pop(name)]


def _is_telling(app: AppConfigurations) -> bool:
    """Whether an app's entries show how a test list is written."""
    entries = [Words.of(entry) for entry in app.system_configurations or []]
    return any("@" in (entry.value or "") for entry in candidates(email.TEST_LIST, entries)[0])


def _recognised(look: _Look, entries: Mapping[str, MappedEntry]) -> dict[str, Any]:
    by_key = {entry.key: entry for entry in look.everything()}
    fields = {name: by_key[entry.key] for name, entry in entries.items() if entry.key in by_key}
    booleans = [entry for entry in look.everything() if entry.data_type == "Boolean"]
    listed = entries.get(email.TEST_LIST)
    lists = [e.value for e in look.everything() if listed is not None and e.key == listed.key and e.value]
    return spelling.recognised(fields, booleans, lists)


def _candidate(name: str, level: Level, entry: Entry, evidence: str) -> Candidate:
    secret = bool(entry.is_secret)
    return Candidate(name, entry.key or "", entry.name or "", level, entry.data_type or "", secret, evidence)


def _mapped(candidate: Candidate) -> MappedEntry:
    level: Level = "app" if candidate.level == "app" else "stage"
    return MappedEntry(
        key=candidate.key,
        name=candidate.name,
        data_type=candidate.data_type,
        is_secret=candidate.is_secret,
        level=level,
    )
