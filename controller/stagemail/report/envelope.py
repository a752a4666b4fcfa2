"""The envelope of every JSON report: its version and kind first, the same bytes for the same data.

The text is pure ASCII, so no value in it can act on a terminal. Reading is strict: what was not written by this
version's code is refused. Not here: what is inside (one module per noun).
"""

import hashlib
import json
from typing import Any, NoReturn

from stagemail.errors import InvalidInput
from stagemail.report.codec import Json, encode

VERSION = 1
LARGEST = 64 * 2**20
"""Characters of a report that is read back; more than that was not written by us."""


def envelope(kind: str, **members: object) -> str:
    """A report as JSON text with a final newline."""
    return written({"version": VERSION, "kind": kind, **{name: encode(value) for name, value in members.items()}})


def written(data: Json) -> str:
    """JSON text in the one form in which we write it."""
    return json.dumps(data, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def digest(data: Json) -> str:
    """A checksum of JSON values whatever their layout. It shows an accident, not an attack: anybody can compute it."""
    canonical = json.dumps(data, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


def opened(text: str, kind: str) -> dict[str, Any]:
    """The members of a report of this kind and of our version. Raises InvalidInput with the next step."""
    data = _parsed(text, kind)
    if not isinstance(data, dict) or data.get("kind") != kind:
        raise InvalidInput(f"this is not a {kind}", hint="give the file that `--out` or `--format json` wrote")
    version = data.get("version")
    if type(version) is not int or version != VERSION:
        raise InvalidInput(
            f"{kind} of version {version!r}: this stagemail reads version {VERSION}",
            hint="make it again with this version of stagemail",
        )
    return data


def _parsed(text: str, kind: str) -> Json:
    if len(text) > LARGEST:
        raise InvalidInput(f"{kind} of {len(text)} characters: more than {LARGEST} was not written by stagemail")
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)
    raise InvalidInput(f"this is not a {kind}: {why}", hint="make it again; it is not meant to be edited")


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return found


def _refused(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")
