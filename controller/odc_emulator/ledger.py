"""The ledger: every write that arrived, what it named and what became of it. The oracle of all tests.

Secret values appear as a salted digest with their length, never plain. Reads are only counted, per API domain.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from odc_emulator import catalog
from odc_emulator.calls import Call
from odc_emulator.clock import timestamp
from odc_emulator.world import App, Entry, Stage

Row = dict[str, Any]


def row(call: Call, status: int | None) -> Row:
    """The ledger's row of a write; `status` None means that the connection was dropped without an answer."""
    parts = call.path.split("/")
    stage_key = parts[parts.index("environments") + 1] if "environments" in parts[:-1] else None
    app_key = next((parts[i + 1] for i, p in enumerate(parts[:-1]) if p in ("applications", "agents")), None)
    document = _document(call.body)
    if call.method == "POST":
        stage_key, app_key = document.get("environmentKey"), document.get("assetKey")
    stage, app = call.world.stages.get(str(stage_key)), call.world.apps.get(str(app_key))
    return {
        "time": timestamp(call.now),
        "client": None if call.client is None else call.client.client_id,
        "method": call.method,
        "path": call.path,
        "stage": None if stage is None else stage.name,
        "app": None if app is None else app.name,
        "operation": document.get("operation") if call.method == "POST" else None,
        "revision": document.get("revision", document.get("revisionBaseline")),
        "values": [] if call.method == "POST" else list(_values(call, document, stage, app)),
        "status": status,
        "effect": call.effect,
        "fault": None if call.fault is None else call.fault.kind,
    }


def secret_digest(salt: str, value: str) -> str:
    """What the ledger shows of a secret value."""
    return hashlib.sha256(f"{salt}\0{value}".encode()).hexdigest()


def _document(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _values(call: Call, document: dict[str, Any], stage: Stage | None, app: App | None) -> Iterator[Row]:
    index = _index(call, stage, app)
    for section, key, value in _pairs(document):
        entry = index.get(key)
        shown: Row = {"section": section, "key": key, "field": None if entry is None else entry.field}
        # A value under an unknown key may be somebody's secret under a wrong name.
        if value is not None and (entry is None or entry.secret):
            shown |= {"digest": secret_digest(call.world.salt, value), "length": len(value)}
        else:
            shown["value"] = value
        yield shown


def _pairs(node: dict[str, Any], section: str = "") -> Iterator[tuple[str, str, str | None]]:
    for name, items in node.items():
        if not isinstance(items, list):
            continue
        for item in items:
            if not isinstance(item, dict):
                continue
            if "value" in item:
                value = item["value"]
                text = value if value is None or isinstance(value, str) else json.dumps(value)
                yield section or name, str(item.get("key")), text
            yield from _pairs(item, section or name)


def _index(call: Call, stage: Stage | None, app: App | None) -> dict[str, Entry]:
    index: dict[str, Entry] = {}
    if stage is not None:
        index |= {e.key: e for e in [*stage.entries, *stage.app_entries]}
    if app is not None:
        index |= {e.key: e for e in catalog.sections(call.profile.keys, app.key).entries()}
    return index
