"""Reading a configuration PATCH: which entries it names, and whether all of it may be stored.

Everything is looked at before anything is stored. Which entries exist is `visibility`'s knowledge.
"""

from collections.abc import Iterator
from typing import Any

from odc_emulator import vocabulary
from odc_emulator.answers import CONFIGURATION_NOT_FOUND, RefusedError
from odc_emulator.calls import Call
from odc_emulator.profiles import Profile
from odc_emulator.world import Entry

Document = dict[str, Any]
SECTIONS = ("systemConfigurations", "settings", "timers", "integrations", "libraries")
STAGE_SECTIONS = SECTIONS[:1]
AGENT_SECTIONS = SECTIONS[1:]
_FLAT = ("systemConfigurations", "settings")


def patches(document: Document, sections: tuple[str, ...]) -> Iterator[tuple[str, str, str, str | None]]:
    """(section, group key, entry key, value) for everything in a patch document; refused with 400 if malformed."""
    allowed = {*sections} if sections == STAGE_SECTIONS else {*sections, "key", "revisionBaseline"}
    unknown = sorted(set(document) - allowed)
    if unknown:
        raise RefusedError(
            400, "EMULATOR-UNKNOWN-SECTION", f"The patch has unknown members: {', '.join(unknown)[:200]}."
        )
    for section in sections:
        for item in _objects(document.get(section), section):
            if section in _FLAT:
                yield (section, "", *_pair(item))
            else:
                yield from _grouped(section, item)


def _grouped(section: str, group: Document) -> Iterator[tuple[str, str, str, str | None]]:
    for name in _FLAT if section == "libraries" else ("configs",):
        for inner in _objects(group.get(name), f"{section}.{name}"):
            yield (section, str(group.get("key")), *_pair(inner))


def _objects(items: object, where: str) -> list[Document]:
    if items is None:
        return []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise RefusedError(400, "EMULATOR-BAD-PATCH", f"{where} must be a list of objects.")
    return items


def _pair(item: Document) -> tuple[str, str | None]:
    key, value = item.get("key"), item.get("value")
    if not isinstance(key, str) or not (value is None or isinstance(value, str)):
        raise RefusedError(400, "EMULATOR-BAD-PATCH", "An entry needs a key, and its value must be a string or null.")
    return key, value


def accepted(
    call: Call, named: list[tuple[Entry | None, str | None]], keys: list[str]
) -> list[tuple[Entry, str | None]]:
    """What is to be stored of the entries that a patch named; None stands for an unknown key."""
    unknown = [key for key, (entry, _) in zip(keys, named, strict=True) if entry is None]
    if unknown and call.profile.unknown_key != "ignored":
        status = int(call.profile.unknown_key)
        code = CONFIGURATION_NOT_FOUND if status == 404 else "EMULATOR-UNKNOWN-KEY"
        raise RefusedError(status, code, f"There is no configuration {unknown[0][:100]}.")
    stored = [(entry, value) for entry, value in named if entry is not None]
    for entry, value in stored:
        if value and not _acceptable(call.profile, entry, value):
            raise RefusedError(400, "EMULATOR-BAD-VALUE", f"{entry.name} cannot have this value: {entry.description}")
    if call.has_fault("not-stored"):
        return []
    if call.has_fault("third-value") and call.fault is not None:
        stored = [(entry, call.fault.value) for entry, _ in stored]
    call.effect = "stored" if stored else "none"
    return stored


def _acceptable(profile: Profile, entry: Entry, value: str) -> bool:
    if entry.data_type == "Integer":
        return value.isascii() and value.isdigit() and len(value) < 10
    if entry.data_type == "Boolean":
        return value.lower() in ("true", "false")
    if entry.field == "authentication":
        return value in vocabulary.AUTHENTICATIONS[profile.naming]
    if entry.field == "security":
        return value in vocabulary.SECURITIES
    return True
