"""Whether a document has the shape of its kind: yes or no, fast, by jsonschema-rs over the published schema.

The only other importer of a JSON Schema library is ``source.explain``, which says in words what is wrong; it is loaded
only where something is. Not here: the shapes (``resources``), meaning across files (``source.assemble``).
"""

import json
from datetime import date
from functools import lru_cache
from typing import Any, Final, NoReturn

import jsonschema_rs

from stagemail.resources.formats import FAULTS
from stagemail.resources.location import schema_folder

BUNDLE: Final = "stagemail.schema.json"


@lru_cache(maxsize=1)
def bundle() -> dict[str, Any]:
    """The published schema of every kind. Raises NotFound."""
    found: dict[str, Any] = json.loads((schema_folder() / BUNDLE).read_text(encoding="utf-8"))
    return found


def _deny(uri: str) -> NoReturn:
    raise ValueError(f"remote schemas are never fetched: {uri}")


@lru_cache(maxsize=1)
def _validator() -> jsonschema_rs.Draft202012Validator:
    formats = {name: _accepts(name) for name in FAULTS}
    return jsonschema_rs.Draft202012Validator(
        bundle(), formats=formats, validate_formats=True, ignore_unknown_formats=False, retriever=_deny
    )


def _accepts(name: str) -> Any:
    fault = FAULTS[name]
    return lambda text: not fault(text)


def plain(value: Any) -> Any:
    """The same value with its dates as ISO text, which is how the schema sees them."""
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(member) for member in value]
    return value.isoformat() if isinstance(value, date) else value


def is_valid(value: Any) -> bool:
    """Whether a plain document (see ``plain``) has the shape that its kind asks for."""
    return _validator().is_valid(value)
