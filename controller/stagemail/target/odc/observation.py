"""Entries of ODC → what is observed of a stage and of an app, pending values of others included.

Not here: HTTP, and which entry is which field (``mapping``).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from stagemail.errors import MappingMismatch
from stagemail.model import email
from stagemail.model.field import Value
from stagemail.model.key import Key
from stagemail.model.secret import Masked
from stagemail.model.snapshot import DEPLOYED, ObservedField, ObservedResource
from stagemail.target.odc.codec import Codec
from stagemail.target.odc.mapping import StageMapping
from stagemail.target.odc.payloads import AppConfigurations, Entry, Group

OVERRIDE, DEFAULT = "Override", "Default"
"""How the origin of a value ends: somebody set it, or nobody did (ODC docs: EnvironmentLevelOverride …)."""
NO_ENTRY: Final = Entry()
NO_LIST: Final = {
    email.RECIPIENTS_MODE: ObservedField(email.SET_IN_APP, email.SET_IN_APP, is_default=True),
    email.TEST_LIST: ObservedField((), (), is_default=True),
}
"""An app without a test list mails where it says: the assumption that hides nothing."""


def observed_stage(key: Key, name: str, mapping: StageMapping, entries: Iterable[Entry]) -> ObservedResource:
    """The stage's own settings. What is set there is what counts; what runs is seen in its apps, never here."""
    found = mapping.verify(key.stage, f"stage {name}", "stage", entries)
    fields = _fields(found, mapping)
    settled = {field: replace(seen, live=seen.value, pending=False) for field, seen in fields.items()}
    return ObservedResource(key, name, settled)


def observed_app(key: Key, name: str, mapping: StageMapping, document: AppConfigurations) -> ObservedResource:
    """An app: its own recipients, the stage's settings as it has them, and the pending values of others."""
    entries = document.system_configurations or []
    own = mapping.verify(key.stage, f"app {name}", "app", entries)
    by_key = {entry.key: entry for entry in entries}
    inherited = {field: by_key[entry.key] for field, entry in mapping.at("stage").items() if entry.key in by_key}
    fields = {
        field: replace(seen, evidence="", set_at="") if (seen.evidence or seen.set_at) and field in inherited else seen
        for field, seen in _fields({**inherited, **own}, mapping).items()
    }
    if not own:
        fields |= {field: NO_LIST[field] for field in mapping.at("app") if field in NO_LIST}
    mine = {entry.key for entry in (*own.values(), *inherited.values())}
    return ObservedResource(key, name, fields, tuple(sorted(set(_foreign(document, mine)))))


def observed_ahead(key: Key, name: str, mapping: StageMapping, document: AppConfigurations) -> ObservedResource | None:
    """The recipients of an app before its first deploy: nothing runs yet, so what is set is what counts. None where the
    platform shows none of them by then."""
    own = mapping.verify(key.stage, f"app {name}", "app", document.system_configurations or [])
    settled = {field: replace(seen, live=seen.value, pending=False) for field, seen in _fields(own, mapping).items()}
    return ObservedResource(key, name, settled) if own else None


def has_own(mapping: StageMapping, document: AppConfigurations) -> bool:
    """Whether an app has any of the entries that apps have for themselves."""
    keys = {entry.key for entry in mapping.at("app").values()}
    return any(entry.key in keys for entry in document.system_configurations or [])


def is_pending(entry: Entry) -> bool:
    """Whether another value is set than the one that runs; for a secret ODC's own word for it, where it gives one."""
    if entry.is_secret and entry.value_set_after_deploy is not None:
        return entry.value_set_after_deploy
    return _set(entry) != _running(entry)


def _set(entry: Entry) -> str | None:
    return entry.value if entry.value is not None else entry.default_value


def _running(entry: Entry) -> str | None:
    return entry.deployed_value if entry.deployed_value is not None else entry.default_value


def _fields(found: Mapping[str, Entry], mapping: StageMapping) -> dict[str, ObservedField]:
    codec = mapping.codec.codec()
    fields: dict[str, ObservedField] = {}
    for name, entry in found.items():
        if name == email.RECIPIENTS_MODE:
            fields[name] = _mode(entry, found.get(email.TEST_LIST, NO_ENTRY), codec)
        elif email.SPECS[name].secret:
            evidence = _evidence(entry, mapping)
            shown = Masked(_is_set(entry))
            fields[name] = ObservedField(shown, shown, is_pending(entry), shown.present is False, evidence)
        else:
            value, live = codec.decode(name, _set(entry)), codec.decode(name, _running(entry))
            pending = is_pending(entry) and not codec.same(name, value, live)
            fields[name] = ObservedField(value, live, pending, _is_default(entry), set_at=entry.updated_at or "")
    return fields


def _evidence(entry: Entry, mapping: StageMapping) -> str:
    """What this entry tells of its last write; whether it was set after a deploy, only apps can tell."""
    by: Mapping[str, str] = {"updatedAt": entry.updated_at or "", "valueSetAfterDeploy": DEPLOYED}
    return by.get(mapping.secret_evidence, "")


def _mode(switch: Entry, members: Entry, codec: Codec) -> ObservedField:
    """A test list is in force where its switch is on and somebody is on it."""
    value = _in_force(_set(switch), _set(members), codec)
    live = _in_force(_running(switch), _running(members), codec)
    pending = codec.is_on(_set(switch)) != codec.is_on(_running(switch)) or value != live
    at = max(switch.updated_at or "", members.updated_at or "")
    return ObservedField(value, live, pending, _is_default(switch), set_at=at)


def _in_force(switch: str | None, members: str | None, codec: Codec) -> Value:
    state = codec.is_on(switch)
    if state is None:
        hint = "write how this stage spells booleans as `codec: {boolean: …}` in the mapping"
        raise MappingMismatch(
            f"the switch of the test list reads {switch!r}, which is neither true nor false", hint=hint
        )
    return email.TEST_LIST_MODE if state and codec.decode(email.TEST_LIST, members) else email.SET_IN_APP


def _is_set(entry: Entry) -> bool | None:
    """Whether a secret is set; it may read back as null or as asterisks, so the origin has a say."""
    if entry.value or (entry.value_origin or "").endswith(OVERRIDE):
        return True
    return False if (entry.value_origin or "").endswith(DEFAULT) else None


def _is_default(entry: Entry) -> bool:
    if entry.value_origin:
        return entry.value_origin.endswith(DEFAULT)
    return entry.value is None or entry.value == entry.default_value


def _foreign(document: AppConfigurations, mine: set[str | None]) -> Iterator[str]:
    """Pending values that are no fields of ours, in whichever section: an activation would make them live too."""
    for entry in document.system_configurations or []:
        if entry.key not in mine and is_pending(entry):
            yield _name(entry)
    for section, entries in (("settings", document.settings or []), *_groups(document)):
        for entry in entries:
            if is_pending(entry):
                yield f"{section}: {_name(entry)}"


def _groups(document: AppConfigurations) -> Iterator[tuple[str, list[Entry]]]:
    sections = (("timer", document.timers), ("integration", document.integrations), ("library", document.libraries))
    for section, groups in sections:
        yield from _entries(section, groups or [])


def _entries(section: str, groups: list[Group]) -> Iterator[tuple[str, list[Entry]]]:
    for group in groups:
        label = f"{section} {group.name or group.key or ''}".strip()
        yield label, [*(group.configs or []), *(group.settings or []), *(group.system_configurations or [])]
        yield from _entries(label, group.integrations or [])


def _name(entry: Entry) -> str:
    return entry.name or entry.key or "without a name"
